"""What a person set aside, on later nights: how long it rests, and what with it (design 5.7)."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterator

from integration import bulk
from integration.models import Change, Run, SetAside
from integration.provisioning import plan_lines, roster
from integration.provisioning.part import Line, stranded
from integration.provisioning.rows import BY_NAME, ENROLLMENTS, OBSERVERS, SEPARATOR, Kind, Row

# What a line says of itself that no person has left out, and that cannot go without one that was.
STANDING = "what it stands on was set aside"


def told_anew(
    run: Run,
    kind: Kind,
    unseen: Collection[bytes],
    may_be_there: Callable[[Row, str], bool],
) -> Iterator[tuple[int, bytes | None]]:
    """Ids of what a person set aside, and of which Q says something else by now.

    Each with the digest that it rests on by; None: it is to be forgotten.

    Asked when all lines of the kind are planned. A line that comes again rests on; else it would be
    known by its content for ever, and what really happens months later would rest with it.
    `unseen`: digests of the accepted rows that did not come tonight. `may_be_there`: may this be a
    record that could not be read or mapped? What such a night does not tell stays as it is.
    """
    rests = SetAside.objects.filter(district=run.district, kind=kind.name)
    fields = ("key", "pk", "action", "digest", "group")
    for ids in bulk.batches(array("q", rests.values_list("pk", flat=True)), bulk.IN_LIMIT):
        some = {row[0]: row for row in rests.filter(pk__in=ids).values_list(*fields)}
        lines = Change.objects.filter(run=run, kind=kind.name, key__in=some)
        planned = {
            key: plan_lines.wish(action, named)
            for key, action, named in lines.values_list("key", "action", "digest")
        }
        there = roster.find(run.district, kind, some.keys())
        for key, pk, action, named, group in some.values():
            wish, row = plan_lines.wish(action, named), tuple(key.split(SEPARATOR))
            one = there.get(key)
            if key in planned:
                is_theirs = one is not None and not one.ours
                is_over = not plan_lines.rests_on(wish, planned[key], is_theirs=is_theirs)
                if not is_over and planned[key] != wish:
                    yield pk, planned[key][1]
            elif one is not None and one.ours and not one.removed:
                # It came as Canvas has it, or it may be gone, and nobody can tell.
                is_over = one.digest not in unseen
            else:
                # A removal is done, or waits for its next step; a row to be sent is not in Q.
                is_over = wish[0] == plan_lines.TO_SEND and not may_be_there(row, group)
            if is_over:
                yield pk, None


def rest_with(run: Run) -> None:
    """Let the planned lines rest that stand on something new which a person set aside.

    Canvas would refuse them, or take a course without its term, and leave it so for good. They are
    not remembered: they rest as long as the other does. Called inside `Ledger.guarded`.
    """
    resting: dict[Kind, set[str]] = {}
    new = SetAside.objects.filter(district=run.district, action=Change.Action.ADDED)
    # Nothing stands on these two, and they are many.
    new = new.exclude(kind__in=[ENROLLMENTS.name, OBSERVERS.name])
    for name, key in new.values_list("kind", "key"):
        resting.setdefault(BY_NAME[name], set()).add(key)
    if not resting:
        return
    lines = Change.objects.filter(run=run, state=Change.State.PLANNED)
    lines = lines.filter(action__in=[Change.Action.ADDED, Change.Action.CHANGED])

    def lines_of(kind: Kind) -> Iterator[Line]:
        found = lines.filter(kind=kind.name).values_list("key", "group", "action", "after")
        for key, school, action, after in found.iterator(bulk.BATCH):
            yield Line(key, school, tuple(json.loads(after)), action == Change.Action.ADDED)

    for batch in bulk.batches(list(stranded(resting, lines_of)), bulk.IN_LIMIT):
        for kind in {kind for kind, _ in batch}:
            keys = [key for of, key in batch if of is kind]
            lines.filter(kind=kind.name, key__in=keys).update(
                state=Change.State.SET_ASIDE, message=STANDING
            )

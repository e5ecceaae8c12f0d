"""How long what a person set aside goes on resting (design 5.7)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator

from integration import bulk
from integration.models import Change, Run, SetAside
from integration.provisioning import plan_lines, roster
from integration.provisioning.rows import SEPARATOR, Kind, Row


def outlived(
    run: Run,
    kind: Kind,
    unseen: Collection[bytes],
    may_be_there: Callable[[Row, str], bool],
) -> Iterator[int]:
    """Ids of what a person set aside, and of which Q says something else by now.

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
            if key in planned:
                is_over = planned[key] != wish
            elif (one := there.get(key)) is not None and one.ours and not one.removed:
                # It came as Canvas has it, or it may be gone, and nobody can tell.
                is_over = one.digest not in unseen
            else:
                # A removal is done, or waits for its next step; a row to be sent is not in Q.
                is_over = wish[0] == plan_lines.SENT and not may_be_there(row, group)
            if is_over:
                yield pk

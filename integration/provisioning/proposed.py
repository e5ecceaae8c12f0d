"""Changed ids in the lines of a plan: written down, left out with all that names them, taken up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from django.db.models import QuerySet

from integration import bulk
from integration.models import Change, District, Run, SetAside
from integration.provisioning import roster
from integration.provisioning.part import Part
from integration.provisioning.renames import Names, Rename, names_of, naming, renaming
from integration.provisioning.rows import (
    ACCOUNTS,
    CHANGE_SIS_ID,
    COURSES,
    ENROLLMENTS,
    OBSERVERS,
    SECTIONS,
    SEPARATOR,
    USERS,
    Kind,
    Row,
    as_text,
    digest,
)

DECLINED = "declined"
_FIELDS = ("run", "kind", "key", "group", "action", "before", "after", "digest", "reason")


def write_down(run: Run, renames: Iterable[Rename]) -> None:
    """Put the proposals into the plan; nothing of them is sent before a person says yes."""
    bulk.insert(
        Change,
        (*_FIELDS, "state", "message"),
        (
            (
                *(run.pk, CHANGE_SIS_ID.name, one.key, one.school, Change.Action.CHANGED.value),
                *("", as_text(one.row), digest(one.row), one.why),
                *(Change.State.PROPOSED.value, one.evidence),
            )
            for one in renames
        ),
    )


def proposals(run: Run) -> QuerySet[Change]:
    """The lines of the run's plan that wait for a person's word on an id."""
    return Change.objects.filter(
        run=run, kind=CHANGE_SIS_ID.name, state=Change.State.PROPOSED
    ).order_by("pk")


def runs_with(district: District) -> QuerySet[Change, int]:
    """Ids of the district's runs of whose plans a changed id waits."""
    waits = Change.objects.filter(
        run__district=district, kind=CHANGE_SIS_ID.name, state=Change.State.PROPOSED
    )
    return waits.values_list("run_id", flat=True)


def lines(run: Run, kind: Kind, action: Change.Action) -> Iterator[tuple[Change, Row, Row]]:
    """(line, row before, row after) of what would be sent or noted; `before` is () for a new one.

    Not where Canvas never told all of what it had before.
    """
    found = Change.objects.filter(run=run, kind=kind.name, action=action)
    for change in found.iterator(bulk.BATCH):
        before = json.loads(change.before) if change.before else ()
        if None not in before:
            yield change, tuple(before), tuple(json.loads(change.after))


def members(run: Run, sections: Collection[str]) -> dict[str, dict[str, set[str]]]:
    """Section to action to the `user SEPARATOR role` of the enrollments that the plan holds."""
    found: dict[str, dict[str, set[str]]] = {one: {} for one in sections}
    keys = Change.objects.filter(run=run, kind=ENROLLMENTS.name).values_list("key", "action")
    for key, action in keys.iterator(bulk.BATCH) if sections else ():
        section, _, member = key.partition(SEPARATOR)
        if section in found:
            found[section].setdefault(action, set()).add(member)
    return found


def add_unseen(run: Run, of: dict[str, dict[str, set[str]]], unseen: Collection[bytes]) -> None:
    """Let accepted enrollments that did not come, and cannot be proven gone, count as removed."""
    for key, _ in roster.find_by_digest(run.district, ENROLLMENTS, unseen if of else ()):
        section, _, member = key.partition(SEPARATOR)
        if section in of:
            of[section].setdefault(Change.Action.REMOVED, set()).add(member)


def retract(run: Run, ids: Mapping[Kind, Collection[str]]) -> None:
    """Take every line about these out of the plan, and about who or what is in them."""
    for kind in (ACCOUNTS, *ids):
        for keys in bulk.batches(ids.get(kind, ()), bulk.IN_LIMIT):
            Change.objects.filter(run=run, kind=kind.name, key__in=keys).delete()
    for kind in (ENROLLMENTS, OBSERVERS):
        named = [(place, ids[of]) for place, (_, of) in enumerate(naming(kind)) if ids.get(of)]
        if not named:
            continue
        found = Change.objects.filter(run=run, kind=kind.name).values_list("pk", "key")
        gone = [
            pk
            for pk, key in found.iterator(bulk.BATCH)
            if any(key.split(SEPARATOR)[place] in those for place, those in named)
        ]
        for pks in bulk.batches(gone, bulk.IN_LIMIT):
            Change.objects.filter(pk__in=pks).delete()


def reword(run: Run, names: Names) -> None:
    """Let the planned lines name accounts, terms and courses by other ids.

    What then says what Canvas has already is no change any more.
    """
    for kind in (ACCOUNTS, COURSES, SECTIONS):
        if not any(names.get(named) for _, named in naming(kind)):
            continue
        planned = Change.objects.filter(run=run, kind=kind.name, state=Change.State.PLANNED)
        reworded: list[Change] = []
        renamed = renaming(kind, names)
        for change in planned.iterator(bulk.BATCH):
            row: Row = tuple(json.loads(change.after))
            after = renamed(row)
            if after != row:
                change.key, change.after = kind.key(after), as_text(after)
                change.digest = digest(after)
                reworded.append(change)
        for batch in bulk.batches(reworded, bulk.IN_LIMIT):
            Change.objects.bulk_update(batch, ["key", "after", "digest"])
            said = [one.pk for one in batch if one.after == one.before and not one.reason]
            Change.objects.filter(pk__in=said).delete()
    for old, new in names.get(ACCOUNTS, {}).items():
        Change.objects.filter(run=run, group=old).update(group=new)


# --- a person's word ----------------------------------------------------------------------------


def take(run: Run, part: Part | None) -> int:
    """Let the proposals (of the part) be carried out with the rest of a held plan; how many."""
    wanted = _wanted(run, part)
    names = names_of(tuple(json.loads(one.after)) for one in wanted)
    planned = Change.objects.filter(pk__in=[one.pk for one in wanted])
    planned.update(state=Change.State.PLANNED)
    # No line names a waiting section or user, but what stands in an account or a term goes on.
    reword(run, {kind: ids for kind, ids in names.items() if kind not in (SECTIONS, USERS)})
    return len(wanted)


def copy(run: Run, to: Run, part: Part | None) -> int:
    """Put the proposals (of the part) into another run's plan, to be carried out; how many."""
    wanted = _wanted(run, part)
    bulk.insert(
        Change,
        (*_FIELDS, "state", "message"),
        (
            (
                *(to.pk, one.kind, one.key, one.group, one.action, one.before, one.after),
                *(bytes(one.digest), one.reason, Change.State.PLANNED.value, one.message),
            )
            for one in wanted
        ),
    )
    return len(wanted)


def _wanted(run: Run, part: Part | None) -> list[Change]:
    return [one for one in proposals(run) if part is None or part.wants(CHANGE_SIS_ID, one.group)]


def declined(district: District) -> set[str]:
    """Keys of the proposals to which a person said no."""
    rows = SetAside.objects.filter(district=district, kind=CHANGE_SIS_ID.name, action=DECLINED)
    return set(rows.values_list("key", flat=True))


def decline(run: Run, old_ids: Collection[str], *, by: str) -> list[str]:
    """Remember a no to the proposals about these ids, or to all; their keys.

    Called in a transaction, by whoever holds the district's lease.
    """
    wanted = [one for one in proposals(run) if not old_ids or json.loads(one.after)[0] in old_ids]
    SetAside.objects.bulk_create(
        [
            SetAside(
                district=run.district,
                kind=one.kind,
                key=one.key,
                group=one.group,
                action=DECLINED,
                digest=one.digest,
                by=by,
                run=run,
            )
            for one in wanted
        ],
        ignore_conflicts=True,
    )
    declined_ones = Change.objects.filter(pk__in=[one.pk for one in wanted])
    declined_ones.update(state=Change.State.SET_ASIDE)
    return [one.key for one in wanted]

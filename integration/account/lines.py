"""The lines of a plan, a result or an evaluation: chosen, and as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from integration.models import Change, District, RosterRow, Run
from integration.provisioning.compare import UNSURE, is_unsure
from integration.provisioning.endings import TERM_ENDED
from integration.provisioning.rows import ACCOUNTS, BY_NAME, SEPARATOR, USERS

KINDS = (*BY_NAME, "change_sis_id", "lineItems")
# Of a file for a spreadsheet.
COLUMNS = ("object", "action", "state", "sis_id", "name", "school", "field", "old", "new", "note")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; "" is all of them. `text` is looked for in ids and names."""

    kind: str = ""
    action: str = ""
    school: str = ""
    state: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One column that differs. `before` is None where there was no row."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line in words."""

    change: Change
    name: str
    key: str
    school: str
    fields: list[Field] = field(default_factory=list)


def chosen(run: Run, wanted: Wanted) -> QuerySet[Change]:
    """The run's lines that are wanted, in a stable order."""
    lines = Change.objects.filter(run=run).select_related("run")
    # What Canvas had already is no change, so it is shown only when asked for.
    if not wanted.action:
        lines = lines.exclude(action=Change.Action.EQUAL)
    for name in ("kind", "action", "state"):
        if value := getattr(wanted, name):
            lines = lines.filter(**{name: value})
    if wanted.school:
        lines = lines.filter(group=wanted.school)
    if wanted.text:
        found = Q(key__icontains=wanted.text) | Q(after__icontains=_as_stored(wanted.text))
        lines = lines.filter(found)
    return lines.order_by("pk")


def _as_stored(text: str) -> str:
    """How the text stands in a stored row, which is JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def counts(run: Run) -> dict[tuple[str, str], int]:
    """(kind, action) to how many lines."""
    rows = Change.objects.filter(run=run).values_list("kind", "action")
    return {(kind, action): count for kind, action, count in rows.annotate(count=Count("pk"))}


def by_school(run: Run) -> list[tuple[str, dict[str, int]]]:
    """(school, {action: lines}) for each school that the plan changes, most removals first."""
    rows = Change.objects.filter(run=run).exclude(action__in=("equal", "kept"))
    found: dict[str, dict[str, int]] = {}
    for school, action, count in rows.values_list("group", "action").annotate(count=Count("pk")):
        found.setdefault(school, {})[action] = count
    return sorted(
        found.items(), key=lambda one: (-one[1].get("removed", 0), -sum(one[1].values()), one[0])
    )


def missing(run: Run) -> dict[str, dict[str, int]]:
    """{kind: {school: lines}} of what Q no longer holds, whether or not it would be taken away.

    As the limits count it: without what rests since an earlier night, or ended with its term.
    """
    gone = Change.objects.filter(
        run=run, action__in=("removed", "kept"), state=Change.State.PLANNED
    ).exclude(reason=TERM_ENDED)
    found: dict[str, dict[str, int]] = {}
    for kind, school, count in gone.values_list("kind", "group").annotate(count=Count("pk")):
        found.setdefault(kind, {})[school] = count
    return found


def school_names(district: District, ids: Iterable[str]) -> dict[str, str]:
    """SIS ID to name, of the accounts that Canvas has from us or that a plan is about to bring."""
    wanted = {one for one in ids if one}
    rows = RosterRow.objects.filter(district=district, kind=ACCOUNTS.name, key__in=wanted)
    names = {key: json.loads(row)[2] for key, row in rows.values_list("key", "row")}
    planned = Change.objects.filter(
        run__district=district, kind=ACCOUNTS.name, key__in=wanted - names.keys()
    )
    for key, row in planned.order_by("pk").values_list("key", "after"):
        names[key] = json.loads(row)[2]
    return {key: name for key, name in names.items() if name}


def told(district: District, changes: Iterable[Change]) -> list[Line]:
    """These lines in words; a few questions to the database, however many they are."""
    changes = list(changes)
    names = school_names(district, (change.group for change in changes))
    named = _named(district, changes)
    return [_line(change, names, named) for change in changes]


def rows_of(run: Run, wanted: Wanted) -> Iterator[list[Line]]:
    """All wanted lines in words, some hundreds at a time."""
    batch: list[Change] = []
    for change in chosen(run, wanted).iterator(chunk_size=500):
        batch.append(change)
        if len(batch) == 500:
            yield told(run.district, batch)
            batch = []
    yield told(run.district, batch)


def cells_of(run: Run, wanted: Wanted) -> Iterator[tuple[object, ...]]:
    """All wanted lines field by field, as `COLUMNS` names them."""
    for batch in rows_of(run, wanted):
        for line in batch:
            change = line.change
            head = (change.kind, change.action, change.state, line.key, line.name, line.school)
            note = change.message or change.reason
            for one in line.fields or [Field("", None, "")]:
                yield (*head, one.name, one.before or "", one.after, note)


def _named(district: District, changes: list[Change]) -> dict[tuple[str, str], str]:
    """(kind, id) to name, of the sections and users that enrollments and observers name."""
    wanted = {one for change in changes for one in _parts(change)}
    kinds, ids = {kind for kind, _ in wanted}, {key for _, key in wanted}
    of_those = {"kind__in": kinds, "key__in": ids}
    there = RosterRow.objects.filter(district=district, **of_those)
    found = {(kind, key): row for kind, key, row in there.values_list("kind", "key", "row")}
    if wanted - found.keys():
        planned = Change.objects.filter(run=changes[0].run_id, **of_those)
        for kind, key, row in planned.values_list("kind", "key", "after"):
            found.setdefault((kind, key), row)
    return {(kind, key): _own_name(kind, json.loads(row)) for (kind, key), row in found.items()}


def _parts(change: Change) -> list[tuple[str, str]]:
    """(kind, id) of each part of the line's key that names a record of another kind."""
    kind = BY_NAME.get(change.kind)
    return list(zip(kind.names, change.key.split(SEPARATOR), strict=False)) if kind else []


def _line(change: Change, schools: dict[str, str], named: dict[tuple[str, str], str]) -> Line:
    after = json.loads(change.after)
    before = json.loads(change.before) if change.before else None
    school = schools.get(change.group, change.group)
    key = change.key.replace(SEPARATOR, " · ")
    if change.kind == "change_sis_id":
        return Line(change, after[2], after[0], school, [Field("sis_id", after[0], after[1])])
    if change.run.kind == Run.Kind.EVALUATION:
        q_id, canvas_id, name = after
        return Line(change, name, q_id or canvas_id, school, [Field("sis_id", canvas_id, q_id)])
    kind = BY_NAME.get(change.kind)
    if kind is None:
        return Line(change, "", key, school)
    if before and is_unsure(kind, before):
        before[kind.index("status")] = UNSURE  # what was sent is not what is there
    fields = [
        Field(column, before[place] if before else None, after[place])
        for place, column in enumerate(kind.columns)
        if _is_told(kind.name, column, before, after, place)
    ]
    return Line(change, _name(change, after, named), key, school, fields)


def _is_told(
    kind: str, column: str, before: list[str | None] | None, after: list[str], place: int
) -> bool:
    if before is not None:
        return before[place] != after[place]
    return bool(after[place]) and place >= BY_NAME[kind].key_columns and column != "status"


def _name(change: Change, row: list[str], named: dict[tuple[str, str], str]) -> str:
    """“Algebra 1 · Mateo Alvarez · student”: what cannot be named stays its id."""
    if not (parts := _parts(change)):
        return _own_name(change.kind, row)
    rest = change.key.split(SEPARATOR)[len(parts) :]
    return " · ".join([*(named.get(part) or part[1] for part in parts), *rest])


def _own_name(kind: str, row: list[str]) -> str:
    columns = dict(zip(BY_NAME[kind].columns, row, strict=False))
    if kind == USERS.name:
        return f"{columns['first_name']} {columns['last_name']}"
    return columns.get("long_name") or columns.get("name") or ""

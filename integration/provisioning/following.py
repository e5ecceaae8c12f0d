"""Carries changed ids on into all that we remember, in the transaction that confirms them.

What other rooms have linked to a SIS ID follows too: they put themselves into `FOLLOWERS`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import QuerySet

from integration import bulk
from integration.canvas.client import CanvasClient
from integration.ledger.runs import Ledger
from integration.models import (
    Change,
    CourseAssignment,
    District,
    RefusedRow,
    RosterRow,
    Run,
    SetAside,
    TermAssignment,
)
from integration.provisioning.canvas_side import ids_there
from integration.provisioning.renames import KIND_OF, Names, names_of, naming, renaming
from integration.provisioning.rows import (
    ACCOUNTS,
    CHANGE_SIS_ID,
    COURSES,
    KINDS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    Kind,
    Row,
    as_text,
    digest,
)

# Called with the district and what is called otherwise from now on, by kind; in the transaction.
FOLLOWERS: list[Callable[[District, Names], None]] = []


@transaction.atomic
def confirm(run: Run) -> None:
    """Canvas has changed the ids that this run sent and it did not refuse: so do we."""
    _follow(run, [change.pk for change in _open(run)])


def follow_what_canvas_did(ledger: Ledger, canvas: CanvasClient) -> None:
    """Where an import told too little, see in Canvas which ids are others now, and follow those.

    Also ids that Canvas refused to change because somebody had changed them by hand.
    """
    sent = list(_open(ledger.run, Change.State.REFUSED))
    kinds = [kind for type_, kind in KIND_OF.items() if any(_row(one)[2] == type_ for one in sent)]
    if not kinds:
        return
    there = ids_there(ledger, canvas, kinds)
    done = [one.pk for one in sent if _is_done(_row(one), there)]
    with ledger.guarded():
        _follow(ledger.run, done)


def _is_done(row: Row, there: dict[Kind, set[str]]) -> bool:
    old, new, type_ = row
    ids = there.get(KIND_OF[type_], set())
    return new in ids and old not in ids


def _open(run: Run, *states: Change.State) -> Iterator[Change]:
    lines = Change.objects.filter(run=run, kind=CHANGE_SIS_ID.name)
    yield from lines.filter(state__in=(Change.State.PLANNED, *states)).order_by("pk")


def _row(change: Change) -> Row:
    return tuple(json.loads(change.after))


def _follow(run: Run, pks: list[int]) -> None:
    lines = [
        one
        for batch in bulk.batches(pks, bulk.IN_LIMIT)
        for one in Change.objects.filter(pk__in=batch)
    ]
    if not lines:
        return
    names = names_of(map(_row, lines))
    district = run.district
    _roster_rows(district, names)
    for model in (SetAside, RefusedRow):
        _resting(model, district, names)
    _assignments(district, names)
    for follower in FOLLOWERS:
        follower(district, names)
    for batch in bulk.batches(lines, bulk.IN_LIMIT):
        confirmed = Change.objects.filter(pk__in=[one.pk for one in batch])
        RefusedRow.objects.filter(
            district=district, kind=CHANGE_SIS_ID.name, key__in=[one.key for one in batch]
        ).delete()
        confirmed.update(state=Change.State.CONFIRMED)


def _roster_rows(district: District, names: Names) -> None:
    """The accepted rows, also of what is gone: Canvas has them still."""
    for kind in KINDS:
        if not any(names.get(named) for _, named in naming(kind)):
            continue
        rows = RosterRow.objects.filter(district=district, kind=kind.name)
        # The ids first, all of them: SQLite lets nobody write who is still reading.
        touched = array("q", _touched(kind, rows, names))
        renamed = renaming(kind, names)
        for batch in bulk.batches(touched, bulk.IN_LIMIT):
            found = rows.filter(pk__in=batch).values_list("pk", "row")
            told = [_told(kind, pk, renamed(_values(text))) for pk, text in found]
            bulk.update(RosterRow, ("key", "row", "digest"), told)
    accounts = names.get(ACCOUNTS, {})
    bulk.rename(RosterRow.objects.filter(district=district), "school", accounts)
    bulk.rename(SetAside.objects.filter(district=district), "group", accounts)


def _touched(kind: Kind, rows: QuerySet[RosterRow], names: Names) -> Iterator[int]:
    """Ids of the rows that name something which is called otherwise now."""
    places = naming(kind)
    # A million enrollments are told by their keys alone.
    in_key = all(place < kind.key_columns for place, _ in places)
    texts = rows.values_list("pk", "key" if in_key else "row")
    for pk, text in texts.iterator(bulk.BATCH):
        values = text.split(SEPARATOR) if in_key else json.loads(text)
        if any(values[place] in names.get(named, ()) for place, named in places):
            yield pk


def _values(text: str) -> Row:
    """An accepted row; what Canvas does not tell of it is empty."""
    return tuple(value or "" for value in json.loads(text))


def _told(kind: Kind, pk: int, row: Row) -> tuple[str, str, bytes, int]:
    return kind.key(row), as_text(row), digest(row), pk


def _resting(model: type[SetAside] | type[RefusedRow], district: District, names: Names) -> None:
    """What rests, or was refused, is known by a line's content; that line tells the new one."""
    for kind in KINDS:
        if not any(names.get(named) for _, named in naming(kind)):
            continue
        renamed = renaming(kind, names)
        for one in model.objects.filter(district=district, kind=kind.name):
            line = Change.objects.filter(run=one.run_id, kind=kind.name, key=one.key).first()
            if line is None or bytes(line.digest) != bytes(one.digest):
                continue
            row = renamed(_row(line))
            if row != _row(line):
                changed = {"key": kind.key(row), "digest": digest(row)}
                model.objects.filter(pk=one.pk).update(**changed)


def _assignments(district: District, names: Names) -> None:
    assigned = CourseAssignment.objects.filter(district=district)
    fields = ((assigned, "sis_section_id", SECTIONS), (assigned, "sis_course_id", COURSES))
    terms = TermAssignment.objects.filter(district=district)
    for rows, field, kind in (*fields, (terms, "sis_term_id", TERMS)):
        bulk.rename(rows, field, names.get(kind, {}))

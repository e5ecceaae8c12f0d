"""Carries changed ids on into all that we remember, in the transaction that confirms them.

What other rooms have linked to a SIS ID follows too: they put themselves into `FOLLOWERS`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator, Sequence

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
from integration.provisioning import roster
from integration.provisioning.adoption import as_row
from integration.provisioning.canvas_side import ids_there
from integration.provisioning.ladder import COMPLETED, DELETED, INACTIVE
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

# The runs whose lines say what Canvas was to be told.
_PLANNING = (Run.Kind.PROVISIONING, Run.Kind.UNDO, Run.Kind.RENAMES)

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
    # These first: what rests may have to be told by the accepted rows as they were called.
    for model in (SetAside, RefusedRow):
        _resting(model, district, names)
    _roster_rows(district, names)
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
    places, in_key = naming(kind), _is_told_by_key(kind)
    texts = rows.values_list("pk", "key" if in_key else "row")
    for pk, text in texts.iterator(bulk.BATCH):
        if _names_one(places, text.split(SEPARATOR) if in_key else json.loads(text), names):
            yield pk


def _is_told_by_key(kind: Kind) -> bool:
    """Do the keys alone tell what the rows name? A million enrollments need not be opened."""
    return all(place < kind.key_columns for place, _ in naming(kind))


def _names_one(places: list[tuple[int, Kind]], values: Sequence[str], names: Names) -> bool:
    """Does a row, or its key in parts, name something that is called otherwise now?"""
    return any(values[place] in names.get(named, ()) for place, named in places)


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
        rests = model.objects.filter(district=district, kind=kind.name)
        pk_of: dict[str, int] = {}
        named_of: dict[str, bytes] = {}
        places, in_key = naming(kind), _is_told_by_key(kind)
        for pk, key, named in rests.values_list("pk", "key", "digest").iterator(bulk.BATCH):
            if not in_key or _names_one(places, key.split(SEPARATOR), names):
                pk_of[key], named_of[key] = pk, bytes(named)
        renamed = renaming(kind, names)
        told: list[tuple[str, bytes, int]] = []
        for key, row in _lines_of(district, kind, named_of):
            after = renamed(row)
            if after != row:
                told.append((kind.key(after), digest(after), pk_of[key]))
        bulk.update(model, ("key", "digest"), told)


def _lines_of(
    district: District, kind: Kind, wanted: dict[str, bytes]
) -> Iterator[tuple[str, Row]]:
    """(key, row) of the newest line of each key whose content has this digest.

    Each night writes it anew, and the lines of the oldest ones are not kept; but there is none in
    a plan that proposed the changed id. After a summer without nights no line is left: what was to
    be taken away is told by the accepted row then.
    """
    plans = district.runs.filter(kind__in=_PLANNING, pruned_at=None).order_by("-pk")
    for run in plans if wanted else ():
        for keys in bulk.batches(list(wanted), bulk.IN_LIMIT):
            lines = Change.objects.filter(run=run, kind=kind.name, key__in=keys)
            for key, after, named in lines.values_list("key", "after", "digest"):
                if bytes(named) == wanted[key]:
                    del wanted[key]
                    yield key, tuple(json.loads(after))
        if not wanted:
            return
    for key, there in roster.find(district, kind, list(wanted)).items():
        for row in _ends_of(kind, as_row(there.row)):
            if digest(row) == wanted[key]:
                yield key, row


def _ends_of(kind: Kind, row: Row) -> Iterator[Row]:
    """What a plan may have made of an accepted row that was gone: left as it is, or ended."""
    yield row
    place = kind.index("status")
    for status in (INACTIVE, COMPLETED, DELETED) if kind.gone else ():
        yield (*row[:place], status, *row[place + 1 :])


def _assignments(district: District, names: Names) -> None:
    assigned = CourseAssignment.objects.filter(district=district)
    fields = ((assigned, "sis_section_id", SECTIONS), (assigned, "sis_course_id", COURSES))
    terms = TermAssignment.objects.filter(district=district)
    for rows, field, kind in (*fields, (terms, "sis_term_id", TERMS)):
        bulk.rename(rows, field, names.get(kind, {}))

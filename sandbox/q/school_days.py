"""The calendar of an invented district in Q: which day it is, and the next one.

Which district and which day is kept beside the records, so that a kept home goes on where it was.
The gradebook belongs to Q: it follows what happens to classes and students.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from django.db import connections

from sandbox.invented.district import District
from sandbox.invented.year import Changes, Year
from sandbox.q import clock, planted, records, store
from sandbox.q.schema import COLLECTIONS
from sandbox.q.store import Selection

MOST: Final = 1_000
MOST_RECORDS: Final = 100_000
_turning = threading.Lock()
_year: tuple[tuple[int, int, int], Year] | None = None


class NoCalendar(Exception):
    """Q holds no invented district, so no day can come next."""

    def __init__(self) -> None:
        super().__init__("This Q was not started with --students, so it has no calendar.")


def create() -> None:
    """Create the table that is not there yet."""
    _sql(
        "CREATE TABLE IF NOT EXISTS q_calendar"
        " (students INTEGER, seed INTEGER, year INTEGER, day INTEGER)"
    )


def begin(loaded: Iterable[Any]) -> None:
    """Day 0, if what was loaded is an invented district."""
    forget()
    if isinstance(loaded, District):
        given = [loaded.students, loaded.seed, loaded.year]
        _sql("INSERT INTO q_calendar VALUES (%s, %s, %s, 0)", given)


def forget() -> None:
    """There is no calendar any more."""
    _sql("DELETE FROM q_calendar")


def today() -> dict[str, Any] | None:
    """The number and date of the day, and what happened on it if that is known."""
    kept = _kept()
    if not kept:
        return None
    year, number = _lived(kept)
    return {"day": number, "date": year.date(number).date, "events": year.events(number)}


def pass_by(days: int) -> dict[str, Any]:
    """Let school days go by; the day reached and how often what happened. Raises NoCalendar."""
    with _turning:
        kept = _kept()
        if not kept:
            raise NoCalendar
        year, number = _lived(kept)
        told: Counter[str] = Counter()
        put = gone = 0
        planted.uproot()
        for each in range(number + 1, number + days + 1):
            changes = year.day(each)
            _apply(changes)
            told.update(changes.events)
            put += sum(len(those) for those in changes.upsert.values())
            gone += sum(len(those) for those in changes.delete.values())
        planted.replant()
        reached = number + days
        said = {"day": reached, "date": year.date(reached).date, "events": dict(told)}
        return {**said, "upserted": put, "deleted": gone}


def _lived(kept: list[int]) -> tuple[Year, int]:
    """The calendar of that district. After a restart its days are lived again when needed."""
    global _year
    students, seed, first, number = kept
    if _year is None or _year[0] != (students, seed, first):
        _year = (students, seed, first), Year(students, seed, first)
    return _year[1], number


def _apply(changes: Changes) -> None:
    now = clock.moment()
    with store.together():
        for name, those in changes.upsert.items():
            store.save(records.row(name, each, now=now) for each in those)
        for name, ids in changes.delete.items():
            store.remove_all(COLLECTIONS[name], ids)
        _follow(changes)
        _sql("UPDATE q_calendar SET day = %s", [changes.day])


# -- the gradebook


def _follow(changes: Changes) -> None:
    for rename in changes.renames:
        if rename.kind == "user":
            _point("results", "student", rename.old, rename.new)
        elif rename.kind == "class":
            _point("lineItems", "class", rename.old, rename.new)
    for class_id in (*changes.delete.get("classes", ()), *changes.recycled):
        gone = [each["sourcedId"] for each in _where("lineItems", "class", class_id)]
        for line_item in gone:
            store.remove_results(line_item)
        store.remove_all(COLLECTIONS["lineItems"], gone)
    for user in changes.delete.get("users", ()):
        results = [each["sourcedId"] for each in _where("results", "student", user)]
        store.remove_all(COLLECTIONS["results"], results)


def _point(name: str, field: str, old: str, new: str) -> None:
    """Let the records that name `old` name `new`."""
    found = [{**each, field: {"sourcedId": new}} for each in _where(name, field, old)]
    now = clock.moment()
    store.save(records.row(name, each, now=now) for each in found)


def _where(name: str, field: str, sourced_id: str) -> Iterator[dict[str, Any]]:
    chosen = Selection(COLLECTIONS[name], (f'"{field}" = %(id)s',), {"id": sourced_id})
    for body in store.page(chosen, order="id", limit=MOST_RECORDS, offset=0)[0]:
        yield msgspec.json.decode(body)


# -- which day it is


def _kept() -> list[int] | None:
    with connections["q"].cursor() as cursor:
        cursor.execute("SELECT students, seed, year, day FROM q_calendar")
        found = cursor.fetchone()
    return list(found) if found else None


def _sql(statement: str, parameters: Iterable[int] = ()) -> None:
    with connections["q"].cursor() as cursor:
        cursor.execute(statement, list(parameters))

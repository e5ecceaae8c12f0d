"""Who wrote a record of the gradebook last: a client of the service, or a teacher on Q's pages.

No part of OneRoster; the pages show it, and so does `GET /sandbox/writers`.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connections

from sandbox.q import clock
from sandbox.q.records import timestamp

CLIENT: Final = "API client"
TEACHER: Final = "teacher"


def create() -> None:
    """Create the table that is not there yet."""
    _sql(
        "CREATE TABLE IF NOT EXISTS q_writers (collection TEXT, sourced_id TEXT, writer TEXT,"
        " at TEXT, PRIMARY KEY (collection, sourced_id)) WITHOUT ROWID"
    )


def forget() -> None:
    """Nobody has written anything yet."""
    _sql("DELETE FROM q_writers")


def note(collection: str, sourced_id: str, writer: str) -> None:
    """This one wrote it, just now."""
    at = timestamp(clock.moment())
    _sql(
        "INSERT OR REPLACE INTO q_writers VALUES (%s, %s, %s, %s)",
        (collection, sourced_id, writer, at),
    )


def of(collection: str, ids: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """Writer and time of the records that were written at all, by id; of all, or of `ids`."""
    with connections["q"].cursor() as cursor:
        cursor.execute(
            "SELECT sourced_id, writer, at FROM q_writers WHERE collection = %s", [collection]
        )
        rows = cursor.fetchall()
    wanted = set(ids)
    return {
        each: {"writer": writer, "at": at}
        for each, writer, at in rows
        if not wanted or each in wanted
    }


def _sql(statement: str, parameters: Iterable[Any] = ()) -> None:
    with connections["q"].cursor() as cursor:
        cursor.execute(statement, list(parameters))

"""Where Q keeps its records: a table for each collection, JSON text beside a few columns.

Pages are made of kept text, never of parsed records; that is what makes them fast.
"""

from __future__ import annotations

import json
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from django.db import connections, transaction

from sandbox.q.records import Row
from sandbox.q.schema import COLLECTIONS, Collection

BATCH: Final = 5_000
ORDERS_KEPT: Final = 16
Parameters = Mapping[str, Any]

# One process writes, so one lock is all it takes to tell a creation from a replacement.
_writing = threading.RLock()
_generation = 0
_ordering = threading.Lock()
_orders: dict[tuple[Any, ...], tuple[int, array[int]]] = {}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: conditions in SQL, all of which must hold, with named parameters."""

    collection: Collection
    conditions: tuple[str, ...] = ()
    parameters: Parameters = field(default_factory=dict)

    @property
    def source(self) -> str:
        where = " AND ".join(f"({each})" for each in self.conditions)
        return f"FROM {self.collection.table}" + (f" WHERE {where}" if where else "")


def create() -> None:
    """Create the tables that are not there yet."""
    for each in COLLECTIONS.values():
        columns = "".join(f', "{name}" TEXT COLLATE {_collation(name)}' for name in each.stored)
        _execute(
            f"CREATE TABLE IF NOT EXISTS {each.table} (id INTEGER PRIMARY KEY,"
            " sourced_id TEXT UNIQUE, status TEXT NOT NULL COLLATE NOCASE, modified TEXT NOT NULL,"
            f" body TEXT NOT NULL{columns})"
        )
    _execute(
        "CREATE TABLE IF NOT EXISTS q_links (collection TEXT, field TEXT, target TEXT,"
        " sourced_id TEXT, PRIMARY KEY (collection, field, target, sourced_id)) WITHOUT ROWID"
    )
    _execute("CREATE INDEX IF NOT EXISTS q_links_back ON q_links (collection, sourced_id)")
    _index()


def _collation(column: str) -> str:
    return "NOCASE" if column in ("role", "type") else "BINARY"


def _indexes() -> Iterator[tuple[str, str]]:
    for each in COLLECTIONS.values():
        for column in each.stored:
            if column not in ("role", "type"):
                yield f"{each.table}_{column.lower()}", f'{each.table} ("{column}")'


def _index() -> None:
    for name, on in _indexes():
        _execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")


def load(rows: Iterable[Row]) -> int:
    """Store many rows at once; how many. Indexes are made afterwards, which is twice as fast."""
    count = 0
    with _writing, transaction.atomic(using="q"):
        for name, _ in _indexes():
            _execute(f"DROP INDEX IF EXISTS {name}")
        remaining = iter(rows)
        while batch := list(islice(remaining, BATCH)):
            _write(batch)
            count += len(batch)
        _index()
    _changed()
    return count


def save(rows: Iterable[Row]) -> None:
    """Store a few rows, each in place of any that had its id."""
    with _writing, transaction.atomic(using="q"):
        _write(list(rows))
    _changed()


def put(row: Row) -> bool:
    """Store a row in place of any that had its id; whether there was none."""
    with _writing:
        created = not exists(Selection(row.collection, *_of(row.sourced_id)))
        with transaction.atomic(using="q"):
            _write([row])
    _changed()
    return created


def remove(collection: Collection, sourced_id: str) -> bool:
    """Forget one record; whether it was there."""
    with _writing, transaction.atomic(using="q"):
        table = collection.table
        gone = _execute(f"DELETE FROM {table} WHERE sourced_id = %(id)s", {"id": sourced_id})
        _unlink(collection, [sourced_id])
    _changed()
    return gone > 0


def remove_all(collection: Collection, ids: Sequence[str]) -> None:
    """Forget many records."""
    with _writing, transaction.atomic(using="q"):
        with connections["q"].cursor() as cursor:
            cursor.executemany(
                f"DELETE FROM {collection.table} WHERE sourced_id = %s", [(each,) for each in ids]
            )
        _unlink(collection, ids)
    _changed()


@contextmanager
def together() -> Iterator[None]:
    """Let several writes be seen at once or not at all."""
    with _writing, transaction.atomic(using="q"):
        yield
    _changed()


def remove_results(line_item: str) -> None:
    """Forget the results of one line item, which mean nothing without it."""
    with _writing, transaction.atomic(using="q"):
        _execute('DELETE FROM q_results WHERE "lineItem" = %(id)s', {"id": line_item})
    _changed()


def merged(collection: Collection, sourced_id: str, record: dict[str, Any]) -> dict[str, Any]:
    """`record` over what is there. Only for the rule that this never happens."""
    there = body(collection, sourced_id)
    return {**json.loads(there or "{}"), **record}


def clear() -> None:
    """Forget every record."""
    with _writing, transaction.atomic(using="q"):
        for each in COLLECTIONS.values():
            _execute(f"DELETE FROM {each.table}")
        _execute("DELETE FROM q_links")
    _changed()


def body(collection: Collection, sourced_id: str, *conditions: str) -> bytes | None:
    """The kept text of one record that also meets `conditions`."""
    condition, parameters = _of(sourced_id)
    chosen = Selection(collection, (*condition, *conditions), parameters)
    found = _rows(f"SELECT CAST(body AS BLOB) {chosen.source}", parameters)
    return found[0] if found else None


def bodies(collection: Collection) -> list[bytes]:
    """The kept texts of all records."""
    return _rows(f"SELECT CAST(body AS BLOB) FROM {collection.table} ORDER BY id", {})


def exists(selection: Selection) -> bool:
    """Whether there is any such record."""
    return bool(_rows(f"SELECT 1 {selection.source} LIMIT 1", selection.parameters))


def total(selection: Selection) -> int:
    """How many there are."""
    return int(_rows(f"SELECT COUNT(*) {selection.source}", selection.parameters)[0])


def page(selection: Selection, *, order: str, limit: int, offset: int) -> tuple[list[bytes], int]:
    """The kept texts of one page, in `order` (SQL), and how many there are in all.

    What fits on one page is read at once. For more, the order of all is found once and kept until
    something is written: so a page far down costs what the first one does, and so does a filter.
    """
    if offset == 0:
        found = _rows(
            f"SELECT CAST(body AS BLOB) {selection.source} ORDER BY {order} LIMIT %(limit)s",
            {**selection.parameters, "limit": limit + 1},
        )
        if len(found) <= limit:
            return found, len(found)
    ids = _ordered(selection, order)
    return _bodies(selection.collection, ids[offset : offset + limit]), len(ids)


def _ordered(selection: Selection, order: str) -> array[int]:
    name = (selection.source, order, *sorted(selection.parameters.items()))
    with _ordering:
        generation = _generation
        known = _orders.pop(name, None)
        if known is None or known[0] != generation:
            sql = f"SELECT id {selection.source} ORDER BY {order}"
            known = generation, array("q", _rows(sql, selection.parameters))
        _orders[name] = known
        if len(_orders) > ORDERS_KEPT:
            del _orders[next(iter(_orders))]
    return known[1]


def _bodies(collection: Collection, ids: array[int]) -> list[bytes]:
    return _rows(
        f"SELECT CAST(body AS BLOB) FROM json_each(%(ids)s) AS chosen"
        f" CROSS JOIN {collection.table} ON {collection.table}.id = chosen.value"
        " ORDER BY chosen.key",
        {"ids": json.dumps(ids.tolist())},
    )


def _of(sourced_id: str | None) -> tuple[tuple[str, ...], dict[str, Any]]:
    return ("sourced_id = %(id)s",), {"id": sourced_id}


def _write(rows: Sequence[Row]) -> None:
    by_table: dict[str, list[Row]] = {}
    for row in rows:
        by_table.setdefault(row.collection.name, []).append(row)
    for name, members in by_table.items():
        _upsert(COLLECTIONS[name], members)


def _upsert(collection: Collection, rows: Sequence[Row]) -> None:
    names = ["sourced_id", "status", "modified", "body", *(f'"{n}"' for n in collection.stored)]
    values = ", ".join(["%s"] * len(names))
    replaced = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    with connections["q"].cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {collection.table} ({', '.join(names)}) VALUES ({values})"
            f" ON CONFLICT (sourced_id) DO UPDATE SET {replaced}",
            [(r.sourced_id, r.status, r.modified, r.body, *r.stored) for r in rows],
        )
    known = [row for row in rows if row.sourced_id]
    _unlink(collection, [str(row.sourced_id) for row in known])
    _link(collection, known)


def _unlink(collection: Collection, ids: Sequence[str]) -> None:
    if collection.linked:
        with connections["q"].cursor() as cursor:
            cursor.executemany(
                "DELETE FROM q_links WHERE collection = %s AND sourced_id = %s",
                [(collection.name, each) for each in ids],
            )


def _link(collection: Collection, rows: Sequence[Row]) -> None:
    links = [
        (collection.name, name, target, row.sourced_id)
        for row in rows
        for name, target in row.links
    ]
    with connections["q"].cursor() as cursor:
        cursor.executemany("INSERT OR IGNORE INTO q_links VALUES (%s, %s, %s, %s)", links)


def _changed() -> None:
    global _generation
    _generation += 1


def _execute(sql: str, parameters: Parameters | None = None) -> int:
    with connections["q"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _rows(sql: str, parameters: Parameters) -> list[Any]:
    with connections["q"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return [first for (first,) in cursor.fetchall()]

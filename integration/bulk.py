"""Many rows at once, without model instances: COPY on PostgreSQL, executemany on SQLite.

Measured: model instances are 4 to 180 times slower (docs/decisions, bulk writes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction
from django.db.models import Model, QuerySet

BATCH = 10_000
IN_LIMIT = 500

T = TypeVar("T")


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut any iterable into lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def chunks(sql: str, *parameters: Any) -> Iterator[Sequence[tuple[Any, ...]]]:
    """A query's rows, so many at a time, without building anything of them."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while chunk := cursor.fetchmany(BATCH):
            yield chunk


def stream(sql: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
    """A query's rows, one by one."""
    for chunk in chunks(sql, *parameters):
        yield from chunk


def insert(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as tuples in the order of `fields`: all of them, or none.

    Raises:
        DatabaseError: a row was refused; the message does not quote it.
    """
    table, columns, types = _shape(model, fields)
    names = f"{table} ({', '.join(columns)})"
    with _discreet(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {names} FROM STDIN") as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        for batch in batches(rows):
            cursor.executemany(f"INSERT INTO {names} VALUES ({marks})", batch)  # noqa: S608  # names come from the model


def update(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Change rows given as tuples of their new values in the order of `fields`, the id last."""
    table, columns, _ = _shape(model, fields)
    told = ", ".join(f"{column} = %s" for column in columns)
    with _discreet(), transaction.atomic(), connection.cursor() as cursor:
        for batch in batches(rows):
            cursor.executemany(f"UPDATE {table} SET {told} WHERE id = %s", batch)  # noqa: S608  # names come from the model


@transaction.atomic
def rename(rows: QuerySet[Any], field: str, names: Mapping[str, str]) -> None:
    """Let a field of these rows say the new name wherever it says an old one."""
    found: list[tuple[str, int]] = []
    # All of them before any is changed: one's new name may be another's old one.
    for some in batches(names, IN_LIMIT):
        named = rows.filter(**{f"{field}__in": some}).values_list(field, "pk")
        found += ((names[old], pk) for old, pk in named.iterator(BATCH))
    update(rows.model, (field,), found)


@contextmanager
def _discreet() -> Iterator[None]:
    """PostgreSQL quotes the row that it refuses, and no log may hold what stands there."""
    try:
        with connection.wrap_database_errors:
            yield
    except DatabaseError as error:
        told = getattr(error.__cause__, "diag", None)
        reason = told.message_primary if told else str(error)
        raise type(error)(reason or "The database refused a row.") from None


def _shape(model: type[Model], fields: Sequence[str]) -> tuple[str, list[str], list[str]]:
    meta = model._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    types = [(column.db_type(connection) or "text").split("(")[0] for column in columns]
    return (
        quote(meta.db_table),
        [quote(str(column.column)) for column in columns],  # type: ignore[union-attr]  # concrete fields only
        types,
    )

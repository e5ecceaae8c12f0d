"""The rows of a table as an import sees them: fetched by key in bulk, written back together.

Rows are plain dictionaries. What an import changes within a chunk it sees at once, also where it
looks the row up by a key that it has just changed.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, TypeAlias

from django.db import connections, models

from sandbox.canvas import store
from sandbox.canvas.models import Sequence as LastNumber

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, ...]

_AT_ONCE = 400


class Table:
    """One table within one transaction.

    `kind` is the name an import's statistics give it, `keys` the columns (or groups of columns)
    to look rows up by.
    """

    def __init__(self, model: type[models.Model], kind: str, *keys: Key) -> None:
        self.model = model
        self.kind = kind
        self.name = model._meta.db_table
        self.columns = [field.column for field in model._meta.concrete_fields]
        self._blank = {field.column: field.get_default() for field in model._meta.concrete_fields}
        self._keys = (("id",), *keys)
        self._parts = {part for key in self._keys for part in key}
        self.rows: dict[int, Row] = {}
        self._index: dict[Key, dict[tuple[Any, ...], dict[int, Row]]] = {}
        self._asked: dict[Key, set[tuple[Any, ...]]] = {}
        self._new: list[Row] = []
        self._changed: dict[int, set[str]] = {}
        self._last_number: int | None = None
        self.forget()

    def forget(self) -> None:
        """Drop what was read; the next chunk reads afresh, as others may write in between."""
        self.rows = {}
        self._index = {}
        self._asked = {key: set() for key in self._keys}
        self._new = []
        self._changed = {}
        self._last_number = None

    def load(self, key: Key, values: Iterable[tuple[Any, ...]]) -> None:
        """Read the rows with these values, so that `find` need not ask one by one."""
        wanted = {value for value in values if all(value)} - self._asked[key]
        self._asked[key] |= wanted
        left = iter(wanted)
        while some := list(islice(left, _AT_ONCE)):
            self._read(key, some)

    def _read(self, key: Key, values: Sequence[tuple[Any, ...]]) -> None:
        one = "(" + ",".join(["%s"] * len(key)) + ")"
        columns = ",".join(f't."{column}"' for column in self.columns)
        match = " AND ".join(f't."{part}" = w.column{n}' for n, part in enumerate(key, 1))
        # Joined so, SQLite looks each value up in the index; `(a, b) IN (VALUES …)` reads it all.
        # Names come from the models, values travel apart.
        query = (
            f"SELECT {columns} FROM (VALUES {','.join([one] * len(values))}) w "
            f'CROSS JOIN "{self.name}" t ON {match} ORDER BY t.id'
        )
        with connections[store.DATABASE].cursor() as cursor:
            cursor.execute(query, [part for value in values for part in value])
            for row in cursor.fetchall():
                if row[0] not in self.rows:
                    self._remember(dict(zip(self.columns, row, strict=True)))

    def _remember(self, row: Row) -> None:
        self.rows[row["id"]] = row
        for key, index in self._index.items():
            index.setdefault(tuple([row[part] for part in key]), {})[row["id"]] = row

    def _indexed(self, key: Key) -> dict[tuple[Any, ...], dict[int, Row]]:
        """The rows at hand by this key; made when first asked for, kept up from then on."""
        if key not in self._index:
            index = self._index[key] = {}
            for row in self.rows.values():
                index.setdefault(tuple([row[part] for part in key]), {})[row["id"]] = row
        return self._index[key]

    def find_all(self, key: Key, *value: Any) -> list[Row]:
        """Rows with this value. Blank values are found nowhere."""
        if not all(value):
            return []
        if value not in self._asked[key]:
            self.load(key, [value])
        found = self._indexed(key).get(value)
        if not found:
            return []
        # A row stays listed under a value that it had before.
        return [row for row in found.values() if tuple([row[part] for part in key]) == value]

    def find(self, key: Key, *value: Any) -> Row | None:
        """The first row with this value."""
        found = self.find_all(key, *value)
        return found[0] if found else None

    def get(self, number: int) -> Row:
        """The row with this id."""
        row = self.rows.get(number) or self.find(("id",), number)
        if row is None:
            raise KeyError(f"{self.name} {number}")
        return row

    def add(self, **values: Any) -> Row:
        """A new row, with an id."""
        row = {**self._blank, **values}
        row["id"] = self._next_id()
        self._remember(row)
        self._new.append(row)
        return row

    def change(self, row: Row, **values: Any) -> bool:
        """Set these columns; whether any of them was different before."""
        different = {name: value for name, value in values.items() if row[name] != value}
        if not different:
            return False
        row.update(different)
        self._changed.setdefault(row["id"], set()).update(different)
        if not self._parts.isdisjoint(different):
            self._remember(row)
        return True

    def _next_id(self) -> int:
        if self._last_number is None:
            found = LastNumber.objects.filter(name=self.name).values_list("value", flat=True)
            self._last_number = found[0] if found else 0
        self._last_number += 1
        return store.as_id(self.model, self._last_number)

    def write(self) -> None:
        """Put what changed into the database."""
        if self._last_number is not None:
            LastNumber.objects.update_or_create(
                name=self.name, defaults={"value": self._last_number}
            )
        with connections[store.DATABASE].cursor() as cursor:
            self._write_new(cursor)
            self._write_changed(cursor)
        self._new = []
        self._changed = {}

    def _write_new(self, cursor: Any) -> None:
        columns = ",".join(f'"{column}"' for column in self.columns)
        marks = ",".join(["%s"] * len(self.columns))
        cursor.executemany(
            f'INSERT INTO "{self.name}" ({columns}) VALUES ({marks})',
            [[row[column] for column in self.columns] for row in self._new],
        )

    def _write_changed(self, cursor: Any) -> None:
        # Only the columns that changed: writing an indexed one again costs as much as a change.
        new = {row["id"] for row in self._new}
        alike: dict[tuple[str, ...], list[list[Any]]] = {}
        for number, names in self._changed.items():
            if number not in new:
                columns = tuple(sorted(names))
                row = self.rows[number]
                alike.setdefault(columns, []).append([*(row[name] for name in columns), number])
        for columns, values in alike.items():
            settings = ",".join(f'"{column}" = %s' for column in columns)
            cursor.executemany(f'UPDATE "{self.name}" SET {settings} WHERE id = %s', values)

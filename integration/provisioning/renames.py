"""The same thing under another SIS ID, and what becomes of rows that name it. PURE (design 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from integration.provisioning.part import STANDS_ON
from integration.provisioning.rows import (
    ACCOUNTS,
    CHANGE_SIS_ID,
    COURSES,
    DIGEST_SIZE,
    SECTIONS,
    SEPARATOR,
    SIS_ID_LENGTH,
    TERMS,
    USERS,
    ChangeIdRow,
    Kind,
    Row,
)

# What Canvas calls a kind in change_sis_id.csv (canvas.md section 5).
TYPES = {ACCOUNTS: "account", TERMS: "term", COURSES: "course", SECTIONS: "section", USERS: "user"}
KIND_OF = {type_: kind for kind, type_ in TYPES.items()}

# "renamed": Q calls the same thing otherwise. "recycled": Q gave the id to something else, so what
# Canvas has under it gives the id up.
Why = Literal["renamed", "recycled"]

# By kind: old id to new id.
Names = Mapping[Kind, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Rename:
    """One id that is to change in Canvas. `evidence` is for people."""

    kind: Kind
    old_id: str
    new_id: str
    why: Why = "renamed"
    school: str = ""
    evidence: str = ""

    @property
    def row(self) -> ChangeIdRow:
        return ChangeIdRow(self.old_id, self.new_id, TYPES[self.kind])

    @property
    def key(self) -> str:
        return CHANGE_SIS_ID.key(self.row)


def names_of(rows: Iterable[Row]) -> dict[Kind, dict[str, str]]:
    """Rows of change_sis_id.csv as old id to new id, by kind."""
    names: dict[Kind, dict[str, str]] = {}
    for old, new, type_ in rows:
        names.setdefault(KIND_OF[type_], {})[old] = new
    return names


def naming(kind: Kind) -> list[tuple[int, Kind]]:
    """Which columns of a kind's rows hold the SIS ID of what: its own first."""
    own = [(0, kind)] if kind.key_columns == 1 else []
    return own + [(kind.index(column), named) for column, named in STANDS_ON.get(kind, ())]


def renaming(kind: Kind, names: Names) -> Callable[[Row], Row]:
    """What turns a row of this kind into one with every id that it names as it is called then."""
    named = [(place, names[of]) for place, of in naming(kind) if names.get(of)]

    def renamed(row: Row) -> Row:
        values = list(row)
        for place, new in named:
            values[place] = new.get(values[place], values[place])
        return tuple(values)

    return renamed


def retired_id(sis_id: str, row: Row) -> str:
    """What an id is called from then on, once Q has given it to something else than this row."""
    named = blake2b(SEPARATOR.join(row).encode(), digest_size=DIGEST_SIZE).hexdigest()[:8]
    return f"{sis_id[: SIS_ID_LENGTH - len(named) - 1]}~{named}"

"""The rows that travel to Canvas, one type per SIS CSV file. PURE.

Each is a tuple of strings in the order of its CSV columns (canvas.md section 5). The column set
is constant, so a row always means the same thing to Canvas and to the digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import msgspec

_ENCODE = msgspec.json.Encoder().encode
SEPARATOR = "\x1f"
DIGEST_SIZE = 16
_BEGINNING = blake2b(digest_size=DIGEST_SIZE)
# Canvas's limit, and that of our own columns.
SIS_ID_LENGTH = 255

Row = tuple[str, ...]


class AccountRow(NamedTuple):
    account_id: str
    parent_account_id: str
    name: str
    status: str


class TermRow(NamedTuple):
    term_id: str
    name: str
    status: str
    start_date: str
    end_date: str


class CourseRow(NamedTuple):
    course_id: str
    short_name: str
    long_name: str
    account_id: str
    term_id: str
    status: str


class SectionRow(NamedTuple):
    section_id: str
    course_id: str
    name: str
    status: str
    start_date: str
    end_date: str


class UserRow(NamedTuple):
    user_id: str
    login_id: str
    first_name: str
    last_name: str
    email: str
    status: str


class EnrollmentRow(NamedTuple):
    """Named by section, user and role only: a cross-listed section keeps its people (D5)."""

    section_id: str
    user_id: str
    role: str
    status: str
    start_date: str
    end_date: str


class ObserverRow(NamedTuple):
    observer_id: str
    student_id: str
    status: str


class ChangeIdRow(NamedTuple):
    """The same thing under another SIS ID; Canvas works through these before all else."""

    old_id: str
    new_id: str
    type: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How one type of row is named, keyed and treated.

    `carried` are columns that Canvas clears when they are blank or absent: they are read from
    Canvas and sent back unchanged with every row that exists already (canvas.md 0.8, and Canvas's
    section and account importers).
    `keeps` are columns whose blank leaves Canvas as it is, so a blank is never a difference.
    `gone` is the status of a row that Q no longer holds; None where we never take anything away.
    `reported`: Canvas's provisioning report has this kind, under this name.
    `names`: which kinds the parts of the key name.
    """

    name: str
    columns: tuple[str, ...]
    key_columns: int = 1
    carried: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    gone: str | None = None
    reported: bool = True
    names: tuple[str, ...] = ()

    def key(self, row: Row) -> str:
        """What Canvas knows this row by."""
        return row[0] if self.key_columns == 1 else SEPARATOR.join(row[: self.key_columns])

    def index(self, column: str) -> int:
        return self.columns.index(column)


ACCOUNTS = Kind("accounts", AccountRow._fields, carried=("integration_id",))
TERMS = Kind(
    "terms", TermRow._fields, carried=("integration_id",), dates=("start_date", "end_date")
)
COURSES = Kind("courses", CourseRow._fields, carried=("integration_id",), keeps=("account_id",))
SECTIONS = Kind(
    "sections", SectionRow._fields, carried=("integration_id",), dates=("start_date", "end_date")
)
USERS = Kind("users", UserRow._fields, carried=("authentication_provider_id",), keeps=("email",))
ENROLLMENTS = Kind(
    "enrollments",
    EnrollmentRow._fields,
    key_columns=3,
    dates=("start_date", "end_date"),
    gone="inactive",
    names=("sections", "users"),
)
OBSERVERS = Kind(
    "observers",
    ObserverRow._fields,
    key_columns=2,
    gone="deleted",
    reported=False,
    names=("users", "users"),
)

# In the order in which Canvas works through an import (canvas.md 4.5).
KINDS = (ACCOUNTS, TERMS, COURSES, SECTIONS, USERS, ENROLLMENTS, OBSERVERS)
BY_NAME = {kind.name: kind for kind in KINDS}
CHANGE_SIS_ID = Kind("change_sis_id", ChangeIdRow._fields, key_columns=3, reported=False)
# What an import may hold. A changed id is no object, so it is none of the kinds.
IMPORTED = (CHANGE_SIS_ID, *KINDS)


def digest(row: Row) -> bytes:
    """Name a row by its content."""
    return blake2b(SEPARATOR.join(row).encode(), digest_size=DIGEST_SIZE).digest()


def digests(rows: Iterable[Row]) -> list[bytes]:
    """`digest` of each; the copy of a beginning costs less than a new one."""
    begin = _BEGINNING.copy
    found: list[bytes] = []
    for text in map(SEPARATOR.join, rows):
        named = begin()
        named.update(text.encode())
        found.append(named.digest())
    return found


def as_text(row: Iterable[str | None]) -> str:
    """A row as the database keeps it."""
    return _ENCODE(tuple(row)).decode()

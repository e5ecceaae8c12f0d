"""The rows that travel to Canvas, one type per SIS CSV file. PURE.

Each is a tuple of strings in the order of its CSV columns (canvas.md section 5). The column set
is constant, so a row always means the same thing to Canvas and to the digest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

SEPARATOR = "\x1f"
DIGEST_SIZE = 16
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


@dataclass(frozen=True, slots=True)
class Kind:
    """How one type of row is named, keyed and treated.

    `carried` are columns that Canvas clears when they are blank or absent: they are read from
    Canvas and sent back unchanged with every row that exists already (canvas.md 0.8, and Canvas's
    section and account importers).
    `keeps` are columns whose blank leaves Canvas as it is, so a blank is never a difference.
    `gone` is the status of a row that Q no longer holds; None where we never take anything away.
    """

    name: str
    file: str
    row: Callable[..., Row]
    columns: tuple[str, ...]
    key_columns: int
    carried: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    gone: str | None = None
    report: str = ""

    def key(self, row: Row) -> str:
        """What Canvas knows this row by."""
        return row[0] if self.key_columns == 1 else SEPARATOR.join(row[: self.key_columns])

    def index(self, column: str) -> int:
        return self.columns.index(column)


def _kind(name: str, row: type, **kwargs: object) -> Kind:
    columns: tuple[str, ...] = row._fields  # type: ignore[attr-defined]  # a NamedTuple class
    defaults: dict[str, object] = {"file": f"{name}.csv", "key_columns": 1, "report": name}
    return Kind(name=name, row=row, columns=columns, **{**defaults, **kwargs})  # type: ignore[arg-type]  # as declared in Kind


ACCOUNTS = _kind("accounts", AccountRow, carried=("integration_id",))
TERMS = _kind("terms", TermRow, carried=("integration_id",), dates=("start_date", "end_date"))
COURSES = _kind("courses", CourseRow, carried=("integration_id",), keeps=("account_id",))
SECTIONS = _kind(
    "sections", SectionRow, carried=("integration_id",), dates=("start_date", "end_date")
)
USERS = _kind("users", UserRow, carried=("authentication_provider_id",), keeps=("email",))
ENROLLMENTS = _kind(
    "enrollments",
    EnrollmentRow,
    key_columns=3,
    dates=("start_date", "end_date"),
    gone="inactive",
)
OBSERVERS = _kind(
    "observers", ObserverRow, file="user_observers.csv", key_columns=2, gone="deleted", report=""
)

# In the order in which Canvas works through an import (canvas.md 4.5).
KINDS = (ACCOUNTS, TERMS, COURSES, SECTIONS, USERS, ENROLLMENTS, OBSERVERS)
BY_NAME = {kind.name: kind for kind in KINDS}


def digest(row: Row) -> bytes:
    """Name a row by its content."""
    return blake2b(SEPARATOR.join(row).encode(), digest_size=DIGEST_SIZE).digest()

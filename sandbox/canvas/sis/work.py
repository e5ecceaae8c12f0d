"""What the importers of one import share: the tables, the options, stickiness, messages, counts."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.canvas import models, store
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.records import Table
from sandbox.rules import on

ID = ("id",)
SIS_ID = ("sis_id",)
INTEGRATION_ID = ("integration_id",)

DATES = frozenset({"start_at", "end_at"})
STICKY: dict[str, frozenset[str]] = {
    "Account": frozenset({"name", "parent_id"}),
    "EnrollmentTerm": frozenset({"name"}) | DATES,
    "Course": frozenset(
        ["name", "course_code", "term_id", "account_id", "workflow_state", "grade_passback_setting"]
    )
    | DATES,
    "CourseSection": frozenset({"name", "course_id"}) | DATES,
    "User": frozenset({"name", "sortable_name", "short_name", "pronouns"}),
    "Pseudonym": frozenset({"unique_id", "workflow_state"}),
    "Enrollment": DATES,
}
_FORMATS = ("%Y-%m-%d %H:%M:%S %z", "%m/%d/%Y", "%Y/%m/%d")


class RowError(Exception):
    """The row is not imported; the text is what Canvas says about it."""


class Importer(Protocol):
    """Puts the rows of one type into Canvas."""

    def __init__(self, work: "Work") -> None: ...

    def prefetch(self, rows: Sequence[Row]) -> None:
        """Read at once what these rows will ask for."""

    def row(self, row: Row) -> bool:
        """Import one row; whether it counts as done. Raises RowError for a row of no use."""


class Work:
    """One import under way."""

    def __init__(self, sis_import_id: int, options: Mapping[str, Any], user_id: int) -> None:
        self.id = sis_import_id
        self.options = options
        self.user_id = user_id
        by_sis = (SIS_ID, INTEGRATION_ID)
        self.accounts = Table(models.Account, "Account", *by_sis, ("parent_id",))
        self.terms = Table(models.Term, "EnrollmentTerm", *by_sis)
        self.courses = Table(models.Course, "Course", *by_sis, ("account_id",), ("term_id",))
        self.sections = Table(
            models.Section, "CourseSection", *by_sis, ("course_id",), ("nonxlist_course_id",)
        )
        self.users = Table(models.User, "User")
        self.logins = Table(models.Login, "Pseudonym", *by_sis, ("unique_id_lower",), ("user_id",))
        self.enrollments = Table(
            models.Enrollment,
            "Enrollment",
            ("section_id", "user_id"),
            ("section_id",),
            ("course_id",),
            ("user_id",),
            ("user_id", "course_id"),
        )
        self.observers = Table(
            models.Observer, "UserObserver", ("observer_id", "student_id"), ("student_id",)
        )
        self.admins = Table(models.Admin, "AccountUser", ("user_id", "account_id"), ("user_id",))
        self.tables = [value for value in vars(self).values() if isinstance(value, Table)]
        self.messages: list[tuple[str, str, int]] = []
        self.changes: list[tuple[str, int, str, str]] = []
        self.moment = store.now()

    def begin(self) -> None:
        """Forget what an earlier chunk read."""
        self.moment = store.now()
        for table in self.tables:
            table.forget()

    def write(self) -> None:
        """Put all that changed into the database."""
        for table in self.tables:
            table.write()

    def warn(self, row: Row, message: str) -> None:
        line = row.line if on("canvas.row-numbers") else row.line - 1
        self.messages.append((row.file, message, line))

    def passes_over(self, row: Row) -> bool:
        """Whether skip_deletes lets this row go by."""
        asked = self.options.get("skip_deletes") and on("canvas.skip-deletes")
        return bool(asked and "deleted" in row.text("status").lower())

    def add(self, table: Table, **values: Any) -> Record:
        """A new object of this import."""
        values["sis_import_id"] = self.id
        row = table.add(**{name: value for name, value in values.items() if name in table.columns})
        if "created_at" in row:
            row["created_at"] = row["updated_at"] = self.moment
        if table.kind != "User":
            self.changes.append((table.kind, row["id"], "", row["workflow_state"]))
        return row

    def stuck(self, row: Record) -> frozenset[str]:
        """The fields of `row` that this import has to leave alone."""
        if self._overriding or not on("canvas.sticky"):
            return frozenset()
        return frozenset(row.get("stuck", "").split(","))

    @property
    def _overriding(self) -> bool:
        return bool(self.options.get("override_sis_stickiness")) and on("canvas.override-sticky")

    def put(self, table: Table, row: Record, **values: Any) -> bool:
        """Change an object, stuck fields excepted; whether anything was different."""
        stuck = self.stuck(row)
        if stuck & DATES:
            stuck |= DATES
        wanted = {name: value for name, value in values.items() if name not in stuck}
        if self._overriding and "stuck" in row:
            wanted["stuck"] = self._stuck_after(table.kind, row, wanted)
        before = row.get("workflow_state", "")
        different = table.change(row, **wanted)
        if different and "updated_at" in row:
            table.change(row, updated_at=self.moment)
        if "sis_import_id" in row:
            table.change(row, sis_import_id=self.id)
        after = row.get("workflow_state", "")
        if before != after and table.kind != "User":
            self.changes.append((table.kind, row["id"], before, after))
        return different

    def _stuck_after(self, kind: str, row: Record, wanted: Mapping[str, Any]) -> str:
        if self.options.get("clear_sis_stickiness"):
            return ""
        stuck = set(filter(None, row["stuck"].split(",")))
        if self.options.get("add_sis_stickiness"):
            stuck |= {name for name in STICKY[kind] & wanted.keys() if row[name] != wanted[name]}
        return ",".join(sorted(stuck))


def moment(text: str) -> str:
    """A date of a CSV file in UTC, as Canvas writes it; "" for blank. Raises ValueError."""
    if not text:
        return ""
    parsed = None
    try:
        parsed = datetime.fromisoformat(re.sub(r"\s+UTC$", "Z", text))
    except ValueError:
        for form in _FORMATS:
            try:
                parsed = datetime.strptime(text, form)  # noqa: DTZ007 - given a zone below
                break
            except ValueError:
                continue
    if parsed is None:
        raise ValueError(f"{text!r} is no date")
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dates(work: Work, row: Row, what: str) -> tuple[str, str]:
    """The row's start and end; where one cannot be read, neither counts, and a message says so."""
    try:
        return moment(row.text("start_date")), moment(row.text("end_date"))
    except ValueError:
        work.warn(row, f"Bad date format for {what}")
        return "", ""


def dates_to_put(work: Work, row: Row, what: str) -> dict[str, str]:
    """Both dates as columns; blank ones clear, as Canvas has it."""
    start, end = dates(work, row, what)
    values = {"start_at": start, "end_at": end}
    if on("canvas.dates-blank-clear"):
        return values
    return {name: value for name, value in values.items() if value}


def integration_id(row: Row) -> dict[str, str]:
    """The column as Canvas assigns it: blank or absent takes away what was there."""
    value = row.text("integration_id")
    if value or on("canvas.integration-id-blank-clears"):
        return {"integration_id": value}
    return {}


def is_true(text: str) -> bool:
    return text.lower() in {"1", "true", "t", "yes", "y", "on"}

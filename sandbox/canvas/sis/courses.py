"""courses.csv."""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.canvas import store
from sandbox.canvas.models import Term
from sandbox.canvas.sis.files import Row
from sandbox.canvas.sis.records import Row as Record
from sandbox.canvas.sis.work import (
    SIS_ID,
    RowError,
    Work,
    integration_id,
    is_true,
    moment,
)
from sandbox.rules import on

_STATUS = re.compile(r"active|deleted|completed|unpublished|published", re.IGNORECASE)
_FORMAT = re.compile(r"online|on_campus|blended|not_set", re.IGNORECASE)
_PASSBACK = {"nightly_sync", "disabled", "not_set"}
_OPEN = {"active", "unpublished", "published"}


class Courses:
    """Courses, their account and term, and what their end does to the people in them."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._default_term = Term.objects.order_by("id").values_list("id", flat=True)[0]

    def prefetch(self, rows: Sequence[Row]) -> None:
        for table, column in (
            (self.work.courses, "course_id"),
            (self.work.terms, "term_id"),
            (self.work.accounts, "account_id"),
        ):
            table.load(SIS_ID, ((row.text(column),) for row in rows))

    def row(self, row: Row) -> bool:
        self._check(row)
        if self.work.passes_over(row):
            return False
        sis_id = row.text("course_id")
        course = self.work.courses.find(SIS_ID, sis_id)
        account = self._account(row, course)
        term = self._term(row)
        if course is None:
            course = self._create(row, account, term)
        before = course["workflow_state"]
        values = self._values(row, course)
        if account:
            values["account_id"] = account
        if term:
            values["term_id"] = term
        self.work.put(self.work.courses, course, **values)
        if course["workflow_state"] != before:
            self._tell_people(course)
        return True

    def _check(self, row: Row) -> None:
        sis_id = row.text("course_id")
        if not sis_id:
            raise RowError("No course_id given for a course")
        for column in ("short_name", "long_name"):
            if not row.text(column):
                raise RowError(f"No {column} given for course {sis_id}")
        if not _STATUS.match(row.text("status")):
            raise RowError(f'Improper status "{row.text("status")}" for course {sis_id}')
        form = row.text("course_format")
        if form and not _FORMAT.match(form):
            raise RowError(f'Invalid course_format "{form}" for course {sis_id}')
        setting = row.text("grade_passback_setting")
        if setting and setting.lower() not in _PASSBACK:
            raise RowError(f'Invalid grade_passback_setting "{setting}" for course {sis_id}')

    def _account(self, row: Row, course: Record | None) -> int:
        """The account to move to; 0 to stay."""
        sis_id, account_id = row.text("course_id"), row.text("account_id")
        account = self.work.accounts.find(SIS_ID, account_id)
        if account_id and not account:
            raise RowError(f'Account not found "{account_id}" for course {sis_id}')
        stays = course is not None and "account_id" in self.work.stuck(course)
        moves = account is not None and account["workflow_state"] != "deleted" and not stays
        final = account if moves else course and self.work.accounts.get(course["account_id"])
        if final and final["workflow_state"] == "deleted":
            raise RowError(
                f"Cannot restore course {sis_id} because the associated account "
                f"{final['sis_id']} is deleted"
            )
        if account is not None and moves:
            return int(account["id"])
        clears = not account_id and not on("canvas.blanks-that-keep")
        return store.ROOT_ACCOUNT_ID if clears else 0

    def _term(self, row: Row) -> int:
        """The term to move to; 0 where it is blank, or unknown (of which Canvas says nothing)."""
        term = self.work.terms.find(SIS_ID, row.text("term_id"))
        if term and term["workflow_state"] == "active":
            return int(term["id"])
        if row.text("term_id") and not on("canvas.unknown-term-ignored"):
            raise RowError(f'Term not found "{row.text("term_id")}"')
        return 0

    def _create(self, row: Row, account: int, term: int) -> Record:
        course = self.work.add(
            self.work.courses,
            sis_id=row.text("course_id"),
            name=row.text("long_name"),
            course_code=row.text("short_name"),
            uuid=store.verifier(),
            account_id=account or store.ROOT_ACCOUNT_ID,
            term_id=term or self._default_term,
            workflow_state=_state_of(row, "created"),
        )
        add_default_section(self.work, course)
        return course

    def _values(self, row: Row, course: Record) -> dict[str, Any]:
        values: dict[str, Any] = {
            "name": row.text("long_name"),
            "course_code": row.text("short_name"),
            "workflow_state": _state_of(row, course["workflow_state"]),
            **integration_id(row),
            **self._dates(row, course),
        }
        if form := row.text("course_format").lower():
            values["course_format"] = "" if form == "not_set" else form
        if setting := row.text("grade_passback_setting").lower():
            values["grade_passback_setting"] = "" if setting == "not_set" else setting
        if homeroom := row.text("homeroom_course"):
            values["homeroom_course"] = is_true(homeroom)
        if friendly := row.text("friendly_name"):
            values["friendly_name"] = friendly
        if blueprint := row.text("blueprint_course_id"):
            values["blueprint_course_id"] = "" if blueprint == "dissociate" else blueprint
        return values

    def _dates(self, row: Row, course: Record) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column, name in (("start_date", "start_at"), ("end_date", "end_at")):
            text = row.text(column)
            if not text and on("canvas.blanks-that-keep"):
                continue
            try:
                found[name] = "" if text == "<delete>" else moment(text)
            except ValueError:
                self.work.warn(row, f"Bad date format for course {row.text('course_id')}")
                return {}
        if found:
            found["restrict_dates"] = any(found.values())
        return found

    def _tell_people(self, course: Record) -> None:
        """A concluded course concludes its enrollments, a deleted one deletes them."""
        state = course["workflow_state"]
        if state not in {"completed", "deleted"}:
            return
        for enrollment in self.work.enrollments.find_all(("course_id",), course["id"]):
            ended = state == "deleted" and enrollment["workflow_state"] != "deleted"
            if ended or enrollment["workflow_state"] in {"active", "invited"}:
                self.work.put(self.work.enrollments, enrollment, workflow_state=state)


def add_default_section(work: Work, course: Record) -> Record:
    """The section Canvas itself makes for a course; no import's work, though one led to it."""
    section = work.add(
        work.sections,
        course_id=course["id"],
        name=course["name"],
        default_section=True,
        workflow_state="active",
    )
    section["sis_import_id"] = 0
    return section


def _state_of(row: Row, state: str) -> str:
    """The state a row's status leads to, coming from `state`."""
    status = row.text("status").lower()
    if status in _OPEN:
        wanted = "available" if status == "published" else "claimed"
        if state == "available" and not on("canvas.active-does-not-unpublish"):
            return wanted
        # Concluding and re-opening has always published a course, whatever the row says.
        return {"completed": "available", "available": "available"}.get(state, wanted)
    if "deleted" in status:
        return "deleted"
    return "completed" if "completed" in status else "claimed" if state == "created" else state

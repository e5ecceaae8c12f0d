"""A Canvas course as its teachers grade it: in as few requests as the API allows.

Requests grow with pages, never with students × assignments. Every method raises a CanvasError, or
an HttpError where no answer came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from integration.canvas import gradebook_parse as parse
from integration.canvas.by_student import EVERYBODY, MOST_STUDENTS, every_submission
from integration.canvas.gradebook_types import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseGrade,
    Enrollment,
    GradingPeriod,
    Override,
    Section,
    Submission,
)
from integration.canvas.transport import Params, Transport

_STATES = ("active", "invited", "creation_pending", "inactive", "completed", "rejected", "deleted")
# Their absence makes a page several times cheaper for Canvas.
_LEFT_OUT = ("attachments", "preview_url", "body", "discussion_entries")


class Gradebook:
    """Reads one course; share it among threads."""

    def __init__(self, transport: Transport, course_id: str) -> None:
        self._transport = transport
        self._course = f"courses/{course_id}"

    def course(self) -> Course:
        return parse.course(self._transport.get(self._course))

    def sections(self) -> list[Section]:
        return [parse.section(data) for data in self._list("sections")]

    def groups(self) -> list[AssignmentGroup]:
        return [parse.group(data) for data in self._list("assignment_groups")]

    def periods(self) -> list[GradingPeriod]:
        """The grading periods of the course's term."""
        return [
            parse.period(data)
            for data in self._list("grading_periods", key="grading_periods")
            if parse.is_whole_period(data)
        ]

    def assignments(self) -> list[Assignment]:
        """Every one with its overrides, published or not; a group's override with its members."""
        params = [
            *(("include[]", name) for name in ("all_dates", "overrides", "checkpoints")),
            # Else `due_at` is the date of whoever asks.
            ("override_assignment_dates", "false"),
            ("needs_grading_count_by_section", "false"),
        ]
        members: dict[str, frozenset[str]] = {}
        return [self._assignment(data, members) for data in self._list("assignments", params)]

    def enrollments(self) -> tuple[list[Enrollment], list[CourseGrade]]:
        """Every student ever enrolled, and the grades for the whole course."""
        found = list(self._enrollments())
        enrollments = [parse.enrollment(data) for data in found]
        return enrollments, parse.grades(found, "")

    def grades(self, period_id: str) -> list[CourseGrade]:
        """The grades for one grading period."""
        return parse.grades(self._enrollments(("grading_period_id", period_id)), period_id)

    def submissions(
        self, assignment_id: str = "", *, graded_since: datetime | None = None
    ) -> Iterator[Submission]:
        """Of all students: one assignment, or what was graded since then.

        `graded_since` is for a quick look only: it misses grades that were taken back.
        """
        params = [EVERYBODY]
        if assignment_id:
            params.append(("assignment_ids[]", assignment_id))
        if graded_since:
            params.append(("graded_since", _stamp(graded_since)))
        return map(parse.submission, self._submissions(params))

    def every_submission(self, assignments: int, students: Collection[str]) -> Iterator[Submission]:
        """Of the whole course. `assignments`: how many are published; `students`: see there."""
        return every_submission(self._submissions, assignments, students)

    def _submissions(
        self, params: Params, per_page: int = MOST_STUDENTS, *, retry: bool | None = None
    ) -> Iterator[Mapping[str, Any]]:
        left_out = [("exclude_response_fields[]", name) for name in _LEFT_OUT]
        asked = [*params, ("order", "id"), *left_out]
        return self._list("students/submissions", asked, per_page=per_page, retry=retry)

    def _enrollments(self, *more: tuple[str, str]) -> Iterator[Mapping[str, Any]]:
        params = [("type[]", "StudentEnrollment"), *(("state[]", state) for state in _STATES)]
        return self._list("enrollments", [*params, *more])

    def _assignment(
        self, data: Mapping[str, Any], members: dict[str, frozenset[str]]
    ) -> Assignment:
        told = data.get("overrides")
        if data.get("has_overrides") and not isinstance(told, list):
            told = list(self._list(f"assignments/{data['id']}/overrides"))
        overrides = tuple(self._override(one, members) for one in told or ())
        return replace(parse.assignment(data), overrides=overrides)

    def _override(self, data: Mapping[str, Any], members: dict[str, frozenset[str]]) -> Override:
        group_id = str(data.get("group_id") or "")
        if not group_id:
            return parse.override(data)
        if group_id not in members:
            found = self._transport.pages(f"groups/{group_id}/users")
            members[group_id] = frozenset(str(user["id"]) for user in found)
        return replace(parse.override(data), student_ids=members[group_id])

    def _list(self, path: str, params: Params = (), **how: Any) -> Iterator[Mapping[str, Any]]:
        return self._transport.pages(f"{self._course}/{path}", params, exact=True, **how)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

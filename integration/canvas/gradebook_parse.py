"""From Canvas's JSON to the values of a gradebook. Pure: no I/O.

Numbers with a point come as `Decimal`, ids as strings; unknown words of an enumeration become the
one that is careful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from integration.canvas.gradebook_types import (
    Assignment,
    AssignmentGroup,
    AssignmentKind,
    Course,
    CourseGrade,
    Enrollment,
    EnrollmentState,
    GradingPeriod,
    GradingType,
    Override,
    Section,
    Submission,
    WorkState,
)
from integration.canvas.parse import mapping, required_id, text

Json = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def course(data: Json) -> Course:
    return Course(
        canvas_id=required_id(data, "course"),
        name=text(data, "name"),
        is_published=text(data, "workflow_state") in ("available", "completed"),
        hides_totals=data.get("hide_final_grades") is True,
        account_id=text(data, "account_id"),
        term_id=text(data, "enrollment_term_id"),
    )


def section(data: Json) -> Section:
    return Section(
        canvas_id=required_id(data, "section"),
        name=text(data, "name"),
        sis_section_id=text(data, "sis_section_id"),
        nonxlist_course_id=text(data, "nonxlist_course_id"),
    )


def group(data: Json) -> AssignmentGroup:
    return AssignmentGroup(required_id(data, "assignment group"), text(data, "name"))


def is_whole_period(data: Json) -> bool:
    return bool(_instant(data, "start_date") and _instant(data, "end_date"))


def period(data: Json) -> GradingPeriod:
    return GradingPeriod(
        canvas_id=required_id(data, "grading period"),
        title=text(data, "title"),
        start_at=_instant(data, "start_date") or _EPOCH,
        end_at=_instant(data, "end_date") or _EPOCH,
        close_at=_instant(data, "close_date"),
    )


def assignment(data: Json) -> Assignment:
    """Without its overrides. A quiz without identities, and a practice quiz, are told apart."""
    return Assignment(
        canvas_id=required_id(data, "assignment"),
        name=text(data, "name"),
        group_id=text(data, "assignment_group_id"),
        created_at=_instant(data, "created_at") or _EPOCH,
        kind=_kind(data),
        grading_type=_grading_type(data),
        points_possible=decimal(data.get("points_possible")),
        is_published=data.get("published") is True,
        due_at=_instant(data, "due_at") or _last_checkpoint(data),
        unlock_at=_instant(data, "unlock_at"),
        is_for_overrides_only=data.get("only_visible_to_overrides") is True,
        posts_manually=data.get("post_manually") is True,
        is_moderated=data.get("moderated_grading") is True,
        grades_published=data.get("grades_published") is not False,
        is_anonymous=data.get("anonymous_grading") is True,
        has_checkpoints=data.get("has_sub_assignments") is True,
        omit_from_final_grade=data.get("omit_from_final_grade") is True,
        post_to_sis=data.get("post_to_sis") is True,
        identifies_students=data.get("anonymous_submissions") is not True,
    )


def _kind(data: Json) -> AssignmentKind:
    if data.get("quiz_id"):
        return "quiz"
    if data.get("is_quiz_lti_assignment"):
        return "new_quiz"
    return "discussion" if "discussion_topic" in _types(data) else "assignment"


def _types(data: Json) -> list[str]:
    return list(data.get("submission_types") or ())


def _grading_type(data: Json) -> GradingType:
    is_practice = data.get("hide_in_gradebook") is True
    if is_practice or _types(data) in (["not_graded"], ["wiki_page"]):
        return "not_graded"
    told: GradingType = _word(GradingType, data.get("grading_type"), "points")
    return told


def _last_checkpoint(data: Json) -> datetime | None:
    """The parent of checkpoints has no date of its own; it is due when the last of them is."""
    parts = data.get("checkpoints") or ()
    return max((at for one in parts if (at := _instant(one, "due_at"))), default=None)


def override(data: Json) -> Override:
    return Override(
        due_at=_instant(data, "due_at"),
        unlock_at=_instant(data, "unlock_at"),
        section_id=text(data, "course_section_id"),
        student_ids=frozenset(str(one) for one in data.get("student_ids") or ()),
    )


def enrollment(data: Json) -> Enrollment:
    user = mapping(data.get("user"))
    return Enrollment(
        student_id=text(data, "user_id"),
        section_id=text(data, "course_section_id"),
        sis_user_id=text(data, "sis_user_id") or text(user, "sis_user_id"),
        state=_word(EnrollmentState, data.get("enrollment_state"), "inactive"),
        is_test_student=text(data, "type") == "StudentViewEnrollment",
        name=text(user, "name"),
        sortable_name=text(user, "sortable_name") or text(user, "name"),
    )


def grades(enrollments: Iterable[Json], period_id: str) -> list[CourseGrade]:
    """One for each student: who is in two sections has the same numbers twice."""
    found: dict[str, CourseGrade] = {}
    for data in enrollments:
        told = data.get("grades")
        if isinstance(told, Mapping):
            found.setdefault(text(data, "user_id"), _grade(text(data, "user_id"), told, period_id))
    return list(found.values())


def _grade(student_id: str, told: Json, period_id: str) -> CourseGrade:
    return CourseGrade(
        student_id=student_id,
        grading_period_id=period_id,
        current_score=decimal(told.get("current_score")),
        final_score=decimal(told.get("final_score")),
        override_score=decimal(told.get("override_score")),
        current_grade=text(told, "current_grade"),
        final_grade=text(told, "final_grade"),
        override_grade=text(told, "override_grade"),
    )


def submission(data: Json) -> Submission:
    return Submission(
        assignment_id=text(data, "assignment_id"),
        student_id=text(data, "user_id"),
        state=_word(WorkState, data.get("workflow_state"), "unsubmitted"),
        score=decimal(data.get("score")),
        entered_score=decimal(data.get("entered_score")),
        grade=text(data, "grade"),
        is_excused=data.get("excused") is True,
        is_missing=data.get("missing") is True,
        is_late=data.get("late") is True,
        posted_at=_instant(data, "posted_at"),
        graded_at=_instant(data, "graded_at"),
        grade_matches_current_submission=data.get("grade_matches_current_submission") is not False,
        grading_period_id=text(data, "grading_period_id"),
        is_assigned=data.get("assignment_visible") is not False,
    )


def decimal(value: object) -> Decimal | None:
    """A number from its digits; None for anything else, NaN included."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _word(words: Any, value: object, careful: Any) -> Any:
    return value if value in get_args(words) else careful


def _instant(data: Json, key: str) -> datetime | None:
    value = data.get(key)
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at and at.tzinfo else at and at.replace(tzinfo=UTC)

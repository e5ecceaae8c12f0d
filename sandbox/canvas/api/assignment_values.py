"""From `assignment[…]` as it is sent to the columns that keep it."""

import json
from collections.abc import Callable
from typing import Any, Final

from sandbox.canvas.api import nested
from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.gradebook.models import AssignmentGroup
from sandbox.canvas.models import Course

# As the API calls what is kept under another name.
_TEXTS: Final = {
    "name": "name",
    "description": "description",
    "grading_type": "grading_type",
    "due_at": "due_at",
    "unlock_at": "unlock_at",
    "lock_at": "lock_at",
}
_FLAGS: Final = {
    "omit_from_final_grade": "omit_from_final_grade",
    "hide_in_gradebook": "hide_in_gradebook",
    "only_visible_to_overrides": "only_visible_to_overrides",
    "post_to_sis": "post_to_sis",
    "moderated_grading": "moderated",
    "anonymous_grading": "anonymous",
    "peer_reviews": "peer_reviews",
    "grade_group_students_individually": "grade_individually",
    "important_dates": "important_dates",
}
_NUMBERS: Final = {
    "position": "position",
    "allowed_attempts": "allowed_attempts",
    "grader_count": "grader_count",
    "final_grader_id": "final_grader_id",
    "grading_standard_id": "grading_standard_id",
    "group_category_id": "group_category_id",
}


def values_of(call: Call, course: Course, sent: dict[str, Any]) -> dict[str, Any]:
    """Columns out of `assignment[…]`. Raises Refused."""
    values: dict[str, Any] = {}
    values |= {mine: str(sent[name]).strip() for name, mine in _TEXTS.items() if name in sent}
    values |= {mine: is_true(sent[name]) for name, mine in _FLAGS.items() if name in sent}
    values |= {mine: whole(sent[name]) for name, mine in _NUMBERS.items() if name in sent}
    for name, read in _READERS.items():
        if name in sent:
            values |= read(call, course, sent[name])
    return values


def is_true(value: Any) -> bool:
    return str(value).lower() in {"1", "true", "t", "yes", "on"}


def whole(value: Any) -> int:
    text = str(value).strip()
    return int(text) if text.lstrip("-").isdigit() else 0


def number(value: Any) -> float | None:
    """Points, as floating as Canvas has them; None where there are none."""
    try:
        return float(value) if str(value).strip() else None
    except ValueError:
        raise Refused(
            400, {"errors": {"points_possible": [{"message": "is not a number"}]}}
        ) from None


def _group(call: Call, course: Course, value: Any) -> dict[str, Any]:
    rows = AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active")
    group = rows.filter(pk=whole(value)).first()
    if group is None:
        said = {"attribute": "assignment_group_id", "type": "invalid", "message": "must be valid"}
        raise Refused(400, {"errors": {"assignment_group_id": [said]}})
    return {"group_id": group.pk}


def _integration_data(call: Call, course: Course, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"integration_data": value}
    try:
        data = json.loads(value or "{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        said = "Invalid integration data"
        raise Refused(400, {"errors": {"integration_data": [{"message": said}]}})
    return {"integration_data": data}


def _for_sis_managers(column: str) -> Callable[[Call, Course, Any], dict[str, Any]]:
    """The SIS's own names for an assignment need the right to manage SIS data."""

    def read(call: Call, course: Course, value: Any) -> dict[str, Any]:
        return {column: str(value).strip()} if call.is_admin else {}

    return read


def _new_quiz(call: Call, course: Course, value: Any) -> dict[str, Any]:
    if not is_true(value):
        return {}
    url = "https://quizzes.example.org/lti/launch"
    return {"new_quiz": True, "submission_types": ["external_tool"], "tool_url": url}


_READERS: Final[dict[str, Callable[[Call, Course, Any], dict[str, Any]]]] = {
    "points_possible": lambda call, course, value: {"points_possible": number(value)},
    "submission_types": lambda call, course, value: {
        "submission_types": [str(each) for each in nested.listed(value)]
    },
    "published": lambda call, course, value: {
        "workflow_state": "published" if is_true(value) else "unpublished"
    },
    "assignment_group_id": _group,
    "integration_data": _integration_data,
    "sis_assignment_id": _for_sis_managers("sis_id"),
    "integration_id": _for_sis_managers("integration_id"),
    "external_tool_tag_attributes": lambda call, course, value: {
        "tool_url": str(value.get("url", "")) if isinstance(value, dict) else ""
    },
    "quiz_lti": _new_quiz,
}

"""/api/graphql: posting and hiding grades, post policies, final grades; and reading submissions.

A small part of Canvas's schema; a field that is not here is refused as by a schema without it.
"""

import base64
from collections.abc import Callable
from typing import Any, Final

from sandbox.canvas.api import rights
from sandbox.canvas.api.assignment_values import whole
from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.api.graphql_read import course_field
from sandbox.canvas.api.graphql_text import Field, Unreadable, read
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import overriding, policies, posting
from sandbox.canvas.gradebook.models import Assignment
from sandbox.canvas.models import Course, Enrollment

Given = dict[str, Any]


def answer(call: Call) -> Any:
    """Always 200: what is wrong stands in `errors`."""
    sent = call.tree
    variables = sent.get("variables")
    given = dict(variables) if isinstance(variables, dict) else {}
    try:
        kind, fields = read(str(sent.get("query", "")), given)
    except Unreadable as error:
        return {"errors": [{"message": str(error)}]}
    known = _MUTATIONS if kind == "mutation" else _QUERIES
    root = kind.capitalize()
    for each in fields:
        if each.name not in known:
            said = f"Field '{each.name}' doesn't exist on type '{root}'"
            return {"errors": [{"message": said, "path": [kind, each.alias]}]}
    data, errors = {}, []
    for each in fields:
        try:
            told = known[each.name](call, each)
            data[each.alias] = _picked(told, each.fields) if kind == "mutation" else told
        except Refused:
            data[each.alias] = None
            errors.append({"message": "not found", "path": [each.alias]})
        except Unreadable as error:
            return {"errors": [{"message": str(error)}]}
    return {"data": data, **({"errors": errors} if errors else {})}


def _picked(payload: Any, fields: list[Field]) -> Any:
    """Of what a mutation has to say, what is asked for."""
    if not fields or not isinstance(payload, dict):
        return payload
    for each in fields:
        if each.name not in payload:
            raise Unreadable(f"Field '{each.name}' doesn't exist on this type")
    return {each.alias: _picked(payload[each.name], each.fields) for each in fields}


def plain_id(value: Any, kind: str) -> int:
    """The number that a REST id, or a Relay id such as `QXNzaWdubWVudC0x`, means; 0: none."""
    text = str(value or "")
    if text.isdigit():
        return whole(text)
    try:
        name, _, number = base64.b64decode(text).decode().partition("-")
    except ValueError:
        return 0
    return whole(number) if name == kind else 0


def _course(call: Call, asked: Field) -> Any:
    number = asked.arguments.get("id")
    sis = asked.arguments.get("sisId")
    rows = (
        Course.objects.filter(sis_id=sis)
        if sis
        else Course.objects.filter(pk=plain_id(number, "Course"))
    )
    course = rows.exclude(workflow_state="deleted").first()
    if course is None:
        return None
    return course_field(call, course, asked)


def _assignment(call: Call, given: Given) -> tuple[Course, Assignment, Rights]:
    number = plain_id(given.get("assignmentId"), "Assignment")
    row = Assignment.objects.filter(pk=number).exclude(workflow_state="deleted").first()
    if row is None:
        raise Refused(404, "")
    course = Course.objects.get(pk=row.course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    return course, row, mine


def _sections(given: Given) -> list[int] | None:
    if "sectionIds" not in given:
        return None
    return [plain_id(each, "Section") for each in given["sectionIds"] or ()]


def _post(call: Call, asked: Field) -> Any:
    given = asked.arguments.get("input") or {}
    course, row, mine = _assignment(call, given)
    if row.moderated and not row.grades_published_at:
        return _problem("assignmentId", "Assignment is under moderation, grades not yet published")
    posting.post(
        course,
        row,
        grader_id=mine.user_id,
        graded_only=bool(given.get("gradedOnly")),
        section_ids=_sections(given),
    )
    return _assignment_payload(row)


def _hide(call: Call, asked: Field) -> Any:
    given = asked.arguments.get("input") or {}
    course, row, mine = _assignment(call, given)
    posting.hide(course, row, grader_id=mine.user_id, section_ids=_sections(given))
    return _assignment_payload(row)


def _assignment_payload(row: Assignment) -> Given:
    shown = {"_id": str(row.pk), "id": relay("Assignment", row.pk), "name": row.name}
    return {"assignment": shown, "progress": {"_id": "0", "state": "completed"}, "errors": None}


def relay(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}-{number}".encode()).decode()


def _problem(attribute: str, message: str) -> Given:
    return {"assignment": None, "errors": [{"attribute": attribute, "message": message}]}


def _post_policy(call: Call, asked: Field) -> Any:
    given = asked.arguments.get("input") or {}
    course, row, _ = _assignment(call, given)
    posting.set_policy(course, row, is_manual=bool(given.get("postManually")))
    return {"postPolicy": {"postManually": policies.posts_manually(row)}, "errors": None}


def _course_post_policy(call: Call, asked: Field) -> Any:
    given = asked.arguments.get("input") or {}
    course = Course.objects.filter(pk=plain_id(given.get("courseId"), "Course")).first()
    if course is None:
        raise Refused(404, "")
    rights.of(call, course).need_grades()
    posting.set_course_policy(course, is_manual=bool(given.get("postManually")))
    return {"postPolicy": {"postManually": bool(given.get("postManually"))}, "errors": None}


def _override(call: Call, asked: Field) -> Any:
    given = asked.arguments.get("input") or {}
    number = plain_id(given.get("enrollmentId"), "Enrollment")
    row = Enrollment.objects.filter(pk=number).exclude(workflow_state="deleted").first()
    if row is None:
        raise Refused(404, "")
    course = Course.objects.get(pk=row.course_id)
    rights.of(call, course).need_grades()
    if not policies.of(course.pk).allow_final_grade_override:
        raise Refused(403, "")
    score = given.get("overrideScore")
    period = plain_id(given.get("gradingPeriodId"), "GradingPeriod")
    wanted = None if score is None else float(score)
    overriding.override(course, row.user_id, wanted, period_id=period)
    return {"grades": {"overrideScore": wanted}, "errors": None}


_QUERIES: Final[dict[str, Callable[[Call, Field], Any]]] = {"course": _course}
_MUTATIONS: Final[dict[str, Callable[[Call, Field], Any]]] = {
    "postAssignmentGrades": _post,
    "postAssignmentGradesForSections": _post,
    "hideAssignmentGrades": _hide,
    "hideAssignmentGradesForSections": _hide,
    "setAssignmentPostPolicy": _post_policy,
    "setCoursePostPolicy": _course_post_policy,
    "setOverrideScore": _override,
}

"""What /api/graphql tells of a course: its submissions, in pages of a Relay connection."""

import base64
from typing import Any, Final

from sandbox.canvas.api import rights
from sandbox.canvas.api.call import Call
from sandbox.canvas.api.graphql_text import Field, Unreadable
from sandbox.canvas.api.shapes import logins_of
from sandbox.canvas.gradebook import lateness, lifecycle
from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.models import Course, Login
from sandbox.canvas.store import now

MOST: Final = 100
# Canvas leaves out what nothing was done to, unless it is asked for.
_USUAL: Final = ("submitted", "pending_review", "graded")

Shown = dict[str, Any]


def course_field(call: Call, course: Course, asked: Field) -> Shown:
    """The fields of `course` that are asked for. Raises Unreadable for one that is not here."""
    mine = rights.of(call, course)
    shown: Shown = {}
    for each in asked.fields:
        match each.name:
            case "_id":
                shown[each.alias] = str(course.pk)
            case "id":
                shown[each.alias] = base64.b64encode(f"Course-{course.pk}".encode()).decode()
            case "name":
                shown[each.alias] = course.name
            case "sisId":
                shown[each.alias] = course.sis_id or None
            case "submissionsConnection":
                mine.need_grades()
                shown[each.alias] = _connection(course, each, mine.visible(course))
            case other:
                raise Unreadable(f"Field '{other}' doesn't exist on type 'Course'")
    return shown


def _connection(course: Course, asked: Field, visible: set[int] | None) -> Shown:
    lifecycle.settle(course)
    rows = Submission.objects.filter(course_id=course.pk, is_assigned=True)
    if visible is not None:
        rows = rows.filter(user_id__in=visible)
    work = Assignment.objects.filter(course_id=course.pk, workflow_state="published", parent_id=0)
    rows = rows.filter(assignment_id__in=work.values("pk"))
    wanted = asked.arguments.get("filter") or {}
    rows = rows.filter(workflow_state__in=wanted.get("states") or _USUAL)
    for name, column in (("updatedSince", "updated_at"), ("gradedSince", "graded_at")):
        if since := wanted.get(name):
            rows = rows.filter(**{f"{column}__gt": str(since)})
    if after := asked.arguments.get("after"):
        rows = rows.filter(pk__gt=int(base64.b64decode(str(after))))
    size = min(int(asked.arguments.get("first") or MOST), MOST)
    found = list(rows.order_by("id")[: size + 1])
    page, has_more = found[:size], len(found) > size
    end = base64.b64encode(str(page[-1].pk).encode()).decode() if page else None
    shown: Shown = {}
    for each in asked.fields:
        match each.name:
            case "pageInfo":
                known = {"endCursor": end, "hasNextPage": has_more}
                shown[each.alias] = {one.alias: known.get(one.name) for one in each.fields}
            case "nodes":
                shown[each.alias] = _nodes(page, each.fields)
            case other:
                raise Unreadable(f"Field '{other}' doesn't exist on type 'SubmissionConnection'")
    return shown


def _nodes(rows: list[Submission], fields: list[Field]) -> list[Shown]:
    work = Assignment.objects.in_bulk({row.assignment_id for row in rows})
    logins = logins_of(row.user_id for row in rows)
    moment = now()
    return [
        _picked(_node(row, work[row.assignment_id], logins.get(row.user_id), moment), fields)
        for row in rows
    ]


def _node(row: Submission, assignment: Assignment, login: Login | None, moment: str) -> Shown:
    return {
        "_id": str(row.pk),
        "user": {"_id": str(row.user_id), "sisId": (login and login.sis_id) or None},
        "assignment": {"_id": str(row.assignment_id), "name": assignment.name},
        "score": row.score,
        "grade": row.grade or None,
        "enteredScore": row.entered_score,
        "excused": row.excused,
        "late": lateness.is_late(row),
        "missing": lateness.is_missing(row, assignment, moment),
        "latePolicyStatus": row.late_policy_status or None,
        "state": row.workflow_state,
        "submittedAt": row.submitted_at or None,
        "postedAt": row.posted_at or None,
        "gradedAt": row.graded_at or None,
        "updatedAt": row.updated_at,
        "gradingPeriodId": str(row.grading_period_id) if row.grading_period_id else None,
        "customGradeStatus": None,
    }


def _picked(node: Shown, fields: list[Field], kind: str = "Submission") -> Shown:
    shown: Shown = {}
    for each in fields:
        if each.name not in node:
            raise Unreadable(f"Field '{each.name}' doesn't exist on type '{kind}'")
        value = node[each.name]
        shown[each.alias] = (
            _picked(value, each.fields, each.name.capitalize()) if each.fields else value
        )
    return shown

"""Assignment groups: weights, drop rules, and the assignments in them."""

import json
from typing import Any

from sandbox.canvas.api import assignment_shapes, nested, rights
from sandbox.canvas.api.assignment_values import whole
from sandbox.canvas.api.assignments import course_of
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import assignments as work
from sandbox.canvas.gradebook import lifecycle
from sandbox.canvas.gradebook.models import Assignment, AssignmentGroup, Submission
from sandbox.canvas.models import Course


def listed(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    work.group_of(course)
    rows = AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active")

    def shape(call: Call, those: list[Any]) -> Any:
        return shown(call, course, mine, those)

    return by_number(call, rows.order_by("position", "id"), shape)


def shown(call: Call, course: Course, mine: Rights, rows: list[AssignmentGroup]) -> Any:
    items = [assignment_shapes.group(call, row) for row in rows]
    if "assignments" not in call.several("include"):
        return items
    inside = work.living(course.pk).filter(group_id__in=[row.pk for row in rows])
    if not mine.may_edit_content:
        lifecycle.settle(course)
        assigned = Submission.objects.filter(user_id=mine.user_id, is_assigned=True)
        inside = inside.filter(workflow_state="published", pk__in=assigned.values("assignment_id"))
    if ids := call.several("assignment_ids"):
        inside = inside.filter(pk__in=[whole(each) for each in ids])
    those: list[Assignment] = list(inside.order_by("position", "id"))
    all_shown = assignment_shapes.assignments(call, course, mine, those)
    for item in items:
        item["assignments"] = [one for one in all_shown if one["assignment_group_id"] == item["id"]]
    return items


def _one(call: Call, course_id: str, group_id: str) -> tuple[Course, Rights, AssignmentGroup]:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    rows = AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active")
    row = rows.filter(pk=whole(group_id)).first()
    if row is None:
        raise not_found()
    return course, mine, row


def show(call: Call, course_id: str, group_id: str) -> Any:
    course, mine, row = _one(call, course_id, group_id)
    return shown(call, course, mine, [row])[0]


def add(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_content()
    made = work.add_group(course, {"name": "Assignments", **_values(call)})
    return assignment_shapes.group(call, made)


def change(call: Call, course_id: str, group_id: str) -> Any:
    course, mine, row = _one(call, course_id, group_id)
    mine.need_content()
    work.change_group(row, _values(call))
    return shown(call, course, mine, [row])[0]


def remove(call: Call, course_id: str, group_id: str) -> Any:
    _, mine, row = _one(call, course_id, group_id)
    mine.need_content()
    into = None
    if call.text("move_assignments_to"):
        into = _one(call, course_id, call.text("move_assignments_to"))[2]
    item = assignment_shapes.group(call, row)
    work.delete_group(row, into)
    return item


def _values(call: Call) -> dict[str, Any]:
    sent = call.tree
    values: dict[str, Any] = {
        name: str(sent[name]) for name in ("name", "sis_source_id") if name in sent
    }
    if "position" in sent:
        values["position"] = whole(sent["position"])
    if "group_weight" in sent:
        values["group_weight"] = _weight(sent["group_weight"])
    if isinstance(sent.get("rules"), dict):
        values["rules"] = _rules(sent["rules"])
    if "integration_data" in sent:
        given = sent["integration_data"]
        values["integration_data"] = given if isinstance(given, dict) else json.loads(given or "{}")
    return values


def _weight(value: Any) -> float:
    try:
        return float(value or 0)
    except ValueError:
        errors = {"group_weight": [{"message": "is not a number"}]}
        raise Refused(400, {"errors": errors}) from None


def _rules(sent: dict[str, Any]) -> dict[str, Any]:
    never = [whole(each) for each in nested.listed(sent.get("never_drop"))]
    rules: dict[str, Any] = {
        name: whole(sent[name]) for name in ("drop_lowest", "drop_highest") if sent.get(name)
    }
    return {**rules, **({"never_drop": never} if never else {})}

"""Overrides: other dates for a section, a group of students, or some students."""

from typing import Any

from sandbox.canvas.api import assignment_shapes, rights
from sandbox.canvas.api.assignment_values import whole
from sandbox.canvas.api.assignments import course_of, found, invalid
from sandbox.canvas.api.call import Call, not_found
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Created, Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.gradebook import assignments as work
from sandbox.canvas.gradebook.models import Override
from sandbox.canvas.models import Section


def listed(call: Call, course_id: str, assignment_id: str) -> Linked:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    row = found(call, course, mine, assignment_id)
    rows = Override.objects.filter(assignment_id=row.pk, workflow_state="active").order_by("id")
    return by_number(
        call, rows, lambda call, those: [assignment_shapes.override(one) for one in those]
    )


def _override(call: Call, course_id: str, assignment_id: str, override_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    row = found(call, course, mine, assignment_id)
    rows = Override.objects.filter(assignment_id=row.pk, workflow_state="active")
    one = rows.filter(pk=whole(override_id)).first()
    if one is None:
        raise not_found()
    return course, row, one


def show(call: Call, course_id: str, assignment_id: str, override_id: str) -> Any:
    return assignment_shapes.override(_override(call, course_id, assignment_id, override_id)[2])


def add(call: Call, course_id: str, assignment_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    row = found(call, course, mine, assignment_id)
    sent = _with_sections(call.group("assignment_override"))
    try:
        made = work.add_override(course, row, sent)
    except work.Invalid as error:
        raise invalid(error) from None
    return Created(assignment_shapes.override(made))


def _with_sections(sent: dict[str, Any]) -> dict[str, Any]:
    """A section may be named by its SIS id."""
    section = str(sent.get("course_section_id") or "")
    if section and not section.isdigit():
        return {**sent, "course_section_id": find(Section, section).pk}
    return sent


def change(call: Call, course_id: str, assignment_id: str, override_id: str) -> Any:
    course, row, one = _override(call, course_id, assignment_id, override_id)
    try:
        work.change_override(course, row, one, _with_sections(call.group("assignment_override")))
    except work.Invalid as error:
        raise invalid(error) from None
    return assignment_shapes.override(one)


def remove(call: Call, course_id: str, assignment_id: str, override_id: str) -> Any:
    _, _, one = _override(call, course_id, assignment_id, override_id)
    work.delete_override(one)
    return assignment_shapes.override(one)

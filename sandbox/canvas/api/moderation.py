"""Moderated grading: the moderator's word."""

from typing import Any

from sandbox.canvas.api import rights
from sandbox.canvas.api.assignments import course_of, found
from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.gradebook import grading


def publish(call: Call, course_id: str, assignment_id: str) -> Any:
    """The provisional grades become grades; still hidden until they are posted."""
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    row = found(call, course, mine, assignment_id)
    if not row.moderated:
        raise Refused(400, {"message": "Assignment does not use moderated grading"})
    if row.grades_published_at:
        raise Refused(400, {"message": "Assignment grades have already been published"})
    grading.publish_provisional(course, row, grader_id=mine.user_id)
    return {"message": "OK"}

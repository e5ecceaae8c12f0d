"""How a course grades: weights, schemes, post policy, late policy."""

from typing import Any

from sandbox.canvas import store
from sandbox.canvas.gradebook.models import Assignment, CourseGrading, GradingStandard
from sandbox.canvas.gradebook.schemes import DEFAULT_SCHEME, Scheme
from sandbox.rules import on


def of(course_id: int) -> CourseGrading:
    """The course's settings; those of a new course where none were made."""
    found = CourseGrading.objects.filter(pk=course_id).first()
    return found or CourseGrading(course_id=course_id)


def change(course_id: int, **values: Any) -> CourseGrading:
    """Other settings from now on."""
    with store.writing():
        row = of(course_id)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    return row


def scheme(standard_id: int) -> Scheme:
    """The scheme with this id, else Canvas's default one."""
    found = GradingStandard.objects.filter(pk=standard_id).first() if standard_id else None
    return [(name, share) for name, share in found.scheme] if found else DEFAULT_SCHEME


def scheme_for(assignment: Assignment, course: CourseGrading) -> Scheme:
    """The assignment's own scheme, else the course's, else the default."""
    return scheme(assignment.grading_standard_id or course.grading_standard_id)


def posts_manually(assignment: Assignment) -> bool:
    """Whether grades stay hidden until somebody posts them."""
    is_moderated = assignment.moderated and not assignment.grades_published_at
    if not on("canvas.hidden-until-posted"):
        return False
    return assignment.post_manually or assignment.anonymous or is_moderated

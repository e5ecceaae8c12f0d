"""Grading periods: which of them a course has, and into which a due date falls."""

from collections.abc import Sequence

from sandbox.canvas import store
from sandbox.canvas.gradebook.models import GradingPeriod, GradingPeriodSet
from sandbox.canvas.models import Course
from sandbox.rules import on


def set_of(course: Course) -> GradingPeriodSet | None:
    """The set of the course's term."""
    for each in GradingPeriodSet.objects.filter(workflow_state="active").order_by("id"):
        if course.term_id in each.term_ids:
            return each
    return None


def of_course(course: Course) -> list[GradingPeriod]:
    """The grading periods of the course, first to last."""
    found = set_of(course)
    return of_set(found.pk) if found else []


def of_set(set_id: int) -> list[GradingPeriod]:
    """The grading periods of a set, first to last."""
    living = GradingPeriod.objects.filter(set_id=set_id, workflow_state="active")
    return list(living.order_by("start_date", "id"))


def at(periods: Sequence[GradingPeriod], due_at: str) -> int:
    """The period that a due date falls into; work without one belongs to the last. 0: none."""
    if not due_at or not on("canvas.period-by-due-date"):
        return periods[-1].pk if periods else 0
    return next((each.pk for each in periods if each.start_date < due_at <= each.end_date), 0)


def is_closed(period: GradingPeriod) -> bool:
    """Whether teachers can no longer grade in it."""
    return (period.close_date or period.end_date) < store.now()


def closed(course: Course) -> set[int]:
    """The ids of the closed periods of a course."""
    return {each.pk for each in of_course(course) if is_closed(each)}

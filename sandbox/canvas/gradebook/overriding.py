"""Final grades that a person sets in place of the calculated ones."""

from sandbox.canvas import store
from sandbox.canvas.gradebook import lifecycle
from sandbox.canvas.gradebook.models import FinalOverride
from sandbox.canvas.models import Course


def override(course: Course, user_id: int, score: float | None, *, period_id: int = 0) -> None:
    """Set the course grade, or that of a period; without a score, back to the calculated one."""
    which = {"course_id": course.pk, "user_id": user_id, "grading_period_id": period_id}
    with lifecycle.writing(course.pk):
        if score is None:
            FinalOverride.objects.filter(**which).delete()
        else:
            values = {"score": score, "updated_at": store.now()}
            FinalOverride.objects.update_or_create(**which, defaults=values)

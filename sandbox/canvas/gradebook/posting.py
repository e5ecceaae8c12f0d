"""Posting and hiding grades: what a student, and so a parent, sees."""

from collections.abc import Collection

from sandbox.canvas import store
from sandbox.canvas.gradebook import lifecycle
from sandbox.canvas.gradebook.grading import log, logged
from sandbox.canvas.gradebook.models import Assignment, CourseGrading, Submission
from sandbox.canvas.models import Course, Enrollment


def post(
    course: Course,
    assignment: Assignment,
    *,
    grader_id: int,
    graded_only: bool = False,
    section_ids: Collection[int] | None = None,
    user_ids: Collection[int] | None = None,
) -> int:
    """Let students see their grades; of everyone, or of the graded; how many cells that changed."""
    rows = [
        row
        for row in _rows(course, assignment, section_ids, user_ids)
        if not row.posted_at and (row.is_graded or not graded_only)
    ]
    return _set(course, rows, store.now(), grader_id)


def hide(
    course: Course,
    assignment: Assignment,
    *,
    grader_id: int,
    section_ids: Collection[int] | None = None,
    user_ids: Collection[int] | None = None,
) -> int:
    """Take grades out of sight again; how many cells that changed."""
    rows = [row for row in _rows(course, assignment, section_ids, user_ids) if row.posted_at]
    return _set(course, rows, "", grader_id)


def _rows(
    course: Course,
    assignment: Assignment,
    section_ids: Collection[int] | None,
    user_ids: Collection[int] | None,
) -> list[Submission]:
    lifecycle.settle(course)
    rows = Submission.objects.filter(assignment_id=assignment.pk, is_assigned=True)
    if section_ids is not None:
        inside = Enrollment.objects.filter(course_id=course.pk, section_id__in=section_ids)
        rows = rows.filter(user_id__in=inside.values("user_id"))
    if user_ids is not None:
        rows = rows.filter(user_id__in=user_ids)
    return list(rows)


def _set(course: Course, rows: list[Submission], posted_at: str, grader_id: int) -> int:
    with lifecycle.writing(course.pk):
        for row in rows:
            before = logged(row)
            row.posted_at, row.updated_at = posted_at, store.now()
            row.save(update_fields=["posted_at", "updated_at"])
            log(row, before, grader_id=grader_id, way="post" if posted_at else "hide")
    return len(rows)


def set_policy(course: Course, assignment: Assignment, *, is_manual: bool) -> None:
    """How grades of one assignment are posted from now on; anonymous work stays manual."""
    with store.writing():
        assignment.post_manually = is_manual
        assignment.updated_at = store.now()
        assignment.save()


def set_course_policy(course: Course, *, is_manual: bool) -> None:
    """How grades of the course are posted from now on, those of its present assignments too."""
    with store.writing():
        row, _ = CourseGrading.objects.get_or_create(course_id=course.pk)
        row.post_manually = is_manual
        row.save()
        Assignment.objects.filter(course_id=course.pk).update(
            post_manually=is_manual, updated_at=store.now()
        )

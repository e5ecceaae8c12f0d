"""A course grade as a result: of the whole course, or of one grading period. PURE (design 6.3).

Always of 100: Canvas's course grades are percent.
"""

from __future__ import annotations

from decimal import Decimal

from gradesync.course_settings import Settings
from gradesync.profile import Profile
from gradesync.rounding import rounded
from gradesync.scores import HUNDRED, Held, Nothing, Outcome, places, within
from integration.canvas.gradebook_types import Course, CourseGrade
from integration.oneroster.gradebook_types import Value

MAXIMUM = HUNDRED


def wants(settings: Settings, grading_period_id: str) -> bool:
    """Is the course grade of this period ("" for the whole course) to be sent at all?"""
    chosen = settings.course_grades
    return chosen == "both" or chosen == ("periods" if grading_period_id else "course")


def outcome(course: Course, grade: CourseGrade, settings: Settings, profile: Profile) -> Outcome:
    """The override, else current or final as chosen, of what the student may see."""
    if course.hides_totals:
        return Held("course.totals-hidden")
    score, letter = _chosen(grade, settings)
    if score is None:
        return Nothing()
    is_lettered = bool(settings.course_grade_letter and profile.letter_field)
    number = rounded(score, places(settings, profile))
    value = Value(number, "fully graded", letter=letter if is_lettered else None)
    return within(value, MAXIMUM, profile)


def _chosen(grade: CourseGrade, settings: Settings) -> tuple[Decimal | None, str]:
    if grade.override_score is not None:
        return grade.override_score, grade.override_grade
    if settings.course_grade_number == "final":
        return grade.final_score, grade.final_grade
    return grade.current_score, grade.current_grade

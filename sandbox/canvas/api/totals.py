"""Course grades as enrollments show them."""

from typing import Any

from sandbox.canvas.api import rights
from sandbox.canvas.api.call import Call
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import course_grades, policies
from sandbox.canvas.gradebook.audience import STUDENT_TYPES
from sandbox.canvas.gradebook.models import CourseGrading
from sandbox.canvas.models import Course, Enrollment
from sandbox.rules import on

Shown = dict[str, Any]


class Shower:
    """Shows the grades of many enrollments of one answer."""

    def __init__(self, call: Call) -> None:
        self.call = call
        text = call.text("grading_period_id")
        self.period_id = int(text) if text.isdigit() else 0
        self.with_points = "current_points" in call.several("include")
        # By course: an answer about a section asks the same things for each of its students.
        self._rights: dict[int, Rights] = {}
        self._grading: dict[int, CourseGrading] = {}
        self._grades: dict[int, dict[int, course_grades.Grades]] = {}

    def of(self, row: Enrollment, course: Course) -> Shown | None:
        """The `grades` of an enrollment; None for who is no student."""
        if row.type not in STUDENT_TYPES:
            return None
        url = f"{self.call.origin}/courses/{course.pk}/grades/{row.user_id}"
        if course.pk not in self._rights:
            self._rights[course.pk] = rights.of(self.call, course)
        mine = self._rights[course.pk]
        if not mine.may_see_grades and row.user_id != mine.user_id:
            return {"html_url": url}
        if course.pk not in self._grading:
            self._grading[course.pk] = policies.of(course.pk)
        grading = self._grading[course.pk]
        if not mine.may_see_grades and grading.hide_final_grades:
            return {"html_url": url}
        if course.pk not in self._grades:
            self._grades[course.pk] = course_grades.of_course(course, self.period_id)
        grades = self._grades[course.pk].get(row.user_id) or course_grades.NONE
        if mine.may_see_grades:
            return {"html_url": url, **self._all(grades, grading)}
        return {"html_url": url, **self._effective(grades, grading)}

    def _all(self, grades: course_grades.Grades, grading: Any) -> Shown:
        shown: Shown = {}
        for name, total in grades.totals.items():
            shown[f"{name}_score"] = total.percent
            shown[f"{name}_grade"] = course_grades.grade(grading, total.percent)
        if grades.override is not None and on("canvas.override-only-if-set"):
            shown["override_score"] = grades.override
            shown["override_grade"] = course_grades.grade(grading, grades.override)
        if self.with_points:
            shown["current_points"] = grades.totals["current"].points
            shown["unposted_current_points"] = grades.totals["unposted_current"].points
        return shown

    def _effective(self, grades: course_grades.Grades, grading: Any) -> Shown:
        """What a student sees: the override in place of the calculated grade."""
        shown: Shown = {}
        for name in ("current", "final"):
            score = grades.totals[name].percent
            score = score if grades.override is None else grades.override
            shown[f"{name}_score"] = score
            shown[f"{name}_grade"] = course_grades.grade(grading, score)
        if self.with_points:
            shown["current_points"] = grades.totals["current"].points
        return shown


def total_scores(course: Course, user_id: int) -> Shown:
    """What grouped submissions show with `include[]=total_scores`."""
    grades = course_grades.of_course(course).get(user_id) or course_grades.NONE
    return {
        "computed_final_score": grades.totals["final"].percent,
        "computed_current_score": grades.totals["current"].percent,
    }

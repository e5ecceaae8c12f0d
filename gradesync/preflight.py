"""Why something will not go, or not as it looks, said before anything is sent. PURE (design 6.7).

The rules of what is in this room; what Q holds already is judged in `compare`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradesync.catalogue import CATALOGUE
from gradesync.categories import Choice
from gradesync.periods import canvas_period_of, is_closed, period_of
from gradesync.problems import Problem, problem
from gradesync.rules import Rules
from gradesync.sections import LinkedClass, Student, dates_for, named_students
from gradesync.titles import tidy
from integration.canvas.gradebook_types import Assignment, Course, GradingPeriod, Submission
from integration.oneroster import gradebook_types
from integration.oneroster.gradebook_types import Class, LineItemFields


def of_course(course: Course, linked: Sequence[LinkedClass], rules: Rules) -> list[Problem]:
    """The gate (F62): each of these stops the whole course."""
    wrong = {
        "course.not-provisioned": not rules.is_provisioned,
        "course.no-sections": not linked,
        "course.unpublished": not course.is_published,
        "course.q-read-only": not rules.profile.may_write,
    }
    return [problem(code) for code, is_so in wrong.items() if is_so]


def of_assignment(assignment: Assignment, rules: Rules) -> list[Problem]:
    """What is wrong with an assignment, whatever the class."""
    is_worthless = not assignment.points_possible
    can_be = rules.profile.takes_zero_maximum and rules.settings.scale == "points"
    uncounted = "left-uncounted" if rules.settings.uncounted == "skip" else "not-counted"
    wrong = {
        "assignment.not-graded": assignment.grading_type == "not_graded",
        "assignment.unpublished": not assignment.is_published,
        "assignment.unnamed": not tidy(assignment.name),
        "assignment.anonymous-survey": not assignment.identifies_students,
        "assignment.zero-points": is_worthless
        and not (can_be and rules.settings.zero_points == "send"),
        f"assignment.{uncounted}": assignment.omit_from_final_grade,
    }
    return [problem(code) for code, is_so in wrong.items() if is_so]


def of_students(assignment: Assignment, linked: LinkedClass, rules: Rules) -> list[Problem]:
    """Single students with dates of their own, or with the whole assignment to themselves."""
    if not named_students(assignment):
        return []
    has_section = any(dates_for(assignment, one).has_section for one in linked.section_ids)
    if has_section or rules.settings.single_students == "section-date":
        return [problem("assignment.single-students")]
    return [problem("assignment.single-students-only")]


def of_title(source: str, title: str, limit: int) -> list[Problem]:
    """Told only where the title in Q is another one: both kinds are sent."""
    if tidy(source) in (title, ""):
        return []
    if len(tidy(source)) > limit:
        length = len(tidy(source))
        return [problem("assignment.name-long", length=length, limit=limit, title=title)]
    return [problem("assignment.name-taken", title=title)]


def of_category(choice: Choice, group: str, class_: Class, rules: Rules) -> list[Problem]:
    words = {"group": group, "class_": class_.title}
    match choice.how:
        case "gone":
            return [problem("assignment.category-gone", **words)]
        case "none" if rules.profile.needs_category:
            return [problem("assignment.no-category", **words)]
        case "name" if choice.category:
            title = choice.category.title
            return [problem("assignment.category-suggested", category=title)]
        case "default":
            return [problem("assignment.category-defaulted", **words)]
        case _:
            return []


def of_period(
    fields: LineItemFields, class_: Class, periods: Sequence[GradingPeriod], rules: Rules
) -> list[Problem]:
    """The grading period that the line item's date lies in is closed (F56)."""
    if fields.due_at is None or rules.settings.closed_periods == "send":
        return []
    mine = canvas_period_of(fields.due_at, periods)
    theirs = period_of(fields.due_at.astimezone(rules.zone).date(), class_.periods)
    is_over = is_closed(mine, theirs, rules.now, rules.zone)
    return [problem("assignment.period-closed")] if is_over else []


def of_course_period(
    mine: GradingPeriod, theirs: gradebook_types.GradingPeriod, rules: Rules
) -> list[Problem]:
    """The grading period that a course grade is of is closed (F56)."""
    is_open = rules.settings.closed_periods == "send" or not is_closed(
        mine, theirs, rules.now, rules.zone
    )
    return [] if is_open else [problem("assignment.period-closed")]


def student_gate(student: Student, class_: Class, submission: Submission | None) -> str:
    """Why nothing of this student may be written here, as a code; "" if it may (F54)."""
    if not student.is_current:
        return "student.left"
    if not student.sourced_id:
        return "student.no-sis-id"
    if class_.students is not None and student.sourced_id not in class_.students:
        return "student.not-in-class"
    if submission is not None and not submission.is_assigned:
        return "student.not-assigned"
    return ""


def gate(problems: Iterable[Problem]) -> str:
    """The code that keeps the thing from going: what blocks before what waits; "" if nothing."""
    stopping = sorted(_stopping(problems), key=lambda code: CATALOGUE[code].severity != "blocks")
    return stopping[0] if stopping else ""


def _stopping(problems: Iterable[Problem]) -> Iterator[str]:
    return (one.code for one in problems if one.stops)

"""The line items that a class should have, as Canvas has them now. PURE.

One for each assignment that is switched on and for each course grade. What Q holds of them is not
looked at here; `line_items` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gradesync import course_grades, preflight
from gradesync.categories import Choice, category_for
from gradesync.due_dates import due_date, end_of
from gradesync.ids import WHOLE_COURSE, ItemKey
from gradesync.periods import period_of
from gradesync.problems import Problem, problem
from gradesync.readings import CanvasReading, Memory, Snapshot
from gradesync.rules import Rules
from gradesync.scores import maximum
from gradesync.sections import LinkedClass, dates_for, named_students
from integration.canvas.gradebook_types import Assignment, GradingPeriod
from integration.oneroster.gradebook_types import LineItemFields

COURSE_GRADE = "Course grade"


@dataclass(frozen=True, slots=True)
class Draft:
    """A line item of ours. `source` is its title as a person wrote it, `fields.title` still "".

    `group_id` names what its category was chosen for. `assignment` is None for a course grade.
    """

    key: ItemKey
    source: str
    group_id: str
    fields: LineItemFields
    problems: tuple[Problem, ...]
    assignment: Assignment | None = None


def drafts(linked: LinkedClass, snapshot: Snapshot) -> Iterator[Draft]:
    """Every line item of one class, in the order of the assignments, course grades last."""
    groups = {one.canvas_id: one.name for one in snapshot.canvas.groups}
    for assignment in snapshot.canvas.assignments:
        if is_wanted(assignment, linked, snapshot):
            yield _of_assignment(assignment, groups.get(assignment.group_id, ""), linked, snapshot)
    settings = snapshot.rules.settings
    if course_grades.wants(settings, WHOLE_COURSE):
        yield _of_course(linked, snapshot)
    for period in snapshot.canvas.periods:
        if course_grades.wants(settings, period.canvas_id):
            yield _of_period(period, linked, snapshot)


def left_over(
    wanted: Iterable[ItemKey], linked: LinkedClass, snapshot: Snapshot
) -> list[tuple[ItemKey, str]]:
    """What we wrote for a class and is not wanted any more, each with the code why (F49)."""
    keys = set(wanted)
    return [
        (key, _why_left(key, linked, snapshot))
        for key in snapshot.memory.items
        if key.class_id == linked.class_.sourced_id and key not in keys
    ]


def is_wanted(assignment: Assignment, linked: LinkedClass, snapshot: Snapshot) -> bool:
    """Graded, switched on, and for this class."""
    if assignment.grading_type == "not_graded":
        return False
    is_on_here = is_on(assignment, snapshot.memory, snapshot.rules)
    return is_on_here and is_for_class(assignment, linked, snapshot.canvas)


def is_on(assignment: Assignment, memory: Memory, rules: Rules) -> bool:
    """Its switch: as a person set it, else as the course selects."""
    chosen = memory.switches.get(assignment.canvas_id)
    return is_selected(chosen, rules.settings.selection, post_to_sis=assignment.post_to_sis)


def is_selected(chosen: bool | None, selection: str, *, post_to_sis: bool) -> bool:
    """`chosen`: what a person set, None where nobody has."""
    if chosen is not None:
        return chosen
    return selection == "all" or (selection == "flagged" and post_to_sis)


def is_for_class(assignment: Assignment, linked: LinkedClass, canvas: CanvasReading) -> bool:
    """Has a section of the class the work, or a student of it by name?"""
    if any(dates_for(assignment, one).has_section for one in linked.section_ids):
        return True
    named = named_students(assignment)
    there = {one.student_id for one in canvas.enrollments if one.section_id in linked.section_ids}
    return not named.isdisjoint(there)


def _why_left(key: ItemKey, linked: LinkedClass, snapshot: Snapshot) -> str:
    assignments = {one.canvas_id: one for one in snapshot.canvas.assignments}
    if key.what == "course-grade":
        return "assignment.switched-off"
    if key.canvas_id not in assignments:
        return "assignment.gone"
    assignment = assignments[key.canvas_id]
    if assignment.grading_type == "not_graded":
        return "assignment.not-graded"
    is_here = is_for_class(assignment, linked, snapshot.canvas)
    return "assignment.switched-off" if is_here else "assignment.not-for-class"


def _of_assignment(
    assignment: Assignment, group: str, linked: LinkedClass, snapshot: Snapshot
) -> Draft:
    class_, rules = linked.class_, snapshot.rules
    choice = _choice(assignment.group_id, group, rules.settings.default_category, linked, snapshot)
    date = due_date(assignment, linked, rules)
    day = date.at.astimezone(rules.zone).date() if date.at else None
    period = period_of(day, class_.periods) if day else None
    fields = LineItemFields(
        title="",
        category_id=choice.category.sourced_id if choice.category else "",
        maximum=maximum(assignment, rules.settings),
        due_at=date.at,
        assigned_at=date.assigned_at,
        grading_period_id=_sent_period(period.sourced_id if period else "", rules),
    )
    problems = (
        *preflight.of_assignment(assignment, rules),
        *date.problems,
        *preflight.of_students(assignment, linked, rules),
        *preflight.of_category(choice, group, class_, rules),
        *preflight.of_period(fields, class_, snapshot.canvas.periods, rules),
    )
    source = snapshot.memory.titles.get(assignment.canvas_id) or assignment.name
    key = ItemKey("assignment", assignment.canvas_id, class_.sourced_id)
    return Draft(key, source, assignment.group_id, fields, problems, assignment)


def _of_course(linked: LinkedClass, snapshot: Snapshot) -> Draft:
    """The grade of the whole course: due when the class ends, in no grading period."""
    class_, rules = linked.class_, snapshot.rules
    ends_at = end_of(class_.last_date, rules) if class_.last_date else None
    problems = []
    if ends_at is None and rules.profile.needs_due_date:
        problems.append(problem("assignment.no-due-date", class_=class_.title))
    return _of_grade(WHOLE_COURSE, COURSE_GRADE, "", ends_at, problems, linked, snapshot)


def _of_period(period: GradingPeriod, linked: LinkedClass, snapshot: Snapshot) -> Draft:
    """Its grading period in Q is the one that a person confirmed (design 6.3)."""
    link = snapshot.memory.periods.get(period.canvas_id, "")
    theirs = next((one for one in linked.class_.periods if one.sourced_id == link), None)
    title = f"{COURSE_GRADE}: {period.title}"
    if theirs is None:
        problems = [problem("line_item.no-period", period=period.title)]
        return _of_grade(period.canvas_id, title, "", period.end_at, problems, linked, snapshot)
    problems = preflight.of_course_period(period, theirs, snapshot.rules)
    ends_at = end_of(theirs.last_date, snapshot.rules)
    return _of_grade(period.canvas_id, title, link, ends_at, problems, linked, snapshot)


def _of_grade(
    canvas_id: str,
    title: str,
    period_id: str,
    due_at: datetime | None,
    problems: list[Problem],
    linked: LinkedClass,
    snapshot: Snapshot,
) -> Draft:
    class_, rules = linked.class_, snapshot.rules
    default = rules.settings.course_grade_category or rules.settings.default_category
    choice = _choice(COURSE_GRADE, COURSE_GRADE, default, linked, snapshot)
    fields = LineItemFields(
        title="",
        category_id=choice.category.sourced_id if choice.category else "",
        maximum=course_grades.MAXIMUM,
        due_at=due_at,
        assigned_at=end_of(class_.first_date, rules) if class_.first_date else due_at,
        grading_period_id=_sent_period(period_id, rules),
    )
    found = (*problems, *preflight.of_category(choice, COURSE_GRADE, class_, rules))
    key = ItemKey("course-grade", canvas_id, class_.sourced_id)
    return Draft(key, title, COURSE_GRADE, fields, found)


def _choice(
    group_id: str, group: str, default: str, linked: LinkedClass, snapshot: Snapshot
) -> Choice:
    class_id = linked.class_.sourced_id
    chosen = snapshot.memory.categories.get((group_id, class_id), "")
    return category_for(group, chosen, default, snapshot.q.categories, class_id)


def _sent_period(sourced_id: str, rules: Rules) -> str:
    return sourced_id if rules.profile.takes_grading_period else ""

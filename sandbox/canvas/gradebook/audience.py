"""Who is assigned which work, and until when: sections, groups and students by overrides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.canvas.gradebook.models import Assignment, Group, Override
from sandbox.canvas.models import Enrollment
from sandbox.rules import on

STUDENT_TYPES: Final = ("StudentEnrollment", "StudentViewEnrollment")
_GONE: Final = ("deleted", "rejected")


@dataclass
class Students:
    """The students of a course: the sections each is in, and who has left or only finished."""

    sections: dict[int, set[int]] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)


def students_of(course_id: int) -> Students:
    """Everybody who is or was a student, but for those whose enrollments were deleted."""
    found = Students()
    current: set[int] = set()
    rows = Enrollment.objects.filter(course_id=course_id, type__in=STUDENT_TYPES)
    living = rows.exclude(workflow_state__in=_GONE).order_by("id")
    for user_id, section_id, state in living.values_list("user_id", "section_id", "workflow_state"):
        found.sections.setdefault(user_id, set()).add(section_id)
        if state != "completed":
            current.add(user_id)
    found.finished = found.sections.keys() - current
    return found


def overrides_of(assignments: Iterable[Assignment]) -> dict[int, list[Override]]:
    """The living overrides, by assignment."""
    found: dict[int, list[Override]] = {}
    ids = [each.pk for each in assignments]
    rows = Override.objects.filter(assignment_id__in=ids, workflow_state="active").order_by("id")
    for row in rows:
        found.setdefault(row.assignment_id, []).append(row)
    return found


def members_of(overrides: Iterable[Override]) -> dict[int, set[int]]:
    """The members of the groups that overrides name."""
    ids = {each.set_id for each in overrides if each.set_type == "Group"}
    return {each.pk: set(each.member_ids) for each in Group.objects.filter(pk__in=ids)}


def due_dates(
    assignment: Assignment,
    overrides: Iterable[Override],
    students: Students,
    members: Mapping[int, set[int]],
) -> dict[int, str]:
    """Who is assigned the work, and each one's due date: of several the latest, none being never.

    A date for one student or group goes before those of sections and of everyone.
    """
    by_section: dict[int, list[str]] = {}
    alone: dict[int, list[str]] = {}
    for each in overrides:
        due = each.dates.get("due_at", assignment.due_at) or ""
        into = by_section if each.set_type == "CourseSection" else alone
        for user in reached(each, students, members):
            into.setdefault(user, []).append(due)
    found: dict[int, str] = {}
    for user in students.sections:
        if dates := alone.get(user) or by_section.get(user):
            found[user] = "" if "" in dates else max(dates)
        elif not assignment.only_visible_to_overrides or not on("canvas.differentiated"):
            found[user] = assignment.due_at
    return found


def reached(override: Override, students: Students, members: Mapping[int, set[int]]) -> set[int]:
    """The students an override speaks of."""
    if override.set_type == "CourseSection":
        inside = students.sections.items()
        return {user for user, sections in inside if override.set_id in sections}
    chosen = members.get(override.set_id, set()) if override.set_type == "Group" else None
    named = set(override.student_ids) if chosen is None else chosen
    return named & students.sections.keys()

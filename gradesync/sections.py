"""Which Q class a section is, who is in it, and what of an assignment is theirs. PURE.

A section keeps its own SIS ID when it is cross-listed, so it, not the course, says which class it
is (F34). A student's result goes to the classes of those sections that have the work (F53).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gradesync.problems import Problem, problem
from integration.canvas.gradebook_types import Assignment, Enrollment, Section
from integration.oneroster.gradebook_types import Class


@dataclass(frozen=True, slots=True)
class LinkedClass:
    """A Q class with the sections of this course that are of it, usually one."""

    class_: Class
    section_ids: tuple[str, ...]


def linked_classes(
    sections: Iterable[Section],
    classes: Mapping[str, Class],
    class_ids: Mapping[str, str],
    links: Mapping[str, str],
) -> tuple[list[LinkedClass], list[Problem]]:
    """The classes of a course, in the order of their first section.

    `classes` by sourcedId. `class_ids`: SIS ID of a section to the sourcedId of its class, as
    provisioning made them. `links`: a section's Canvas id to a class, kept from before: it wins,
    because it follows an id that was renamed.
    """
    found: dict[str, list[Section]] = {}
    problems: list[Problem] = []
    for section in sections:
        class_id = links.get(section.canvas_id) or class_ids.get(section.sis_section_id, "")
        if class_id in classes:
            found.setdefault(class_id, []).append(section)
            continue
        is_of_q = class_id or section.sis_section_id
        code = "section.unknown-class" if is_of_q else "section.no-sis-id"
        problems.append(problem(code, section_id=section.canvas_id, section=section.name))
    for class_id, members in found.items():
        if len(members) > 1:
            title = classes[class_id].title
            problems.append(problem("section.shares-class", class_id=class_id, class_=title))
    linked = [
        LinkedClass(classes[class_id], tuple(one.canvas_id for one in members))
        for class_id, members in found.items()
    ]
    return linked, problems


@dataclass(frozen=True, slots=True)
class Student:
    """A student in the sections of one class. `sourced_id` is "" where Q does not know them."""

    canvas_id: str
    sourced_id: str
    section_ids: tuple[str, ...]
    is_current: bool


def students_of(
    linked: LinkedClass, enrollments: Iterable[Enrollment], sourced_ids: Mapping[str, str]
) -> list[Student]:
    """Who is, or was, in a class; never the test student. `sourced_ids` by SIS user id.

    Somebody who left one section of the class and is in another is there.
    """
    mine: dict[str, list[Enrollment]] = {}
    for enrollment in enrollments:
        if enrollment.section_id in linked.section_ids and not enrollment.is_test_student:
            mine.setdefault(enrollment.student_id, []).append(enrollment)
    return [_student(one, sourced_ids) for one in mine.values()]


def _student(enrollments: list[Enrollment], sourced_ids: Mapping[str, str]) -> Student:
    current = [one for one in enrollments if one.is_current]
    telling = current or enrollments
    known = (sourced_ids.get(one.sis_user_id, "") for one in telling if one.sis_user_id)
    return Student(
        telling[0].student_id,
        next((one for one in known if one), ""),
        tuple(one.section_id for one in telling),
        bool(current),
    )


@dataclass(frozen=True, slots=True)
class Dates:
    """`has_section`: the work is assigned to the whole section, not to single students only."""

    due_at: datetime | None
    unlock_at: datetime | None
    has_section: bool


def dates_for(assignment: Assignment, section_id: str) -> Dates:
    """The dates of a section: its own override, else those for everyone else."""
    for override in assignment.overrides:
        if override.section_id == section_id:
            return Dates(override.due_at, override.unlock_at, has_section=True)
    if not assignment.is_for_overrides_only:
        return Dates(assignment.due_at, assignment.unlock_at, has_section=True)
    return Dates(None, None, has_section=False)


def is_for(assignment: Assignment, student: Student) -> bool:
    """Is the work assigned to this student, by way of a section of this class or by name?"""
    by_section = any(dates_for(assignment, one).has_section for one in student.section_ids)
    return by_section or student.canvas_id in named_students(assignment)


def named_students(assignment: Assignment) -> frozenset[str]:
    """Who has a date of their own."""
    return frozenset().union(*(one.student_ids for one in assignment.overrides))

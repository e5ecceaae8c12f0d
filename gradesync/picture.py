"""What a course looked like when it was last read: what screens name and offer. PURE.

Lines of a plan hold ids only. Here are the names beside them, and what can be chosen; one picture
of each course is kept, the latest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

import msgspec

from gradesync.categories import category_for, offered
from gradesync.periods import suggested
from gradesync.plan import Outline
from gradesync.preflight import student_gate
from gradesync.problems import Problem
from gradesync.readings import Snapshot
from gradesync.sections import LinkedClass, students_of
from integration.canvas.gradebook_types import AssignmentKind


@dataclass(frozen=True, slots=True)
class Section:
    """`class_id` is "" where it is no class of Q. `matched`: students that Q has in that class."""

    canvas_id: str
    name: str
    sis_section_id: str
    class_id: str
    students: int = 0
    matched: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """Something of Q that can be chosen."""

    sourced_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Period:
    """A grading period of Q."""

    sourced_id: str
    title: str
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class Class:
    """A class of Q in this course, and what can be chosen in it."""

    sourced_id: str
    title: str
    section_ids: tuple[str, ...]
    categories: tuple[Option, ...] = ()
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """Which category an assignment group has in a class; see `categories.Choice` for `how`."""

    class_id: str
    how: str
    sourced_id: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    canvas_id: str
    name: str
    categories: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A graded one, switched on or not."""

    canvas_id: str
    name: str
    kind: AssignmentKind
    group_id: str
    points: Decimal | None
    due_at: datetime | None
    is_published: bool
    post_to_sis: bool
    section_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GradingPeriod:
    """Canvas's. `link`: the grading period of Q that it is; `is_suggested` until confirmed."""

    canvas_id: str
    title: str
    link: str = ""
    is_suggested: bool = False


@dataclass(frozen=True, slots=True)
class Student:
    canvas_id: str
    name: str
    sortable_name: str
    section_ids: tuple[str, ...]
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the course or a section of it."""

    code: str
    sentence: str
    section_id: str = ""
    class_id: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    name: str = ""
    sections: tuple[Section, ...] = ()
    classes: tuple[Class, ...] = ()
    groups: tuple[Group, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    periods: tuple[GradingPeriod, ...] = ()
    students: tuple[Student, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From what `as_row` made."""
        return msgspec.convert(stored, cls)

    def as_row(self) -> dict[str, Any]:
        row: dict[str, Any] = msgspec.to_builtins(self)
        return row

    def class_of(self, sourced_id: str) -> Class | None:
        return next((one for one in self.classes if one.sourced_id == sourced_id), None)


def picture(snapshot: Snapshot, outline: Outline) -> Picture:
    """Draw it from what was read for a plan."""
    canvas = snapshot.canvas
    groups = {one.canvas_id: one.name for one in canvas.groups}
    return Picture(
        canvas.course.name,
        tuple(_sections(snapshot, outline)),
        tuple(_class(one, snapshot) for one in outline.linked),
        tuple(_group(group_id, name, snapshot, outline) for group_id, name in groups.items()),
        tuple(_assignments(snapshot)),
        tuple(_periods(snapshot, outline)),
        tuple(_students(snapshot)),
        tuple(_trouble(one) for one in outline.problems),
    )


def _sections(snapshot: Snapshot, outline: Outline) -> Iterator[Section]:
    linked_of = {section_id: one for one in outline.linked for section_id in one.section_ids}
    for section in snapshot.canvas.sections:
        linked = linked_of.get(section.canvas_id)
        class_id = linked.class_.sourced_id if linked else ""
        seen = Section(section.canvas_id, section.name, section.sis_section_id, class_id)
        yield _counted(seen, linked, snapshot) if linked else seen


def _counted(seen: Section, linked: LinkedClass, snapshot: Snapshot) -> Section:
    here = [
        one
        for one in students_of(linked, snapshot.canvas.enrollments, snapshot.q.students)
        if one.is_current and seen.canvas_id in one.section_ids
    ]
    matched = sum(not student_gate(one, linked.class_, None) for one in here)
    return replace(seen, students=len(here), matched=matched)


def _class(linked: LinkedClass, snapshot: Snapshot) -> Class:
    class_ = linked.class_
    categories = offered(snapshot.q.categories, class_.sourced_id)
    return Class(
        class_.sourced_id,
        class_.title,
        linked.section_ids,
        tuple(Option(one.sourced_id, one.title) for one in categories),
        tuple(
            Period(one.sourced_id, one.title, one.first_date, one.last_date)
            for one in class_.periods
        ),
    )


def _group(group_id: str, name: str, snapshot: Snapshot, outline: Outline) -> Group:
    default = snapshot.rules.settings.default_category
    found = []
    for linked in outline.linked:
        class_id = linked.class_.sourced_id
        chosen = snapshot.memory.categories.get((group_id, class_id), "")
        choice = category_for(name, chosen, default, snapshot.q.categories, class_id)
        sourced_id = choice.category.sourced_id if choice.category else ""
        found.append(Category(class_id, choice.how, sourced_id))
    return Group(group_id, name, tuple(found))


def _assignments(snapshot: Snapshot) -> Iterator[Assignment]:
    everywhere = tuple(one.canvas_id for one in snapshot.canvas.sections)
    for one in snapshot.canvas.assignments:
        if one.grading_type == "not_graded":
            continue
        named = tuple(each.section_id for each in one.overrides if each.section_id)
        students = frozenset().union(*(each.student_ids for each in one.overrides))
        theirs = _sections_of(students, snapshot) if one.is_for_overrides_only else ()
        yield Assignment(
            one.canvas_id,
            one.name,
            one.kind,
            one.group_id,
            one.points_possible,
            one.due_at,
            one.is_published,
            one.post_to_sis,
            tuple(sorted({*named, *theirs})) if one.is_for_overrides_only else everywhere,
        )


def _sections_of(students: Iterable[str], snapshot: Snapshot) -> set[str]:
    wanted = set(students)
    return {one.section_id for one in snapshot.canvas.enrollments if one.student_id in wanted}


def _periods(snapshot: Snapshot, outline: Outline) -> Iterator[GradingPeriod]:
    of_classes = [period for one in outline.linked for period in one.class_.periods]
    zone = snapshot.rules.zone
    guessed = suggested(snapshot.canvas.periods, of_classes, zone)
    for one in snapshot.canvas.periods:
        link = snapshot.memory.periods.get(one.canvas_id, "")
        guess = guessed.get(one.canvas_id, "")
        yield GradingPeriod(one.canvas_id, one.title, link or guess, bool(guess and not link))


def _students(snapshot: Snapshot) -> Iterator[Student]:
    """Who is or was here; never the test student."""
    found: dict[str, Student] = {}
    for one in snapshot.canvas.enrollments:
        if one.is_test_student:
            continue
        before = found.get(one.student_id)
        sections = {one.section_id, *(before.section_ids if before else ())}
        is_current = one.is_current or bool(before and before.is_current)
        found[one.student_id] = Student(
            one.student_id,
            one.name,
            one.sortable_name,
            tuple(sorted(sections)),
            is_current,
        )
    yield from sorted(found.values(), key=lambda one: (one.sortable_name, one.canvas_id))


def _trouble(one: Problem) -> Trouble:
    return Trouble(one.code, one.sentence, one.section_id, one.class_id)

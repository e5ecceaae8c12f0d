"""Which scores an administrator may mean: by the course, and by words of student and work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from gradesync.models import CourseSync
from gradesync.picture import Picture
from gradesync.scope import item_name
from gradesync.selectors.course import latest_plan, picture_of
from integration.models import Change, District

MOST = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """One student's score of one work; `item` as `scope.item_name` names it."""

    item: str
    title: str
    student_id: str
    name: str


def courses(district: District, text: str) -> list[CourseSync]:
    """Courses that Q Sync has met, by their number in Canvas or a part of their name."""
    found = CourseSync.objects.filter(district=district).select_related("district")
    return list(found.filter(Q(canvas_id=text) | Q(name__icontains=text)).order_by("name")[:MOST])


def cells(course: CourseSync, text: str) -> list[Cell]:
    """Of all students and works of a course, those that all the words are found in.

    Whose anonymous work it is, is told to nobody: of that there is none.
    """
    picture = picture_of(course)
    hidden = _anonymous(course)
    wanted = text.casefold().split()
    found: list[Cell] = []
    for one in _all(picture, course):
        if one.item in hidden or not wanted:
            continue
        said = f"{one.name} {one.title}".casefold()
        if all(word in said for word in wanted):
            found.append(one)
        if len(found) == MOST:
            break
    return found


def name_of(course: CourseSync, item: str, student_id: str) -> str:
    """The student's name, "" where it may not be told or is not known."""
    if item in _anonymous(course):
        return ""
    students = picture_of(course).students
    return next((one.name for one in students if one.canvas_id == student_id), "")


def _all(picture: Picture, course: CourseSync) -> Iterator[Cell]:
    works = [(item_name("assignment", one.canvas_id), one.name) for one in picture.assignments]
    works += [(item, "") for item in _course_grades(course)]
    for student in picture.students:
        for item, title in works:
            yield Cell(item, title, student.canvas_id, student.name)


def _course_grades(course: CourseSync) -> list[str]:
    plan = latest_plan(course)
    if plan is None:
        return []
    items = Change.objects.filter(run=plan.run, kind="line_item").values_list("item", flat=True)
    return sorted({one for one in items if not one.startswith("assignment:")})


def _anonymous(course: CourseSync) -> set[str]:
    plan = latest_plan(course)
    if plan is None:
        return set()
    lines = Change.objects.filter(run=plan.run, kind="result", after__contains='"is_nameless":true')
    return set(lines.values_list("item", flat=True).distinct())

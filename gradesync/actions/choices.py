"""What a person chose for a course: switches, titles, links. The next plan goes by it.

Every id is looked for in the course's own picture first: an assignment, category, period or class
of another course is refused (NotOfThisCourse), whatever a request says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import astuple
from typing import Any

from django.db import transaction

from gradesync.errors import NotOfThisCourse
from gradesync.ids import ItemKey
from gradesync.lines import ItemLine
from gradesync.models import (
    AssignmentChoice,
    AssignmentSync,
    CategoryLink,
    CourseSync,
    GradingPeriodLink,
    SectionLink,
)
from gradesync.picture import Picture
from gradesync.readings import ItemDecision
from gradesync.selectors.course import picture_of
from gradesync.stored import SEPARATOR, line_of
from integration.models import AuditEvent, Change

CHOSEN_FOR_GRADES = "Course grade"


def switch(course: CourseSync, assignments: Collection[str], *, is_on: bool, by: str) -> None:
    """Switch the sync of assignments on or off; what Q holds of them stays."""
    _own(course, lambda one: {each.canvas_id for each in one.assignments}, assignments)
    with transaction.atomic():
        for canvas_id in assignments:
            AssignmentChoice.objects.update_or_create(
                course=course, canvas_id=canvas_id, defaults={"is_on": is_on}
            )
        _tell(course, by, "switched", {"assignments": sorted(assignments), "on": is_on})


def title(course: CourseSync, assignment: str, text: str, *, by: str) -> None:
    """Another title for Q; "" for Canvas's own. It is fitted to the limit of Q all the same."""
    _own(course, lambda one: {each.canvas_id for each in one.assignments}, [assignment])
    with transaction.atomic():
        AssignmentChoice.objects.update_or_create(
            course=course, canvas_id=assignment, defaults={"title": text.strip()[:255]}
        )
        _tell(course, by, "titled", {"assignment": assignment, "title": text.strip()[:255]})


def link_category(
    course: CourseSync, group_id: str, category_id: str, *, by: str, class_id: str = ""
) -> None:
    """The Q category of an assignment group: in one class, or in each that has it.

    `group_id` may be `CHOSEN_FOR_GRADES`, for the course grades.
    """
    groups = {each.canvas_id for each in picture_of(course).groups} | {CHOSEN_FOR_GRADES}
    classes = [one for one in picture_of(course).classes if class_id in ("", one.sourced_id)]
    having = [
        one.sourced_id
        for one in classes
        if category_id in {each.sourced_id for each in one.categories}
    ]
    if group_id not in groups or not having:
        raise NotOfThisCourse("This course has no such group, or Q no such category for it.")
    with transaction.atomic():
        for one in having:
            CategoryLink.objects.update_or_create(
                course=course,
                group_id=group_id,
                class_id=one,
                defaults={"category_id": category_id},
            )
        _tell(course, by, "linked", {"group": group_id, "category": category_id, "classes": having})


def link_period(course: CourseSync, canvas_id: str, sourced_id: str, *, by: str) -> None:
    """Which grading period of Q one of Canvas's is; "" for none."""
    picture = picture_of(course)
    theirs = {each.sourced_id for one in picture.classes for each in one.periods}
    if canvas_id not in {one.canvas_id for one in picture.periods}:
        raise NotOfThisCourse("This course has no such grading period.")
    if sourced_id and sourced_id not in theirs:
        raise NotOfThisCourse("The classes of this course have no such grading period in Q.")
    with transaction.atomic():
        links = GradingPeriodLink.objects.filter(course=course, canvas_id=canvas_id)
        if sourced_id:
            links.update_or_create(
                course=course, canvas_id=canvas_id, defaults={"sourced_id": sourced_id}
            )
        else:
            links.delete()
        _tell(course, by, "linked", {"period": canvas_id, "to": sourced_id})


def link_section(course: CourseSync, section_id: str, class_id: str, *, by: str) -> None:
    """Which class of this course a section is; "" leaves it to its SIS ID again."""
    picture = picture_of(course)
    if section_id not in {one.canvas_id for one in picture.sections}:
        raise NotOfThisCourse("This course has no such section.")
    if class_id and picture.class_of(class_id) is None:
        raise NotOfThisCourse("No section of this course is that class of Q.")
    with transaction.atomic():
        links = SectionLink.objects.filter(course=course, section_id=section_id)
        if class_id:
            links.update_or_create(
                course=course, section_id=section_id, defaults={"class_id": class_id}
            )
        else:
            links.delete()
        _tell(course, by, "linked", {"section": section_id, "class": class_id})


def decide_item(
    course: CourseSync, key: ItemKey, decision: ItemDecision | None, *, by: str
) -> None:
    """A line item: make a new one, add it again, or let Canvas's fields win; None: ask again."""
    picture = picture_of(course)
    known = {each.canvas_id for each in picture.assignments}
    known_periods = {"", *(each.canvas_id for each in picture.periods)}
    is_here = key.canvas_id in (known if key.what == "assignment" else known_periods)
    if not is_here or picture.class_of(key.class_id) is None:
        raise NotOfThisCourse("This course has no such assignment.")
    with transaction.atomic():
        AssignmentSync.objects.update_or_create(
            course=course,
            what=key.what,
            canvas_id=key.canvas_id,
            class_id=key.class_id,
            defaults={"decision": decision or ""},
        )
        told = {"what": key.what, "id": key.canvas_id, "class": key.class_id}
        _tell(course, by, "decided", told | {"decision": decision or ""})


def link_item(course: CourseSync, key: ItemKey, sourced_id: str, *, by: str) -> None:
    """Which line item of Q it is, of those that the latest plan named for it.

    It is ours from then on; what Q holds of it is compared as with any other.
    """
    rows = Change.objects.filter(
        run__sync__course=course, key=SEPARATOR.join(("line_item", *astuple(key)))
    )
    latest = rows.order_by("-run").first()
    line = line_of(latest) if latest else None
    candidates = line.candidates if isinstance(line, ItemLine) else None
    ours = AssignmentSync.objects.filter(course=course)
    place: dict[str, Any] = {"what": key.what, "canvas_id": key.canvas_id, "class_id": key.class_id}
    of_another = ours.filter(sourced_id=sourced_id).exclude(**place)
    if of_another.exists():
        raise NotOfThisCourse("This line item is another assignment's.")
    if ours.filter(sourced_id=sourced_id).exists():
        return  # said twice
    if sourced_id not in (candidates or ()):
        raise NotOfThisCourse("Q has no such line item that this one could be.")
    with transaction.atomic():
        ours.update_or_create(
            course=course,
            **place,
            defaults={"sourced_id": sourced_id, "fields": None, "decision": ""},
        )
        told = {"what": key.what, "id": key.canvas_id, "class": key.class_id}
        _tell(course, by, "linked", told | {"line_item": sourced_id})


def _own(course: CourseSync, ids: Callable[[Picture], set[str]], asked: Collection[str]) -> None:
    if not set(asked) <= ids(picture_of(course)):
        raise NotOfThisCourse("This course has no such assignment.")


def _tell(course: CourseSync, by: str, what: str, after: dict[str, Any]) -> None:
    AuditEvent.objects.create(
        district=course.district.slug,
        actor=by,
        action=f"grades.{what}",
        subject=f"course {course.canvas_id}",
        after=after,
    )

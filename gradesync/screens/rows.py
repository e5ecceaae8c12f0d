"""The rows of the Grades page: each assignment and course grade with its words and choices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from gradesync.lines import ItemLine
from gradesync.models import CourseSync
from gradesync.picture import Picture
from gradesync.screens import words
from gradesync.screens.tally import Status, status, writes
from gradesync.screens.troubles import Trouble, of_row
from gradesync.screens.viewer import Viewer
from gradesync.selectors import home as seen
from gradesync.selectors import plans
from integration.models import Run

# How a course grade names its assignment group (actions.choices.CHOSEN_FOR_GRADES).
GRADES_GROUP = "Course grade"
_NAMED = ("student.not-in-class", "student.no-sis-id")
_MOST_NAMES = 400

Names = dict[str, dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `categories` are titles that may be chosen for its group."""

    row: seen.Row
    status: Status
    troubles: tuple[Trouble, ...]
    group: str = ""
    category: str = ""
    categories: tuple[str, ...] = ()
    # Line items that the plan would write.
    items: int = 0

    @property
    def kind(self) -> str:
        return {"new_quiz": "quiz", "course-grade": "grade"}.get(self.row.kind, self.row.kind)

    @property
    def is_blocked(self) -> bool:
        return self.row.is_on and any(one.kind == "err" for one in self.troubles)

    @property
    def sends(self) -> bool:
        return self.row.is_on and bool(self.row.counts.to_send or self.items)


def lines(viewer: Viewer, page: seen.Home, *, is_sending: bool) -> tuple[list[Line], list[Line]]:
    """Assignments, and course grades; a constant number of queries."""
    names = _names(viewer, page.plan.run) if page.plan else {}
    is_waiting = page.plan is not None and page.plan.run.state == Run.State.HELD
    filing = Filing(viewer.course, viewer.picture)
    groups = {one.canvas_id: one.name for one in viewer.picture.groups}

    def line(row: seen.Row) -> Line:
        group_id = row.group_id if row.kind != "course-grade" else GRADES_GROUP
        told = of_row(row, names.get(row.item, {})) if row.is_on else ()
        state = status(row, is_sending=is_sending, is_waiting=is_waiting)
        return Line(
            row, state, told, groups.get(row.group_id, ""), filing.category(group_id, row),
            filing.offered, writes(row) if is_waiting else 0,
        )  # fmt: skip

    grades = [_with_periods(line(row), viewer.picture) for row in page.grades]
    return [_with_candidates(line(row), viewer.picture) for row in page.rows], grades


def _names(viewer: Viewer, run: Run) -> Names:
    """Who is not in the Q class: a person of the class sees the names at once."""
    cells = plans.lines(run, "result", sections=viewer.sections).filter(reason__in=_NAMED)
    known = {one.canvas_id: one.name for one in viewer.picture.students}
    found: Names = defaultdict(lambda: defaultdict(list))
    for item, code, person in cells.values_list("item", "reason", "person")[:_MOST_NAMES]:
        if known.get(person):
            found[item][code].append(known[person])
    return found


class Filing:
    """Which category of Q an assignment group has, over all classes of the person."""

    def __init__(self, course: CourseSync, picture: Picture) -> None:
        self._picture = picture
        links = course.category_links.values_list("group_id", "class_id", "category_id")
        self._links = {(group, class_id): category for group, class_id, category in links}
        self._groups = {one.canvas_id: one for one in picture.groups}
        titles = (one.title for each in picture.classes for one in each.categories)
        # Of every class, each title once.
        self.offered = tuple(dict.fromkeys(titles))

    def category(self, group_id: str, row: seen.Row) -> str:
        """Its title where all classes agree; "" where nobody chose, or not everywhere alike."""
        group = self._groups.get(group_id)
        as_read = {one.class_id: one.sourced_id for one in group.categories} if group else {}
        planned = {
            one.item.class_id: one.canvas.category_id for one in row.lines if one.canvas is not None
        }
        titles = set()
        for class_ in self._picture.classes:
            names = {one.sourced_id: one.title for one in class_.categories}
            link = self._links.get((group_id, class_.sourced_id), "")
            read = as_read.get(class_.sourced_id) or planned.get(class_.sourced_id, "")
            titles.add(names.get(link or read, ""))
        return next(iter(titles)) if len(titles) == 1 else ""


def _with_periods(line: Line, picture: Picture) -> Line:
    """A period that is not linked yet: those of Q to choose from, the one of equal dates first."""
    mine = next((one for one in picture.periods if one.canvas_id == line.row.canvas_id), None)
    theirs = {one.sourced_id: one.title for each in picture.classes for one in each.periods}
    told = [
        replace(one, options=tuple(theirs.items()), chosen=mine.link if mine else "")
        if one.fix == "period"
        else one
        for one in line.troubles
    ]
    return replace(line, troubles=tuple(told))


def _with_candidates(line: Line, picture: Picture) -> Line:
    """Which of Q's line items it is, is asked in each class by itself."""
    told: list[Trouble] = []
    for one in line.troubles:
        asked = [each for each in line.row.lines if each.candidates] if one.fix == "which" else []
        told += [_which(one, each, picture) for each in asked] or [one]
    return replace(line, troubles=tuple(told))


def _which(one: Trouble, line: ItemLine, picture: Picture) -> Trouble:
    class_ = picture.class_of(line.item.class_id)
    categories = {each.sourced_id: each.title for each in class_.categories} if class_ else {}
    labels = {
        sourced_id: " · ".join(
            part
            for part in (
                fields.title,
                gettext("%(points)s points") % {"points": words.number(fields.maximum)},
                categories.get(fields.category_id, ""),
                words.day(fields.due_at),
            )
            if part
        )
        for sourced_id, fields in (line.candidates or {}).items()
    }
    alike = Counter(labels.values())
    options = [
        (key, said if alike[said] == 1 else f"{said} · {key}") for key, said in labels.items()
    ]
    told = dict(zip(line.codes, line.sentences, strict=True))
    lead = words.sentence(one.code, told.get(one.code, ""))
    if len(picture.classes) > 1 and class_:
        lead = f"{class_.title}: {lead}"
    return replace(one, lead=lead, options=tuple(options), class_id=line.item.class_id)


def blocked(found: Sequence[Line]) -> int:
    return sum(one.is_blocked for one in found)

"""A course at a glance: what is ready to go to Q, what is not, and why, assignment by assignment.

A handful of queries, whatever the numbers of assignments and students.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max

from gradesync.catalogue import CATALOGUE
from gradesync.course_settings import Settings
from gradesync.drafts import is_selected
from gradesync.lines import ItemLine
from gradesync.models import CourseSync
from gradesync.picture import Assignment, Picture
from gradesync.picture import Trouble as OfCourse
from gradesync.rulebook import settings_of
from gradesync.scope import item_name
from gradesync.selectors import plans
from gradesync.selectors.course import Latest, Sections, latest_plan, picture_of
from integration.models import Change

_HIDDEN = frozenset({"score.hidden", "score.hidden-again", "score.anonymous"})
_READY = frozenset({"new", "changed", "cleared"})
State = Change.State


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells of one assignment, or of the course. Every cell is in exactly one of these.

    to_send: waits for a press. same: Q holds it, also what the plan's run has sent. to_decide: a
    conflict. hidden: waits until it is posted. waiting, blocked: for other reasons. failed: was
    sent, and Q does not hold it. empty: neither side has anything.
    """

    to_send: int = 0
    cleared: int = 0
    overwritten: int = 0
    same: int = 0
    to_decide: int = 0
    hidden: int = 0
    waiting: int = 0
    blocked: int = 0
    failed: int = 0
    empty: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something does not go, or not as it looks. `class_id` is "" where it is for each."""

    code: str
    severity: str
    who: str
    sentence: str
    remedy: str
    class_id: str = ""
    cells: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """An assignment, or a course grade (`kind` "course-grade", `canvas_id` its grading period).

    `is_chosen`: a person has touched its switch. `title`: a short one for Q, "" for Canvas's.
    """

    item: str
    canvas_id: str
    kind: str
    name: str
    group_id: str
    points: Decimal | None
    due_at: datetime | None
    is_on: bool
    is_chosen: bool
    title: str
    counts: Counts
    troubles: tuple[Trouble, ...]
    lines: tuple[ItemLine, ...]
    last_sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """`plan` None: the course was never read. Rows: latest due date first, course grades last."""

    picture: Picture
    plan: Latest | None
    counts: Counts
    rows: tuple[Row, ...]
    grades: tuple[Row, ...]
    troubles: tuple[OfCourse, ...]


def home(course: CourseSync, sections: Sections = None) -> Home:
    seen = picture_of(course, sections)
    latest = latest_plan(course, sections)
    counted = plans.counts(latest.run, sections=sections) if latest else []
    items = plans.items(latest.run, sections=sections) if latest else {}
    by_item: dict[str, list[plans.Counted]] = defaultdict(list)
    for one in counted:
        by_item[one.item].append(one)
    sent = course.sent_scores.values_list("item").annotate(Max("confirmed_at"))
    make = _Rows(course, by_item, items, dict(sent))
    rows = [make.assignment(one) for one in seen.assignments]
    rows.sort(key=_latest_first)
    grades = [make.grade(item, seen) for item in items if item.startswith("course-grade:")]
    return Home(seen, latest, _summed(counted), tuple(rows), tuple(grades), seen.troubles)


def _latest_first(row: Row) -> tuple[bool, float, str]:
    return row.due_at is None, -(row.due_at.timestamp() if row.due_at else 0.0), row.name


class _Rows:
    """Makes the rows of one page."""

    def __init__(
        self,
        course: CourseSync,
        counted: Mapping[str, list[plans.Counted]],
        items: Mapping[str, list[tuple[Change, ItemLine]]],
        sent: Mapping[str, datetime],
    ) -> None:
        choices = course.assignment_choices.values_list("canvas_id", "is_on", "title")
        self._choices = {canvas_id: (is_on, title) for canvas_id, is_on, title in choices}
        self._settings: Settings = settings_of(course)
        self._counted = counted
        self._items = items
        self._sent = sent

    def assignment(self, one: Assignment) -> Row:
        item = item_name("assignment", one.canvas_id)
        chosen, title = self._choices.get(one.canvas_id, (None, ""))
        return self._row(
            item,
            canvas_id=one.canvas_id,
            kind=one.kind,
            name=one.name,
            group_id=one.group_id,
            points=one.points,
            due_at=one.due_at,
            is_on=is_selected(chosen, self._settings.selection, post_to_sis=one.post_to_sis),
            is_chosen=chosen is not None,
            title=title,
        )

    def grade(self, item: str, seen: Picture) -> Row:
        """Of the whole course, or of a grading period."""
        canvas_id = item.partition(":")[2]
        line = self._items[item][0][1]
        named = next((one.title for one in seen.periods if one.canvas_id == canvas_id), "")
        return self._row(
            item,
            canvas_id=canvas_id,
            kind="course-grade",
            name=named or line.source,
            group_id=line.group_id,
            points=line.canvas.maximum if line.canvas else None,
            due_at=line.canvas.due_at if line.canvas else None,
            is_on=True,
            is_chosen=False,
            title="",
        )

    def _row(self, item: str, **about: object) -> Row:
        counted, items = self._counted.get(item, []), self._items.get(item, [])
        return Row(
            item,
            counts=_summed(counted),
            troubles=tuple(_troubles(items, counted)),
            lines=tuple(line for _, line in items),
            last_sent_at=self._sent.get(item),
            **about,  # type: ignore[arg-type]  # the fields of Row, named above
        )


def _troubles(
    items: Sequence[tuple[Change, ItemLine]], counted: Iterable[plans.Counted]
) -> Iterable[Trouble]:
    """Of the line item in each class, then of its cells; what is alike everywhere is told once."""
    told: dict[tuple[str, str], list[str]] = {}
    for row, line in items:
        found = dict(zip(line.codes, line.sentences, strict=True))
        if line.code in CATALOGUE:
            found.setdefault(line.code, CATALOGUE[line.code].sentence)
        if row.state in (State.REFUSED, State.LEFT):
            found["q.rejected"] = row.message
        for code, sentence in found.items():
            told.setdefault((code, sentence), []).append(line.item.class_id)
    everywhere = len(items)
    for (code, sentence), classes in told.items():
        if CATALOGUE[code].remedy == "Nothing.":
            continue
        class_id = "" if len(classes) == everywhere else classes[0]
        yield _trouble(code, sentence, class_id)
    codes = {code for code, _ in told}
    cells: Counter[str] = Counter()
    for one in counted:
        if one.code and one.code not in codes and one.action not in (*_READY, "same"):
            cells[one.code] += one.cells
    for code, number in cells.items():
        yield _trouble(code, CATALOGUE[code].sentence, "", number)


def _trouble(code: str, sentence: str, class_id: str, cells: int = 0) -> Trouble:
    entry = CATALOGUE[code]
    return Trouble(code, entry.severity, entry.who, sentence, entry.remedy, class_id, cells)


def _summed(counted: Iterable[plans.Counted]) -> Counts:
    found: Counter[str] = Counter()
    for one in counted:
        found[_name(one)] += one.cells
        if one.state == State.PLANNED:
            found["cleared"] += one.cells * (one.action == "cleared")
            found["overwritten"] += one.cells * (one.action == "changed")
    return Counts(**found)


def _name(one: plans.Counted) -> str:
    if one.state in (State.REFUSED, State.LEFT):
        return "failed"
    if one.state == State.CONFIRMED:
        return "empty" if one.code == "score.empty" else "same"
    if one.action in _READY:
        return "to_send"
    if one.code in _HIDDEN:
        return "hidden"
    return {"conflict": "to_decide", "waiting": "waiting", "blocked": "blocked"}[one.action]

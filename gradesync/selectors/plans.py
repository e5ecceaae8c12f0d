"""The lines of a plan, filtered, page by page, with the names of what they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet

from gradesync import stored
from gradesync.catalogue import CATALOGUE
from gradesync.decide import CHOSEN, is_open
from gradesync.lines import ItemLine, ScoreLine
from gradesync.models import CourseSync
from gradesync.picture import Picture, Student
from gradesync.scope import item_name
from gradesync.selectors.course import Sections, picture_of
from integration.models import Change, Run
from integration.oneroster.gradebook_types import Value

PAGE = 50
# Of a line whose student nobody may be shown (ScoreLine.is_nameless), as it is stored.
NAMELESS = '"is_nameless":true'


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a plan is asked for; what is empty asks for nothing. `item` as `scope.item_name`."""

    actions: Collection[str] = ()
    codes: Collection[str] = ()
    states: Collection[str] = ()
    item: str = ""
    section: str = ""
    student: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One student's line. `key` names it to the actions. `name` is "" where it stays unknown.

    `state` and `message`: what came of sending it (Change.State).
    """

    key: str
    item: str
    title: str
    class_id: str
    student_id: str
    name: str
    section_ids: tuple[str, ...]
    action: str
    code: str
    sentence: str
    remedy: str
    who: str
    notes: tuple[str, ...]
    last: Value | None
    canvas: Value | None
    q: Value | None
    sourced_id: str
    state: str
    message: str
    can_choose: bool
    graded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    cells: tuple[Cell, ...]
    total: int
    number: int
    pages: int


def page(run: Run, *, sections: Sections = None, asked: Filter | None = None, number: int = 1,
         size: int = PAGE, most: Mapping[str, int] | None = None) -> Page:  # fmt: skip
    """So many cells of a plan: assignment by assignment, within each class by class.

    `most`: of these assignments at most so many that ask for no answer, the first ones.
    """
    numbers = _in_order(lines(run, "result", sections=sections, asked=asked), most or {})
    pages = max(1, -(-len(numbers) // size))
    number = min(max(1, number), pages)
    shown = numbers[(number - 1) * size : number * size]
    by_number = Change.objects.in_bulk(shown)
    cells = told(run, [by_number[one] for one in shown if one in by_number], sections)
    return Page(tuple(cells), len(numbers), number, pages)


def _in_order(rows: QuerySet[Change], most: Mapping[str, int]) -> list[int]:
    """Their numbers: what asks for an answer first, then in the plan's order.

    An assignment that is in several classes is one to who reads. Ordered here, for a database that
    orders whole rows carries all of their text about.
    """
    found = sorted(rows.order_by().values_list("pk", "item", "action", "reason"))
    first: dict[str, int] = {}
    asking: dict[int, bool] = {}
    for number, item, action, code in found:
        first.setdefault(item, number)
        asking[number] = action == "conflict" or code in CHOSEN
    asked = {item for number, item, _, _ in found if asking[number]}
    pairs = sorted(
        (item not in asked, first[item], not asking[number], number, item)
        for number, item, _, _ in found
    )
    shown: list[int] = []
    quiet: Counter[str] = Counter()
    for *_, is_quiet, number, item in pairs:
        quiet[item] += is_quiet
        if not is_quiet or quiet[item] <= most.get(item, quiet[item]):
            shown.append(number)
    return shown


def cells(run: Run, *, sections: Sections = None, asked: Filter | None = None) -> Iterator[Cell]:
    """All of them, one after the other, for a file."""
    yield from told(run, lines(run, "result", sections=sections, asked=asked), sections)


def items(run: Run, *, sections: Sections = None) -> dict[str, list[tuple[Change, ItemLine]]]:
    """The line items of a plan by `scope.item_name`, each with its line in every class."""
    found: dict[str, list[tuple[Change, ItemLine]]] = {}
    for row in lines(run, "line_item", sections=sections):
        line = stored.line_of(row)
        if isinstance(line, ItemLine):
            found.setdefault(row.item, []).append((row, line))
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cells of an assignment come to the same."""

    item: str
    action: str
    code: str
    state: str
    cells: int


def counts(run: Run, *, sections: Sections = None) -> list[Counted]:
    """All cells of a plan, counted: by assignment, by what becomes of them, by what came of it."""
    found = (
        lines(run, "result", sections=sections)
        .order_by()
        .values_list("item", "action", "reason", "state")
        .annotate(cells=Count("pk"))
    )
    return [Counted(*one) for one in found]


def people(run: Run, *, sections: Sections = None) -> dict[str, list[Counted]]:
    """The same by student, whose Canvas id it is; without work that is anonymous still."""
    named = lines(run, "result", sections=sections).exclude(after__contains=NAMELESS)
    found: dict[str, list[Counted]] = {}
    counted = named.order_by().values_list("person", "action", "reason", "state")
    for person, action, code, state, cells in counted.annotate(cells=Count("pk")):
        found.setdefault(person, []).append(Counted("", action, code, state, cells))
    return found


def lines(
    run: Run, kind: str, *, sections: Sections = None, asked: Filter | None = None
) -> QuerySet[Change]:
    """The rows of a plan that this person may see, and asked for."""
    rows = Change.objects.filter(run=run, kind=kind).order_by("pk")
    if sections is not None:
        rows = rows.filter(in_any(sections))
    if asked is None:
        return rows
    if asked.actions:
        rows = rows.filter(action__in=asked.actions)
    if asked.codes:
        rows = rows.filter(reason__in=asked.codes)
    if asked.states:
        rows = rows.filter(state__in=asked.states)
    if asked.item:
        rows = rows.filter(item=asked.item)
    if asked.section:
        rows = rows.filter(in_any([asked.section]))
    if asked.student:
        rows = rows.filter(person=asked.student)
    return _matching(rows, run, asked.text, sections) if asked.text.strip() else rows


def in_any(sections: Collection[str]) -> Q:
    each = (Q(places__contains=f" {one} ") for one in sorted(sections))
    return reduce(or_, each, Q(pk__in=[]))


def _matching(rows: QuerySet[Change], run: Run, text: str, sections: Sections) -> QuerySet[Change]:
    """By the name of the student, where the work does not hide it, or of the assignment."""
    picture, wanted = picture_of(_course(run), sections), text.strip().casefold()
    people = [
        one.canvas_id
        for one in picture.students
        if wanted in one.name.casefold() or wanted in one.sortable_name.casefold()
    ]
    named = [
        item_name("assignment", one.canvas_id)
        for one in picture.assignments
        if wanted in one.name.casefold()
    ]
    is_named = Q(person__in=people) & ~Q(after__contains=NAMELESS)
    return rows.filter(is_named | Q(item__in=named))


def told(run: Run, rows: Iterable[Change], sections: Sections = None) -> Iterator[Cell]:
    """These lines of a plan, as a person reads them."""
    picture = picture_of(_course(run), sections)
    students = {one.canvas_id: one for one in picture.students}
    items = {one.item: one for one in stored.item_lines(run)}
    titles = _titles(items.values(), picture)
    for row in rows:
        line = stored.line_of(row)
        if isinstance(line, ScoreLine):
            yield _cell(row, line, items.get(line.item), students, titles)


def _titles(items: Iterable[ItemLine], picture: Picture) -> dict[str, str]:
    found = {item_name(one.item.what, one.item.canvas_id): one.source or one.title for one in items}
    now = {item_name("assignment", one.canvas_id): one.name for one in picture.assignments}
    return found | now


def _cell(
    row: Change,
    line: ScoreLine,
    item: ItemLine | None,
    students: dict[str, Student],
    titles: dict[str, str],
) -> Cell:
    student = None if line.is_nameless else students.get(line.student_id)
    entry = CATALOGUE.get(line.code)
    told = dict(zip(item.codes, item.sentences, strict=True)) if item else {}
    return Cell(
        row.key,
        row.item,
        titles.get(row.item, ""),
        line.item.class_id,
        "" if line.is_nameless else line.student_id,
        student.name if student else "",
        line.section_ids,
        row.action,
        line.code,
        told.get(line.code) or (entry.sentence if entry else ""),
        entry.remedy if entry else "",
        entry.who if entry else "nobody",
        line.notes,
        line.last,
        line.canvas,
        line.q,
        line.sourced_id,
        row.state,
        row.message,
        is_open(line),
        line.canvas.graded_at if line.canvas else None,
    )


def _course(run: Run) -> CourseSync:
    return run.sync.course

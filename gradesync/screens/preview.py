"""A stored plan as a person reads it: by assignment, each student old and new, with the reason."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext, ngettext

from gradesync.catalogue import CATALOGUE
from gradesync.lines import WRITING, ItemLine
from gradesync.screens import words
from gradesync.screens.viewer import Viewer
from gradesync.selectors import plans
from integration.models import Change, Run

HELD = ("conflict", "waiting", "blocked")
# Of an assignment with more rows than LONG stand, where nothing is asked for, SHORT.
LONG, SHORT = 10, 5
SHOWS = ("new", "changed", "cleared", "decide", "waits", "failed", "same")
State = Change.State


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    show: str = ""
    q: str = ""
    section: str = ""
    item: str = ""
    page: int = 1

    @property
    def is_plain(self) -> bool:
        """Nothing is asked for: what stops an assignment as a whole is then told once for all."""
        return not (self.show or self.q or self.section or self.item)

    def asked(self, codes: Collection[str] = ()) -> plans.Filter:
        """`codes`: of what stands in the list where nothing is asked for."""
        actions: dict[str, Collection[str]] = {
            "": (*WRITING, *HELD),
            "decide": ("conflict",),
            "waits": ("waiting", "blocked"),
            "failed": WRITING,
        }
        states = (State.REFUSED, State.LEFT) if self.show == "failed" else ()
        return plans.Filter(
            actions=actions.get(self.show, (self.show,)),
            codes=codes if self.is_plain else (),
            states=states,
            item=self.item,
            section=self.section,
            text=self.q,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One student's row. `choice` is "" where there is nothing to choose."""

    token: str
    cell: plans.Cell
    name: str
    section: str
    old: str
    new: str
    mark: tuple[str, str, str]
    note: str
    choice: str
    canvas: str


@dataclass(frozen=True, slots=True)
class Group:
    """An assignment, with those of its rows that are on this page."""

    item: str
    kind: str
    name: str
    category: str
    about: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    # How many rows there are, where not all of them stand here.
    whole: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """`figures` by SHOWS. `sends`: scores that go; `base`: without those chosen on this page."""

    run: Run
    groups: tuple[Group, ...]
    quiet: tuple[Group, ...]
    figures: dict[str, int]
    items: int
    sends: int
    base: int
    wanted: Wanted
    page: plans.Page

    @property
    def conflicts(self) -> int:
        return self.figures["decide"]

    @property
    def kept(self) -> int:
        return self.figures["decide"]


def show_of(one: plans.Counted) -> str:
    """Under which of SHOWS a cell is found; "" where nothing is to be told of it."""
    if one.state in (State.REFUSED, State.LEFT):
        return "failed"
    if one.action in WRITING:
        return one.action
    if one.action == "conflict":
        return "decide"
    if one.action == "same":
        return "" if one.code == "score.empty" else "same"
    return "waits"


def preview(viewer: Viewer, run: Run, wanted: Wanted) -> Preview:
    """A constant number of queries; fifty rows a page."""
    counted = plans.counts(run, sections=viewer.sections)
    figures = dict.fromkeys(SHOWS, 0)
    by_item: dict[str, Counter[str]] = defaultdict(Counter)
    for one in counted:
        if where := show_of(one):
            figures[where] += one.cells
            by_item[one.item][where] += one.cells
    items = plans.items(run, sections=viewer.sections)
    listed = {one.code for one in counted if not _is_of_item(one)} or {"-"}
    asked = wanted.asked(listed)
    most = {item: SHORT for item, count in by_item.items() if _told(count) > LONG}
    page = plans.page(
        run,
        sections=viewer.sections,
        asked=asked,
        number=wanted.page,
        most=most if wanted.is_plain else None,
    )
    groups = tuple(
        _group(viewer, item, items.get(item, []), list(cells), by_item[item])
        for item, cells in groupby(page.cells, key=lambda one: one.item)
    )
    # What has no row of its own in the list stands at its end.
    rows = {one.item for one in counted if one.code in listed and _is_told(one)}
    quiet = tuple(
        _group(viewer, item, lines, [], by_item[item])
        for item, lines in items.items()
        if wanted.is_plain
        and page.number == page.pages
        and item not in rows
        and any(line.verb or line.action in HELD for _, line in lines)
    )
    sends = sum(one.cells for one in counted if show_of(one) in WRITING)
    chosen = sum(one.choice == "send-canvas" for group in groups for one in group.rows)
    writing = sum(bool(line.verb) for lines in items.values() for _, line in lines)
    return Preview(run, groups, quiet, figures, writing, sends, sends - chosen, wanted, page)


def _is_of_item(one: plans.Counted) -> bool:
    """Held back with its whole assignment."""
    return one.action in ("waiting", "blocked") and one.code.startswith(
        ("assignment.", "line_item.")
    )


def _is_told(one: plans.Counted) -> bool:
    return one.action in (*WRITING, *HELD)


COLUMNS = ("run_id", "item", "item_id", "section", "student", "student_id", "in_q", "will_be_sent",
           "change", "outcome", "code", "note")  # fmt: skip


def table(viewer: Viewer, run: Run, wanted: Wanted) -> Iterator[tuple[object, ...]]:
    """Every row that is asked for, for a file."""
    for cell in plans.cells(run, sections=viewer.sections, asked=wanted.asked()):
        row = row_of(viewer, cell)
        yield (
            run.pk, cell.title, cell.item, row.section, row.name, cell.student_id,
            _plain(cell.q), _plain(_intended(cell)), cell.action, cell.state, cell.code, row.note,
        )  # fmt: skip


def _plain(value: Any) -> object:
    if value is None:
        return ""
    return value.score if value.score is not None else value.status


def _group(
    viewer: Viewer,
    item: str,
    lines: Sequence[tuple[Change, ItemLine]],
    cells: Sequence[plans.Cell],
    count: Counter[str],
) -> Group:
    own = [line for _, line in lines]
    fields = next((one.canvas or one.q for one in own), None)
    names = {
        one.sourced_id: one.title for each in viewer.picture.classes for one in each.categories
    }
    what, _, canvas_id = item.partition(":")
    found = [one for one in viewer.picture.assignments if one.canvas_id == canvas_id]
    kind = "grade" if what != "assignment" else found[0].kind if found else "assignment"
    rows = [row_of(viewer, cell) for cell in cells]
    return Group(
        item,
        {"new_quiz": "quiz"}.get(kind, kind),
        found[0].name if found else next((one.source or one.title for one in own), ""),
        names.get(fields.category_id, "") if fields else "",
        _summary(count),
        tuple(_notes(viewer, own)),
        tuple(sorted(rows, key=_place)),
        _told(count) if len(rows) < _told(count) else 0,
    )


def _told(count: Counter[str]) -> int:
    return sum(number for show, number in count.items() if show != "same")


def _place(row: Row) -> tuple[int, str]:
    """What asks for an answer first; anonymous work last, in an order that tells nothing."""
    if not row.cell.student_id:
        return 2, hashlib.sha256(row.cell.sourced_id.encode()).hexdigest()
    return (0 if row.choice else 1), row.name.casefold()


def row_of(viewer: Viewer, cell: plans.Cell) -> Row:
    sections = {one.canvas_id: one.name for one in viewer.picture.sections}
    name = cell.name or gettext("Student %s") % cell.student_id
    choice = ""
    if cell.can_choose:
        choice = "send-canvas" if cell.code == "score.overrules" else "keep-q"
    return Row(
        token_of(cell.key),
        cell,
        name if cell.student_id else gettext("Anonymous student"),
        ", ".join(sections[one] for one in cell.section_ids if one in sections),
        words.value(cell.q),
        _new(cell),
        mark(cell),
        note(cell),
        choice,
        words.value(cell.canvas),
    )


def _intended(cell: plans.Cell) -> Any:
    """What Q holds once the plan was carried out."""
    if cell.action in WRITING:
        return None if cell.action == "cleared" else cell.canvas
    return cell.q


def _new(cell: plans.Cell) -> str:
    if cell.canvas is None and cell.action in ("waiting", "blocked"):
        return gettext("Nothing yet")
    if cell.action in ("waiting", "blocked"):
        return words.value(cell.canvas)
    return words.value(_intended(cell))


def mark(cell: plans.Cell) -> tuple[str, str, str]:
    """Colour, icon and word of a row's pill."""
    if cell.state == State.REFUSED:
        return "err", "err", gettext("Failed")
    if cell.state == State.LEFT:
        return "warn", "clock", gettext("Left out")
    marks = {
        "new": ("ok", "plus", gettext("New")),
        "changed": ("new", "wave", gettext("Changed")),
        "cleared": ("err", "dash", gettext("Cleared")),
        "conflict": ("warn", "warn", gettext("Changed in Q")),
        "same": ("", "check", gettext("The same")),
    }
    return marks.get(cell.action, ("", "clock", gettext("Waits")))


def note(cell: plans.Cell) -> str:
    """Why it is as it is, and what is particular about it."""
    said = []
    if cell.message and cell.state in (State.REFUSED, State.LEFT):
        said.append(gettext(cell.message))
    elif cell.code not in ("", "score.new", "score.changed"):
        said.append(words.sentence(cell.code, cell.sentence))
    said += [words.sentence(one) for one in cell.notes if one in CATALOGUE]
    return " ".join(said)


def _summary(count: Counter[str]) -> str:
    parts = [
        (count["new"], ngettext("%d new", "%d new", count["new"])),
        (count["changed"], ngettext("%d changed", "%d changed", count["changed"])),
        (count["cleared"], ngettext("%d cleared", "%d cleared", count["cleared"])),
        (count["failed"], ngettext("%d failed", "%d failed", count["failed"])),
        (count["decide"], ngettext("%d to decide", "%d to decide", count["decide"])),
        (count["waits"], ngettext("%d waiting", "%d waiting", count["waits"])),
    ]
    return " · ".join(said % number for number, said in parts if number)


def _notes(viewer: Viewer, own: Sequence[ItemLine]) -> Iterator[str]:
    """What becomes of the assignment itself in Q."""
    new = [one for one in own if one.action == "new"]
    if new and (fields := new[0].canvas):
        classes = [viewer.picture.class_of(one.item.class_id) for one in new]
        yield gettext("New assignment in Q: %(points)s points, due %(due)s, in %(classes)s.") % {
            "points": words.number(fields.maximum),
            "due": words.day(fields.due_at) or "–",
            "classes": ", ".join(one.title for one in classes if one),
        }
    if any(one.action == "changed" for one in own):
        yield gettext("Its title, category, dates or points change in Q as they did in Canvas.")
    if any(one.action == "cleared" for one in own):
        yield gettext("The assignment is removed from Q.")
    held: Mapping[str, str] = {
        code: sentence
        for one in own
        if one.action in HELD
        for code, sentence in zip(one.codes, one.sentences, strict=True)
    }
    codes = {one.code for one in own if one.action in HELD}
    for code in sorted(codes):
        yield words.sentence(code, held.get(code, ""))


def token_of(key: str) -> str:
    """A line's key as the name of a form's field."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(token: str) -> str:
    """The key that a field's name stands for; "" where it stands for none."""
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        return ""

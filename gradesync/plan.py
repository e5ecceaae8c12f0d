"""The plan of one course: every line item and every cell, each with what becomes of it. PURE.

The shell reads both sides, hands in a `Snapshot`, and stores the lines as they come: the problems
of the course first, then for each class each line item, followed by its cells. Nothing is sent
that is not in a line. Equal snapshots give equal lines, and so the same digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradesync import preflight, wire
from gradesync.cells import score_lines
from gradesync.compare import FieldVerdict, compare_fields, held
from gradesync.drafts import left_over
from gradesync.ids import ItemKey
from gradesync.line_items import WantedItem, wanted_items
from gradesync.lines import ItemLine, Line
from gradesync.problems import Problem, problem
from gradesync.readings import CanvasReading, Snapshot
from gradesync.rules import Rules
from gradesync.sections import LinkedClass, linked_classes
from integration.oneroster.gradebook_types import LineItem


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be said before any line: the classes, and what is wrong with the course.

    A problem of the course as a whole is why no line is made (F62).
    """

    linked: tuple[LinkedClass, ...]
    problems: tuple[Problem, ...]

    @property
    def stops(self) -> bool:
        return any(one.scope == "course" for one in self.problems)


def outline(snapshot: Snapshot) -> Outline:
    """Look at the course as a whole."""
    canvas, q = snapshot.canvas, snapshot.q
    linked, found = linked_classes(
        canvas.sections, q.classes, q.class_ids, snapshot.memory.sections
    )
    of_course = preflight.of_course(canvas.course, linked, snapshot.rules)
    alarming = (one for one in found if not _is_harmless(one, linked, canvas))
    return Outline(tuple(linked), (*of_course, *alarming))


def _is_harmless(one: Problem, linked: Sequence[LinkedClass], canvas: CanvasReading) -> bool:
    """Every course has a section of Canvas's own; where it holds nobody else, nothing is wrong."""
    if one.code != "section.no-sis-id":
        return False
    sections = {section_id for each in linked for section_id in each.section_ids}
    here = [each for each in canvas.enrollments if each.is_current and not each.is_test_student]
    elsewhere = {each.student_id for each in here if each.section_id in sections}
    return {each.student_id for each in here if each.section_id == one.section_id} <= elsewhere


def plan(snapshot: Snapshot) -> Iterator[Line]:
    """Every line of the course; none where the course as a whole cannot be synced."""
    course = outline(snapshot)
    if course.stops:
        return
    for linked in course.linked:
        wanted = wanted_items(linked, snapshot)
        for item in wanted:
            line = item_line(item, snapshot.rules, snapshot.memory.item_decisions)
            yield line
            yield from score_lines(item, line, snapshot)
        for key, code in left_over((one.key for one in wanted), linked, snapshot):
            yield _left_line(key, code, linked, snapshot)


def item_line(item: WantedItem, rules: Rules, decisions: Mapping[ItemKey, str]) -> ItemLine:
    """What becomes of one line item."""
    line = ItemLine(
        item.key,
        item.sourced_id,
        item.fields.title,
        "same",
        "",
        item.linked.section_ids,
        codes=tuple(one.code for one in item.problems),
        sentences=tuple(one.sentence for one in item.problems),
        source=item.draft.source,
        group_id=item.draft.group_id,
        link=item.state in ("found", "adopted"),
        candidates={one.sourced_id: one.fields for one in item.candidates} or None,
        last=item.last,
        canvas=item.fields,
        q=item.there.fields if item.there else None,
        before=wire.encoded(item.there.raw) if item.there else "",
    )
    if code := preflight.gate(item.problems):
        return replace(line, action=held(code), code=code)
    if item.there is None:
        return _new(line, item, rules)
    is_chosen = decisions.get(item.key) == "send-canvas"
    is_on_conflict = rules.on_conflict == "send-canvas"
    verdicts = compare_fields(
        item.last,
        item.fields,
        item.there.fields,
        profile=rules.profile,
        zone=rules.zone,
        canvas_wins="all" if is_chosen else "conflicts" if is_on_conflict else "",
    )
    return _compared(replace(line, verdicts=verdicts), item, item.there, verdicts, rules)


def _new(line: ItemLine, item: WantedItem, rules: Rules) -> ItemLine:
    body = wire.new_line_item(item.sourced_id, item.key.class_id, item.fields, item.made_id, rules)
    return replace(line, action="new", code="line_item.new", verb="PUT", body=wire.encoded(body))


def _compared(
    line: ItemLine,
    item: WantedItem,
    there: LineItem,
    verdicts: Mapping[str, FieldVerdict],
    rules: Rules,
) -> ItemLine:
    """Nothing is written where none of our fields changed, whatever else was."""
    adopted = "line_item.adopted" if item.state == "adopted" else ""
    changed = [name for name, verdict in verdicts.items() if verdict == "changed"]
    if changed:
        body = wire.changed_line_item(there.raw, item.fields, changed, item.made_id, rules)
        code = adopted or "line_item.changed"
        return replace(line, action="changed", code=code, verb="PUT", body=wire.encoded(body))
    if "conflict" in verdicts.values():
        is_maximum = verdicts["maximum"] == "conflict"
        code = "line_item.maximum-differs" if is_maximum else "line_item.conflict"
        return replace(line, action="conflict", code=code)
    kept = "line_item.kept" if "kept" in verdicts.values() else ""
    return replace(line, code=adopted or kept)


def _left_line(key: ItemKey, code: str, linked: LinkedClass, snapshot: Snapshot) -> ItemLine:
    sent = snapshot.memory.items[key]
    line_items = snapshot.q.line_items.get(key.class_id, ())
    there = next((one for one in line_items if one.sourced_id == sent.sourced_id), None)
    told = problem(code)
    return ItemLine(
        key,
        sent.sourced_id,
        sent.fields.title if sent.fields else sent.source,
        held(code),
        code,
        linked.section_ids,
        (told.code,),
        (told.sentence,),
        source=sent.source,
        last=sent.fields,
        q=there.fields if there else None,
    )

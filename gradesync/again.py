"""Looks at both sides again where nobody knows whether Q took a write (design 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from gradesync.cells import score_lines
from gradesync.effects import AfterUnknown, after_unknown, is_confirmed, item_after_unknown
from gradesync.ids import ItemKey
from gradesync.line_items import WantedItem, wanted_items
from gradesync.lines import ItemLine, Line, ScoreLine
from gradesync.plan import item_line, outline
from gradesync.reading import Reader
from gradesync.readings import Snapshot
from gradesync.scores import Held, Nothing, Outcome, Send
from integration.oneroster.gradebook_types import Value


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows for one line; `line` with the id that Q has it under."""

    line: Line
    what: AfterUnknown


class Again:
    """One look. What it reads, it reads once: the course, and the pieces that lines are about."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._scores: dict[ItemKey, dict[tuple[str, ...], ScoreLine]] = {}
        self._in_q: dict[str, dict[str, Value]] = {}

    def settle(self, lines: Iterable[Line]) -> list[Settled]:
        return [self._item(one) if isinstance(one, ItemLine) else self._score(one) for one in lines]

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self._reader.now()

    @cached_property
    def _wanted(self) -> dict[ItemKey, WantedItem]:
        linked = outline(self._snapshot).linked
        return {one.key: one for each in linked for one in wanted_items(each, self._snapshot)}

    def _item(self, line: ItemLine) -> Settled:
        wanted = self._wanted.get(line.item)
        if wanted is None:
            return Settled(line, "leave")
        there = wanted.there
        q_now = there.fields if there else None
        what = item_after_unknown(line, wanted.fields, q_now, self._reader.rules)
        # Where Q allocates ids, ours is found by its marker.
        found = replace(line, sourced_id=there.sourced_id) if there else line
        is_unclear = there is None and wanted.state in ("ambiguous", "gone")
        return Settled(found, "leave" if is_unclear else what)

    def _score(self, line: ScoreLine) -> Settled:
        fresh = self._fresh(line.item).get(line.key)
        if fresh is None:
            return Settled(line, "leave")
        return Settled(line, after_unknown(line, _said(fresh), fresh.q, self._reader.rules))

    def _fresh(self, key: ItemKey) -> dict[tuple[str, ...], ScoreLine]:
        if key not in self._scores:
            wanted = self._wanted.get(key)
            lines = self._lines(wanted) if wanted else ()
            self._scores[key] = {one.key: one for one in lines}
        return self._scores[key]

    def _lines(self, wanted: WantedItem) -> Iterable[ScoreLine]:
        decisions = self._snapshot.memory.item_decisions
        line = item_line(wanted, self._reader.rules, decisions)
        return score_lines(wanted, line, self._snapshot)


class AgainInQ(Again):
    """For an undo: what Canvas says now does not matter, only whether Q has changed."""

    def _item(self, line: ItemLine) -> Settled:
        items = self._reader.q.line_items(line.item.class_id)
        there = next((one for one in items if one.sourced_id == line.sourced_id), None)
        if line.verb == "DELETE":
            is_gone = there is None or not there.is_active
            return Settled(line, "confirmed" if is_gone else "again")
        if line.canvas is None or there is None:
            return Settled(line, "leave")
        rules = self._reader.rules
        return Settled(line, item_after_unknown(line, line.canvas, there.fields, rules))

    def _score(self, line: ScoreLine) -> Settled:
        now = self._results(line).get(line.student_sourced_id)
        said = Send(line.canvas) if line.canvas else Nothing()
        return Settled(line, after_unknown(line, said, now, self._reader.rules))

    def _results(self, line: ScoreLine) -> dict[str, Value]:
        if line.line_item_id not in self._in_q:
            found = self._reader.q.results_of(line.item.class_id, line.line_item_id)
            self._in_q[line.line_item_id] = {
                one.student_id: one.value for one in found if one.is_active
            }
        return self._in_q[line.line_item_id]


def _said(fresh: ScoreLine) -> Outcome:
    """What Canvas says now, out of a line that was just made."""
    if fresh.canvas is not None:
        return Send(fresh.canvas)
    return Held(fresh.code) if fresh.action in ("waiting", "blocked") else Nothing()


def has_arrived(line: ScoreLine, there: Value | None, reader: Reader) -> bool:
    """Does Q hold what the line was to write?"""
    return is_confirmed(line, there, reader.rules)

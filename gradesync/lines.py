"""The lines of a plan, one for each line item and each cell, and how they are kept. PURE.

A line holds its three values, what becomes of it and why, and exactly what would be written. As a
row it is plain JSON: numbers as text in values, bodies as exact JSON text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from gradesync.compare import ACTIONS, Action, FieldVerdict
from gradesync.ids import ItemKey
from gradesync.readings import CellKey
from integration.oneroster.gradebook_types import LineItemFields, Value

Verb = Literal["", "PUT", "DELETE"]
WRITING: frozenset[Action] = frozenset({"new", "changed", "cleared"})


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One line item in one class. `verdicts`: for each field, whose value stands.

    `sourced_id` is where it is, or will be; `link`: this sync learns it (the shell keeps it).
    `codes` of everything a person should read beside it; `code` is the one that decided.
    `candidates`: by id, those in Q of which a person says which one it is.
    `before` and `body` are JSON text: the object as read, and as it is written.
    """

    item: ItemKey
    sourced_id: str
    title: str
    action: Action
    code: str
    section_ids: tuple[str, ...]
    codes: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    source: str = ""
    group_id: str = ""
    link: bool = False
    last: LineItemFields | None = None
    canvas: LineItemFields | None = None
    q: LineItemFields | None = None
    verdicts: dict[str, FieldVerdict] | None = None
    candidates: dict[str, LineItemFields] | None = None
    verb: Verb = ""
    before: str = ""
    body: str = ""
    kind: Literal["line_item"] = "line_item"

    @property
    def key(self) -> tuple[str, ...]:
        return (self.kind, self.item.what, self.item.canvas_id, self.item.class_id)


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One student's cell of one line item.

    `student_id` is Canvas's, `student_sourced_id` Q's ("" where Q does not know them). `sourced_id`
    is the result's. `is_nameless`: the work is anonymous still, so nobody may be shown whose it is.
    """

    item: ItemKey
    line_item_id: str
    student_id: str
    student_sourced_id: str
    sourced_id: str
    action: Action
    code: str
    section_ids: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_nameless: bool = False
    last: Value | None = None
    canvas: Value | None = None
    q: Value | None = None
    verb: Verb = ""
    before: str = ""
    body: str = ""
    kind: Literal["result"] = "result"

    @property
    def key(self) -> tuple[str, ...]:
        item = self.item
        return (self.kind, item.what, item.canvas_id, item.class_id, self.student_id)

    @property
    def cell(self) -> CellKey:
        """Under what the confirmed value and a decision are kept."""
        return (self.line_item_id, self.student_sourced_id)


Line: TypeAlias = ItemLine | ScoreLine


def as_row(line: Line) -> dict[str, Any]:
    """A line as plain JSON."""
    row: dict[str, Any] = msgspec.to_builtins(line)
    return row


def from_row(row: Mapping[str, Any]) -> Line:
    """The line that `as_row` made this of.

    Raises:
        msgspec.ValidationError: it is no such row.
    """
    if row.get("kind") == "line_item":
        return msgspec.convert(row, ItemLine)
    return msgspec.convert(row, ScoreLine)


class Digest:
    """Names a plan by its content, in whatever order its lines come.

    A line that changes nothing counts as well: who approves a plan has read it. The objects as
    read and as written do not: they follow from the values, and carry time stamps.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def add(self, line: Line) -> None:
        row = as_row(line)
        del row["body"], row["before"]
        text = msgspec.json.encode(row, order="sorted")
        self._lines.append(hashlib.sha256(text).digest())

    def hexdigest(self) -> str:
        return hashlib.sha256(b"".join(sorted(self._lines))).hexdigest()


def digest(lines: Iterable[Line]) -> str:
    made = Digest()
    for line in lines:
        made.add(line)
    return made.hexdigest()


def intended(line: ScoreLine) -> Value | None:
    """What Q holds once this line was written; None where it holds no result then."""
    if line.action != "cleared":
        return line.canvas
    return Value(None, "not submitted") if line.verb == "PUT" else None


def counts(lines: Iterable[Line]) -> dict[str, dict[Action, int]]:
    """How many lines of each kind come to what; every action is named."""
    found: dict[str, dict[Action, int]] = {
        kind: dict.fromkeys(ACTIONS, 0) for kind in ("line_item", "result")
    }
    for line in lines:
        found[line.kind][line.action] += 1
    return found

"""The three-way compare: last confirmed, Canvas now, Q now. PURE (design 6.8).

For one cell, and field by field for one line item. Nothing here knows where the values come from.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from gradesync.catalogue import CATALOGUE
from gradesync.profile import Profile
from gradesync.readings import Decision, Sent
from gradesync.rounding import rounded
from gradesync.rules import OnConflict
from gradesync.scores import LATE, MISSING, Delete, Held, Outcome, Send, cleared
from integration.oneroster.gradebook_types import LineItemFields, Value

Action = Literal["new", "changed", "cleared", "same", "conflict", "waiting", "blocked"]
ACTIONS: tuple[Action, ...] = (
    "new",
    "changed",
    "cleared",
    "same",
    "conflict",
    "waiting",
    "blocked",
)
Write: TypeAlias = Value | Delete | None
FieldVerdict = Literal["same", "changed", "kept", "conflict"]
_HIDDEN = frozenset({"score.hidden", "score.anonymous"})
OUR_COMMENTS = frozenset({"", LATE, MISSING})
# A score that stands beside one of these says nothing.
_WITHOUT_SCORE = frozenset({"exempt"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a cell, why, and what is written: nothing unless it is new, changed, cleared.

    `canvas` is what Canvas says, as it would be sent.
    """

    action: Action
    code: str
    write: Write = None
    canvas: Value | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One student's cell. `gate`: a code that keeps every write of it from going, or ""."""

    outcome: Outcome
    sent: Sent | None
    there: Value | None
    decision: Decision | None = None
    gate: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How cells are compared: decimals, what Q takes, and what the person asked for."""

    places: int
    profile: Profile
    on_conflict: OnConflict = "keep-q"
    force: bool = False
    clears_hidden: bool = False


def held(code: str) -> Action:
    """Does a code block, or wait?"""
    return "blocked" if CATALOGUE[code].severity == "blocks" else "waiting"


def same(ours: Value | None, theirs: Value | None, places: int) -> bool:
    """Does `theirs` say what `ours` would? Fields that are not ours to write are not looked at."""
    if ours is None or theirs is None:
        return ours is theirs
    if ours.status != theirs.status:
        return False
    if ours.status not in _WITHOUT_SCORE and not _same_score(ours.score, theirs.score, places):
        return False
    is_comment_same = ours.comment is None or ours.comment == (theirs.comment or "")
    return is_comment_same and (ours.letter is None or ours.letter == (theirs.letter or ""))


def judge(cell: Cell, manner: Manner) -> Verdict:
    """Decide one cell. Whatever would be written is held back by the cell's gate."""
    cell = replace(cell, outcome=_yielding_comment(cell.outcome, cell.there))
    if isinstance(cell.outcome, Held):
        held_back = _held(cell.outcome, cell)
        if held_back.code != "score.hidden-again" or not manner.clears_hidden:
            return held_back
    verdict = _ungated(cell, manner)
    if verdict.write is not None and cell.gate:
        return replace(verdict, action=held(cell.gate), code=cell.gate, write=None)
    return verdict


def _held(outcome: Held, cell: Cell) -> Verdict:
    was_sent = cell.sent is not None and cell.sent.value is not None
    code = "score.hidden-again" if outcome.code in _HIDDEN and was_sent else outcome.code
    return Verdict(held(code), code, canvas=outcome.value)


def _ungated(cell: Cell, manner: Manner) -> Verdict:
    if isinstance(cell.outcome, Send):
        return _scored(cell.outcome.value, cell, manner)
    return _empty(cell, manner)


def _scored(value: Value, cell: Cell, manner: Manner) -> Verdict:
    """Canvas has a value."""
    last = cell.sent.value if cell.sent else None
    if same(value, cell.there, manner.places):
        if manner.force:
            return Verdict("changed", "score.forced", value, value)
        return Verdict("same", "", canvas=value)
    if last is not None and _is_older(value, last) and not manner.force:
        return Verdict("waiting", "score.older", canvas=value)
    action: Action = "new" if cell.there is None else "changed"
    return _forward(cell, manner, Verdict(action, f"score.{action}", value, value))


def _empty(cell: Cell, manner: Manner) -> Verdict:
    """Canvas has no value: what we sent is cleared, what we did not send is not ours."""
    if cell.there is None:
        return Verdict("same", "score.empty")
    way = cleared(manner.profile)
    if isinstance(way, Value) and same(way, cell.there, manner.places):
        return Verdict("same", "score.empty")
    if cell.sent is None or cell.sent.value is None:
        return Verdict("waiting", "score.only-in-q")
    if isinstance(way, Held):
        return Verdict(held(way.code), way.code)
    why = "score.hidden-cleared" if isinstance(cell.outcome, Held) else "score.cleared"
    return _forward(cell, manner, Verdict("cleared", why, way))


def _is_untouched(cell: Cell, manner: Manner) -> bool:
    """Q holds what it confirmed last: nothing, if nothing was ever sent or it was cleared."""
    last = cell.sent.value if cell.sent else None
    return same(last, cell.there, manner.places)


def _forward(cell: Cell, manner: Manner, forward: Verdict) -> Verdict:
    """Write it, if Q holds what it confirmed last or a person said so."""
    is_forced = manner.on_conflict == "send-canvas"
    choice = "send-canvas" if is_forced else _choice(cell, forward, manner)
    if choice == "keep-q":
        return Verdict("same", "score.kept", canvas=forward.canvas)
    if _is_untouched(cell, manner):
        return forward
    if choice == "send-canvas":
        return replace(forward, code="score.overrules")
    if cell.sent is None or cell.sent.value is None:
        code = "score.other-in-q"
    else:
        code = "score.removed-in-q" if cell.there is None else "score.changed-in-q"
    return Verdict("conflict", code, canvas=forward.canvas)


def _choice(cell: Cell, forward: Verdict, manner: Manner) -> str:
    """What a person chose for this cell, while both values are those it was chosen on."""
    chosen = cell.decision
    if chosen is None:
        return ""
    is_canvas_same = same(forward.canvas, chosen.canvas, manner.places)
    return chosen.choice if is_canvas_same and same(chosen.q, cell.there, manner.places) else ""


def _yielding_comment(outcome: Outcome, there: Value | None) -> Outcome:
    """A teacher's own words in Q are not written over by a mark of ours."""
    if isinstance(outcome, Send) and there and (there.comment or "") not in OUR_COMMENTS:
        return replace(outcome, value=replace(outcome.value, comment=None))
    return outcome


def _is_older(value: Value, last: Value) -> bool:
    if value.graded_at is None or last.graded_at is None:
        return False
    return value.graded_at < last.graded_at


def _same_score(ours: Decimal | None, theirs: Decimal | None, places: int) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return rounded(ours, places) == rounded(theirs, places)


def compare_fields(
    last: LineItemFields | None,
    canvas: LineItemFields,
    there: LineItemFields,
    *,
    profile: Profile,
    zone: ZoneInfo,
    canvas_wins: Literal["", "conflicts", "all"] = "",
) -> dict[str, FieldVerdict]:
    """For each field: who changed it since our last write, and so whose value stands.

    What changed in Q alone is kept and never fought. Another maximum is a conflict always: a score
    means a share of it. `canvas_wins`: a person chose so for conflicts, or for every field.
    """
    return {
        name: _field(
            name,
            fields_equal(name, canvas, there, profile, zone),
            last is not None and fields_equal(name, last, there, profile, zone),
            last is None or fields_equal(name, canvas, last, profile, zone),
            canvas_wins,
        )
        for name in field_names()
    }


def _field(
    name: str, is_same: bool, is_untouched_in_q: bool, is_untouched_here: bool, canvas_wins: str
) -> FieldVerdict:
    if is_same:
        return "same"
    if is_untouched_in_q or canvas_wins == "all":
        return "changed"
    if is_untouched_here and name != "maximum":
        return "kept"
    return "changed" if canvas_wins else "conflict"


def field_names() -> list[str]:
    return [one.name for one in fields(LineItemFields)]


def fields_equal(
    name: str, ours: LineItemFields, theirs: LineItemFields, profile: Profile, zone: ZoneInfo
) -> bool:
    """Is one field the same, as far as Q keeps and tells it?"""
    one, other = getattr(ours, name), getattr(theirs, name)
    if name in ("maximum", "assigned_at") and other is None:
        return True  # Q does not tell
    if name in ("category_id", "grading_period_id") and not (one and other):
        return True  # not ours to send, or Q does not tell
    if name in ("due_at", "assigned_at"):
        return _moment(one, profile, zone) == _moment(other, profile, zone)
    return bool(one == other)


def _moment(at: datetime | None, profile: Profile, zone: ZoneInfo) -> object:
    if at is None:
        return None
    return int(at.timestamp()) if profile.keeps_due_times else at.astimezone(zone).date()

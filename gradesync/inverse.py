"""The plan that takes a run back: Q gets what it held before, except where it changed. PURE.

The shell hands in the lines of the run that were confirmed, and Q as it is now. The lines come in
the order in which they are to be carried out: line items put back, scores, line items removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradesync import wire
from gradesync.compare import FieldVerdict, field_names, fields_equal, held, same
from gradesync.effects import written_names
from gradesync.lines import ItemLine, Line, ScoreLine, intended
from gradesync.readings import Decision
from gradesync.rules import Rules
from gradesync.scores import Delete, Held, cleared, places
from integration.oneroster.gradebook_types import JsonObject, LineItem, Result

SINCE, LATER, DONE = "undo.changed-since", "undo.sent-since", "undo.done"
RESTORED, IN_USE = "undo.restored", "undo.in-use"
_OURS = ("scoreStatus", "score", "scoreDate", "comment")


@dataclass(frozen=True, slots=True)
class QNow:
    """`line_items` by sourcedId and `results` by line item, of the classes of the run."""

    line_items: Mapping[str, LineItem]
    results: Mapping[str, Sequence[Result]]


def inverse(
    lines: Iterable[Line], now: QNow, *, later: Collection[tuple[str, ...]], rules: Rules
) -> Iterator[Line]:
    """`later`: keys of lines that a later run has written; those are left alone."""
    lines = [one for one in lines if one.verb]
    items = [one for one in lines if isinstance(one, ItemLine)]
    yield from (_put_back(one, now, later, rules) for one in items if one.action != "new")
    undone = [_score(one, now, later, rules) for one in lines if isinstance(one, ScoreLine)]
    yield from undone
    gone = {one.sourced_id for one in undone if one.verb == "DELETE"}
    filled = {one.line_item_id for one in lines if isinstance(one, ScoreLine) and intended(one)}
    # A provider that shows none of the scores that were put there may hide others as well.
    hidden = {one for one in filled if not now.results.get(one)}
    for one in items:
        if one.action == "new":
            yield _removed(one, now, later, gone, hidden, rules)


def decision_after(undone: ScoreLine, original: ScoreLine) -> Decision:
    """To be kept once the undo of a cell is confirmed: else the next sync sends the score again."""
    left = intended(undone) if undone.action == "cleared" else original.q
    return Decision("keep-q", canvas=original.canvas, q=left)


def _score(
    line: ScoreLine, now: QNow, later: Collection[tuple[str, ...]], rules: Rules
) -> ScoreLine:
    there = _result(line, now)
    value, decimals = there.value if there else None, places(rules.settings, rules.profile)
    left = replace(
        line,
        last=intended(line),
        canvas=line.q,
        q=value,
        verb="",
        body="",
        before=wire.encoded(there.raw) if there else "",
        notes=(),
    )
    if line.key in later:
        return replace(left, action=held(LATER), code=LATER)
    if same(line.q, value, decimals) and same(value, line.q, decimals):
        return replace(left, action="same", code=DONE)
    if not same(intended(line), value, decimals):
        return replace(left, action=held(SINCE), code=SINCE)
    restored = replace(left, code=RESTORED, verb="PUT")
    if there is None:
        return replace(restored, action="new", body=line.before)
    if line.q is None:
        return _emptied(restored, line, there, rules)
    body = wire.encoded(_restored(wire.decoded(line.before), there.raw, rules))
    return replace(restored, action="changed", body=body, sourced_id=there.sourced_id)


def _result(line: ScoreLine, now: QNow) -> Result | None:
    of_item = now.results.get(line.line_item_id, ())
    mine = (one for one in of_item if one.student_id == line.student_sourced_id and one.is_active)
    return next(mine, None)


def _emptied(restored: ScoreLine, line: ScoreLine, there: Result, rules: Rules) -> ScoreLine:
    """Q held nothing, so it is to hold nothing: in a way that was proved."""
    way = cleared(rules.profile)
    if isinstance(way, Held):
        return replace(restored, action=held(way.code), code=way.code, verb="")
    emptied = replace(restored, action="cleared", sourced_id=there.sourced_id)
    if isinstance(way, Delete):
        return replace(emptied, verb="DELETE")
    student = line.student_sourced_id
    body = wire.result(there.sourced_id, line.line_item_id, student, way, there.raw, rules)
    return replace(emptied, body=wire.encoded(body))


def _restored(before: JsonObject, now: JsonObject, rules: Rules) -> JsonObject:
    """The object as it is, with what we may have written as it was."""
    body = _with_old(before, now, _OURS)
    letter = rules.profile.letter_field
    if not letter:
        return body
    old, new = before.get("metadata") or {}, now.get("metadata") or {}
    return {**body, "metadata": _with_old(old, new, (letter,))}


def _with_old(before: JsonObject, now: JsonObject, names: Iterable[str]) -> dict[str, Any]:
    kept = {name: value for name, value in now.items() if name not in names}
    return kept | {name: before[name] for name in names if name in before}


def _put_back(
    line: ItemLine, now: QNow, later: Collection[tuple[str, ...]], rules: Rules
) -> ItemLine:
    """Each field that we wrote gets its old value, where Q still has ours."""
    left = _left(line, now)
    if line.key in later:
        return replace(left, action=held(LATER), code=LATER)
    there = now.line_items.get(line.sourced_id)
    if there is None or line.q is None or line.canvas is None:
        return replace(left, action=held(SINCE), code=SINCE)
    ours, before, zone = line.canvas, line.q, rules.zone
    written = written_names(line)
    names = [
        name
        for name in written
        if fields_equal(name, ours, there.fields, rules.profile, zone)
        and not fields_equal(name, before, there.fields, rules.profile, zone)
    ]
    if not names:
        is_done = all(
            fields_equal(name, before, there.fields, rules.profile, zone) for name in written
        )
        code = DONE if is_done else SINCE
        return replace(left, action="same" if is_done else held(SINCE), code=code)
    body = wire.encoded(_item_restored(wire.decoded(line.before), there.raw, names))
    verdicts: dict[str, FieldVerdict] = dict.fromkeys(names, "changed")
    return replace(left, action="changed", code=RESTORED, verb="PUT", body=body, verdicts=verdicts)


def _item_restored(before: JsonObject, now: JsonObject, names: Iterable[str]) -> JsonObject:
    return _with_old(before, now, [wire.KEYS[name] for name in names])


def _removed(
    line: ItemLine,
    now: QNow,
    later: Collection[tuple[str, ...]],
    gone: Collection[str],
    hidden: Collection[str],
    rules: Rules,
) -> ItemLine:
    """A line item that the run added goes, if nothing in it is anybody else's."""
    left = _left(line, now)
    there = now.line_items.get(line.sourced_id)
    if line.key in later:
        return replace(left, action=held(LATER), code=LATER)
    if there is None or not there.is_active:
        return replace(left, action="same", code=DONE)
    results = now.results.get(line.sourced_id, ())
    is_used = line.sourced_id in hidden or any(
        one.is_active and one.sourced_id not in gone for one in results
    )
    is_ours = line.canvas is not None and all(
        fields_equal(name, line.canvas, there.fields, rules.profile, rules.zone)
        for name in field_names()
    )
    if is_used or not is_ours or not rules.profile.deletes_line_items:
        return replace(left, action=held(IN_USE), code=IN_USE)
    return replace(left, action="cleared", code=RESTORED, verb="DELETE")


def _left(line: ItemLine, now: QNow) -> ItemLine:
    """The line as long as nothing is done about it."""
    there = now.line_items.get(line.sourced_id)
    return replace(
        line,
        last=line.canvas,
        canvas=line.q,
        q=there.fields if there else None,
        verdicts=None,
        verb="",
        body="",
        before=wire.encoded(there.raw) if there else "",
        link=False,
    )

"""May this line still be carried out, and what to think of an answer that never came. PURE.

(Design 7, F46, F58.) The shell asks `may_send` just before each write, and after a timeout reads
both sides again and asks what follows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from gradesync import wire
from gradesync.compare import field_names, fields_equal, same
from gradesync.lines import ItemLine, ScoreLine, intended
from gradesync.readings import Sent
from gradesync.rules import Rules
from gradesync.scores import Nothing, Outcome, Send, places
from integration.oneroster.gradebook_types import LineItemFields, Value

# "confirmed": Q holds what was sent. "again": send the same body. "leave": the next plan decides.
AfterUnknown = Literal["confirmed", "again", "leave"]


def may_send(line: ScoreLine, sent_now: Sent | None) -> bool:
    """Is this line newer than whatever was confirmed? Nothing may be confirmed since it was made.

    So a plan that was overtaken writes nothing: an older score never lands on a newer one.
    """
    return line.verb != "" and line.last == (sent_now.value if sent_now else None)


def is_confirmed(line: ScoreLine, q_now: Value | None, rules: Rules) -> bool:
    """Does Q hold what the line was to write?"""
    return same(intended(line), q_now, places(rules.settings, rules.profile))


def after_unknown(
    line: ScoreLine, canvas_now: Outcome, q_now: Value | None, rules: Rules
) -> AfterUnknown:
    """Nobody knows whether Q took a score. Both sides were read again."""
    if is_confirmed(line, q_now, rules):
        return "confirmed"
    decimals = places(rules.settings, rules.profile)
    is_canvas_same = _is_same_in_canvas(line, canvas_now, decimals)
    return "again" if is_canvas_same and same(line.q, q_now, decimals) else "leave"


def _is_same_in_canvas(line: ScoreLine, canvas_now: Outcome, decimals: int) -> bool:
    if isinstance(canvas_now, Send):
        return same(line.canvas, canvas_now.value, decimals)
    return isinstance(canvas_now, Nothing) and line.canvas is None


def item_after_unknown(
    line: ItemLine, canvas_now: LineItemFields, q_now: LineItemFields | None, rules: Rules
) -> AfterUnknown:
    """Nobody knows whether Q took a line item."""
    if line.canvas is None:
        return "leave"
    if q_now is not None and _all_equal(written_names(line), line.canvas, q_now, rules):
        return "confirmed"
    is_canvas_same = _all_equal(field_names(), line.canvas, canvas_now, rules)
    return "again" if is_canvas_same and _is_same_in_q(line.q, q_now, rules) else "leave"


def written_names(line: ItemLine) -> list[str]:
    """The fields that a line writes: all of a new line item, else those that changed."""
    if line.verdicts is None:
        return list(field_names())
    return [name for name, verdict in line.verdicts.items() if verdict == "changed"]


def confirmed_fields(line: ItemLine) -> LineItemFields | None:
    """What to keep as last confirmed, once a line was confirmed or needed no write.

    A field that was left to Q keeps the value that we sent last, so that it still counts as changed
    in Q; of a line item just adopted, it is Canvas's. None: nothing is learned.
    """
    if line.canvas is None or line.verdicts is None or line.last is None:
        return line.canvas
    last = {
        name: getattr(line.last, name)
        for name, verdict in line.verdicts.items()
        if verdict in ("kept", "conflict")
    }
    return replace(line.canvas, **last)


def learned(line: ScoreLine) -> Sent | None:
    """What to keep as confirmed of a cell that needed no write; None for nothing new.

    An equal value that we did not send is one that Q has confirmed.
    """
    if line.action != "same" or line.code == "score.kept":
        return None
    return None if line.canvas == line.last else Sent(line.canvas)


def _is_same_in_q(then: LineItemFields | None, now: LineItemFields | None, rules: Rules) -> bool:
    if then is None or now is None:
        return then is now
    return _all_equal(field_names(), then, now, rules)


def _all_equal(names: list[str], one: LineItemFields, other: LineItemFields, rules: Rules) -> bool:
    return all(fields_equal(name, one, other, rules.profile, rules.zone) for name in names)


def rebound(line: ScoreLine, line_item_id: str, rules: Rules) -> ScoreLine:
    """The line, once Q has allocated another id to its new line item than the one made for it."""
    if not line.body:
        return replace(line, line_item_id=line_item_id)
    body = {**wire.decoded(line.body), "lineItem": wire.ref("lineItem", line_item_id, rules.root)}
    return replace(line, line_item_id=line_item_id, body=wire.encoded(body))

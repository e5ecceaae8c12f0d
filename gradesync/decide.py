"""A person's choice for a cell of a plan that was shown, without reading anything again. PURE."""

from __future__ import annotations

from typing import Literal

from gradesync.cells import item_gate, with_verdict
from gradesync.compare import Cell, Manner, judge
from gradesync.lines import ItemLine, ScoreLine
from gradesync.readings import Decision, Sent
from gradesync.rules import Rules
from gradesync.scores import Nothing, Send, places

# "": take back what was chosen.
Choice = Literal["keep-q", "send-canvas", ""]
CHOSEN = frozenset({"score.kept", "score.overrules"})


def is_open(line: ScoreLine) -> bool:
    """Can a person choose whose value stands?"""
    return line.action == "conflict" or line.code in CHOSEN


def decision_for(line: ScoreLine, choice: Choice) -> Decision | None:
    """What to keep of it: it holds while both values are those that were shown."""
    return Decision(choice, canvas=line.canvas, q=line.q) if choice else None


def decided(line: ScoreLine, item: ItemLine, choice: Choice, rules: Rules) -> ScoreLine:
    """The line as it is once somebody chose; the same line where there is nothing to choose."""
    if not is_open(line):
        return line
    cell = Cell(
        outcome=Send(line.canvas, line.notes) if line.canvas else Nothing(),
        sent=Sent(line.last) if line.last else None,
        there=line.q,
        decision=decision_for(line, choice),
        gate=item_gate(item),
    )
    manner = Manner(places(rules.settings, rules.profile), rules.profile)
    return with_verdict(line, judge(cell, manner), rules)

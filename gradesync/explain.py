"""Why a score is, or is not, in Q: one cell's story in sentences. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from gradesync.catalogue import CATALOGUE
from gradesync.compare import Action
from gradesync.lines import ItemLine, ScoreLine
from integration.oneroster.gradebook_types import Value

Verdict = Literal[
    "in Q",
    "kept in Q",
    "will be sent",
    "for you to decide",
    "waiting",
    "blocked",
    "nothing to send",
    "unknown",
]
EventKind = Literal["sent", "confirmed", "refused", "undone", "kept", "changed in Q"]

_VERDICTS: dict[Action, Verdict] = {
    "new": "will be sent",
    "changed": "will be sent",
    "cleared": "will be sent",
    "conflict": "for you to decide",
    "waiting": "waiting",
    "blocked": "blocked",
    "same": "in Q",
}
_STATUS = {
    "exempt": "excused",
    "not submitted": "not submitted",
    "submitted": "handed in, without a score",
    "partially graded": "{score}, of which a part is still to be graded",
    "fully graded": "{score}",
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the cell: by whom ("" for the automatic sync), in which run of ours."""

    at: datetime
    kind: EventKind
    value: Value | None = None
    run: int | None = None
    by: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one cell. `item` and `line` are None where the plan has no such line.

    `problems` are sentences of what stops the course or the section as a whole.
    """

    title: str
    class_title: str
    item: ItemLine | None
    line: ScoreLine | None
    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The story, in the order in which a score travels, and what it comes to."""

    verdict: Verdict
    steps: tuple[str, ...]
    remedy: str = ""


def explain(facts: Facts, zone: ZoneInfo) -> Explanation:
    """From facts to sentences. Times are told in `zone`."""
    steps = [*facts.problems, *_of_item(facts)]
    if facts.line is None:
        steps += _history(facts.events, zone)
        steps.append("This student has no score to send for it.")
        return Explanation("blocked" if facts.problems else "unknown", tuple(steps))
    line = facts.line
    steps += [
        f"Canvas says: {_canvas_words(line)}.",
        f"Q confirmed last: {words(line.last)}.",
        f"Q holds now: {words(line.q)}.",
        *_history(facts.events, zone),
    ]
    steps.append(sentence(line, facts.item) or "Q holds what Canvas says.")
    steps += [CATALOGUE[note].sentence for note in line.notes]
    remedy = CATALOGUE[line.code].remedy if line.code else ""
    return Explanation(_verdict(line), tuple(steps), "" if remedy == "Nothing." else remedy)


def sentence(line: ScoreLine, item: ItemLine | None) -> str:
    """Why the cell is what it is; with the words of its line item, where that is what stops it."""
    told = dict(zip(item.codes, item.sentences, strict=True)) if item else {}
    return told.get(line.code) or (CATALOGUE[line.code].sentence if line.code else "")


def words(value: Value | None) -> str:
    """A value as a person would say it."""
    if value is None:
        return "nothing"
    score = "no number" if value.score is None else f"{value.score:f}"
    letter = f" ({value.letter})" if value.letter else ""
    return _STATUS[value.status].format(score=score) + letter


def _of_item(facts: Facts) -> list[str]:
    named = f"“{facts.title}” in the class {facts.class_title}"
    item = facts.item
    if item is None:
        return [f"{named} is not part of the sync."]
    there = "is in Q" if item.q else "is not in Q yet"
    renamed = f" as “{item.title}”" if item.title != facts.title else ""
    return [f"{named} {there}{renamed}.", *item.sentences]


def _canvas_words(line: ScoreLine) -> str:
    if line.canvas is None and line.action in ("waiting", "blocked"):
        return "nothing that may be sent"
    return words(line.canvas)


def _history(events: Iterable[Event], zone: ZoneInfo) -> list[str]:
    return [_told(one, zone) for one in sorted(events, key=lambda one: one.at)]


def _told(event: Event, zone: ZoneInfo) -> str:
    at = event.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    run = f" in run {event.run}" if event.run is not None else ""
    by = f" by {event.by}" if event.by else ""
    detail = f": {event.detail}" if event.detail else ""
    return f"{at}: {words(event.value)} {event.kind}{run}{by}{detail}."


def _verdict(line: ScoreLine) -> Verdict:
    if line.code == "score.kept":
        return "kept in Q"
    if line.action == "same" and line.canvas is None:
        return "nothing to send"
    return _VERDICTS[line.action]

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
from gradesync.telling import phrase
from integration.oneroster.gradebook_types import Value
from integration.phrases import Phrase

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
_HAPPENED: dict[EventKind, str] = {
    "sent": "{at}: {value} sent{run}{by}{detail}.",
    "confirmed": "{at}: {value} confirmed{run}{by}{detail}.",
    "refused": "{at}: {value} refused{run}{by}{detail}.",
    "undone": "{at}: {value} undone{run}{by}{detail}.",
    "kept": "{at}: {value} kept{run}{by}{detail}.",
    "changed in Q": "{at}: {value} changed in Q{run}{by}{detail}.",
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

    `problems` are sentences of what stops the course or the section as a whole, and
    `problem_codes` their codes.
    """

    title: str
    class_title: str
    item: ItemLine | None
    line: ScoreLine | None
    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()
    problem_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The story, in the order in which a score travels, and what it comes to."""

    verdict: Verdict
    steps: tuple[str, ...]
    remedy: str = ""


def explain(facts: Facts, zone: ZoneInfo) -> Explanation:
    """From facts to sentences. Times are told in `zone`."""
    steps = [*facts.problems, *_of_item(facts)]
    remedies = [CATALOGUE[code].remedy for code in facts.problem_codes]
    is_stopped = facts.item is not None and facts.item.action in _STOPPED
    of_item = [CATALOGUE[facts.item.code].remedy] if facts.item and facts.item.code else []
    if facts.line is None:
        steps += _history(facts.events, zone)
        steps.append(Phrase("This student has no score to send for it."))
        verdict: Verdict = "blocked" if facts.problems or is_stopped else "unknown"
        return Explanation(verdict, tuple(steps), _first([*remedies, *of_item]))
    line = facts.line
    steps += [
        Phrase("Canvas says: {value}.", value=_canvas_words(line)),
        Phrase("Q confirmed last: {value}.", value=words(line.last)),
        Phrase("Q holds now: {value}.", value=words(line.q)),
        *_history(facts.events, zone),
    ]
    steps.append(sentence(line, facts.item) or Phrase("Q holds what Canvas says."))
    steps += [Phrase(CATALOGUE[note].sentence) for note in line.notes]
    remedies += [CATALOGUE[line.code].remedy] if line.code else []
    remedies += of_item if is_stopped else []
    return Explanation(_verdict(line), tuple(steps), _first(remedies))


_STOPPED = ("blocked", "waiting", "conflict")


def _first(remedies: list[str]) -> str:
    """What to do about what comes first; "" where there is nothing."""
    return next((one for one in remedies if one != "Nothing."), "")


def sentence(line: ScoreLine, item: ItemLine | None) -> str:
    """Why the cell is what it is; with the words of its line item, where that is what stops it."""
    told = dict(zip(item.codes, item.sentences, strict=True)) if item else {}
    return phrase(line.code, told.get(line.code, "")) if line.code else ""


def words(value: Value | None) -> str:
    """A value as a person would say it."""
    if value is None:
        return Phrase("nothing")
    score = Phrase("no number") if value.score is None else f"{value.score:f}"
    letter = f" ({value.letter})" if value.letter else ""
    return Phrase("{told}{letter}", told=Phrase(_STATUS[value.status], score=score), letter=letter)


def _of_item(facts: Facts) -> list[str]:
    named = {"title": facts.title, "class_title": facts.class_title}
    item = facts.item
    if item is None:
        return [
            Phrase("“{title}” in the class {class_title} is not part of the sync.", **named),
            Phrase("Only graded work of a class of Q is, as it was when the course was last read."),
        ]
    if not item.q:
        there = Phrase("“{title}” in the class {class_title} is not in Q yet.", **named)
    elif item.title == facts.title:
        there = Phrase("“{title}” in the class {class_title} is in Q.", **named)
    else:
        renamed = "“{title}” in the class {class_title} is in Q as “{other}”."
        there = Phrase(renamed, other=item.title, **named)
    told = [there, *map(phrase, item.codes, item.sentences)]
    if item.code and item.code not in item.codes and item.action in _STOPPED:
        told.append(phrase(item.code))
    return told


def _canvas_words(line: ScoreLine) -> str:
    if line.canvas is None and line.action in _STOPPED:
        return Phrase("nothing that may be sent")
    return words(line.canvas)


def _history(events: Iterable[Event], zone: ZoneInfo) -> list[str]:
    return [_told(one, zone) for one in sorted(events, key=lambda one: one.at)]


def _told(event: Event, zone: ZoneInfo) -> str:
    return Phrase(
        _HAPPENED[event.kind],
        at=event.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        value=words(event.value),
        run=Phrase(" in run {run}", run=event.run) if event.run is not None else "",
        by=Phrase(" by {by}", by=event.by) if event.by else "",
        detail=f": {event.detail}" if event.detail else "",
    )


def _verdict(line: ScoreLine) -> Verdict:
    if line.code == "score.kept":
        return "kept in Q"
    if line.action == "same" and line.canvas is None:
        return "nothing to send"
    return _VERDICTS[line.action]

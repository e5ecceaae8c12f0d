"""What the evaluation comes to: what to fix, what to decide, what to know. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from integration.evaluation.entries import (
    ADOPTS,
    COLLIDES,
    GONE,
    LOSES,
    MATCHED,
    SAME,
    UNCLEAR,
    Counts,
)
from integration.evaluation.matching import Matching, Matchings, together
from integration.evaluation.sides import CanvasSide, QSide
from integration.oneroster.types import Problem
from integration.phrases import Count, Phrase
from integration.provisioning.rows import COURSES, ENROLLMENTS, KINDS, SECTIONS, USERS

Weight = Literal["fix", "decide", "know"]
WEIGHTS: tuple[Weight, ...] = ("fix", "decide", "know")
TO_DO = {"fix": "{number} to fix", "decide": "{number} to decide", "know": "{number} to know"}
CODE = "evaluation."
# Of those whose id differs, so many have to follow one pattern for it to be told.
PATTERN_SHARE = 0.9
IMPORT_IDS = (
    "Download “Changed IDs for Canvas” on this page and import that file in Canvas (SIS Import) "
    "before the first plan. Without it each would be made a second time, empty."
)
OTHER_RULE = (
    "Choose “{name}” as a user's SIS ID on the page “Rules”: {number} of them have the ID that "
    "Canvas knows there. Or:"
)
# One of each kind that a sentence may tell of.
ONE = {
    "accounts": "sub-account",
    "terms": "term",
    "courses": "course",
    "sections": "section",
    "users": "user",
    "enrollments": "enrollment",
    "observers": "observer",
}
MANY = {"accounts": "sub-accounts"}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to fix before converting, to decide, or only to know."""

    weight: Weight
    kind: str
    name: str
    sentence: str
    remedy: str

    def as_problem(self) -> Problem:
        """As the run's findings keep it; the code tells the weight."""
        code = f"{CODE}{self.weight}.{self.name}"
        return Problem(self.kind, "", "", code, str(self.sentence), str(self.remedy))


def weight_of(code: str) -> str:
    """The weight that a finding's code tells, or "" where it is no point of an evaluation."""
    return code.split(".")[1] if code.startswith(CODE) else ""


def points(
    q: QSide,
    canvas: CanvasSide,
    found: Matchings,
    counts: Counts,
    further: Iterable[Point] = (),
) -> Iterator[Point]:
    """What is worth a sentence, the gravest first; `further`: of what the rooms above compared."""
    told = [*_ids(q, canvas, found, counts), *_clashes(counts), *_courses(q, canvas, found)]
    told += further
    told += _left_over(canvas, counts)
    yield from sorted(told, key=lambda point: WEIGHTS.index(point.weight))


def _ids(q: QSide, canvas: CanvasSide, found: Matchings, counts: Counts) -> Iterator[Point]:
    rule = better_rule(q, canvas, counts)
    for kind in KINDS:
        number = counts.get(kind.name, {}).get(MATCHED, 0)
        if not number or kind is ENROLLMENTS:
            continue
        sentence: str = counted(
            number,
            kind.name,
            "1 {what} has another ID in Canvas than in Q.",
            "{number} {kind} have another ID in Canvas than in Q.",
        )
        if pattern := common_change(found[kind]):
            sentence += f" {pattern}"
        remedy: str = IMPORT_IDS
        if kind is USERS and rule:
            name, hits = rule
            remedy = Phrase(OTHER_RULE, name=name, number=Count(hits)) + f" {IMPORT_IDS}"
        yield Point("fix", kind.name, "ids-differ", sentence, remedy)


def counted(number: int, kind: str, one: str, many: str) -> Phrase:
    """A sentence for one or for more: `one` names the {what}, `many` the {number} of the {kind}."""
    if number == 1:
        return Phrase(one, what=Phrase(ONE.get(kind, kind)))
    return Phrase(many, number=Count(number), kind=Phrase(MANY.get(kind, kind)))


def better_rule(q: QSide, canvas: CanvasSide, counts: Counts) -> tuple[str, int] | None:
    """The rule for the users' SIS ID that finds more of them in Canvas, and how many it finds."""
    known = canvas.rows[USERS].keys()
    hits = {rule: len(known & set(ids.values())) for rule, ids in q.other_ids.items()}
    if not hits:
        return None
    best = max(sorted(hits), key=hits.__getitem__)
    return (best, hits[best]) if hits[best] > counts[USERS.name][SAME] else None


def common_change(matching: Matching) -> str:
    """How most of the differing ids come out of one another, in a sentence; "" if in no way."""
    pairs = [(old, new) for old, new in matching.q_of.items() if old != new]
    ways = Counter(way for old, new in pairs if (way := _way(old, new)))
    for way, number in ways.most_common(1):
        if number >= PATTERN_SHARE * len(pairs) and len(pairs) > 1:
            return Phrase(
                "Canvas's ID is Q's {way} in {number} of them.", way=way, number=Count(number)
            )
    return ""


def _way(old: str, new: str) -> str:
    if old.casefold() == new.casefold():
        return Phrase("with other capital and small letters")
    if old.strip().lstrip("0") == new.strip().lstrip("0"):
        return Phrase("with or without leading zeros")
    if new and old.endswith(new):
        return Phrase("with “{part}” before it", part=old.removesuffix(new))
    if new and old.startswith(new):
        return Phrase("with “{part}” behind it", part=old.removeprefix(new))
    if old and new.endswith(old):
        return Phrase("without “{part}” before it", part=new.removesuffix(old))
    return ""


class Clash(NamedTuple):
    """The point that a sort of entry becomes; a sentence for one of them and for more."""

    weight: Weight
    name: str
    one: str
    many: str
    remedy: str


_CLASHES = {
    COLLIDES: Clash(
        "fix",
        "colliding",
        "1 {what} of Q claims an ID or a login that is somebody else's.",
        "{number} {kind} of Q claim an ID or a login that is somebody else's.",
        "Correct the ID or the username on one side; the list names both.",
    ),
    UNCLEAR: Clash(
        "decide",
        "unclear",
        "1 {what} of Q may be one of several in Canvas.",
        "{number} {kind} of Q may each be one of several in Canvas.",
        "Say which by giving that one Q's ID in Canvas; else they are made new.",
    ),
    ADOPTS: Clash(
        "decide",
        "adopts",
        "1 {what} has an account in Canvas that was made by hand.",
        "{number} {kind} have an account in Canvas that was made by hand.",
        "The first plan takes these accounts over by their login, once you approve it.",
    ),
    LOSES: Clash(
        "decide",
        "loses-access",
        "1 {what} in Canvas is of somebody whom Q does not have in that class: they "
        "would lose access if Q's list alone counted.",
        "{number} {kind} in Canvas are of people whom Q does not have in those "
        "classes: they would lose access if Q's list alone counted.",
        "Correct the enrollment in Q, or let them go. The first plan takes nobody out: it "
        "leaves what it did not bring.",
    ),
}


def _clashes(counts: Counts) -> Iterator[Point]:
    for kind, count in counts.items():
        for entry, clash in _CLASHES.items():
            if number := count.get(entry, 0):
                sentence = counted(number, kind, clash.one, clash.many)
                yield Point(clash.weight, kind, clash.name, sentence, clash.remedy)


def _courses(q: QSide, canvas: CanvasSide, found: Matchings) -> Iterator[Point]:
    theirs, ours = together(q, canvas, found[SECTIONS])
    if number := sum(len(q_ids) > 1 for q_ids in theirs.values()):
        yield Point(
            "decide",
            COURSES.name,
            "combined",
            counted(
                number,
                "",
                "1 Canvas course holds sections of several courses of Q.",
                "{number} Canvas courses hold sections of several courses of Q.",
            ),
            "Their sections stay where they are; choose another course grouping if all are alike.",
        )
    if number := sum(len(canvas_ids) > 1 for canvas_ids in ours.values()):
        yield Point(
            "decide",
            COURSES.name,
            "divided",
            counted(
                number,
                "",
                "1 course of Q has its sections in several Canvas courses.",
                "{number} courses of Q have their sections in several Canvas courses.",
            ),
            "Their sections stay where they are; choose another course grouping if all are alike.",
        )


def _left_over(canvas: CanvasSide, counts: Counts) -> Iterator[Point]:
    for kind, count in counts.items():
        if (number := count.get(GONE, 0)) and kind != ENROLLMENTS.name:
            yield Point(
                "know",
                kind,
                "only-in-canvas",
                counted(
                    number,
                    kind,
                    "1 {what} of Canvas is not in Q.",
                    "{number} {kind} of Canvas are not in Q.",
                ),
                "They stay in Canvas as they are, and Q no longer updates them: Q Sync takes away "
                "only what it brought.",
            )
    for one, number in canvas.without_id.items():
        if number:
            yield Point(
                "know",
                one.name,
                "by-hand",
                counted(
                    number,
                    one.name,
                    "1 {what} of Canvas has no SIS ID.",
                    "{number} {kind} of Canvas have no SIS ID.",
                ),
                "They were made by hand and are left alone.",
            )


def headline(weights: Iterable[str]) -> str:
    """The verdict in a line, from the weights of what was found."""
    number = Counter(weights)
    parts: dict[str, object] = {
        one: Phrase(TO_DO[one], number=number[one]) for one in WEIGHTS if number[one]
    }
    told = Phrase(", ".join(f"{{{one}}}" for one in parts), **parts)
    if number["fix"]:
        return Phrase("Not ready yet: {told}.", told=told)
    if number["decide"]:
        return Phrase("Nearly ready: {told}.", told=told)
    return Phrase("Ready to convert: {told}.", told=told) if told else Phrase("Ready to convert.")


def kept_share(counts: Mapping[str, Mapping[str, int]], kind: str) -> float:
    """Of Q's records of a kind, the share that would keep its Canvas record; 1.0 of none."""
    count = counts.get(kind, {})
    return count.get(SAME, 0) / count["q"] if count.get("q") else 1.0

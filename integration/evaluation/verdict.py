"""What the evaluation comes to: what to fix, what to decide, what to know. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

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
from integration.provisioning.rows import COURSES, ENROLLMENTS, KINDS, SECTIONS, USERS

Weight = Literal["fix", "decide", "know"]
WEIGHTS: tuple[Weight, ...] = ("fix", "decide", "know")
CODE = "evaluation."
# Of those whose id differs, so many have to follow one pattern for it to be told.
PATTERN_SHARE = 0.9


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
        return Problem(self.kind, "", "", code, self.sentence, self.remedy)


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
        sentence = f"{number:,} {kind.name} have another ID in Canvas than in Q."
        if pattern := common_change(found[kind]):
            sentence += f" {pattern}"
        remedy = (
            "Import change_sis_id.csv of this evaluation into Canvas before the first plan. "
            "Without it each would be made a second time, empty."
        )
        if kind is USERS and rule:
            name, hits = rule
            remedy = (
                f"Use Q's “{name}” as the users' SIS ID: {hits:,} of them have the ID that Canvas "
                f"knows there (manage.py policy SLUG --user-sis-id {name}). Or: {remedy}"
            )
        yield Point("fix", kind.name, "ids-differ", sentence, remedy)


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
            return f"Canvas's is Q's {way} in {number:,} of them."
    return ""


def _way(old: str, new: str) -> str:
    if old.casefold() == new.casefold():
        return "in other case"
    if old.strip().lstrip("0") == new.strip().lstrip("0"):
        return "with or without leading zeros"
    if new and old.endswith(new):
        return f"with “{old.removesuffix(new)}” before it"
    if new and old.startswith(new):
        return f"with “{old.removeprefix(new)}” behind it"
    if old and new.endswith(old):
        return f"without “{new.removesuffix(old)}” before it"
    return ""


def _clashes(counts: Counts) -> Iterator[Point]:
    for kind, count in counts.items():
        if number := count.get(COLLIDES, 0):
            yield Point(
                "fix",
                kind,
                "colliding",
                f"{number:,} {kind} of Q claim an ID or a login that is somebody else's.",
                "Correct the ID or the username on one side; the list names both.",
            )
        if number := count.get(UNCLEAR, 0):
            yield Point(
                "decide",
                kind,
                "unclear",
                f"{number:,} {kind} of Q may be one of several in Canvas.",
                "Say which by giving that one Q's id in Canvas; else they are made new.",
            )
        if number := count.get(ADOPTS, 0):
            yield Point(
                "decide",
                kind,
                "adopts",
                f"{number:,} {kind} have an account in Canvas that was made by hand.",
                "The first plan takes these accounts over by their login, once you approve it.",
            )
        if number := count.get(LOSES, 0):
            yield Point(
                "decide",
                kind,
                "loses-access",
                f"{number:,} enrollments are in classes that Q has too, of people whom Q does not "
                "have in them: they would lose access when Q's list is the list.",
                "Correct the enrollment in Q, or let them go. The first plan takes nobody out: it "
                "leaves what it did not bring.",
            )


def _courses(q: QSide, canvas: CanvasSide, found: Matchings) -> Iterator[Point]:
    theirs, ours = together(q, canvas, found[SECTIONS])
    if number := sum(len(q_ids) > 1 for q_ids in theirs.values()):
        yield Point(
            "decide",
            COURSES.name,
            "combined",
            f"{number:,} Canvas courses hold sections of several courses of Q.",
            "Their sections stay where they are; choose another course grouping if all are alike.",
        )
    if number := sum(len(canvas_ids) > 1 for canvas_ids in ours.values()):
        yield Point(
            "decide",
            COURSES.name,
            "divided",
            f"{number:,} courses of Q have their sections in several Canvas courses.",
            "Their sections stay where they are; choose another course grouping if all are alike.",
        )


def _left_over(canvas: CanvasSide, counts: Counts) -> Iterator[Point]:
    for kind, count in counts.items():
        if (number := count.get(GONE, 0)) and kind != ENROLLMENTS.name:
            yield Point(
                "know",
                kind,
                "only-in-canvas",
                f"{number:,} {kind} of Canvas are not in Q.",
                "They stay as they are, and nobody keeps them any more: Q Sync takes away only "
                "what it brought.",
            )
    for one, number in canvas.without_id.items():
        if number:
            yield Point(
                "know",
                one.name,
                "by-hand",
                f"{number:,} {one.name} of Canvas have no SIS ID.",
                "They were made by hand and are left alone.",
            )


def headline(weights: Iterable[str]) -> str:
    """The verdict in a line, from the weights of what was found."""
    number = Counter(weights)
    told = [f"{number[one]} to {one}" for one in WEIGHTS if number[one]]
    if number["fix"]:
        return f"Not ready yet: {', '.join(told)}."
    if number["decide"]:
        return f"Nearly ready: {', '.join(told)}."
    return f"Ready to convert{': ' + ', '.join(told) if told else ''}."


def kept_share(counts: Mapping[str, Mapping[str, int]], kind: str) -> float:
    """Of Q's records of a kind, the share that would keep its Canvas record; 1.0 of none."""
    count = counts.get(kind, {})
    return count.get(SAME, 0) / count["q"] if count.get("q") else 1.0

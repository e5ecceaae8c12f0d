"""What the rooms above compare beside rosters; they put themselves into `COMPARERS`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integration.canvas.client import CanvasClient
from integration.evaluation.entries import Entry
from integration.evaluation.matching import Matchings
from integration.evaluation.sides import CanvasSide, QSide
from integration.evaluation.verdict import Point
from integration.models import District
from integration.oneroster.client import OneRosterClient
from integration.provisioning.rows import COURSES, SECTIONS

LINE_ITEMS = "lineItems"


@dataclass(frozen=True, slots=True)
class Both:
    """Both systems, open for reading, and which class of Q is which section of Canvas.

    `section_of`: a class's sourcedId to the section's SIS ID, its course's, and the account.
    """

    district: District
    q: OneRosterClient
    canvas: CanvasClient
    section_of: Mapping[str, tuple[str, str, str]]


@dataclass(slots=True)
class Further:
    """Lines, counts and points of one more kind."""

    kind: str
    entries: list[Entry] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] += number

    def add(self, entry: Entry) -> None:
        """A line, which is counted."""
        self.entries.append(entry)
        self.count(entry.verdict)


COMPARERS: list[Callable[[Both], Further]] = []


def sections_of(
    here: QSide, there: CanvasSide, found: Matchings, prefix: str
) -> dict[str, tuple[str, str, str]]:
    """What `Both.section_of` says, of the classes that have a section in Canvas already."""
    account, course = COURSES.index("account_id"), SECTIONS.index("course_id")
    told: dict[str, tuple[str, str, str]] = {}
    for canvas_id, q_id in found[SECTIONS].q_of.items():
        row = there.rows[SECTIONS].get(canvas_id)
        own = here.rows[SECTIONS].get(q_id)
        if row and own and row[course]:
            group = here.rows[COURSES][own[course]][account]
            told[q_id.removeprefix(prefix)] = (canvas_id, row[course], group)
    return told

"""Must a person look at a plan before it is sent? PURE (design 6.10, issue of the screens).

The first sync of a course, and one that clears or overwrites many values, are looked at first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gradesync.lines import Line

Why = Literal["", "first-sync", "many-replaced"]
_SAME_AGAIN = "score.forced"


@dataclass(frozen=True, slots=True)
class Review:
    """`why`: the code, "" where nobody has to look. The counts are of scores, for the sentence."""

    why: Why = ""
    new: int = 0
    changed: int = 0
    cleared: int = 0
    conflicts: int = 0

    @property
    def sentence(self) -> str:
        """Why, with the counts that somebody consents to."""
        counts = f"{self.new:,} new, {self.changed:,} overwritten, {self.cleared:,} cleared"
        match self.why:
            case "first-sync":
                return f"This is the first sync of this course: {counts} scores in Q."
            case "many-replaced":
                return f"Many scores in Q would be replaced: {counts}."
            case _:
                return ""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def review(lines: Iterable[Line], *, is_first: bool, above: int) -> Review:
    """Count what would be written. `above`: more replaced scores than this are looked at."""
    new = changed = cleared = conflicts = 0
    writes = False
    for line in lines:
        writes = writes or bool(line.verb)
        conflicts += line.action == "conflict"
        if line.kind == "result":
            new += line.action == "new"
            changed += line.action == "changed" and line.code != _SAME_AGAIN
            cleared += line.action == "cleared"
    why: Why = "many-replaced" if changed + cleared > above else ""
    return Review("first-sync" if is_first and writes else why, new, changed, cleared, conflicts)

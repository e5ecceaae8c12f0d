"""How much of each kind Canvas has held from us, night after night. PURE.

Each run has stored what it added and removed, so the days before today are counted back from what
is held now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

NIGHTS = 30
WEEK = 7
# The drawing's own units.
WIDTH, HEIGHT, EDGE = 100.0, 32.0, 2.0
Counts = Mapping[str, Mapping[str, int]]
# What is less than before: also what Q no longer holds and Canvas keeps, and what a drift check
# found missing in Canvas.
_LESS = ("removed", "kept", "forgotten")


@dataclass(frozen=True, slots=True)
class Trend:
    """`counts`: at the end of each day, oldest first; the last one is now. `week`: the change."""

    counts: tuple[int, ...]
    week: int

    @property
    def first(self) -> int:
        return self.counts[0]

    @property
    def lowest(self) -> int:
        return min(self.counts)

    @property
    def highest(self) -> int:
        return max(self.counts)

    @property
    def points(self) -> str:
        """Of an SVG line; "" where there is only one day. What never changes lies in the middle."""
        if len(self.counts) < 2:
            return ""
        span, room = self.highest - self.lowest, HEIGHT - 2 * EDGE
        heights = [(one - self.lowest) / span if span else 0.5 for one in self.counts]
        step = WIDTH / (len(self.counts) - 1)
        return " ".join(
            f"{number * step:.1f},{EDGE + room * (1 - height):.1f}"
            for number, height in enumerate(heights)
        )


def days(today: date, since: date) -> list[date]:
    """The last nights up to today, none before `since`."""
    count = min(NIGHTS, max(0, (today - since).days) + 1)
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def trends(
    now: Mapping[str, int], runs: Iterable[tuple[date, Counts]], of_days: Collection[date]
) -> dict[str, Trend]:
    """Of each kind in `now`. `runs`: the day each ended, and its counts, in any order."""
    grown: dict[str, Counter[date]] = {kind: Counter() for kind in now}
    for day, counts in runs:
        for kind, by_day in grown.items():
            count = counts.get(kind, {})
            less = sum(int(count.get(one, 0)) for one in _LESS)
            by_day[day] += int(count.get("added", 0)) - less
    found = {}
    for kind, held in now.items():
        at_end, counted = held, []
        for day in sorted(of_days, reverse=True):
            counted.append(max(0, at_end))
            at_end -= grown[kind][day]
        last_week = sorted(of_days)[-WEEK:]
        week = sum(grown[kind][day] for day in last_week)
        found[kind] = Trend(tuple(reversed(counted)), week)
    return found

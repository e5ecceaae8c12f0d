"""When a plan waits for a person. PURE (design 5.7).

Share and count both matter: 10 % of a large district is thousands of people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal

SCHEME_SHARE, SCHEME_FLOOR = 0.05, 5


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are 0 to 1. Held above max(floor, share of the accepted), or above the ceiling."""

    removed_share: float = 0.10
    removed_floor: int = 5
    removed_ceiling: int = 2000
    changed_share: float = 0.75
    changed_floor: int = 50

    def removable(self, accepted: int) -> int:
        return min(
            max(self.removed_floor, _part(accepted, self.removed_share)), self.removed_ceiling
        )

    def changeable(self, accepted: int) -> int:
        return max(self.changed_floor, _part(accepted, self.changed_share))


def _part(accepted: int, share: float) -> int:
    """Whole rows in a share as a person wrote it: 0.29 of 100 is 29, not 28.999…"""
    return int(accepted * Decimal(str(share)))


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of one kind, in one school, was accepted before, and what the plan does to it.

    `kept` rows are gone from Q but never taken from Canvas: many of them mean a short feed.
    """

    kind: str
    school: str
    accepted: int
    removed: int = 0
    changed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a person has to decide. `school` is "" for the whole district."""

    code: str
    kind: str
    count: int
    share: float
    limit: int
    school: str = ""

    def as_dict(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if value != ""}


def holds(tallies: Iterable[Tally], limits: Limits) -> list[Hold]:
    """Every limit that the plan breaks, in each school and in total."""
    found: list[Hold] = []
    totals: dict[str, Tally] = {}
    for tally in tallies:
        if tally.school:  # rows of no school are no school: the total counts them
            found += _broken(tally, limits)
        total = totals.get(tally.kind, Tally(tally.kind, "", 0))
        totals[tally.kind] = Tally(
            tally.kind,
            "",
            total.accepted + tally.accepted,
            total.removed + tally.removed,
            total.changed + tally.changed,
            total.kept + tally.kept,
        )
    for total in totals.values():
        found += _broken(total, limits)
    return sorted(found, key=lambda hold: (hold.kind, hold.school, hold.code))


def _broken(tally: Tally, limits: Limits) -> Iterable[Hold]:
    accepted = tally.accepted
    if not accepted:
        return
    gone = tally.removed + tally.kept
    if gone == accepted and not tally.school:
        yield _hold("empty-feed", tally, gone, 0)
    elif tally.removed > (limit := limits.removable(accepted)):
        yield _hold("too-many-removed", tally, tally.removed, limit)
    elif tally.kept > limit:
        yield _hold("short-feed", tally, tally.kept, limit)
    if tally.changed > (limit := limits.changeable(accepted)):
        yield _hold("too-many-changed", tally, tally.changed, limit)


def _hold(code: str, tally: Tally, count: int, limit: int) -> Hold:
    share = round(count / tally.accepted, 4)
    return Hold(code, tally.kind, count, share, limit, tally.school)


def adoption(count: int, new: int) -> list[Hold]:
    """Nobody takes over an account that was made by hand without a person's yes."""
    return [Hold("adopts-logins", "users", count, round(count / new, 4), 0)] if count else []


def id_scheme(kind: str, count: int, accepted: int) -> list[Hold]:
    """So many under other ids are not so many new people: the ids themselves have changed."""
    limit = max(SCHEME_FLOOR, _part(accepted, SCHEME_SHARE))
    if count <= limit:
        return []
    return [Hold("id-scheme", kind, count, round(count / max(accepted, 1), 4), limit)]


SENTENCES = {
    "adopts-logins": "{count} new {kind} have the login of an account made by hand in Canvas, and "
    "would take it over.",
    "first-plan": "Canvas already holds SIS objects: {count} rows would be added or changed.",
    "empty-feed": "Q sent no {kind} at all; Canvas holds {count}.",
    "short-feed": "Q no longer holds {count} {kind} ({share:.1%}; the limit is {limit}).",
    "too-many-removed": "{count} {kind} would be removed ({share:.1%}; the limit is {limit}).",
    "too-many-changed": "{count} {kind} would change ({share:.1%}; the limit is {limit}).",
    "id-scheme": "{count} {kind} came back under new ids ({share:.1%}; the limit is {limit}).",
}


def sentence(hold: Hold) -> str:
    """A hold in words."""
    text = SENTENCES[hold.code].format(**asdict(hold))
    return f"School {hold.school}: {text}" if hold.school else text

"""When a plan waits for a person. PURE (design 5.7).

Share and count both matter: 10 % of a large district is thousands of people. In a planned rollover
a person says yes once, and then the limits are looser for as long as it lasts (F10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from integration.phrases import Count, Phrase

SCHEME_SHARE, SCHEME_FLOOR = 0.05, 5
ROLLOVER, REPLACED = "rollover", "all-replaced"
FIRST_PLAN, HELD_BEFORE = "first-plan", "held-before"
# More of a kind than this is never taken away without a person who has seen that very plan.
ROLLOVER_SHARE = 0.5
NO_CEILING = 2**31


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are 0 to 1. Held above max(floor, share of the accepted), or above the ceiling.

    `counts_kept`: whether rows that Q no longer holds and that stay in Canvas count as well.
    """

    removed_share: float = 0.10
    removed_floor: int = 5
    removed_ceiling: int = 2000
    changed_share: float = 0.75
    changed_floor: int = 50
    counts_kept: bool = True

    def loosened(self) -> Limits:
        """In a rollover that a person has opened: half may go, all may change, any may be left."""
        share = max(self.removed_share, ROLLOVER_SHARE)
        return replace(
            self,
            removed_share=share,
            removed_ceiling=NO_CEILING,
            changed_share=1.0,
            counts_kept=False,
        )

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
    `ended` ones are gone and left as well, because their term is over, as is to be expected.
    """

    kind: str
    school: str
    accepted: int
    removed: int = 0
    changed: int = 0
    kept: int = 0
    added: int = 0
    ended: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Of one kind in two schools, or in one more: the total."""
        return Tally(
            self.kind,
            "",
            self.accepted + other.accepted,
            self.removed + other.removed,
            self.changed + other.changed,
            self.kept + other.kept,
            self.added + other.added,
            self.ended + other.ended,
        )


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
        totals[tally.kind] = totals.get(tally.kind, Tally(tally.kind, "", 0)) + tally
    for total in totals.values():
        found += _broken(total, limits)
    return sorted(found, key=lambda hold: (hold.kind, hold.school, hold.code))


def _broken(tally: Tally, limits: Limits) -> Iterable[Hold]:
    accepted = tally.accepted
    if not accepted:
        return
    gone = tally.removed + tally.kept + tally.ended
    if gone == accepted and not tally.school:
        yield _hold(REPLACED if tally.added else "empty-feed", tally, gone, 0)
    elif tally.removed > (limit := limits.removable(accepted)):
        yield _hold("too-many-removed", tally, tally.removed, limit)
    elif tally.kept > limit and limits.counts_kept:
        yield _hold("short-feed", tally, tally.kept, limit)
    if tally.changed > (limit := limits.changeable(accepted)):
        yield _hold("too-many-changed", tally, tally.changed, limit)


def _hold(code: str, tally: Tally, count: int, limit: int) -> Hold:
    share = round(count / tally.accepted, 4)
    return Hold(code, tally.kind, count, share, limit, tally.school)


def in_rollover(tallies: Collection[Tally], limits: Limits, *, is_open: bool) -> list[Hold]:
    """The holds inside a planned rollover; `is_open`: a person has approved its first plan.

    Until then whatever breaks the ordinary limits is one hold, so that one approval opens it; what
    breaks even the looser ones is named beside it.
    """
    broken = holds(tallies, limits.loosened())
    if is_open or not holds(tallies, limits):
        return broken
    gone = sum(one.removed + one.changed + one.kept + one.ended for one in tallies)
    share = round(gone / max(sum(one.accepted for one in tallies), 1), 4)
    opening = Hold(ROLLOVER, "all", gone, share, 0)
    return [opening, *(hold for hold in broken if hold.code != REPLACED)]


def adoption(count: int, new: int) -> list[Hold]:
    """Nobody takes over an account that was made by hand without a person's yes."""
    return [Hold("adopts-logins", "users", count, round(count / new, 4), 0)] if count else []


def id_scheme(kind: str, count: int, accepted: int) -> list[Hold]:
    """So many under other ids are not so many new people: the ids themselves have changed."""
    limit = max(SCHEME_FLOOR, _part(accepted, SCHEME_SHARE))
    if count <= limit:
        return []
    return [Hold("id-scheme", kind, count, round(count / max(accepted, 1), 4), limit)]


# Waits without holding the rest of the plan.
IDS_CHANGED = "ids-changed"


def id_changes(kind: str, renamed: int, recycled: int, accepted: int) -> list[Hold]:
    """A few changed ids wait for a person by themselves; very many hold everything (D9)."""
    found = id_scheme(kind, renamed, accepted)
    limit = max(SCHEME_FLOOR, _part(accepted, SCHEME_SHARE))
    share = round((renamed + recycled) / max(accepted, 1), 4)
    if recycled > limit:
        found.append(Hold("ids-recycled", kind, recycled, share, limit))
    return found or [Hold(IDS_CHANGED, kind, renamed + recycled, share, 0)]


SENTENCES = {
    "adopts-logins": "{count} new {kind} have the login of an account made by hand in Canvas, and "
    "would take it over.",
    FIRST_PLAN: "Canvas already holds SIS objects: {count} rows would be added or changed.",
    HELD_BEFORE: "{count} rows would be changed that Canvas held before Q Sync sent any; no person "
    "has said yes to that yet.",
    "empty-feed": "Q sent no {kind} at all; Canvas holds {count}.",
    "all-replaced": "None of the {count} {kind} that Canvas has from Q is in Q any more; "
    "all that came are new.",
    "rollover": "This plan opens the planned rollover: {count} rows would be changed, taken away "
    "or left behind ({share:.1%}). One approval is good for the whole of it.",
    "short-feed": "Q no longer holds {count} {kind} ({share:.1%}; the limit is {limit}).",
    "too-many-removed": "{count} {kind} would be removed ({share:.1%}; the limit is {limit}).",
    "too-many-changed": "{count} {kind} would change ({share:.1%}; the limit is {limit}).",
    IDS_CHANGED: "{count} of the {kind} have another id in Q than in Canvas; nothing of them goes "
    "before a person says that they are the same. The rest does not wait for that.",
    "ids-recycled": "{count} ids of {kind} stand for something else than before ({share:.1%}; the "
    "limit is {limit}).",
    "id-scheme": "{count} {kind} came back under new ids ({share:.1%}; the limit is {limit}).",
}


def sentence(hold: Hold) -> str:
    """A hold in words."""
    values = asdict(hold) | {
        "kind": Phrase(hold.kind),
        "count": Count(hold.count),
        "limit": Count(hold.limit),
    }
    told = Phrase(SENTENCES[hold.code], **values)
    return Phrase("School {school}: {told}", school=hold.school, told=told) if hold.school else told

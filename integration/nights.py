"""Which night a district's run is due for, by the district's own clock. PURE: no input or output.

A night is a local date: the run of the night of 4 November begins on 4 November at the district's
hour. Each night is given out at most once; of several that were missed only the latest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

W = TypeVar("W", bound="Window")

# So late, the next night is near: a run now would be one in the evening for nothing.
TOO_LATE = timedelta(hours=20)
DAY = timedelta(days=1)
HORIZON = timedelta(days=800)

Why = Literal["", "off", "paused", "done", "not-yet", "blackout", "too-late"]


@dataclass(frozen=True, slots=True)
class Window:
    """Local dates, both included."""

    first: date
    last: date
    reason: str


class Blackout(Window):
    """On these dates nothing begins by itself."""


class Rollover(Window):
    """On these dates one school year makes way for the next: limits are looser."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a district has chosen. `delay` is its place in the installation's stagger.

    `since`: nights that began before are nobody's: the schedule was made or changed only then.
    """

    zone: ZoneInfo
    at: time
    is_automatic: bool = True
    is_paused: bool = False
    blackouts: tuple[Blackout, ...] = ()
    since: datetime | None = None
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Tonight:
    """The night that is due now, or None and why; and when the one after it begins."""

    due: date | None
    why: Why
    next_at: datetime | None


def tonight(now: datetime, timetable: Timetable, last: date | None) -> Tonight:
    """Decide at `now`; `last` is the last night that has a run, whatever became of it.

    A night missed by more than TOO_LATE is left to the next one, unless the night before it is
    missing too: then nothing ran for longer, and one run makes good for all.
    """
    if not timetable.is_automatic:
        return Tonight(None, "off", None)
    if timetable.is_paused:
        return Tonight(None, "paused", None)
    night = _latest(now, timetable)
    why = _why_not(now, night, timetable, last)
    coming = _coming(night, timetable)
    return Tonight(None, why, coming) if why else Tonight(night, "", coming)


def begins(night: date, timetable: Timetable) -> datetime | None:
    """The instant (UTC) at which a night begins; None where the zone skipped that date.

    An hour that is missing that night begins with the first moment after it, one that comes
    twice with its first time.
    """
    local = datetime.combine(night, timetable.at, tzinfo=timetable.zone)
    start = local.astimezone(UTC)
    if start.astimezone(timetable.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        start = _end_of_gap(local)
        if start.astimezone(timetable.zone).date() != night:
            return None
    return start + timetable.delay


def blackout(now: datetime, timetable: Timetable) -> Blackout | None:
    """The blackout that the district's local date lies in."""
    return covering(now.astimezone(timetable.zone).date(), timetable.blackouts)


def stagger(slug: str, within: timedelta) -> timedelta:
    """This district's own delay in [0, within), the same every night (F84)."""
    seconds = int(within.total_seconds())
    number = int.from_bytes(hashlib.sha256(slug.encode()).digest()[:8])
    return timedelta(seconds=number % seconds if seconds else 0)


def is_check_due(night: date, *, first: date, last: date | None, weekday: int) -> bool:
    """Whether the weekly check follows this night: it is the district's own day, or makes it good.

    `first` is the district's first night, `last` the night that the last check followed.
    """
    own_day = night - timedelta(days=(night.weekday() - weekday) % 7)
    return own_day >= first if last is None else own_day > last


def own_weekday(slug: str) -> int:
    """The weekday (Monday is 0) on which this district's weekly work is done."""
    return stagger(f"{slug} weekly", timedelta(days=7)).days


def _why_not(now: datetime, night: date, timetable: Timetable, last: date | None) -> Why:
    begun = begins(night, timetable) or now
    if last is not None and night <= last:
        return "done"
    if timetable.since is not None and begun < timetable.since:
        return "not-yet"
    if covering(night, timetable.blackouts) or blackout(now, timetable):
        return "blackout"
    if now - begun > TOO_LATE and last == night - DAY:
        return "too-late"
    return ""


def _latest(now: datetime, timetable: Timetable) -> date:
    """The latest night that has begun."""
    night = now.astimezone(timetable.zone).date()
    while (start := begins(night, timetable)) is None or start > now:
        night -= DAY
    return night


def _coming(night: date, timetable: Timetable) -> datetime | None:
    """When the first night after this one begins that no blackout covers."""
    for later in _after(night):
        start = begins(later, timetable)
        if start and not covering(later, timetable.blackouts) and not blackout(start, timetable):
            return start
    return None


def _after(night: date) -> Iterator[date]:
    last = min(night, date.max - HORIZON) + HORIZON
    while night < last:
        night += DAY
        yield night


def covering(day: date, windows: Iterable[W]) -> W | None:
    """The first of the windows that this date lies in."""
    return next((one for one in windows if one.first <= day <= one.last), None)


def _end_of_gap(local: datetime) -> datetime:
    """The instant at which the clock jumps over this local time, to the second."""
    before = int(local.replace(fold=1).timestamp())
    after = int(local.replace(fold=0).timestamp())
    zone = local.tzinfo
    new_offset = datetime.fromtimestamp(after, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)

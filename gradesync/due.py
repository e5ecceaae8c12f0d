"""When the automatic sync of a course is due. PURE: the clock and what is known are handed in.

Nightly by the district's own clock, or some minutes after grading. The shell polls Canvas cheaply
for the latter and notes when it saw the first and the latest change that was not synced yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from integration.nights import Timetable, begins, tonight

Mode = Literal["off", "nightly", "after-grading"]
Why = Literal["", "off", "running", "asks", "quiet", "nothing-new", "still-grading", "not-yet"]

# Somebody who grades for hours is not waited for longer than this many times the minutes.
PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Automatic:
    """What a course, or its district for it, has chosen. Times are local.

    Nothing begins by itself from `quiet_from` until `quiet_until`; equal times are no quiet hours.
    `since`: when this was chosen; nights before it are nobody's.
    """

    mode: Mode = "off"
    at: time = time(3, 0)
    minutes: int = 15
    quiet_from: time = time(0, 0)
    quiet_until: time = time(0, 0)
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a course.

    `is_asking`: its last plan waits for a person. `first_change_at`, `last_change_at`: of the
    changes in Canvas that were seen and not synced yet.
    """

    is_running: bool = False
    is_asking: bool = False
    last_night: date | None = None
    first_change_at: datetime | None = None
    last_change_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """`next_at`: when to look again, where a time can be told. `night`: to be kept as synced."""

    is_due: bool
    why: Why = ""
    next_at: datetime | None = None
    night: date | None = None


def due(now: datetime, automatic: Automatic, state: State, zone: ZoneInfo) -> Due:
    """Is the course to be synced now?"""
    if automatic.mode == "off":
        return Due(is_due=False, why="off")
    standing: dict[Why, bool] = {
        "running": state.is_running,
        "asks": state.is_asking,
    }
    for why, is_so in standing.items():
        if is_so:
            return Due(is_due=False, why=why)
    found = _tonight if automatic.mode == "nightly" else _after_grading
    return _out_of_quiet(found(now, automatic, state, zone), now, automatic, zone)


def _tonight(now: datetime, automatic: Automatic, state: State, zone: ZoneInfo) -> Due:
    night = tonight(now, Timetable(zone, automatic.at, since=automatic.since), state.last_night)
    is_due = night.due is not None
    return Due(is_due, "" if is_due else "not-yet", night.next_at, night.due)


def _after_grading(now: datetime, automatic: Automatic, state: State, zone: ZoneInfo) -> Due:
    """The given minutes after the latest change, so that one sync takes many of them."""
    if state.first_change_at is None or state.last_change_at is None:
        return Due(is_due=False, why="nothing-new")
    pause = timedelta(minutes=automatic.minutes)
    at = min(state.last_change_at + pause, state.first_change_at + PATIENCE * pause)
    return Due(is_due=True) if now >= at else Due(is_due=False, why="still-grading", next_at=at)


def _out_of_quiet(found: Due, now: datetime, automatic: Automatic, zone: ZoneInfo) -> Due:
    if not found.is_due or not is_quiet(now, automatic, zone):
        return found
    return Due(is_due=False, why="quiet", next_at=_quiet_ends(now, automatic, zone))


def is_quiet(now: datetime, automatic: Automatic, zone: ZoneInfo) -> bool:
    """Is it between the quiet hours, which may go over midnight?"""
    start, end, local = automatic.quiet_from, automatic.quiet_until, now.astimezone(zone).time()
    if start <= end:
        return start <= local < end
    return local >= start or local < end


def _quiet_ends(now: datetime, automatic: Automatic, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    ends = Timetable(zone, automatic.quiet_until)
    days = (today, today + timedelta(days=1), today + timedelta(days=2))
    known = (begins(day, ends) for day in days)  # a zone may skip a date
    return min(at for at in known if at is not None and at > now).astimezone(UTC)

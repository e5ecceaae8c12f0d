"""Canvas's grading periods beside Q's, and whether one is closed. PURE (design 6.3, F56)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from integration.canvas import gradebook_types
from integration.oneroster.gradebook_types import GradingPeriod

DAY = timedelta(days=1)


def suggested(
    periods: Iterable[gradebook_types.GradingPeriod],
    q_periods: Iterable[GradingPeriod],
    zone: ZoneInfo,
) -> dict[str, str]:
    """Canvas id to sourcedId, for equal dates; a person confirms it once. Two equals are none.

    A period that ends at midnight ends with the day before.
    """
    theirs: dict[tuple[date, date], set[str]] = {}
    for period in q_periods:
        theirs.setdefault((period.first_date, period.last_date), set()).add(period.sourced_id)
    links = {}
    for mine in periods:
        last = (mine.end_at - timedelta(microseconds=1)).astimezone(zone).date()
        equal = theirs.get((mine.start_at.astimezone(zone).date(), last), set())
        if len(equal) == 1:
            links[mine.canvas_id] = next(iter(equal))
    return links


def period_of(day: date, periods: Iterable[GradingPeriod]) -> GradingPeriod | None:
    """The one grading period of Q that a day lies in; None for none, or for several."""
    found = [one for one in periods if one.first_date <= day <= one.last_date]
    return found[0] if len(found) == 1 else None


def is_closed(
    mine: gradebook_types.GradingPeriod | None,
    theirs: GradingPeriod | None,
    now: datetime,
    zone: ZoneInfo,
) -> bool:
    """Q's closing day decides where it is known: Canvas may close hours before the nightly run."""
    if theirs is not None and theirs.closes_on is not None:
        return now.astimezone(zone).date() > theirs.closes_on
    return mine is not None and mine.close_at is not None and now > mine.close_at


def canvas_period_of(
    at: datetime | None, periods: Iterable[gradebook_types.GradingPeriod]
) -> gradebook_types.GradingPeriod | None:
    """The grading period of Canvas that an instant lies in."""
    if at is None:
        return None
    return next((one for one in periods if one.start_at <= at <= one.end_at), None)

"""Grading periods on both sides (F56)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gradesync.periods import canvas_period_of, is_closed, period_of, suggested
from integration.canvas import gradebook_types
from integration.oneroster.gradebook_types import GradingPeriod
from tests.gradesync.makers import ZONE


def local(day: str, clock: str = "00:00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE).astimezone(UTC)


def canvas_period(start: datetime, end: datetime, close: datetime | None = None):
    return gradebook_types.GradingPeriod("p1", "Fall", start, end, close)


FALL = GradingPeriod("gp1", "Fall", date(2026, 8, 17), date(2026, 12, 18))


@pytest.mark.parametrize(
    ("end", "links"),
    [
        (local("2026-12-18", "23:59:59"), {"p1": "gp1"}),
        (local("2026-12-19"), {"p1": "gp1"}),  # midnight ends the day before
        (local("2026-12-20"), {}),
    ],
)
def test_equal_dates_are_suggested(end, links):
    assert suggested([canvas_period(local("2026-08-17"), end)], [FALL], ZONE) == links


def test_two_periods_of_equal_dates_are_a_question():
    mine = canvas_period(local("2026-08-17"), local("2026-12-19"))
    twin = GradingPeriod("gp2", "Fall (middle school)", FALL.first_date, FALL.last_date)
    assert suggested([mine], [FALL, twin], ZONE) == {}


def test_a_day_lies_in_the_one_period_that_has_it():
    winter = GradingPeriod("gp2", "Winter", date(2026, 12, 18), date(2027, 3, 1))
    assert period_of(date(2026, 12, 17), [FALL, winter]) == FALL
    assert period_of(date(2026, 12, 18), [FALL, winter]) is None
    assert period_of(date(2027, 7, 1), [FALL, winter]) is None


NOW = local("2026-11-24", "10:00:00")
MINE = canvas_period(local("2026-08-17"), local("2026-11-20"), close=local("2026-11-22"))
OPEN = canvas_period(local("2026-08-17"), local("2026-11-20"))
CLOSES_TODAY = GradingPeriod("gp1", "Fall", FALL.first_date, FALL.last_date, date(2026, 11, 24))
CLOSED = GradingPeriod("gp1", "Fall", FALL.first_date, FALL.last_date, date(2026, 11, 23))


@pytest.mark.parametrize(
    ("mine", "theirs", "closed"),
    [
        (MINE, CLOSES_TODAY, False),  # Canvas is closed, Q takes grades until tonight
        (MINE, CLOSED, True),
        (None, CLOSED, True),
        (MINE, FALL, True),
        (MINE, None, True),
        (OPEN, FALL, False),
        (None, None, False),
    ],
)
def test_f56_qs_closing_day_decides_where_it_is_known(mine, theirs, closed):
    assert is_closed(mine, theirs, NOW, ZONE) is closed


def test_an_instant_lies_in_the_period_of_canvas_around_it():
    assert canvas_period_of(local("2026-10-01"), [MINE]) == MINE
    assert canvas_period_of(local("2027-10-01"), [MINE]) is None
    assert canvas_period_of(None, [MINE]) is None

"""When an automatic sync is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from gradesync.due import Automatic, State, due, is_quiet
from tests.gradesync.makers import ZONE


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


NIGHTLY = Automatic("nightly", at=time(3))
PROMPT = Automatic("after-grading", minutes=15)
NIGHT = local("2026-11-24T03:10")
NOON = local("2026-11-24T12:00")
GRADED = State(first_change_at=NOON - timedelta(minutes=20), last_change_at=NOON)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("automatic", "state", "why"),
    [
        (Automatic(), GRADED, "off"),
        (NIGHTLY, State(is_running=True), "running"),
        (NIGHTLY, State(is_asking=True), "asks"),
        (PROMPT, State(), "nothing-new"),
    ],
)
def test_why_a_course_is_left_alone(automatic, state, why):
    found = due(NIGHT, automatic, state, ZONE)
    assert (found.is_due, found.why) == (False, why)


def test_each_night_is_given_out_once():
    first = due(NIGHT, NIGHTLY, State(), ZONE)
    assert (first.is_due, first.why, first.night) == (True, "", date(2026, 11, 24))
    again = due(NIGHT + MINUTE, NIGHTLY, State(last_night=first.night), ZONE)
    assert (again.is_due, again.why) == (False, "not-yet")
    assert again.next_at == local("2026-11-25T03:00")


def test_a_night_before_it_was_chosen_is_nobodys():
    chosen_at_noon = replace(NIGHTLY, since=NOON)
    assert not due(NOON + MINUTE, chosen_at_noon, State(), ZONE).is_due


def test_many_grades_are_one_sync_some_minutes_after_the_last():
    assert due(NOON + 14 * MINUTE, PROMPT, GRADED, ZONE).why == "still-grading"
    assert due(NOON + 14 * MINUTE, PROMPT, GRADED, ZONE).next_at == NOON + 15 * MINUTE
    assert due(NOON + 15 * MINUTE, PROMPT, GRADED, ZONE).is_due


def test_who_grades_for_hours_is_not_waited_for_all_the_time():
    for_an_hour = State(first_change_at=NOON - timedelta(hours=1), last_change_at=NOON)
    assert due(NOON, PROMPT, for_an_hour, ZONE).is_due


QUIET = replace(PROMPT, quiet_from=time(22), quiet_until=time(6))


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("23:30", True), ("00:00", True), ("05:59", True),
     ("06:00", False), ("12:00", False)],
)  # fmt: skip
def test_quiet_hours_go_over_midnight(clock, quiet):
    assert is_quiet(local(f"2026-11-24T{clock}"), QUIET, ZONE) is quiet


def test_quiet_hours_by_day_and_none_at_all():
    by_day = replace(PROMPT, quiet_from=time(8), quiet_until=time(15))
    assert is_quiet(NOON, by_day, ZONE)
    assert not is_quiet(NIGHT, by_day, ZONE)
    assert not is_quiet(NIGHT, PROMPT, ZONE)


def test_what_is_due_in_quiet_hours_waits_for_their_end():
    late = local("2026-11-24T23:00")
    state = State(first_change_at=late - timedelta(hours=2), last_change_at=late)
    found = due(late, QUIET, state, ZONE)
    assert (found.is_due, found.why) == (False, "quiet")
    assert found.next_at == local("2026-11-25T06:00")
    assert due(found.next_at, QUIET, state, ZONE).is_due


def test_quiet_hours_that_end_today_end_today():
    early = local("2026-11-24T02:00")
    state = State(first_change_at=early - timedelta(hours=2), last_change_at=early)
    assert due(early, QUIET, state, ZONE).next_at == local("2026-11-24T06:00")

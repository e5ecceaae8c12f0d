"""Which night is due, by each district's own clock: exactly one a local date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.nights import Blackout, Timetable, begins, stagger, tonight

ZONES = ("America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe")
LAKESIDE = Timetable(zone=ZoneInfo("America/Los_Angeles"), at=time(2, 0))
WINTER_BREAK = Blackout(date(2026, 12, 19), date(2027, 1, 3), "Winter break")


def local(text: str, timetable: Timetable = LAKESIDE) -> datetime:
    """An instant, told by the district's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=timetable.zone).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nights_given_out(timetable: Timetable, start: datetime, hours: int) -> list[date]:
    """What a sweep each hour opens."""
    last: date | None = start.astimezone(timetable.zone).date() - timedelta(days=1)
    given_out = []
    for hour in range(hours):
        due = tonight(start + timedelta(hours=hour), timetable, last).due
        if due:
            given_out.append(due)
            last = due
    return given_out


# --- the hour -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "night", "at", "start"),
    [
        ("America/Los_Angeles", "2026-11-24", "02:00", "2026-11-24 10:00"),
        ("America/Los_Angeles", "2026-07-01", "02:00", "2026-07-01 09:00"),
        # 02:00 to 03:00 is missing: the first moment after it.
        ("America/Los_Angeles", "2026-03-08", "02:00", "2026-03-08 10:00"),
        ("America/Los_Angeles", "2026-03-08", "02:30", "2026-03-08 10:00"),
        ("America/Los_Angeles", "2026-03-08", "03:00", "2026-03-08 10:00"),
        # 01:00 to 02:00 comes twice: the first.
        ("America/Los_Angeles", "2026-11-01", "01:30", "2026-11-01 08:30"),
        ("America/Los_Angeles", "2026-11-01", "02:00", "2026-11-01 10:00"),
        ("Europe/Berlin", "2026-11-24", "02:00", "2026-11-24 01:00"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29", "02:45", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25", "02:00", "2026-10-25 00:00"),
        ("Europe/Berlin", "2026-10-25", "02:59", "2026-10-25 00:59"),
        # Half an hour is missing, or comes twice.
        ("Australia/Lord_Howe", "2026-10-04", "02:00", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:20", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04 14:45"),
        ("Australia/Lord_Howe", "2026-04-05", "02:00", "2026-04-04 15:30"),
    ],
)
def test_a_night_begins_at_the_districts_hour_also_when_the_clocks_change(zone, night, at, start):
    timetable = Timetable(zone=ZoneInfo(zone), at=time.fromisoformat(at))
    assert begins(date.fromisoformat(night), timetable) == utc(start)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "01:30", "02:00", "02:15", "22:45"])
def test_each_local_date_of_a_year_has_exactly_one_night(zone, at):
    timetable = Timetable(zone=ZoneInfo(zone), at=time.fromisoformat(at))
    start = local("2026-01-01 00:00", timetable)
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(364)]
    assert nights_given_out(timetable, start, 364 * 24) == days


def test_a_date_that_the_zone_skipped_has_no_night():
    samoa = Timetable(zone=ZoneInfo("Pacific/Apia"), at=time(2, 0))
    assert begins(date(2011, 12, 30), samoa) is None
    assert nights_given_out(samoa, local("2011-12-29 00:00", samoa), 60) == [
        date(2011, 12, 29),
        date(2011, 12, 31),
        date(2012, 1, 1),
    ]


@given(
    now=st.integers(1_577_836_800, 2_051_222_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    zone=st.sampled_from(ZONES),
    at=st.times(),
    delay=st.integers(0, 1799),
    back=st.integers(1, 400),
)
def test_what_is_due_has_begun_and_is_the_latest_and_what_is_next_has_not(
    now, zone, at, delay, back
):
    timetable = Timetable(ZoneInfo(zone), at, delay=timedelta(seconds=delay))
    found = tonight(now, timetable, now.date() - timedelta(days=back))
    assert found.next_at > now
    assert found.next_at - now <= timedelta(hours=26)
    if found.due:
        assert begins(found.due, timetable) <= now
        assert begins(found.due + timedelta(days=1), timetable) > now


# --- which night --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "last", "due", "why"),
    [
        ("2026-11-24 01:59", "2026-11-23", None, "done"),
        ("2026-11-24 02:00", "2026-11-23", "2026-11-24", ""),
        ("2026-11-24 02:00", "2026-11-24", None, "done"),
        ("2026-11-24 23:59", "2026-11-24", None, "done"),
        # The first night ever.
        ("2026-11-24 12:00", None, "2026-11-24", ""),
        # A host that was down in the night makes up for it in the day …
        ("2026-11-24 14:00", "2026-11-23", "2026-11-24", ""),
        ("2026-11-24 22:00", "2026-11-23", "2026-11-24", ""),
        # … not in the evening, when the next one is near …
        ("2026-11-24 22:01", "2026-11-23", None, "too-late"),
        # … unless nothing ran for longer.
        ("2026-11-24 22:01", "2026-11-22", "2026-11-24", ""),
        ("2026-11-25 01:59", "2026-11-22", "2026-11-24", ""),
        # Three nights down: the latest one, not three.
        ("2026-11-24 09:00", "2026-11-21", "2026-11-24", ""),
        # A clock that was set back opens no night twice.
        ("2026-11-23 03:00", "2026-11-24", None, "done"),
    ],
)
def test_the_latest_night_is_due_once(now, last, due, why):
    found = tonight(local(now), LAKESIDE, date.fromisoformat(last) if last else None)
    assert (found.due and str(found.due), found.why) == (due, why)


def test_after_three_days_off_one_night_makes_good_and_the_next_comes_in_its_turn():
    caught_up = tonight(local("2026-11-24 09:00"), LAKESIDE, date(2026, 11, 20))
    assert caught_up.due == date(2026, 11, 24)
    after = tonight(local("2026-11-24 09:15"), LAKESIDE, caught_up.due)
    assert (after.due, after.next_at) == (None, local("2026-11-25 02:00"))


def test_a_schedule_that_was_just_made_begins_with_the_next_night():
    new = replace(LAKESIDE, since=local("2026-11-24 10:00"))
    found = tonight(local("2026-11-24 10:01"), new, None)
    assert (found.due, found.why) == (None, "not-yet")
    assert found.next_at == local("2026-11-25 02:00")
    assert tonight(local("2026-11-25 02:00"), new, None).due == date(2026, 11, 25)


def test_a_district_that_is_not_automatic_has_no_night():
    off = replace(LAKESIDE, is_automatic=False)
    found = tonight(local("2026-11-24 02:00"), off, None)
    assert (found.due, found.why, found.next_at) == (None, "off", None)


def test_a_paused_district_has_no_night():
    found = tonight(local("2026-11-24 02:00"), replace(LAKESIDE, is_paused=True), None)
    assert (found.due, found.why, found.next_at) == (None, "paused", None)


# --- blackouts ----------------------------------------------------------------------------------


def at_winter_break(now: str, last: str) -> tuple[date | None, str, datetime | None]:
    quiet = replace(LAKESIDE, blackouts=(WINTER_BREAK,))
    found = tonight(local(now), quiet, date.fromisoformat(last))
    return found.due, found.why, found.next_at


def test_no_night_begins_from_the_first_to_the_last_day_of_a_blackout():
    back = local("2027-01-04 02:00")
    assert at_winter_break("2026-12-18 02:00", "2026-12-17") == (date(2026, 12, 18), "", back)
    assert at_winter_break("2026-12-19 02:00", "2026-12-18") == (None, "blackout", back)
    assert at_winter_break("2027-01-03 23:59", "2026-12-18") == (None, "blackout", back)
    assert at_winter_break("2027-01-04 02:00", "2026-12-18")[0] == date(2027, 1, 4)


def test_a_missed_night_is_not_made_good_in_a_blackout_nor_a_black_one_after_it():
    evening = replace(LAKESIDE, at=time(23, 50), blackouts=(WINTER_BREAK,))
    missed = tonight(local("2026-12-19 00:10"), evening, date(2026, 12, 17))
    assert (missed.due, missed.why) == (None, "blackout")
    after = tonight(local("2027-01-04 10:00"), evening, date(2026, 12, 17))
    assert (after.due, after.why) == (None, "blackout")
    assert after.next_at == local("2027-01-04 23:50")


def test_a_delay_past_midnight_does_not_carry_a_night_into_a_blackout():
    late = replace(
        LAKESIDE, at=time(23, 50), delay=timedelta(minutes=20), blackouts=(WINTER_BREAK,)
    )
    found = tonight(local("2026-12-18 23:55"), late, date(2026, 12, 17))
    assert found.next_at == local("2027-01-05 00:10")


def test_where_no_night_is_in_sight_none_is_promised():
    for_years = Blackout(date(2026, 1, 1), date(9999, 12, 31), "closed")
    found = tonight(local("2026-11-24 02:00"), replace(LAKESIDE, blackouts=(for_years,)), None)
    assert (found.due, found.why, found.next_at) == (None, "blackout", None)


# --- stagger ------------------------------------------------------------------------------------


def test_districts_of_one_hour_are_spread_over_half_an_hour_each_always_at_its_own():
    half_an_hour = timedelta(minutes=30)
    delays = [stagger(f"district-{number}", half_an_hour) for number in range(100)]
    assert delays == [stagger(f"district-{number}", half_an_hour) for number in range(100)]
    assert timedelta(0) <= min(delays) < timedelta(minutes=2)
    assert timedelta(minutes=28) < max(delays) < half_an_hour
    fullest = max(
        sum(delay // timedelta(minutes=5) == part for delay in delays) for part in range(6)
    )
    assert fullest <= 30


def test_stagger_can_be_switched_off():
    assert stagger("lakeside", timedelta(0)) == timedelta(0)


def test_a_staggered_night_is_due_after_its_delay_and_not_before():
    later = replace(LAKESIDE, delay=timedelta(minutes=12))
    assert tonight(local("2026-11-24 02:11"), later, date(2026, 11, 23)).due is None
    assert tonight(local("2026-11-24 02:12"), later, date(2026, 11, 23)).due == date(2026, 11, 24)

"""Roles and days under a district's rules."""

from __future__ import annotations

import pytest

from integration.oneroster import canonical
from integration.provisioning.rules import ROLES, Rules


@pytest.mark.parametrize(
    ("role", "canvas_role"),
    [
        ("student", "student"),
        ("teacher", "teacher"),
        ("aide", "ta"),
        ("administrator", None),
        ("proctor", None),
        ("guardian", None),
        ("parent", None),
        ("relative", None),
    ],
)
def test_each_role_of_oneroster_has_its_place_in_canvas(role, canvas_role):
    assert Rules().canvas_role(role) == canvas_role


@pytest.mark.parametrize("role", ROLES)
def test_the_table_spells_roles_as_the_reader_gives_them(role):
    assert canonical.ROLES[role.upper()] == role


def test_a_district_lays_its_own_roles_over_the_table():
    rules = Rules(roles={"proctor": "Exam Proctor", "aide": None})
    assert rules.canvas_role("proctor") == "Exam Proctor"
    assert rules.canvas_role("aide") is None
    assert rules.canvas_role("student") == "student"


DAYS = [
    # zone, day, its first second, its last second
    ("America/Los_Angeles", "2026-08-15", "2026-08-15T07:00:00Z", "2026-08-16T06:59:59Z"),
    ("America/Los_Angeles", "2026-03-08", "2026-03-08T08:00:00Z", "2026-03-09T06:59:59Z"),
    ("America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z", "2026-11-02T07:59:59Z"),
    ("America/New_York", "2026-08-15", "2026-08-15T04:00:00Z", "2026-08-16T03:59:59Z"),
    ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"),
    ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"),
    ("Pacific/Honolulu", "2026-08-15", "2026-08-15T10:00:00Z", "2026-08-16T09:59:59Z"),
    ("Pacific/Honolulu", "2026-03-08", "2026-03-08T10:00:00Z", "2026-03-09T09:59:59Z"),
    ("Pacific/Honolulu", "2026-11-01", "2026-11-01T10:00:00Z", "2026-11-02T09:59:59Z"),
    ("UTC", "2026-08-15", "2026-08-15T00:00:00Z", "2026-08-15T23:59:59Z"),
    # Where the clock goes back at midnight, the last hour of the day comes twice.
    ("America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", "2026-04-05T03:59:59Z"),
    # Where it goes forward at midnight, the day begins at one o'clock.
    ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "2026-09-07T02:59:59Z"),
]


@pytest.mark.fault("F22")
@pytest.mark.parametrize(("zone", "day", "start", "end"), DAYS)
def test_a_day_begins_and_ends_by_the_clock_of_the_district(zone, day, start, end):
    rules = Rules(time_zone=zone)
    assert (rules.start_of(day), rules.end_of(day)) == (start, end)


def test_an_end_date_that_is_not_included_ends_the_day_before():
    rules = Rules(time_zone="America/Chicago", end_date_inclusive=False)
    assert rules.end_of("2026-12-18") == "2026-12-18T05:59:59Z"
    assert rules.end_of("2026-03-01") == "2026-03-01T05:59:59Z"


@pytest.mark.parametrize("inclusive", [True, False])
def test_no_date_stays_no_date(inclusive):
    rules = Rules(end_date_inclusive=inclusive)
    assert (rules.start_of(""), rules.end_of("")) == ("", "")


def test_the_year_that_means_for_ever_does_not_fall_off_the_calendar():
    assert Rules(time_zone="America/Chicago").end_of("9999-12-31") == "9999-12-31T23:59:59Z"
    assert Rules(time_zone="Asia/Tokyo").start_of("0001-01-01") == "0001-01-01T00:00:00Z"


def test_a_mistyped_year_keeps_its_four_digits():
    assert Rules().start_of("0206-08-15") == "0206-08-15T00:00:00Z"

"""A new school year comes in with one approval, inside the window that was planned for it (F10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from integration.models import ProvisioningPolicy, RosterRow
from integration.oneroster.types import AcademicSession
from integration.provisioning.holds import Limits, Tally, holds, in_rollover
from integration.provisioning.limits import is_open, rollover_now
from integration.provisioning.school_years import suggestions, years
from tests.integration.provisioning.held_by_canvas import imports
from tests.integration.provisioning.records import class_, enrollment, session, small_district

LIMITS = Limits()


def codes(*tallies: Tally, is_open: bool) -> list[str]:
    return [hold.code for hold in in_rollover(tallies, LIMITS, is_open=is_open)]


REPLACED = Tally("sections", "", 100, kept=100, added=120)


@pytest.mark.parametrize(
    ("tally", "before", "opening", "after"),
    [
        # all classes new: before the window, at its first plan, once a person has said yes
        (REPLACED, ["all-replaced"], ["rollover"], ["all-replaced"]),
        (Tally("sections", "", 100, kept=60, added=99), ["short-feed"], ["rollover"], []),
        (Tally("enrollments", "", 100, removed=50), ["too-many-removed"], ["rollover"], []),
        (Tally("users", "", 100, changed=100), ["too-many-changed"], ["rollover"], []),
        (Tally("enrollments", "", 9000, removed=2001), ["too-many-removed"], ["rollover"], []),
        # more than half taken away, and a feed without anything, are no rollover
        (
            Tally("enrollments", "", 100, removed=51, added=90),
            ["too-many-removed"],
            ["rollover", "too-many-removed"],
            ["too-many-removed"],
        ),
        (
            Tally("sections", "", 100, kept=100),
            ["empty-feed"],
            ["rollover", "empty-feed"],
            ["empty-feed"],
        ),
        # an ordinary night is one inside the window too
        (Tally("users", "", 100, removed=3, changed=7, added=40), [], [], []),
    ],
)
def test_in_a_rollover_one_hold_opens_it_and_then_the_limits_are_looser(
    tally, before, opening, after
):
    assert [hold.code for hold in holds([tally], LIMITS)] == before
    assert codes(tally, is_open=False) == opening
    assert codes(tally, is_open=True) == after


def test_the_opening_hold_counts_all_that_is_not_as_it_was():
    tallies = [
        Tally("users", "S1", 100, changed=100),
        Tally("sections", "S1", 60, kept=20, ended=10, added=500),
    ]
    (hold,) = in_rollover(tallies, LIMITS, is_open=False)
    assert (hold.count, hold.share, hold.kind, hold.limit) == (130, 0.8125, "all", 0)


def test_a_policy_that_allows_more_than_half_is_not_tightened():
    assert replace(LIMITS, removed_share=0.8).loosened().removable(100) == 80


def test_rows_of_a_term_that_is_over_are_no_short_feed():
    assert holds([Tally("sections", "", 100, ended=60, kept=10)], LIMITS) == []


# --- a district's new year ----------------------------------------------------------------------


def new_year(number: int) -> dict[str, list]:
    """The same people in other classes of another term."""
    records = small_district(students=15)
    records["academicSessions"] = [session(f"Y{number}", title=f"Year {number}")]
    records["classes"] = [class_(f"Y{number}K", terms=(f"Y{number}",))]
    records["enrollments"] = [
        enrollment(f"Y{number}-{one['sourcedId']}", one["user"]["sourcedId"], f"Y{number}K")
        for one in records["enrollments"]
    ]
    return records


def old_year() -> dict[str, list]:
    """It ended two days ago."""
    records = small_district(students=15)
    end = datetime.now(UTC).date() - timedelta(2)
    return records | {"academicSessions": [session("T1", endDate=f"{end}")]}


@pytest.fixture
def last_year(q_holds, connect, provision) -> None:
    q_holds(old_year())
    connect()
    assert provision()[0] == 0


def planned(manage, first: int, last: int) -> None:
    today = datetime.now(UTC).date()
    window = [f"{today + timedelta(first)}", f"{today + timedelta(last)}", "New year"]
    code, answer = manage("schedule", "lakeside", "--rollover", *window)
    assert (code, answer["rollovers"][0]["reason"]) == (0, "New year")


def hold_codes(answer) -> set[str]:
    return {hold["code"] for hold in answer["holds"]}


@pytest.mark.fault("F10")
@pytest.mark.parametrize("window", [None, (-9, -2), (2, 9)])
def test_outside_of_the_window_each_night_with_a_new_year_waits(
    window, last_year, q_holds, manage, provision, sandbox
):
    if window:
        planned(manage, *window)
    q_holds(new_year(2))
    code, answer = provision()
    assert (code, answer["state"]) == (2, "held")
    assert "all-replaced" in hold_codes(answer)
    assert "rollover" not in hold_codes(answer)
    assert len(imports(sandbox.canvas)) == 1


@pytest.mark.fault("F10")
def test_inside_of_the_window_one_approval_lets_the_new_year_in(
    last_year, q_holds, change_q, manage, provision, sandbox
):
    planned(manage, -1, 9)
    q_holds(new_year(2))
    code, answer = provision()
    assert (code, hold_codes(answer)) == (2, {"rollover"})
    assert provision("--approve", answer["digest"])[0] == 0
    change_q(delete={"enrollments": [f"Y2-E-P1-{number}" for number in range(8)]})
    code, answer = provision()
    assert (code, answer["counts"]["enrollments"]["removed"]) == (0, 8)


def test_without_the_approval_the_next_night_waits_again(last_year, q_holds, manage, provision):
    planned(manage, -1, 9)
    q_holds(new_year(2))
    assert [provision()[0] for _ in range(2)] == [2, 2]


def test_a_rollover_that_was_taken_back_is_to_be_opened_again(
    last_year, q_holds, manage, provision
):
    planned(manage, -1, 9)
    q_holds(new_year(2))
    done = provision("--approve", provision()[1]["digest"])[1]
    policy = ProvisioningPolicy.objects.get()
    window = rollover_now(policy)
    assert is_open(policy.district, window)
    assert manage("undo", str(done["run"]))[0] == 0
    assert not is_open(policy.district, window)


def test_a_window_that_is_set_makes_a_waiting_plan_out_of_date(
    last_year, q_holds, manage, provision
):
    q_holds(new_year(2))
    digest = provision()[1]["digest"]
    planned(manage, -1, 9)
    assert provision("--approve", digest)[1]["error"]["code"] == "provisioning.plan-refused"


def test_an_empty_feed_waits_inside_of_the_window_as_well(last_year, q_holds, manage, provision):
    planned(manage, -1, 9)
    q_holds(old_year() | {"enrollments": []})
    code, answer = provision()
    assert (code, hold_codes(answer)) == (2, {"rollover", "empty-feed"})
    assert RosterRow.objects.filter(kind="enrollments", removed_at=None).count() == 16


# --- the window, set and suggested --------------------------------------------------------------


@pytest.mark.parametrize(
    "window",
    [("2027-08-01", "2027-07-31"), ("soon", "2027-08-31"), ("2027-06-01", "2027-08-31")],
)
def test_a_window_that_is_none_is_refused(window, connect, manage):
    connect()
    code, answer = manage("schedule", "lakeside", "--rollover", *window, "New year")
    assert (code, answer["error"]["code"]) == (1, "schedule.refused")
    assert "rollover" in answer["error"]["message"]
    assert not ProvisioningPolicy.objects.exclude(rollovers=[]).exists()


def test_windows_are_cleared_and_audited(connect, manage):
    connect()
    planned(manage, 3, 9)
    assert manage("schedule", "lakeside", "--clear-rollovers")[1]["rollovers"] == []


def a_session(year: str, start: str, end: str, **fields) -> AcademicSession:
    known = {"sourced_id": f"{year}{start}", "status": "active", "title": year, "type": "term"}
    return AcademicSession(
        **known | {"start_date": start, "end_date": end, "school_year": year} | fields
    )


YEARS = [
    a_session("2027", "2026-08-17", "2026-12-18"),
    a_session("2027", "2027-01-04", "2027-06-04"),
    a_session("2028", "2027-08-16", "2028-06-02"),
    a_session("2028", "2027-08-18", "2028-05-31"),
]


def test_a_school_year_reaches_from_its_first_session_to_its_last():
    odd = [
        a_session("2027", "1999-01-01", "1999-02-01", status="tobedeleted"),
        a_session("", "2001-01-01", "2002-01-01"),
        a_session("2027", "", ""),
    ]
    assert years(YEARS + odd) == [
        (date(2026, 8, 17), date(2027, 6, 4)),
        (date(2027, 8, 16), date(2028, 6, 2)),
    ]


def told(sessions, today: str) -> list[tuple[str, str, str]]:
    found = suggestions(sessions, date.fromisoformat(today))
    return [(option, f"{window.first}", f"{window.last}") for option, window in found]


def test_what_others_do_by_default_is_suggested():
    assert told(YEARS, "2027-05-01") == [
        ("blackout", "2027-06-02", "2027-08-01"),
        ("rollover", "2027-08-02", "2027-08-30"),
    ]
    assert told(YEARS, "2027-08-31") == []
    assert told(YEARS[:2], "2027-05-01") == []


def test_years_that_touch_need_no_quiet_time_between_them():
    touching = [
        a_session("1", "2026-08-01", "2027-06-30"),
        a_session("2", "2027-07-01", "2028-06-30"),
    ]
    assert told(touching, "2027-05-01") == [("rollover", "2027-06-28", "2027-07-15")]


def test_the_command_prints_what_would_suit_the_years_that_q_holds(q_holds, connect, manage):
    records = small_district()
    next_year = {"startDate": "2037-08-17", "endDate": "2038-06-01", "schoolYear": "2038"}
    last_year = {"startDate": "2036-08-17", "endDate": "2037-06-01", "schoolYear": "2037"}
    records["academicSessions"] = [session("T1", **last_year), session("T2", **next_year)]
    q_holds(records)
    connect()
    code, answer = manage("schedule", "lakeside", "--suggest")
    assert (code, answer["suggested"]) == (
        0,
        [
            {"window": "blackout", "from": "2037-05-30", "until": "2037-08-02"},
            {"window": "rollover", "from": "2037-08-03", "until": "2037-08-31"},
        ],
    )
    assert answer["rollovers"] == []

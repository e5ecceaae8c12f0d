"""Counts with a trend: what Canvas held at the end of each of the last nights."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from integration.account.trend import NIGHTS, days, trends
from integration.models import Change, District, ProvisioningPolicy, RosterRow, Run
from integration.provisioning.compare import HAD_BEFORE
from tests.integration.account.visiting import installed, visit

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_the_days_are_the_last_thirty_and_none_before_the_first_run():
    assert len(days(MONDAY, date(2025, 1, 1))) == NIGHTS
    assert days(MONDAY, date(2025, 1, 1))[::29] == [date(2026, 10, 25), MONDAY]
    assert days(MONDAY, date(2026, 11, 21)) == [date(2026, 11, day) for day in (21, 22, 23)]


def test_each_day_is_counted_back_from_what_is_held_now():
    runs = [
        (date(2026, 11, 20), {"users": {"added": 100}}),
        (date(2026, 11, 22), {"users": {"added": 5, "removed": 2, "same": 95}}),
        (date(2026, 11, 22), {"users": {"added": 1}, "terms": {"added": 9}}),
        (MONDAY, {"users": {"removed": 4}}),
    ]
    found = trends({"users": 100, "courses": 7}, runs, days(MONDAY, date(2026, 11, 20)))
    assert found["users"].counts == (100, 100, 104, 100)
    assert (found["users"].first, found["users"].lowest, found["users"].highest) == (100, 100, 104)
    assert found["users"].week == 100
    assert found["courses"].counts == (7, 7, 7, 7)
    assert found["courses"].week == 0


def test_what_canvas_keeps_without_q_and_what_was_found_missing_is_less_than_before():
    counts = {"users": {"added": 2, "removed": 1, "kept": 30, "forgotten": 4}}
    found = trends({"users": 100}, [(MONDAY, counts)], days(MONDAY, date(2026, 11, 22)))
    assert found["users"].counts == (133, 100)


def test_the_week_is_of_seven_days():
    runs = [
        (date(2026, 11, 16), {"users": {"added": 50}}),
        (date(2026, 11, 17), {"users": {"added": 3}}),
    ]
    assert trends({"users": 80}, runs, days(MONDAY, date(2026, 1, 1)))["users"].week == 3


def test_the_line_goes_from_edge_to_edge_and_lies_in_the_middle_where_nothing_changes():
    runs = [(MONDAY, {"users": {"added": 10}})]
    three = days(MONDAY, date(2026, 11, 21))
    found = trends({"users": 30, "courses": 7}, runs, three)
    assert found["users"].points == "0.0,30.0 50.0,30.0 100.0,2.0"
    assert found["courses"].points == "0.0,16.0 50.0,16.0 100.0,16.0"
    assert trends({"users": 30}, runs, [MONDAY])["users"].points == ""


def night(district: District, at: datetime, **fields: Any) -> Run:
    common = {"kind": "provisioning", "state": "done", "started_at": at, "ended_at": at}
    return Run.objects.create(district=district, **common | fields)


def seats(run: Run, action: str, reason: str, *numbers: int) -> None:
    Change.objects.bulk_create(
        Change(
            run=run, kind="enrollments", key=f"{number}", action=action, reason=reason,
            after="[]", digest=b"0", state="confirmed",
        )
        for number in numbers
    )  # fmt: skip


@pytest.mark.django_db
def test_what_was_gone_and_is_back_is_more_and_what_goes_a_step_further_is_not_less(
    admin, district
):
    District.objects.update(provisioned_at=NOW - timedelta(days=3), time_zone="UTC")
    RosterRow.objects.bulk_create(
        RosterRow(district=district, kind="enrollments", key=f"{n}", digest=b"0", row="[]")
        for n in range(10)
    )
    taken = night(
        district, NOW - timedelta(days=2), counts={"enrollments": {"removed": 6, "changed": 1}}
    )
    seats(taken, "removed", "not in Q", *range(6))
    seats(taken, "changed", "", 6)
    undone = night(
        district, NOW - timedelta(days=1), kind="undo", undoes=taken,
        counts={"enrollments": {"changed": 7}},
    )  # fmt: skip
    seats(undone, "changed", "undo", *range(7))
    last = night(district, NOW, counts={"enrollments": {"changed": 2, "removed": 3}})
    seats(last, "changed", "returned", 8, 9)
    seats(last, "removed", "still not in Q", 20, 21, 22)
    with time_machine.travel(NOW, tick=False):
        page = admin.page("")
    assert "Enrollments 10 +2 in seven days" in page
    table = page[page.index("Show as a table") :]
    assert (
        "Nov 23, 2026 0 0 0 10 Nov 22, 2026 0 0 0 8 Nov 21, 2026 0 0 0 2 Nov 20, 2026 0 0 0 8"
    ) in table


@pytest.mark.django_db
def test_what_canvas_held_before_us_counts_from_the_night_on_that_it_is_ours(admin, district):
    District.objects.update(provisioned_at=NOW - timedelta(days=3), time_zone="UTC")
    for origin, numbers in (("ours", range(7)), ("canvas", range(7, 11))):
        RosterRow.objects.bulk_create(
            RosterRow(
                district=district, kind="enrollments", key=f"{n}", digest=b"0", row="[]",
                origin=origin,
            )
            for n in numbers
        )  # fmt: skip
    first = night(
        district, NOW - timedelta(days=3), counts={"enrollments": {"added": 4, "set_aside": 6}}
    )
    seats(first, "equal", HAD_BEFORE, 0)
    taken_up = night(district, NOW - timedelta(days=2), counts={"enrollments": {"changed": 2}})
    seats(taken_up, "changed", HAD_BEFORE, 5)
    seats(taken_up, "changed", "", 1)
    became = night(district, NOW, counts={"enrollments": {"same": 7}})
    seats(became, "equal", HAD_BEFORE, 6)
    seats(became, "equal", "", 2)
    with time_machine.travel(NOW, tick=False):
        page = admin.page("")
    assert "Enrollments 7 +6 in seven days" in page
    table = page[page.index("Show as a table") :]
    assert (
        "Nov 23, 2026 0 0 0 7 Nov 22, 2026 0 0 0 6 Nov 21, 2026 0 0 0 6 Nov 20, 2026 0 0 0 5"
    ) in table


@pytest.mark.django_db
def test_the_overview_draws_it_says_it_and_has_it_as_a_table(admin, district):
    District.objects.update(provisioned_at=NOW - timedelta(days=400), time_zone="Pacific/Auckland")
    RosterRow.objects.bulk_create(
        RosterRow(district=district, kind="users", key=f"{n}", digest=b"0", row="[]")
        for n in range(1234)
    )
    # In Auckland it is Tuesday already, as it was Monday at the end of the night before.
    night(district, NOW, counts={"users": {"added": 4}})
    night(district, NOW - timedelta(days=1), kind="undo", counts={"users": {"removed": 30}})
    night(district, NOW - timedelta(days=2), state="failed", counts={"users": {"added": 500}})
    with time_machine.travel(NOW, tick=False):
        answer = admin.get("")
        page = admin.page("")
    assert "Users 1,234 −26 in seven days" in page
    assert "Sections 0 No change in seven days" in page
    labels = re.findall(
        r'<svg class="spark"[^>]*role="img" aria-label="([^"]*)"', answer.content.decode()
    )
    assert labels[2] == "Users, 30 nights: from 1,260 to 1,234; lowest 1,230, highest 1,260."
    assert len(labels) == 4
    table = page[page.index("Show as a table") :]
    assert "Nov 24, 2026 0 0 1,234 0 Nov 23, 2026 0 0 1,230 0 Nov 22, 2026 0 0 1,260 0" in table
    assert table.count(", 2026 0 0 1,2") == NIGHTS


@pytest.mark.django_db
def test_a_district_without_a_night_has_counts_and_no_trend(admin):
    answer = admin.get("").content.decode()
    assert "spark" not in answer
    assert "in seven days" not in answer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "shown"),  # nights of districts begin spread over half an hour
    [
        (datetime(2026, 10, 31, 20, tzinfo=UTC), "Sun, Nov 1, 2:26 AM"),
        (datetime(2026, 11, 1, 20, tzinfo=UTC), "Mon, Nov 2, 2:26 AM"),
        # At 2:00 of this Sunday clocks go on to 3:00.
        (datetime(2027, 3, 13, 20, tzinfo=UTC), "Sun, Mar 14, 3:26 AM"),
        (datetime(2027, 3, 14, 20, tzinfo=UTC), "Mon, Mar 15, 2:26 AM"),
    ],
)
def test_the_next_night_is_told_by_the_districts_clock_over_both_changes_of_it(
    district, now, shown
):
    ProvisioningPolicy.objects.update(is_automatic=True)
    with time_machine.travel(now, tick=False):
        page = visit(installed(district)).page("")
    page = page[page.index("Next night") :][:80]
    assert f"Next night {shown} America/Los_Angeles" in page

"""What a run tells a person: all of a few, the first of many and how many there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from integration.ledger.findings import LISTED
from integration.ledger.runs import Ledger
from integration.models import Finding
from integration.oneroster.types import Problem
from tests.integration.ledger.test_runs import finding, take_over

pytestmark = pytest.mark.django_db


def many(count: int, **fields: str) -> Iterator[Problem]:
    return (finding(sourced_id=f"u{number}", **fields) for number in range(count))


def listed(ledger: Ledger, **named: str) -> list[str]:
    rows = Finding.objects.filter(run=ledger.run, more=0, **named).order_by("pk")
    return list(rows.values_list("sourced_id", flat=True))


def totals(ledger: Ledger) -> list[tuple[str, str, int]]:
    rows = Finding.objects.filter(run=ledger.run, more__gt=0).order_by("pk")
    return list(rows.values_list("code", "kind", "more"))


def test_as_many_as_are_listed_need_no_line_with_their_number(ledger):
    ledger.find(many(LISTED))
    assert (len(listed(ledger)), totals(ledger)) == (LISTED, [])


def test_of_more_the_first_are_kept_and_one_line_tells_how_many_there_are(ledger):
    ledger.find(many(LISTED + 234))
    assert listed(ledger) == [f"u{number}" for number in range(LISTED)]
    assert totals(ledger) == [("roster.no-login", "users", 234)]
    line = Finding.objects.get(more=234).as_dict()
    assert line["reason"] == "There are 1,234 of these; the first 1,000 are listed."
    assert (line["more"], line["remedy"]) == (234, "What to do.")


def test_pages_of_findings_are_counted_together(ledger):
    for _ in range(3):
        ledger.find(many(LISTED - 1))
    assert (len(listed(ledger)), totals(ledger)[0][2]) == (LISTED, 2 * LISTED - 3)


def test_each_code_and_each_kind_has_room_of_its_own(ledger):
    ledger.find(many(LISTED + 1))
    ledger.find(many(2, code="roster.no-name"))
    ledger.find(many(3, kind="classes"))
    assert len(listed(ledger, code="roster.no-name")) == 2
    assert len(listed(ledger, kind="classes")) == 3


def test_a_run_that_goes_on_elsewhere_goes_on_counting(ledger):
    ledger.find(many(LISTED + 5))
    take_over(ledger.run).find(many(7))
    assert (len(listed(ledger)), totals(ledger)[0][2]) == (LISTED, 12)


def test_a_plan_made_anew_begins_to_count_anew(ledger):
    ledger.find(many(LISTED + 5))
    ledger.forget()
    ledger.find(many(3))
    assert (len(listed(ledger)), totals(ledger)) == (3, [])


def test_a_flood_of_findings_is_not_held_in_memory(ledger):
    ledger.find(many(1))
    tracemalloc.start()
    try:
        ledger.find(many(60 * LISTED))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert totals(ledger)[0][2] == 59 * LISTED + 1

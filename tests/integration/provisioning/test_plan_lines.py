"""What the database tells of accepted and planned rows."""

from __future__ import annotations

import pytest

from integration.models import Change, District, RosterRow, Run
from integration.provisioning import outcome, plan_lines, roster
from integration.provisioning.compare import Planned
from integration.provisioning.holds import Limits, holds
from integration.provisioning.rows import COURSES, USERS, digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    district = District.objects.create(slug="lakeside", name="Lakeside")
    return Run.objects.create(district=district, kind=Run.Kind.PROVISIONING)


def user_row(number: int, name: str = "Given") -> tuple[str, ...]:
    return (f"u{number}", f"u{number}@x.org", name, "Family", "", "active")


def course_row(number: int, account: str) -> tuple[str, ...]:
    return (f"c{number}", "C", "Course", account, "T1", "active")


def line(kind, row, action="added", group="S1", before=None) -> Planned:
    return Planned(kind.key(row), action, before, row, digest(row), group)


def test_rows_that_moved_to_a_school_nobody_knew_count_for_the_district(run):
    old = [course_row(number, "S1") for number in range(80)]
    roster.accept(run, COURSES, [line(COURSES, row) for row in old])
    moved = [course_row(number, "NEW") for number in range(80)]
    plan_lines.plan(
        run,
        COURSES,
        [
            line(COURSES, row, "changed", "NEW", before)
            for row, before in zip(moved, old, strict=True)
        ],
    )
    found = holds(plan_lines.tallies(run), Limits())
    assert [(hold.code, hold.school, hold.count) for hold in found] == [
        ("too-many-changed", "", 80)
    ]


def test_a_plan_is_named_by_its_content_in_any_order(run):
    other = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    lines = [line(USERS, user_row(number)) for number in (1, 22, 3)]
    plan_lines.plan(run, USERS, lines)
    plan_lines.plan(other, USERS, reversed(lines))
    assert plan_lines.plan_digest(run) == plan_lines.plan_digest(other)
    Change.objects.filter(run=other, key="u3").update(after="[]")
    assert plan_lines.plan_digest(run) != plan_lines.plan_digest(other)


def test_what_is_confirmed_is_accepted_and_confirming_twice_changes_nothing(run):
    plan_lines.plan(run, USERS, [line(USERS, user_row(1))])
    outcome.confirm(run, USERS)
    outcome.confirm(run, USERS)
    assert roster.accepted_digests(run.district, USERS) == {digest(user_row(1))}
    assert run.changes.get().state == Change.State.CONFIRMED


def test_a_refused_row_is_not_accepted_and_not_sent_again_until_it_changes(run):
    plan_lines.plan(run, USERS, [line(USERS, user_row(1)), line(USERS, user_row(2))])
    refused, _ = outcome.sent_changes(run, USERS)
    outcome.refuse(run, USERS, {refused: "already claimed"})
    outcome.confirm(run, USERS)
    assert [row.key for row in RosterRow.objects.all()] == ["u2"]
    again = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    plan_lines.plan(again, USERS, [line(USERS, user_row(1))])
    assert not outcome.has_rows_to_send(again)
    third = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    plan_lines.plan(third, USERS, [line(USERS, user_row(1, "Corrected"))])
    assert outcome.has_rows_to_send(third)


def test_the_order_of_sent_rows_does_not_change_while_their_answers_are_recorded(run):
    plan_lines.plan(run, USERS, [line(USERS, user_row(number)) for number in range(5)])
    before = list(outcome.sent_changes(run, USERS))
    outcome.refuse(run, USERS, {before[1]: "no"})
    outcome.confirm(run, USERS)
    assert list(outcome.sent_changes(run, USERS)) == before


def test_a_removed_row_is_found_again_but_no_longer_compared(run):
    row = user_row(1)
    roster.accept(run, USERS, [line(USERS, row)])
    plan_lines.plan(run, USERS, [line(USERS, row, "kept", before=row)])
    outcome.confirm(run, USERS)
    assert roster.accepted_digests(run.district, USERS) == set()
    assert roster.find(run.district, USERS, ["u1"])["u1"].removed


def test_what_was_only_seen_in_canvas_is_replaced_at_the_next_look_and_ours_stays(run):
    roster.accept(run, USERS, [line(USERS, user_row(1))])
    seen = [(user_row(number, "Theirs"), b"x" * 16) for number in (1, 2)]
    assert roster.keep_observed(run, USERS, seen) == 1
    there = roster.find(run.district, USERS, ["u1", "u2"])
    assert (there["u1"].ours, there["u2"].ours) == (True, False)
    roster.forget_observed(run.district)
    assert roster.find(run.district, USERS, ["u2"]) == {}

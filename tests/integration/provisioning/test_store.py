"""What the database tells of accepted and planned rows."""

from __future__ import annotations

import pytest

from integration.models import Change, District, RosterRow, Run
from integration.provisioning import store
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
    store.accept(run, COURSES, [line(COURSES, row) for row in old])
    moved = [course_row(number, "NEW") for number in range(80)]
    store.plan(
        run,
        COURSES,
        [
            line(COURSES, row, "changed", "NEW", before)
            for row, before in zip(moved, old, strict=True)
        ],
    )
    found = holds(store.tallies(run), Limits())
    assert [(hold.code, hold.school, hold.count) for hold in found] == [
        ("too-many-changed", "", 80)
    ]


def test_a_plan_is_named_by_its_content_in_any_order(run):
    other = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    lines = [line(USERS, user_row(number)) for number in (1, 22, 3)]
    store.plan(run, USERS, lines)
    store.plan(other, USERS, reversed(lines))
    assert store.plan_digest(run) == store.plan_digest(other)
    Change.objects.filter(run=other, key="u3").update(after="[]")
    assert store.plan_digest(run) != store.plan_digest(other)


def test_what_is_confirmed_is_accepted_and_confirming_twice_changes_nothing(run):
    store.plan(run, USERS, [line(USERS, user_row(1))])
    store.confirm(run, USERS)
    store.confirm(run, USERS)
    assert store.accepted_digests(run.district, USERS) == {digest(user_row(1))}
    assert run.changes.get().state == Change.State.CONFIRMED


def test_a_refused_row_is_not_accepted_and_not_sent_again_until_it_changes(run):
    store.plan(run, USERS, [line(USERS, user_row(1)), line(USERS, user_row(2))])
    refused, _ = store.sent_changes(run, USERS)
    store.refuse(run, USERS, {refused: "already claimed"})
    store.confirm(run, USERS)
    assert [row.key for row in RosterRow.objects.all()] == ["u2"]
    again = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    store.plan(again, USERS, [line(USERS, user_row(1))])
    assert not store.has_rows_to_send(again)
    third = Run.objects.create(district=run.district, kind=Run.Kind.PROVISIONING)
    store.plan(third, USERS, [line(USERS, user_row(1, "Corrected"))])
    assert store.has_rows_to_send(third)


def test_the_order_of_sent_rows_does_not_change_while_their_answers_are_recorded(run):
    store.plan(run, USERS, [line(USERS, user_row(number)) for number in range(5)])
    before = list(store.sent_changes(run, USERS))
    store.refuse(run, USERS, {before[1]: "no"})
    store.confirm(run, USERS)
    assert list(store.sent_changes(run, USERS)) == before


def test_a_removed_row_is_found_again_but_no_longer_compared(run):
    row = user_row(1)
    store.accept(run, USERS, [line(USERS, row)])
    store.plan(run, USERS, [line(USERS, row, "kept", before=row)])
    store.confirm(run, USERS)
    assert store.accepted_digests(run.district, USERS) == set()
    assert store.find(run.district, USERS, ["u1"])["u1"].removed


def test_what_was_only_seen_in_canvas_is_replaced_at_the_next_look_and_ours_stays(run):
    store.accept(run, USERS, [line(USERS, user_row(1))])
    seen = [(user_row(number, "Theirs"), b"x" * 16) for number in (1, 2)]
    assert store.keep_observed(run, USERS, seen) == 1
    there = store.find(run.district, USERS, ["u1", "u2"])
    assert (there["u1"].ours, there["u2"].ours) == (True, False)
    store.forget_observed(run.district)
    assert store.find(run.district, USERS, ["u2"]) == {}

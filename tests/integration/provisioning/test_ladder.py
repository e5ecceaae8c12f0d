"""An enrollment that stays away goes further down, step by step, and comes back at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from integration.models import Change, District, ProvisioningPolicy, RosterRow
from integration.provisioning.compare import Accepted
from integration.provisioning.holds import Limits, Tally
from integration.provisioning.ladder import Ladder, Room, Step, climbing
from integration.provisioning.rows import digest
from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import enrollment, small_district

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("completed", "deleted", "steps"),
    [
        (0, 0, []),
        (14, 0, [("inactive", "completed", 14)]),
        (0, 90, [("completed", "deleted", 90), ("inactive", "deleted", 90)]),
        (14, 90, [("completed", "deleted", 90), ("inactive", "completed", 14)]),
    ],
)
def test_the_policys_days_say_which_steps_follow(completed, deleted, steps):
    assert Ladder(completed, deleted).steps() == [Step(*one) for one in steps]


def gone(user: str, status: str = "inactive", school: str = "S1") -> tuple[str, Accepted]:
    row = ("K1", user, "student", status, "", "")
    return user, Accepted(row, digest(row), ours=True, removed=True, group=school)


def climbed(*found: tuple[str, Accepted], tallies=(), limits=None) -> list[str]:
    room = Room(tallies, limits or Limits())
    return [line.key for line in climbing(Step("inactive", "completed", 14), found, room)]


def test_a_step_names_what_was_there_what_will_be_and_why():
    (line,) = climbing(Step("inactive", "deleted", 9), [gone("u1")], Room([], Limits()))
    assert (line.action, line.reason) == ("removed", "still not in Q")
    assert (line.before[3], line.after[3]) == ("inactive", "deleted")


def test_only_those_of_the_steps_own_status_take_it():
    assert climbed(gone("u1"), gone("u2", "completed"), gone("u3", "active")) == ["u1"]


def test_as_many_climb_as_the_limits_leave_room_for_in_the_school_and_in_total():
    many = [gone(f"u{number}") for number in range(30)]
    assert len(climbed(*many)) == 5
    north = Tally("enrollments", "S1", 100, removed=4)
    south = Tally("enrollments", "S2", 100, removed=9)
    assert len(climbed(*many, tallies=[north])) == 6
    assert len(climbed(*many, tallies=[north, south])) == 6
    assert len(climbed(*many, tallies=[north, south, Tally("enrollments", "", 0, removed=5)])) == 2
    full = Tally("enrollments", "S1", 100, removed=11)
    assert climbed(*many, tallies=[full, Tally("enrollments", "S2", 900)]) == []


def test_those_that_rest_are_told_of_and_take_no_room():
    many = [gone(f"u{number}") for number in range(30)]
    rest = {"u0", "u1", "u2", "u3", "u4", "u5"}
    lines = climbing(
        Step("inactive", "completed", 14), many, Room([], Limits()), resting=lambda _: rest
    )
    assert [line.key for line in lines] == [f"u{number}" for number in range(11)]


# --- over the nights of a district --------------------------------------------------------------


@pytest.fixture
def one_gone(q_holds, change_q, connect, provision) -> None:
    """P1-0 is inactive since last night; whoever stays away is completed and then deleted."""
    q_holds(small_district(students=20))
    connect()
    ProvisioningPolicy.objects.create(
        district=District.objects.get(), completed_after_days=14, deleted_after_days=30
    )
    provision()
    change_q(delete={"enrollments": ["E-P1-0"]})
    assert provision()[1]["counts"]["enrollments"]["removed"] == 1


def pass_days(days: int) -> None:
    """What so many nights without news leave behind."""
    for row in RosterRow.objects.exclude(removed_at=None):
        RosterRow.objects.filter(pk=row.pk).update(removed_at=row.removed_at - timedelta(days=days))


def status(sandbox, user: str = "P1-0") -> set[str]:
    """Of the enrollment; nothing once it is deleted."""
    return {row["status"] for row in held(sandbox.canvas)["enrollments"] if row["user_id"] == user}


def test_step_by_step_after_its_days_and_never_two_in_one_night(one_gone, provision, sandbox):
    seen = []
    for days in (13, 1, 29, 1, 400):
        pass_days(days)
        code, _ = provision()
        seen.append((code, status(sandbox)))
    inactive, completed = {"inactive"}, {"completed"}
    assert seen == [(0, inactive), (0, completed), (0, completed), (0, set()), (0, set())]
    assert len(imports(sandbox.canvas)) == 4
    pass_days(400)
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F17")
def test_whoever_returns_is_active_at_once_from_any_step(one_gone, change_q, provision, sandbox):
    for _ in range(3):
        pass_days(31)
        change_q(upsert={"enrollments": [enrollment("E-back", "P1-0")]})
        provision()
        assert status(sandbox) == {"active"}
        change_q(delete={"enrollments": ["E-back"]})
        provision()
        pass_days(31)
        provision()
    pass_days(31)
    provision()
    assert status(sandbox) == set()
    change_q(upsert={"enrollments": [enrollment("E-back", "P1-0")]})
    provision()
    assert status(sandbox) == {"active"}


@pytest.mark.fault("F36")
@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("taken", [0, 1])
def test_a_step_that_broke_off_is_taken_again_and_not_the_first_one(
    taken, rows, one_gone, provision, sandbox
):
    for _ in range(taken):
        pass_days(31)
        provision()
    pass_days(31)
    broken = {"how": "partial", "rows": rows, "state": "aborted"}
    url = f"{origin(sandbox.canvas.url)}/sandbox/imports/fail"
    requests.post(url, json=broken, timeout=60).raise_for_status()
    assert provision()[1]["error"]["code"] == "provisioning.import-failed"
    assert provision()[0] == 0
    assert status(sandbox) == [{"completed"}, set()][taken]
    assert provision()[1]["sent"] == {}
    pass_days(31)
    provision()
    assert status(sandbox) == set()


def test_without_the_policys_days_it_stays_inactive(one_gone, provision, sandbox):
    ProvisioningPolicy.objects.update(completed_after_days=0, deleted_after_days=0)
    pass_days(1000)
    assert provision()[1]["sent"] == {}
    assert status(sandbox) == {"inactive"}


def test_a_night_that_proves_nothing_takes_nobody_further(one_gone, change_q, provision, sandbox):
    """A nameless class, or an enrollment that cannot be read, may be anybody's."""
    pass_days(15)
    broken = enrollment("E-broken", "P1-0")
    del broken["user"]
    change_q(upsert={"enrollments": [broken]})
    provision()
    assert status(sandbox) == {"inactive"}
    change_q(delete={"enrollments": ["E-broken"]})
    provision()
    assert status(sandbox) == {"completed"}


def test_a_step_is_a_line_of_the_plan_and_can_be_taken_back(one_gone, manage, provision, sandbox):
    pass_days(15)
    answer = provision()[1]
    (line,) = Change.objects.filter(run=answer["run"])
    assert (line.action, line.reason, line.state) == ("removed", "still not in Q", "confirmed")
    assert manage("undo", str(answer["run"]))[0] == 0
    assert status(sandbox) == {"inactive"}
    row = RosterRow.objects.get(kind="enrollments", key__contains="P1-0")
    assert row.removed_at
    assert provision()[1]["sent"] == {}


def test_a_flood_of_steps_goes_in_portions_and_holds_no_night(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=40))
    connect()
    provision()
    change_q(delete={"enrollments": [f"E-P1-{number}" for number in range(12)]})
    assert provision("--approve", provision()[1]["digest"])[0] == 0
    ProvisioningPolicy.objects.update(completed_after_days=1)
    pass_days(2)
    counts = [provision()[1]["counts"]["enrollments"].get("removed", 0) for _ in range(4)]
    assert counts == [5, 5, 2, 0]


def test_in_a_rollover_nobody_takes_a_further_step(one_gone, provision, sandbox):
    today = datetime.now(UTC).date()
    window = {
        "from": f"{today - timedelta(1)}",
        "until": f"{today + timedelta(1)}",
        "reason": "new",
    }
    ProvisioningPolicy.objects.update(rollovers=[window])
    pass_days(15)
    assert provision()[1]["sent"] == {}
    ProvisioningPolicy.objects.update(rollovers=[])
    provision()
    assert status(sandbox) == {"completed"}


def test_a_school_that_is_left_out_takes_no_place_of_those_that_come_over(
    q_holds, connect, change_q, provision, sandbox
):
    """Its removals rest, each night the same; they used up the night's room, oldest first."""
    q_holds(small_district(students=40, schools=("S1", "S2")))
    connect()
    provision()
    change_q(delete={"enrollments": [*(f"E-P2-{number}" for number in range(12)), "E-P1-0"]})
    assert provision("--approve", provision()[1]["digest"])[0] == 0
    ProvisioningPolicy.objects.update(completed_after_days=1, schools=["S1"], removed_share=0)
    pass_days(2)
    for row in RosterRow.objects.filter(school="S2").exclude(removed_at=None):
        RosterRow.objects.filter(pk=row.pk).update(removed_at=row.removed_at - timedelta(days=1))
    provision()
    assert status(sandbox) == {"completed"}
    assert status(sandbox, "P2-0") == {"inactive"}


def test_who_is_gone_tonight_from_a_school_that_is_left_out_takes_no_place_either(
    one_gone, q_holds, change_q, provision, sandbox
):
    both = small_district(students=20, schools=("S1", "S2"))
    both["enrollments"] = [one for one in both["enrollments"] if one["sourcedId"] != "E-P1-0"]
    q_holds(both)
    provision()
    change_q(delete={"enrollments": [f"E-P2-{number}" for number in range(9)]})
    ProvisioningPolicy.objects.update(schools=["S1"])
    pass_days(15)
    provision()
    assert status(sandbox) == {"completed"}
    assert status(sandbox, "P2-0") == {"active"}


def test_those_whose_step_a_person_set_aside_take_no_place_of_the_others(
    q_holds, connect, change_q, provision, sandbox
):
    """They are the oldest, and would use the night's room up, every night."""
    q_holds(small_district(students=40))
    connect()
    policy = {"completed_after_days": 14, "removed_share": 0, "removed_floor": 3}
    ProvisioningPolicy.objects.create(district=District.objects.get(), **policy)
    provision()
    change_q(delete={"enrollments": [f"E-P1-{number}" for number in range(3)]})
    provision()
    pass_days(15)
    answer = provision("--plan-only")[1]
    assert answer["counts"]["enrollments"]["removed"] == 3
    assert provision("--approve", answer["digest"], "--kind", "users")[0] == 0
    change_q(delete={"enrollments": ["E-P1-10", "E-P1-11"]})
    provision()
    pass_days(15)
    counts = provision()[1]["counts"]["enrollments"]
    assert (counts["removed"], counts["set_aside"]) == (2, 3)
    assert (status(sandbox), status(sandbox, "P1-10")) == ({"inactive"}, {"completed"})

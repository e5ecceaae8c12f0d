"""Once a week each automatic district is compared with its Canvas, after a night, beside none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from integration.models import District, Finding, ProvisioningPolicy, Run
from integration.nights import is_check_due, own_weekday
from integration.tasks import advance_run, sweep
from tests.integration.ledger.conftest import in_workers, workers  # noqa: F401  a fixture
from tests.integration.provisioning.held_by_canvas import imports, signed_in
from tests.integration.provisioning.records import small_district
from tests.integration.test_tasks import automatic, rung_for, today

pytestmark = pytest.mark.django_db

State = Run.State
MONDAY = date(2026, 11, 23)


def due(night: int, last: int | None, first: int = -100) -> bool:
    """Days from a Monday; the district's own day is Wednesday."""
    return is_check_due(
        MONDAY + timedelta(night),
        first=MONDAY + timedelta(first),
        last=None if last is None else MONDAY + timedelta(last),
        weekday=2,
    )


@pytest.mark.parametrize(
    ("night", "last", "is_due"),
    [
        *[(2, -5, True), (2, 2, False), (3, 2, False), (8, 2, False), (9, 2, True)],
        # made good on another day, and back to its own day after that
        *[(4, -5, True), (5, 4, False), (8, 4, False), (9, 4, True)],
        # not once for each week that was missed
        *[(23, -5, True), (24, 23, False)],
        (30, 23, True),
    ],
)
def test_the_check_follows_the_night_of_the_districts_own_day_once_a_week(night, last, is_due):
    assert due(night, last) is is_due


def test_a_new_districts_first_check_waits_for_its_own_day():
    assert [due(night, None, first=0) for night in (0, 1, 2, 3)] == [False, False, True, True]


def test_districts_are_spread_over_the_week():
    days = [own_weekday(f"district-{number}") for number in range(200)]
    assert set(days) == set(range(7))
    assert max(days.count(day) for day in range(7)) < 50


# --- the sweeper --------------------------------------------------------------------------------


@pytest.fixture
def provisioned(q_holds, connect, provision, settings) -> District:
    """Its last night is of today and done; no check was made for weeks."""
    settings.NIGHT_STAGGER_MINUTES = 0
    q_holds(small_district())
    connect()
    district = automatic()
    provision()
    Run.objects.update(night=today(district))
    checked(district, days_ago=20)
    return district


def checked(district: District, *, days_ago: int) -> Run:
    night = today(district) - timedelta(days_ago)
    old = {"state": State.DONE, "ended_at": timezone.now(), "night": night}
    return Run.objects.create(district=district, kind=Run.Kind.DRIFT, **old)


def checks() -> list[Run]:
    return list(Run.objects.filter(kind=Run.Kind.DRIFT, trigger="week"))


def test_a_check_that_is_due_is_opened_once_and_carried_out(provisioned, sandbox):
    url = f"{sandbox.canvas.url}/api/v1/courses/sis_course_id:K1"
    form = {"course[name]": "Algebra with Rosa"}
    signed_in(sandbox.canvas).put(url, data=form, timeout=30).raise_for_status()
    sweep()
    sweep()
    (run,) = checks()
    assert (run.actor, run.night, run.plan_only) == ("schedule", today(provisioned), True)
    assert rung_for() == [run.pk]
    advance_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.counts["courses"]["differs"]) == (State.DONE, 1)
    assert set(Finding.objects.filter(run=run).values_list("code", "sourced_id")) == {
        ("drift.differs", "K1")
    }
    sweep()
    assert len(checks()) == 1
    assert len(imports(sandbox.canvas)) == 1


def test_no_second_check_within_the_week(provisioned):
    checked(provisioned, days_ago=0)
    sweep()
    assert checks() == []


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.WAITING, State.FAILED])
def test_a_check_stands_beside_no_night_and_follows_none_that_failed(state, provisioned):
    Run.objects.filter(kind=Run.Kind.PROVISIONING).update(state=state)
    sweep()
    assert checks() == []


def test_a_check_does_not_stand_beside_a_persons_run(provisioned):
    Run.objects.create(district=provisioned, kind=Run.Kind.UNDO, state=State.RUNNING)
    sweep()
    assert checks() == []


@pytest.mark.parametrize("why", ["off", "paused", "blackout", "never provisioned"])
def test_a_district_without_nights_has_no_check(why, provisioned):
    window = {"from": f"{today(provisioned)}", "until": f"{today(provisioned)}", "reason": "exams"}
    match why:
        case "off":
            ProvisioningPolicy.objects.update(is_automatic=False)
        case "paused":
            District.objects.update(state=District.State.PAUSED)
        case "blackout":
            ProvisioningPolicy.objects.update(blackouts=[window])
        case _:
            District.objects.update(provisioned_at=None)
    sweep()
    assert checks() == []


def _district_whose_check_is_due() -> None:
    district = automatic()
    District.objects.update(provisioned_at=timezone.now())
    done = {"kind": Run.Kind.PROVISIONING, "state": State.DONE, "night": today(district)}
    Run.objects.create(district=district, **done)
    checked(district, days_ago=20)


def _count_checks() -> int:
    return len(checks())


def test_two_sweepers_at_one_moment_open_one_check(workers, settings):  # noqa: F811
    settings.NIGHT_STAGGER_MINUTES = 0
    in_workers(_district_whose_check_is_due)
    in_workers(sweep, 4)
    assert in_workers(_count_checks) == [1]

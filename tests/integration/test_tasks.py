"""What the sweeper finds to do, and what a bell leads to; bells may be lost or heard thrice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from integration.bells import ring, ringing
from integration.ledger import stopping
from integration.ledger.leases import acquire
from integration.models import CanvasConnection, District, Heartbeat, ProvisioningPolicy, Run
from integration.nights import stagger
from integration.provisioning.run import KIND, resource
from integration.schedule import timetable_of
from integration.tasks import ADVANCE, SWEEP, advance_run, sweep
from tests.integration.conftest import origin
from tests.integration.ledger.conftest import expire, in_workers, workers  # noqa: F401  a fixture
from tests.integration.provisioning.held_by_canvas import imports
from tests.integration.provisioning.records import small_district

pytestmark = pytest.mark.django_db

State = Run.State


def noon_somewhere() -> str:
    """A time zone where it is about noon: the night of 02:00 is due, and none is near."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def automatic(slug: str = "lakeside", **policy: object) -> District:
    district, _ = District.objects.get_or_create(slug=slug, defaults={"name": slug})
    District.objects.filter(pk=district.pk).update(time_zone=noon_somewhere())
    chosen = {"is_automatic": True, **policy}
    ProvisioningPolicy.objects.update_or_create(district=district, defaults=chosen)
    district.refresh_from_db()
    return district


def advanced(run: Run) -> Run:
    """The run, once a worker was given it."""
    advance_run(run.pk)
    run.refresh_from_db()
    return run


def provisioned_yesterday(q_holds: Any, connect: Any, settings: Any) -> District:
    """An automatic district of six students, connected, whose night of today is due."""
    settings.NIGHT_STAGGER_MINUTES = 0
    q_holds(small_district(students=6))
    connect()
    district = automatic()
    sweep()
    assert advanced(Run.objects.get()).state == Run.State.DONE
    Run.objects.update(night=F("night") - timedelta(days=1))
    OrmQ.objects.all().delete()
    return district


@pytest.fixture
def no_stagger(settings):
    settings.NIGHT_STAGGER_MINUTES = 0


@pytest.fixture
def lakeside(db, no_stagger) -> District:
    """Its night is due now."""
    return automatic()


def left_behind(district: District, **fields: object) -> Run:
    """A run that a command began some time ago."""
    run = Run.objects.create(district=district, kind=KIND, actor="Ada", **fields)
    Run.objects.filter(pk=run.pk).update(created_at=Now() - timedelta(hours=1))
    return run


def rung_for() -> list[int]:
    """The runs that bells are waiting for."""
    return sorted(bell.args()[0] for bell in OrmQ.objects.all() if bell.func() == ADVANCE)


def today(district: District) -> date:
    return timezone.now().astimezone(ZoneInfo(district.time_zone)).date()


# --- nights -------------------------------------------------------------------------------------


def test_a_sweep_opens_the_night_that_is_due_and_rings_for_it(lakeside):
    sweep()
    run = Run.objects.get()
    assert (run.night, run.trigger, run.state) == (today(lakeside), "night", State.QUEUED)
    assert rung_for() == [run.pk]


def test_the_next_sweep_opens_no_second_one(lakeside):
    for _ in range(3):
        sweep()
    assert Run.objects.count() == 1


@pytest.mark.fault("F73")
def test_two_sweepers_at_one_moment_open_one_night(workers, settings):  # noqa: F811
    settings.NIGHT_STAGGER_MINUTES = 0
    in_workers(automatic)
    in_workers(sweep, 4)
    assert in_workers(Run.objects.count) == [1]


@pytest.mark.fault("F72")
def test_after_days_without_a_sweep_one_night_is_opened(lakeside):
    long_ago = today(lakeside) - timedelta(days=4)
    left_behind(lakeside, state=State.DONE, night=long_ago)
    sweep()
    sweep()
    assert list(Run.objects.order_by("pk").values_list("night", flat=True)) == [
        long_ago,
        today(lakeside),
    ]


def test_a_persons_run_of_the_same_day_is_no_night(lakeside):
    left_behind(lakeside, state=State.DONE)
    sweep()
    assert Run.objects.filter(night=today(lakeside)).count() == 1


@pytest.mark.parametrize(
    "chosen", [{"is_automatic": False}, {"blackouts": "today"}, {"nights_from": "now"}]
)
def test_no_night_is_opened_where_the_district_has_chosen_so(chosen, lakeside):
    window = {"from": f"{today(lakeside)}", "until": f"{today(lakeside)}", "reason": "break"}
    meant = {"today": [window], "now": timezone.now()}
    automatic(**{name: meant.get(value, value) for name, value in chosen.items()})
    sweep()
    assert not Run.objects.exists()


def test_a_paused_district_has_no_night_and_nothing_of_it_goes_on(lakeside):
    left_behind(lakeside, state=State.RUNNING)
    District.objects.update(state=District.State.PAUSED)
    sweep()
    assert (Run.objects.count(), rung_for()) == (1, [])


@pytest.mark.fault("F71")
def test_a_district_whose_schedule_cannot_be_read_stops_no_other(lakeside):
    automatic("broken", blackouts=[{"from": "2026-13-45"}])
    automatic("zoneless")
    District.objects.filter(slug="zoneless").update(time_zone="Mars/Olympus")
    sweep()
    assert [run.district.slug for run in Run.objects.all()] == ["lakeside"]
    assert Heartbeat.is_fresh()


def test_districts_of_one_hour_begin_spread_over_the_minutes_of_the_setting(lakeside, settings):
    settings.NIGHT_STAGGER_MINUTES = 30
    delay = timetable_of(lakeside.policy).delay
    assert delay == stagger("lakeside", timedelta(minutes=30)) > timedelta(0)


# --- bells --------------------------------------------------------------------------------------


def test_a_queued_run_is_rung_for_once_however_often_is_swept(lakeside):
    run = left_behind(automatic(is_automatic=False))
    sweep()
    sweep()
    assert rung_for() == [run.pk]


@pytest.mark.fault("F70")
def test_when_the_queue_was_emptied_the_next_sweep_rings_again(lakeside):
    sweep()
    OrmQ.objects.all().delete()
    sweep()
    assert rung_for() == [Run.objects.get().pk]


def test_a_bell_that_was_taken_and_led_to_nothing_is_rung_again(lakeside):
    sweep()
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=1900))
    sweep()
    assert len(rung_for()) == 1
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=1900 - 90))
    sweep()
    assert len(rung_for()) == 2


def test_a_bell_that_nobody_can_read_holds_nothing_up(lakeside):
    OrmQ.objects.create(key="qsync", payload="no payload", lock=timezone.now())
    sweep()
    assert (SWEEP, ()) not in ringing()
    assert (ADVANCE, (Run.objects.get().pk,)) in ringing()


def test_an_interrupted_run_is_rung_for_as_soon_as_its_lease_is_free(lakeside):
    run = left_behind(automatic(is_automatic=False), state=State.RUNNING)
    acquire(resource(lakeside))
    sweep()
    assert rung_for() == []
    expire(resource(lakeside))
    sweep()
    assert rung_for() == [run.pk]


@pytest.mark.parametrize(("minutes", "rung"), [(5, 0), (-5, 1)])
def test_a_run_that_shall_wait_is_rung_for_when_its_time_has_come(minutes, rung, lakeside):
    not_before = timezone.now() + timedelta(minutes=minutes)
    left_behind(automatic(is_automatic=False), not_before=not_before)
    sweep()
    assert len(rung_for()) == rung


def test_a_run_that_a_command_has_just_begun_is_left_to_the_command(lakeside):
    Run.objects.create(district=automatic(is_automatic=False), kind=KIND, actor="Ada")
    sweep()
    assert rung_for() == []


def test_a_night_that_came_into_a_blackout_waits_unless_canvas_has_it_already(lakeside):
    sweep()
    OrmQ.objects.all().delete()
    window = {"from": f"{today(lakeside)}", "until": f"{today(lakeside)}", "reason": "exams"}
    automatic(blackouts=[window])
    sweep()
    assert rung_for() == []
    Run.objects.update(sent={"imports": [{"id": "1"}]})
    sweep()
    assert len(rung_for()) == 1


def test_a_sweep_leaves_a_heartbeat_by_the_clock_of_the_database(lakeside):
    assert not Heartbeat.is_fresh()
    sweep()
    assert Heartbeat.is_fresh()
    Heartbeat.objects.update(swept_at=Now() - timedelta(minutes=4))
    assert not Heartbeat.is_fresh()


# --- again --------------------------------------------------------------------------------------

PASSING, LASTING = "http.timed-out", "oneroster.credentials-rejected"


def failed_night(district: District, *, attempts: int = 1, code: str = PASSING) -> Run:
    return left_behind(
        district,
        state=State.FAILED,
        night=today(district),
        attempts=attempts,
        error={"code": code},
        ended_at=timezone.now(),
    )


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 15), (2, 30), (3, 60)])
def test_a_night_that_failed_for_a_passing_reason_is_tried_again_later(attempts, minutes, lakeside):
    failed = failed_night(lakeside, attempts=attempts)
    sweep()
    run = Run.objects.get()
    assert (run.pk, run.state, rung_for()) == (failed.pk, State.QUEUED, [])
    assert run.not_before == failed.ended_at + timedelta(minutes=minutes)


def test_after_three_more_tries_a_night_stays_failed(lakeside):
    failed_night(lakeside, attempts=4)
    sweep()
    assert Run.objects.get().state == State.FAILED


def test_a_night_that_failed_for_a_lasting_reason_is_not_tried_again(lakeside):
    failed_night(lakeside, code=LASTING)
    sweep()
    assert Run.objects.get().state == State.FAILED


def test_a_night_is_not_tried_again_once_the_district_has_a_later_run(lakeside):
    failed = failed_night(lakeside)
    left_behind(lakeside, state=State.DONE)
    sweep()
    failed.refresh_from_db()
    assert failed.state == State.FAILED


# --- advance_run --------------------------------------------------------------------------------


@pytest.fixture
def night(connect, no_stagger) -> Run:
    """Tonight's run of a district that is connected to the sandbox."""
    connect()
    automatic()
    sweep()
    return Run.objects.get()


def test_a_bell_brings_the_night_to_its_end(night, sandbox):
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.attempts) == (State.DONE, 1)
    assert len(imports(sandbox.canvas)) == 1


@pytest.mark.fault("F69")
def test_a_bell_heard_three_times_has_one_effect(night, sandbox):
    for _ in range(3):
        advance_run(night.pk)
    night.refresh_from_db()
    assert (night.attempts, len(imports(sandbox.canvas))) == (1, 1)


def test_a_bell_for_a_run_that_is_worked_on_is_quiet(night):
    acquire(resource(night.district))
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.attempts) == (State.QUEUED, 0)


def test_a_bell_for_nothing_is_quiet():
    advance_run(4711)


def test_a_run_that_cannot_begin_fails_with_what_to_do(night):
    CanvasConnection.objects.all().delete()
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.error["code"]) == (State.FAILED, "provisioning.not-connected")


def test_what_was_interrupted_before_it_sent_anything_makes_way_for_the_night(night, sandbox):
    older = left_behind(night.district, state=State.RUNNING)
    newer = left_behind(night.district)
    Run.objects.filter(pk=night.pk).update(night=None)
    advance_run(newer.pk)
    states = dict(Run.objects.values_list("pk", "state"))
    assert states == {night.pk: State.FAILED, older.pk: State.FAILED, newer.pk: State.DONE}
    assert len(imports(sandbox.canvas)) == 1


def test_a_bell_heard_after_the_district_was_paused_does_nothing(night):
    District.objects.update(state=District.State.PAUSED)
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.attempts) == (State.QUEUED, 0)


@pytest.fixture
def canvas_hides_its_imports(sandbox):
    faults = f"{origin(sandbox.canvas.url)}/sandbox/faults"
    fault = {"match": {"method": "GET", "path": r"/sis_imports/\d+"}, "do": {"status": 404}}
    requests.post(faults, json=fault, timeout=60).raise_for_status()
    yield lambda: requests.delete(faults, timeout=60)
    requests.delete(faults, timeout=60)


@pytest.mark.fault("F35")
def test_a_run_that_canvas_may_have_something_of_goes_on_later_not_at_once(
    night, canvas_hides_its_imports, sandbox
):
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.cursor) == (State.QUEUED, "sent")
    waits = night.not_before - timezone.now()
    assert timedelta(minutes=14) < waits <= timedelta(minutes=15)
    canvas_hides_its_imports()
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.error, len(imports(sandbox.canvas))) == (State.DONE, {}, 1)


@pytest.fixture
def asked_to_stop():
    stopping.ask_all()
    yield
    stopping._stopping.value = 0


def test_a_cluster_that_is_told_to_stop_begins_nothing_more(night, asked_to_stop):
    advance_run(night.pk)
    night.refresh_from_db()
    assert (night.state, night.attempts) == (State.QUEUED, 0)


def test_a_bell_names_a_task_and_numbers_and_nothing_else(db):
    ring(ADVANCE, 7, timeout=60)
    (bell,) = OrmQ.objects.all()
    assert (bell.func(), bell.args(), bell.kwargs()) == (ADVANCE, (7,), {})


def test_s48_whose_run_it_is_stands_in_the_runs_row_not_in_the_queue(lakeside):
    """A bell carries a number and nothing else; a district added to it is not listened to."""
    hillside = automatic("hillside")
    run = left_behind(lakeside)
    ring(ADVANCE, run.pk)
    (bell,) = OrmQ.objects.all()
    assert tuple(bell.task["args"]) == (run.pk,)
    with pytest.raises(RuntimeError, match="TypeError"):
        advance_run(run.pk, hillside.pk)
    advance_run(run.pk)
    run.refresh_from_db()
    assert (run.district, run.state) == (lakeside, State.FAILED)
    assert not hillside.runs.exists()

"""A run's row has one writer: the holder of its fence."""

from __future__ import annotations

import pytest

from integration.errors import QSyncError
from integration.ledger.leases import LEASE_SECONDS, AlreadyRunning, Fence, LeaseLost, acquire
from integration.ledger.runs import BEAT_SECONDS, Ledger, nobody
from integration.models import Finding, Run
from integration.oneroster.types import Problem
from tests.integration.ledger.conftest import RESOURCE, expire

pytestmark = pytest.mark.django_db


def take_over(run: Run) -> Ledger:
    expire()
    return Ledger.take(Run.objects.get(pk=run.pk), acquire(RESOURCE))


def stored(ledger: Ledger) -> Run:
    return Run.objects.get(pk=ledger.run.pk)


def test_a_run_begins_as_running_with_its_actor_and_its_fence(ledger, fence):
    run = stored(ledger)
    assert (run.state, run.actor, run.fence) == (Run.State.RUNNING, "Ada", fence.number)
    assert run.started_at == run.heartbeat_at == ledger.run.started_at
    assert run.ended_at is None


def test_an_attempt_is_counted_before_the_work(ledger):
    assert stored(ledger).attempts == 1
    assert take_over(ledger.run).run.attempts == 2
    assert stored(ledger).started_at == ledger.run.started_at


def test_a_guarded_write_of_somebody_who_lost_the_lease_is_undone(ledger):
    take_over(ledger.run)
    with pytest.raises(LeaseLost), ledger.guarded():
        Run.objects.filter(pk=ledger.run.pk).update(stage="too late")
    assert stored(ledger).stage == ""


def test_an_interrupted_plan_is_forgotten_with_its_findings(ledger):
    ledger.find([Problem("users", "u1", "email", "x.y", "It is wrong.", "Correct it.")])
    ledger.run.changes.create(kind="users", key="u1", action="added", after="[]", digest=b"1")
    ledger.forget()
    assert not ledger.run.findings.exists()
    assert not ledger.run.changes.exists()


def test_what_is_written_is_in_the_row_and_in_the_hand(ledger):
    ledger.write(plan_digest="abc", counts={"users": {"added": 1}})
    assert stored(ledger).plan_digest == ledger.run.plan_digest == "abc"
    assert stored(ledger).counts == ledger.run.counts == {"users": {"added": 1}}


@pytest.mark.fault("F67")
def test_who_lost_the_lease_may_not_write_to_the_run_that_went_on_elsewhere(ledger):
    taker = take_over(ledger.run)
    for write in (lambda: ledger.write(stage="x"), lambda: ledger.end(Run.State.DONE)):
        with pytest.raises(LeaseLost, match="taken over"):
            write()
    assert (stored(ledger).stage, stored(ledger).state) == ("", Run.State.RUNNING)
    taker.write(stage="reading")
    assert stored(ledger).stage == "reading"


def test_who_lost_the_lease_cannot_even_say_that_it_failed(ledger):
    take_over(ledger.run)
    with pytest.raises(LeaseLost):
        ledger.fail(QSyncError("too late"))
    assert stored(ledger).error == {}


def test_a_held_run_goes_on_as_running_under_the_new_fence(ledger):
    ledger.end(Run.State.HELD)
    taker = take_over(ledger.run)
    assert taker.run.state == stored(ledger).state == Run.State.RUNNING
    assert taker.run.fence == taker.fence.number > ledger.fence.number


@pytest.mark.parametrize("step", [0, -1])
def test_a_run_is_not_taken_over_by_an_equal_or_a_lower_fence(ledger, step):
    ledger.end(Run.State.HELD)
    with pytest.raises(LeaseLost):
        Ledger.take(ledger.run, Fence(RESOURCE, ledger.fence.number + step))
    assert stored(ledger).state == Run.State.HELD


# --- how far it is ------------------------------------------------------------------------------


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(ledger, clock) -> Ledger:
    return Ledger(ledger.run, ledger.fence, clock=clock)


def test_progress_is_written_at_a_new_stage_and_then_once_a_beat(timed, clock):
    seen = []
    for stage, after in [("a", 0), ("a", 1), ("a", BEAT_SECONDS), ("b", 0), ("b", 1)]:
        clock.now += after
        timed.progress(stage, int(clock.now), 200)
        seen.append((stored(timed).stage, stored(timed).progress["done"]))
    assert seen == [("a", 100), ("a", 100), ("a", 106), ("b", 106), ("b", 106)]
    assert stored(timed).progress["total"] == 200


def test_progress_holds_the_lease(timed):
    expire()
    timed.progress("reading", 1)
    with pytest.raises(AlreadyRunning):
        acquire(RESOURCE)


def test_progress_that_is_not_due_costs_no_query(timed, django_assert_num_queries):
    timed.progress("reading", 1)
    with django_assert_num_queries(0):
        timed.progress("reading", 2)


def test_who_was_taken_over_learns_it_at_the_next_beat(timed, clock):
    timed.progress("reading", 1)
    expire()
    acquire(RESOURCE)
    clock.now += BEAT_SECONDS
    with pytest.raises(LeaseLost):
        timed.progress("reading", 2)
    assert stored(timed).progress["done"] == 1


def test_whoever_looks_on_sees_every_step(ledger):
    seen = []
    watched = Ledger(ledger.run, ledger.fence, watch=lambda *step: seen.append(step))
    for done in (1, 2):
        watched.progress("reading", done, 2)
    assert seen == [("reading", 1, 2), ("reading", 2, 2)]
    assert nobody("reading", 1, 2) is None


# --- findings, and the end ----------------------------------------------------------------------


def finding(**fields: str) -> Problem:
    return Problem(
        **{"kind": "users", "sourced_id": "u1", "field": "email", "code": "roster.no-login"}
        | {"reason": "Why.", "remedy": "What to do."}
        | fields
    )


def test_findings_are_kept_with_the_run_in_their_order(ledger):
    ledger.find([finding(), finding(sourced_id="u2", field="")])
    first, second = Finding.objects.filter(run=ledger.run).order_by("pk")
    assert (first.as_dict()["sourced_id"], first.as_dict()["field"]) == ("u1", "email")
    assert second.as_dict() == {
        name: value for name, value in first.as_dict().items() if name != "field"
    } | {"sourced_id": "u2"}


def test_no_finding_is_no_row(ledger):
    ledger.find(iter([]))
    assert not Finding.objects.exists()


@pytest.mark.parametrize("sourced_id", ["x" * 5000, "a\x00b"])
def test_a_record_with_an_id_that_no_database_holds_stops_nothing(ledger, sourced_id):
    ledger.find([finding(sourced_id=sourced_id), finding()])
    assert Finding.objects.count() == 2
    assert "\x00" not in Finding.objects.earliest("pk").sourced_id


def test_the_end_leaves_a_time_and_no_stage(ledger):
    ledger.progress("reading", 1)
    ledger.end(Run.State.DONE, sent={"imports": []})
    assert (stored(ledger).stage, stored(ledger).sent) == ("", {"imports": []})
    assert stored(ledger).ended_at == ledger.run.ended_at >= ledger.run.started_at


class Refused(QSyncError):
    code = "canvas.refused"
    remedy = "Ask."


def test_a_failed_run_keeps_what_happened_where_and_what_to_do(ledger):
    ledger.progress("sending the import", 1)
    ledger.fail(Refused("Canvas said no."))
    assert stored(ledger).state == Run.State.FAILED
    assert stored(ledger).error == {
        "code": "canvas.refused",
        "message": "Canvas said no.",
        "remedy": "Ask.",
        "stage": "sending the import",
    }


def test_a_lease_outlives_many_beats():
    assert LEASE_SECONDS > 10 * BEAT_SECONDS

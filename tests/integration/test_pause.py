"""A district that is paused while a run is under way: what is sent, and what happens on resume."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django_q.models import OrmQ

from integration.actions import approve_now, run_now
from integration.models import District, ProvisioningPolicy, Run
from integration.provisioning import run as steps
from integration.schedule import Wish, change
from integration.tasks import advance_run, sweep
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import small_district, user
from tests.integration.test_tasks import automatic, rung_for

pytestmark = pytest.mark.django_db(transaction=True)

State = Run.State


def pause(reason: str = "Q is wrong") -> None:
    """With no reason: resume."""
    change(district=District.objects.get(), wish=Wish(pause=reason), by="Ada")


def resume() -> None:
    pause("")


def advanced(run: Run) -> Run:
    advance_run(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def district(q_holds, connect, settings) -> District:
    """It was provisioned yesterday, and tonight's night is due."""
    settings.NIGHT_STAGGER_MINUTES = 0
    q_holds(small_district(students=6))
    connect()
    lakeside = automatic()
    sweep()
    assert advanced(Run.objects.get()).state == State.DONE
    Run.objects.update(night=F("night") - timedelta(days=1))
    OrmQ.objects.all().delete()
    return lakeside


@pytest.fixture
def called(change_q) -> Callable[[str], None]:
    return lambda name: change_q(upsert={"users": [user("P1-0", givenName=name)]})


@pytest.fixture
def name(sandbox) -> Callable[[], str]:
    """What Canvas calls this person."""
    return lambda: {row["user_id"]: row["first_name"] for row in held(sandbox.canvas)["users"]}[
        "P1-0"
    ]


@pytest.fixture
def paused_while_planning(monkeypatch) -> None:
    """Somebody presses Pause when the plan is nearly made; once."""
    planned = steps.holds_of

    def pausing(*given: object) -> object:
        monkeypatch.setattr(steps, "holds_of", planned)
        pause()
        return planned(*given)

    monkeypatch.setattr(steps, "holds_of", pausing)


@pytest.fixture
def stopped(district, called, paused_while_planning) -> Run:
    """A night that was reading Q when somebody pressed Pause."""
    called("Wrong")
    sweep()
    return advanced(Run.objects.latest("pk"))


def test_a_run_that_reads_while_its_district_is_paused_sends_nothing_and_says_so(stopped, name):
    assert (stopped.state, stopped.cursor, stopped.sent) == (State.QUEUED, "", {})
    assert stopped.error["code"] == "provisioning.paused"
    assert "paused before anything of this run was sent" in stopped.error["message"]
    assert (stopped.attempts, stopped.not_before) == (0, None)
    assert name() == "Given"


def test_nothing_of_it_goes_on_until_the_district_is_resumed(stopped, name):
    OrmQ.objects.all().delete()
    sweep()
    assert rung_for() == []
    assert advanced(stopped).state == State.QUEUED
    assert name() == "Given"


def test_once_resumed_it_reads_q_anew_and_sends_what_is_wanted_then(stopped, called, name):
    called("Right")
    OrmQ.objects.all().delete()
    resume()
    sweep()
    assert rung_for() == [stopped.pk]
    assert (advanced(stopped).state, stopped.error, stopped.attempts) == (State.DONE, {}, 1)
    assert name() == "Right"


def test_run_now_that_is_paused_while_it_reads_waits_in_the_same_way(
    district, called, name, paused_while_planning
):
    called("Wrong")
    asked = advanced(run_now(district, by="Ada"))
    assert (asked.state, asked.error["code"]) == (State.QUEUED, "provisioning.paused")
    assert name() == "Given"


def test_an_approved_plan_waits_as_it_was_approved(district, called, name, monkeypatch):
    called("Right")
    ProvisioningPolicy.objects.update(changed_floor=0, changed_share=0.1)
    asked = advanced(run_now(district, by="Ada"))
    approve_now(district, asked.plan_digest, by="Ada")
    asks_canvas = steps.check_same_canvas

    def pausing(*given: object) -> None:
        pause()
        asks_canvas(*given)

    monkeypatch.setattr(steps, "check_same_canvas", pausing)
    assert (advanced(asked).state, asked.cursor) == (State.QUEUED, "planned")
    monkeypatch.setattr(steps, "check_same_canvas", asks_canvas)
    assert name() == "Given"
    called("Another")
    resume()
    assert (advanced(asked).state, name()) == (State.DONE, "Right")


def test_what_canvas_has_when_the_district_is_paused_is_read_back(
    district, called, name, monkeypatch
):
    called("New")
    sweep()
    night = Run.objects.latest("pk")
    waits = steps.wait

    def pausing(*given: object) -> str:
        pause()
        return waits(*given)

    monkeypatch.setattr(steps, "wait", pausing)
    assert (advanced(night).state, name()) == (State.DONE, "New")


def test_a_command_is_somebodys_own_deed_and_goes_on_in_a_paused_district(
    district, called, name, provision, manage, sandbox
):
    """Who takes a night back pauses the district first, so that the next one does not bring it."""
    called("Wrong")
    number = provision()[1]["run"]
    pause()
    assert manage("undo", str(number))[0] == 0
    assert (name(), len(imports(sandbox.canvas))) == ("Given", 3)

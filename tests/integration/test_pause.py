"""A district that is paused while a run is under way: what is sent, and what happens on resume."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django_q.models import OrmQ

from integration.actions import approve_now, run_now
from integration.models import District, ProvisioningPolicy, Run
from integration.provisioning import apply
from integration.provisioning import run as steps
from integration.schedule import Wish, change
from integration.tasks import sweep
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import user
from tests.integration.test_tasks import advanced, provisioned_yesterday, rung_for

pytestmark = pytest.mark.django_db(transaction=True)

State = Run.State


def pause(reason: str = "Q is wrong") -> None:
    """With no reason: resume."""
    change(district=District.objects.get(), wish=Wish(pause=reason), by="Ada")


def resume() -> None:
    pause("")


@pytest.fixture
def district(q_holds, connect, settings) -> District:
    return provisioned_yesterday(q_holds, connect, settings)


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


@pytest.fixture
def refused(district, called, canvas_fault) -> Run:
    """A run whose upload Canvas refused: it is tried again in a while, and nothing of it came."""
    called("Wrong")
    canvas_fault("POST", "/sis_imports", status=401)
    run = advanced(run_now(district, by="Ada"))
    assert (run.state, run.cursor, run.sent) == (State.QUEUED, "planned", {})
    canvas_fault()
    return run


@pytest.mark.parametrize("days", [0, 7])
def test_a_run_whose_upload_was_refused_reads_q_anew_once_its_district_is_resumed(
    days, refused, called, name, sandbox
):
    pause()
    called("Right")
    assert advanced(refused).state == State.QUEUED
    long_ago = F("read_at") - timedelta(days=days)
    Run.objects.filter(pk=refused.pk).update(read_at=long_ago, not_before=None)
    resume()
    assert (advanced(refused).state, refused.error) == (State.DONE, {})
    assert (name(), len(imports(sandbox.canvas))) == ("Right", 2)
    assert (refused.operations.get().attempts, refused.attempts) == (1, 2)


def test_a_run_that_was_interrupted_before_its_upload_reads_q_anew_once_resumed(
    refused, called, name
):
    refused.operations.all().delete()
    Run.objects.filter(pk=refused.pk).update(state=State.RUNNING, cursor="planned")
    pause()
    called("Right")
    resume()
    assert (advanced(refused).state, name()) == (State.DONE, "Right")


def test_a_run_whose_upload_was_refused_makes_way_for_the_one_that_reads_q_anew(
    refused, called, name, provision, sandbox
):
    called("Right")
    code, answer = provision()
    refused.refresh_from_db()
    assert (code, refused.state) == (0, State.FAILED)
    assert answer["run"] != refused.pk
    assert (name(), len(imports(sandbox.canvas))) == ("Right", 2)


def test_an_approved_plan_whose_upload_was_refused_goes_as_approved_if_not_out_of_date(
    district, called, name, canvas_fault
):
    called("Right")
    ProvisioningPolicy.objects.update(changed_floor=0, changed_share=0.1)
    asked = advanced(run_now(district, by="Ada"))
    approve_now(district, asked.plan_digest, by="Ada")
    canvas_fault("POST", "/sis_imports", status=401)
    assert (advanced(asked).state, asked.cursor) == (State.QUEUED, "planned")
    canvas_fault()
    called("Another")
    read_at = asked.read_at
    Run.objects.filter(pk=asked.pk).update(read_at=read_at - timedelta(hours=25))
    assert (advanced(asked).state, name()) == (State.FAILED, "Given")
    assert "it was made more than 24 hours ago" in asked.error["message"]
    Run.objects.filter(pk=asked.pk).update(state=State.QUEUED, read_at=read_at)
    assert (advanced(asked).state, name()) == (State.DONE, "Right")


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


@pytest.fixture
def paused_while_packing(monkeypatch) -> None:
    """Somebody presses Pause while the import is built, which takes minutes; once."""
    packs = apply._pack

    def pausing(*given: Any) -> apply.Package:
        monkeypatch.setattr(apply, "_pack", packs)
        pause()
        return packs(*given)

    monkeypatch.setattr(apply, "_pack", pausing)


def test_a_run_that_is_paused_while_its_import_is_built_sends_nothing_and_reads_q_anew(
    district, called, name, sandbox, paused_while_packing
):
    called("Wrong")
    asked = advanced(run_now(district, by="Ada"))
    assert (asked.state, asked.cursor, asked.attempts) == (State.QUEUED, "", 0)
    assert (asked.error["code"], asked.not_before) == ("provisioning.paused", None)
    assert (name(), len(imports(sandbox.canvas))) == ("Given", 1)
    called("Right")
    resume()
    assert (advanced(asked).state, name()) == (State.DONE, "Right")
    assert asked.operations.get().attempts == 1


def test_an_approved_plan_that_is_paused_while_its_import_is_built_waits_as_it_was_approved(
    district, called, name, paused_while_packing
):
    called("Right")
    ProvisioningPolicy.objects.update(changed_floor=0, changed_share=0.1)
    asked = advanced(run_now(district, by="Ada"))
    approve_now(district, asked.plan_digest, by="Ada")
    assert (advanced(asked).state, asked.cursor, name()) == (State.QUEUED, "planned", "Given")
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

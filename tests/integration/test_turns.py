"""Whose turn it is: what a person wants or has approved, and a night that rests in a blackout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ

from integration.actions import approve_now, confirm_undo, evaluate_now, run_now, undo_now
from integration.models import District, ProvisioningPolicy, Run
from integration.provisioning.part import Part
from integration.tasks import advance_run, sweep
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import enrollment, user
from tests.integration.test_tasks import advanced, provisioned_yesterday, rung_for

pytestmark = pytest.mark.django_db(transaction=True)

State = Run.State


def swept() -> Run:
    """A sweep; the newest run then."""
    sweep()
    return Run.objects.latest("pk")


@pytest.fixture
def district(q_holds, connect, settings) -> District:
    return provisioned_yesterday(q_holds, connect, settings)


@pytest.fixture
def renamed(change_q) -> Callable[[str], None]:
    """Gives everybody in Q another first name; more than the limits let pass from now on."""

    def give(name: str) -> None:
        change_q(upsert={"users": [user(f"P1-{n}", givenName=name) for n in range(6)]})
        ProvisioningPolicy.objects.update(changed_floor=0, changed_share=0.1)

    return give


@pytest.fixture
def name(sandbox) -> Callable[[], str]:
    """What Canvas calls one of them."""
    return lambda: {row["user_id"]: row["first_name"] for row in held(sandbox.canvas)["users"]}[
        "P1-0"
    ]


def black_out() -> None:
    today = timezone.now().date()
    first, last = today - timedelta(days=1), today + timedelta(days=9)
    window = {"from": f"{first}", "until": f"{last}", "reason": "Holidays"}
    ProvisioningPolicy.objects.update(blackouts=[window])


# --- a night that rests -------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [run_now, evaluate_now])
def test_what_a_person_asks_for_does_not_wait_behind_a_night_that_rests_in_a_blackout(
    begin, district
):
    night = swept()
    black_out()
    assert advanced(night).state == State.QUEUED
    assert advanced(begin(district, by="Ada")).state == State.DONE
    night.refresh_from_db()
    # One run at a time, in order: the night makes way, as it does for any run that reads Q anew.
    assert (night.state, night.sent) == (State.FAILED, {})


def test_a_night_in_a_blackout_that_canvas_may_have_is_finished_before_what_a_person_asks_for(
    district, renamed, name, canvas_fault, sandbox
):
    renamed("New")
    ProvisioningPolicy.objects.update(changed_floor=50)
    night = swept()
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    assert advanced(night).state == State.QUEUED
    Run.objects.filter(pk=night.pk).update(sent={}, cursor="planned")
    canvas_fault()
    black_out()
    assert advanced(run_now(district, by="Ada")).state == State.DONE
    night.refresh_from_db()
    assert (night.state, name(), len(imports(sandbox.canvas))) == (State.DONE, "New", 2)


def looks(run: Run) -> int:
    return run.operations.get().attempts


@pytest.fixture
def silent(district, renamed, canvas_fault) -> Run:
    """A night that Canvas has, and of which it does not say what became; asked once just now."""
    renamed("New")
    ProvisioningPolicy.objects.update(changed_floor=50)
    night = swept()
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    assert (advanced(night).state, night.cursor) == (State.QUEUED, "sent")
    return night


def sweeps(number: int) -> list[int]:
    """What so many sweeps ring for, each of them answered."""
    rung: list[int] = []
    for _ in range(number):
        OrmQ.objects.all().delete()
        sweep()
        rung += rung_for()
        for pk in rung_for():
            advance_run(pk)
    return rung


@pytest.mark.parametrize("begin", ["a night", "an undo", "an evaluation"])
def test_a_silent_canvas_is_asked_now_and_then_also_while_a_later_run_waits(begin, silent):
    if begin == "a night":
        Run.objects.update(night=F("night") - timedelta(days=2))  # past the one before
        later = swept()
    elif begin == "an undo":
        later = undo_now(Run.objects.earliest("pk"), by="Ada")
    else:
        later = evaluate_now(silent.district, by="Ada")
    asked = looks(silent)
    assert sweeps(4) == []
    assert looks(silent) == asked

    Run.objects.filter(pk=silent.pk).update(not_before=timezone.now())
    assert sweeps(4) == [later.pk]
    assert looks(silent) == asked + 1
    assert states(silent, later) == [State.QUEUED, State.QUEUED]


def test_an_unknown_upload_costs_no_attempt_each_minute_while_a_later_run_waits(silent):
    silent.operations.update(state="unknown", remote_id="")
    Run.objects.filter(pk=silent.pk).update(sent={}, cursor="planned")
    evaluate_now(silent.district, by="Ada")
    assert sweeps(4) == []


def test_a_night_that_a_person_approved_does_not_rest_in_a_blackout(district, renamed, name):
    renamed("New")
    night = advanced(swept())
    assert night.state == State.HELD
    black_out()
    approve_now(district, night.plan_digest, by="Ada")
    OrmQ.objects.all().delete()
    sweep()
    assert rung_for() == [night.pk]
    assert (advanced(night).state, name()) == (State.DONE, "New")


def test_where_the_newest_run_rests_the_sweep_rings_for_the_one_before_it(district, renamed, name):
    renamed("New")
    asked = advanced(run_now(district, by="Ada"))
    approve_now(district, asked.plan_digest, by="Ada")
    night = swept()
    black_out()
    OrmQ.objects.all().delete()
    sweep()
    assert rung_for() == [asked.pk]
    assert (advanced(asked).state, name()) == (State.DONE, "New")
    assert advanced(night).state == State.QUEUED


# --- what a person approved ---------------------------------------------------------------------


@pytest.fixture
def approved(district, renamed) -> Run:
    """A plan that a person approved, and that no worker has taken up yet."""
    renamed("New")
    asked = advanced(run_now(district, by="Ada"))
    return approve_now(district, asked.plan_digest, by="Ada", reason="wanted")


def states(*runs: Run) -> list[str]:
    return [Run.objects.get(pk=run.pk).state for run in runs]


def test_an_approved_plan_is_carried_out_before_the_night_that_opened_meanwhile(approved, name):
    OrmQ.objects.all().delete()
    night = swept()
    assert rung_for() == [night.pk]
    advance_run(night.pk)
    assert (states(approved, night), name()) == ([State.DONE, State.DONE], "New")


@pytest.mark.parametrize("words", [("provision", "lakeside"), ("drift", "lakeside")])
def test_an_approved_plan_is_carried_out_before_what_a_command_begins(
    words, approved, name, manage
):
    assert manage(*words)[0] == 0
    assert (states(approved), name()) == ([State.DONE], "New")


def test_an_approved_plan_that_is_out_of_date_ends_with_the_true_reason(approved, name, manage):
    Run.objects.filter(pk=approved.pk).update(read_at=F("read_at") - timedelta(hours=25))
    assert manage("provision", "lakeside")[0] == 2
    approved.refresh_from_db()
    assert (approved.state, approved.error["code"]) == (State.FAILED, "provisioning.plan-refused")
    assert "it was made more than 24 hours ago" in approved.error["message"]
    assert name() == "Given"


def test_approved_changed_ids_are_carried_out_before_what_a_command_begins(
    district, change_q, manage, sandbox
):
    change_q(
        delete={"users": ["P1-3"]},
        upsert={
            "users": [user("P1-3") | {"sourcedId": "N3"}],
            "enrollments": [enrollment("E-P1-3", "N3")],
        },
    )
    asked = advanced(run_now(district, by="Ada"))
    ids = Part(kinds=frozenset({"change_sis_id"}))
    changed = approve_now(district, asked.plan_digest, by="Ada", part=ids)
    assert changed.kind == Run.Kind.RENAMES
    assert manage("drift", "lakeside")[0] == 0
    assert states(changed) == [State.DONE]
    assert "N3" in {row["user_id"] for row in held(sandbox.canvas)["users"]}


@pytest.fixture
def confirmed(district, renamed, name) -> Run:
    """An undo that a person confirmed, and that no worker has taken up yet."""
    renamed("Wrong")
    ProvisioningPolicy.objects.update(changed_floor=50)
    wrong = advanced(run_now(district, by="Ada"))
    assert name() == "Wrong"
    return confirm_undo(advanced(undo_now(wrong, by="Ada")), by="Ada")


def test_a_confirmed_undo_is_carried_out_before_what_a_command_begins(confirmed, name, manage):
    assert manage("drift", "lakeside")[0] == 0
    assert (states(confirmed), name()) == ([State.DONE], "Given")


def test_nothing_is_sent_beside_an_undo_that_canvas_has_and_has_not_ended(
    confirmed, manage, canvas_fault, sandbox
):
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    number = len(imports(sandbox.canvas))
    code, answer = manage("undo", str(confirmed.undoes_id))
    assert (code, answer["error"]["code"]) == (1, "provisioning.run-under-way")
    canvas_fault()
    assert len(imports(sandbox.canvas)) == number + 1

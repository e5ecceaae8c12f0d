"""An import that waits, that stands behind another, that ended half done: one at a time, no guess.

F32, F33, F35, F36, F37.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from integration import tasks
from integration.models import (
    CanvasConnection,
    District,
    Finding,
    Operation,
    ProvisioningPolicy,
    RosterRow,
    Run,
)
from integration.provisioning.run import MAX_LOOKS, open_run
from integration.tasks import advance_run, sweep
from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import hand_made, held, imports, signed_in
from tests.integration.provisioning.records import class_, enrollment, small_district, user
from tests.integration.test_tasks import automatic, rung_for

State = Run.State


@pytest.fixture
def canvas_control(sandbox):
    """Ask something of the sandbox's Canvas beside what Canvas offers."""

    def run(method: str, path: str, **body):
        url = f"{origin(sandbox.canvas.url)}/sandbox/{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    yield run
    run("POST", "imports/foreign/release")
    run("PUT", "imports", held=False)


@pytest.fixture
def night(q_holds, connect, settings, monkeypatch) -> Run:
    """Tonight's run; a worker looks at its import once and goes on to others."""
    settings.NIGHT_STAGGER_MINUTES = 0
    monkeypatch.setattr(tasks, "WAIT_SECONDS", 0.0)
    q_holds(small_district())
    connect()
    automatic()
    sweep()
    return Run.objects.get()


def look_at(run: Run) -> Run:
    """What a bell does, whenever it is rung."""
    advance_run(run.pk)
    run.refresh_from_db()
    return run


def until_canvas_is_done(sandbox) -> None:
    deadline = time.monotonic() + 60
    while any(one["workflow_state"] != "imported" for one in imports(sandbox.canvas)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def pass_hours(hours: int) -> None:
    """What so much waiting leaves behind."""
    Operation.objects.update(created_at=F("created_at") - timedelta(hours=hours))
    Run.objects.exclude(not_before=None).update(not_before=Now() - timedelta(seconds=1))


def bells(run: Run) -> bool:
    OrmQ.objects.all().delete()
    sweep()
    return run.pk in rung_for()


# --- it waits -----------------------------------------------------------------------------------


def test_an_import_that_does_not_begin_for_two_hours_makes_its_run_wait_and_is_told_of_once(
    night, canvas_control, sandbox, caplog
):
    canvas_control("PUT", "imports", held=True)
    assert (look_at(night).state, night.cursor) == (State.RUNNING, "sent")
    canvas_control("POST", "imports/stick")
    for _ in range(2):
        pass_hours(3)
        look_at(night)
        assert (night.state, night.cursor, night.attempts) == (State.WAITING, "sent", 0)
    (told,) = Finding.objects.filter(run=night)
    assert (told.code, told.kind, told.sourced_id) == ("canvas.import-waits", "imports", "1")
    assert "initializing" in told.reason
    assert "aborted" in told.remedy
    assert "an import waits in Canvas district=lakeside" in caplog.text
    assert len(imports(sandbox.canvas)) == 1


def test_a_run_that_waits_is_looked_at_now_and_then_and_not_each_minute(night, canvas_control):
    canvas_control("PUT", "imports", held=True)
    look_at(night)
    pass_hours(3)
    look_at(night)
    assert not bells(night)
    pass_hours(1)
    assert bells(night)


def test_while_it_waits_no_later_run_sends_anything_and_its_end_is_recognised(
    night, canvas_control, change_q, provision, sandbox
):
    canvas_control("PUT", "imports", held=True)
    look_at(night)
    pass_hours(30)
    look_at(night)
    change_q(upsert={"users": [user("P1-0", givenName="New")]})
    Run.objects.filter(pk=night.pk).update(night=F("night") - timedelta(days=1))
    sweep()
    later = Run.objects.exclude(pk=night.pk).get()
    # Its bell is that of the beginning; the later run is not rung for.
    assert rung_for() == [night.pk]
    advance_run(later.pk)
    later.refresh_from_db()
    assert (later.state, later.attempts, len(imports(sandbox.canvas))) == (State.QUEUED, 0, 1)

    canvas_control("PUT", "imports", held=False)
    until_canvas_is_done(sandbox)
    advance_run(later.pk)
    assert len(imports(sandbox.canvas)) == 2
    until_canvas_is_done(sandbox)
    advance_run(later.pk)
    states = dict(Run.objects.values_list("pk", "state"))
    assert states == {night.pk: State.DONE, later.pk: State.DONE}
    assert [one["workflow_state"] for one in imports(sandbox.canvas)] == ["imported"] * 2
    assert "New" in {row["first_name"] for row in held(sandbox.canvas)["users"]}


def test_an_import_that_a_person_aborted_in_canvas_ends_the_waiting_and_goes_again(
    night, canvas_control, provision, sandbox
):
    canvas_control("PUT", "imports", held=True)
    look_at(night)
    canvas_control("POST", "imports/stick")
    pass_hours(3)
    look_at(night)
    canvas = sandbox.canvas
    url = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/sis_imports/1/abort"
    signed_in(canvas).put(url, timeout=30).raise_for_status()
    look_at(night)
    assert (night.state, night.error["code"]) == (State.FAILED, "provisioning.import-failed")
    canvas_control("PUT", "imports", held=False)
    code, answer = provision()
    assert (code, answer["holds"]) == (0, [])
    assert len(held(canvas)["enrollments"]) == 4


def test_an_import_whose_answer_was_lost_is_not_sent_again_while_canvas_names_no_files(
    night, canvas_control, canvas_fault, monkeypatch, sandbox
):
    """It waits in Canvas without file names, so nobody can tell whether it is ours (F32)."""
    from integration.provisioning import apply

    monkeypatch.setattr(apply, "LOOK_SECONDS", 0.0)
    canvas_control("PUT", "imports", held=True)
    canvas_fault("POST", "/sis_imports", apply=True, drop=True)
    for _ in range(7):
        look_at(night)
        assert (night.state, night.attempts) == (State.WAITING, 0)
        pass_hours(1)
    assert len(imports(sandbox.canvas)) == 1
    assert Finding.objects.get(run=night).code == "canvas.import-waits"
    canvas_fault()
    canvas_control("PUT", "imports", held=False)
    monkeypatch.setattr(apply, "LOOK_SECONDS", 60.0)
    until_canvas_is_done(sandbox)
    assert look_at(night).state == State.DONE
    assert len(imports(sandbox.canvas)) == 1


def test_an_interrupted_run_that_cannot_be_finished_yet_lets_no_other_send(
    night, canvas_fault, provision, change_q, sandbox
):
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    look_at(night)
    assert (night.state, night.cursor) == (State.QUEUED, "sent")
    change_q(upsert={"users": [user("P1-0", givenName="New")]})
    code, answer = provision()
    assert (code, answer["run"], answer["state"]) == (1, night.pk, "failed")
    assert len(imports(sandbox.canvas)) == 1


def test_a_bell_for_a_later_run_sends_nothing_while_an_interrupted_one_cannot_be_finished(
    night, canvas_fault, change_q, sandbox
):
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    look_at(night)
    change_q(upsert={"users": [user("P1-0", givenName="New")]})
    later = open_run(night.district, actor="schedule", trigger="night")
    advance_run(later.pk)
    later.refresh_from_db()
    assert (later.state, later.attempts) == (State.QUEUED, 0)
    assert len(imports(sandbox.canvas)) == 1


# --- behind another vendor's --------------------------------------------------------------------


def test_ours_waits_behind_another_vendors_import_and_follows_it(night, canvas_control, sandbox):
    theirs = canvas_control("POST", "imports/foreign")["id"]
    look_at(night)
    assert (night.state, night.cursor) == (State.RUNNING, "sent")
    pass_hours(3)
    look_at(night)
    told = Finding.objects.get(run=night)
    assert f"Ahead of it: import {theirs}." in told.reason
    canvas_control("POST", "imports/foreign/release")
    until_canvas_is_done(sandbox)
    assert look_at(night).state == State.DONE
    assert len(imports(sandbox.canvas)) == 2


# --- half done ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["aborted", "failed"])
def test_after_an_import_that_ended_half_done_the_next_run_assumes_nothing(
    state, q_holds, change_q, connect, provision, canvas_control, sandbox
):
    q_holds(small_district(students=6))
    connect()
    provision()
    renamed = [user(f"P1-{number}", givenName="New") for number in range(6)]
    change_q(upsert={"users": renamed}, delete={"enrollments": ["E-P1-5"]})
    canvas_control("POST", "imports/fail", how="partial", rows=3, state=state)
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "provisioning.import-failed")
    names = [row["first_name"] for row in held(sandbox.canvas)["users"]]
    assert names.count("New") == 3

    # Meanwhile Q takes one of the changes back, and the enrollment returns.
    change_q(
        upsert={
            "users": [user("P1-0", givenName="Given")],
            "enrollments": [enrollment("E-P1-5", "P1-5")],
        }
    )
    assert provision()[0] == 0
    there = {row["user_id"]: row["first_name"] for row in held(sandbox.canvas)["users"]}
    assert [there[f"P1-{number}"] for number in range(6)] == ["Given", *["New"] * 5]
    seats = {row["user_id"]: row["status"] for row in held(sandbox.canvas)["enrollments"]}
    assert seats["P1-5"] == "active"
    assert provision()[1]["sent"] == {}


@pytest.fixture
def by_teacher(q_holds, connect, provision) -> None:
    """A first night of a district whose courses are grouped by teacher."""
    records = small_district(students=3)
    records["users"] += [user("TX", role="teacher"), user("TY", role="teacher")]
    q_holds(records)
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), grouping="teacher")
    assert provision()[0] == 0


def taught_by(teacher: str) -> dict[str, Any]:
    seat = enrollment(f"E-{teacher}", teacher, "K9", role="teacher", primary="true")
    return {"classes": [class_("K9")], "enrollments": [seat, enrollment("E-9", "P1-0", "K9")]}


def course_of(sandbox, section: str) -> str | None:
    there = {row["section_id"]: row["course_id"] for row in held(sandbox.canvas)["sections"]}
    return there.get(section)


@pytest.mark.fault("F36")
@pytest.mark.parametrize("nights", [0, 1])
@pytest.mark.parametrize(
    "broken",
    [
        {"how": "failed_with_messages", "type": "enrollment"},
        {"how": "partial", "rows": 2, "state": "aborted"},
        {"how": "partial", "rows": 4, "state": "aborted"},
    ],
)
def test_a_section_of_an_import_that_ended_half_done_stays_in_its_course(
    broken, nights, by_teacher, change_q, provision, canvas_control, sandbox
):
    change_q(upsert=taught_by("TX"))
    canvas_control("POST", "imports/fail", **broken)
    assert provision()[1]["error"]["code"] == "provisioning.import-failed"
    before = course_of(sandbox, "K9")
    for _ in range(nights):
        assert provision()[0] == 0
        before = course_of(sandbox, "K9")
    change_q(upsert=taught_by("TY"), delete={"enrollments": ["E-TX"]})
    assert provision()[0] == 0
    assert course_of(sandbox, "K9")
    assert before in (None, course_of(sandbox, "K9"))


# --- nobody learns how it ended ------------------------------------------------------------------


@pytest.fixture
def unread(q_holds, change_q, connect, provision, canvas_fault, settings) -> Run:
    """A run that took P1-5 out and renamed P1-0; Canvas carried it out, and does not say so."""
    settings.NIGHT_STAGGER_MINUTES = 0
    q_holds(small_district(students=6))
    connect()
    provision()
    change_q(upsert={"users": [user("P1-0", givenName="New")]}, delete={"enrollments": ["E-P1-5"]})
    canvas_fault("GET", r"/sis_imports/\d+", status=404)
    assert provision()[0] == 1
    run = Run.objects.get(sent__imports__0__id="2")
    assert (run.state, run.cursor) == (State.QUEUED, "sent")
    return run


def taken_back_by_q(change_q, canvas_fault) -> None:
    """What Q wants now is what our table says of before the import."""
    canvas_fault()
    change_q(upsert={"users": [user("P1-0")], "enrollments": [enrollment("E-P1-5", "P1-5")]})


def assert_as_q_wants_it(sandbox) -> None:
    there = held(sandbox.canvas)
    assert {row["user_id"]: row["status"] for row in there["enrollments"]}["P1-5"] == "active"
    assert {row["user_id"]: row["first_name"] for row in there["users"]}["P1-0"] == "Given"


@pytest.mark.fault("F35")
def test_a_canvas_that_does_not_say_how_an_import_ended_is_asked_for_a_day_before_it_counts(
    unread, change_q, canvas_fault, provision, sandbox
):
    for _ in range(7):
        look_at(unread)
        assert (unread.state, unread.attempts) == (State.QUEUED, 0)
        assert unread.not_before - timezone.now() < timedelta(minutes=16)
        pass_hours(1)
    Operation.objects.filter(run=unread).update(attempts=MAX_LOOKS)
    look_at(unread)
    assert (unread.state, unread.attempts) == (State.QUEUED, 1)
    taken_back_by_q(change_q, canvas_fault)
    assert provision()[0] == 0
    unread.refresh_from_db()
    assert unread.state == State.DONE
    assert_as_q_wants_it(sandbox)


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    ("left", "code"),
    [
        ({"attempts": 5}, "provisioning.too-many-attempts"),
        ({"cursor": "half-read"}, "provisioning.other-version"),
    ],
)
def test_of_a_run_that_is_given_up_unread_the_next_one_assumes_nothing(
    left, code, unread, change_q, canvas_fault, provision, sandbox
):
    Run.objects.filter(pk=unread.pk).update(**left)
    taken_back_by_q(change_q, canvas_fault)
    assert provision()[0] == 0
    unread.refresh_from_db()
    assert (unread.state, unread.error["code"]) == (State.FAILED, code)
    assert_as_q_wants_it(sandbox)
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F36")
def test_of_a_run_whose_district_is_no_longer_connected_the_next_one_assumes_nothing(
    unread, change_q, canvas_fault, connect, provision, sandbox
):
    CanvasConnection.objects.all().delete()
    look_at(unread)
    assert (unread.state, unread.error["code"]) == (State.FAILED, "provisioning.not-connected")
    connect()
    taken_back_by_q(change_q, canvas_fault)
    assert provision()[0] == 0
    assert_as_q_wants_it(sandbox)


def test_an_undo_of_a_run_whose_upload_nobody_knows_of_lists_each_row_as_not_confirmed(
    unread, canvas_fault, manage
):
    Run.objects.filter(pk=unread.pk).update(sent={}, cursor="planned", attempts=5)
    Operation.objects.filter(run=unread).update(state=Operation.State.UNKNOWN, remote_id="")
    canvas_fault()
    assert look_at(unread).error["code"] == "provisioning.too-many-attempts"
    code, answer = manage("undo", str(unread.pk))
    left = {(one["code"], one["kind"], one["sourced_id"]) for one in answer["findings"]}
    assert left == {
        ("undo.not-confirmed", "users", "P1-0"),
        ("undo.not-confirmed", "enrollments", "K1 P1-5 student"),
    }
    assert (code, answer["counts"]["users"]["left"], answer["sent"]) == (0, 1, {})

    Run.objects.filter(pk=unread.pk).update(pruned_at=Now())
    code, answer = manage("undo", str(unread.pk))
    assert (code, answer["error"]["code"]) == (1, "provisioning.before-gone")


def test_an_undo_of_a_run_whose_upload_was_refused_has_nothing_to_list(
    unread, canvas_fault, manage
):
    Run.objects.filter(pk=unread.pk).update(sent={}, cursor="planned", attempts=5)
    Operation.objects.filter(run=unread).update(state=Operation.State.FAILED, remote_id="")
    look_at(unread)
    code, answer = manage("undo", str(unread.pk))
    assert (code, answer["counts"], answer["findings"]) == (0, {}, [])


def test_a_run_that_is_given_up_before_canvas_got_anything_leaves_no_doubt(
    q_holds, connect, provision, canvas_fault
):
    q_holds(small_district())
    connect()
    canvas_fault("POST", "/sis_imports", status=401)
    provision()
    Run.objects.update(attempts=5)
    assert look_at(Run.objects.get()).error["code"] == "provisioning.too-many-attempts"
    assert not RosterRow.objects.exists()


# --- single rows --------------------------------------------------------------------------------


def test_a_row_that_canvas_refused_is_named_and_goes_again_only_when_it_has_changed(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    theirs = "user_id,login_id,status\nOTHER,new@example.org,active\n"
    hand_made(sandbox.canvas, {"users.csv": theirs})
    change_q(upsert={"users": [user("P1-0", username="new@example.org")]})

    code, answer = provision()
    # It was the only row, and nothing of the import was taken.
    assert (code, answer["refused"]) == (1, {"users": 1})
    refused = next(one for one in answer["findings"] if one["code"] == "canvas.row-refused")
    assert (refused["kind"], refused["sourced_id"]) == ("users", "P1-0")
    assert "already claimed" in refused["reason"]

    code, answer = provision()
    assert (code, answer["sent"], answer["counts"]["users"]["blocked"]) == (0, {}, 1)
    assert [one["sourced_id"] for one in answer["findings"]] == ["P1-0"]

    change_q(upsert={"users": [user("P1-0", username="mine@example.org")]})
    code, answer = provision()
    assert (code, answer["sent"]["imports"][0]["rows"]) == (0, 1)
    assert provision()[1]["findings"] == []

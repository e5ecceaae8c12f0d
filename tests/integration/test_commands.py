"""The commands as people and machines use them: words, exit codes, one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.core.management import BaseCommand, call_command

from integration.models import AuditEvent, District, QConnection
from integration.oneroster.client import OneRosterClient
from tests.integration.provisioning.held_by_canvas import hand_made
from tests.integration.provisioning.records import class_, enrollment, small_district, user
from tests.sandbox_process import ROOT


def manage_py(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


# --- every command ------------------------------------------------------------------------------


def test_wrong_usage_exits_64():
    assert manage_py("provision", "--what").returncode == 64


def test_a_missing_secret_key_stops_with_a_sentence_that_says_what_to_set():
    ended = manage_py("check", DEBUG="0", SECRET_KEY="")
    assert ended.returncode != 0
    assert ended.stderr.startswith("Set SECRET_KEY to at least 50 random characters")


def test_a_district_that_is_not_there_is_said(manage):
    code, answer = manage("provision", "nowhere")
    assert (code, answer["error"]["code"]) == (1, "command.unusable")
    assert "nowhere" in answer["error"]["message"]


def test_the_json_object_of_a_run_has_the_agreed_shape(connect, provision):
    connect()
    _, answer = provision()
    assert {"command", "district", "run", "state", "digest", "counts", "seconds"} <= set(answer)
    assert answer["command"] == "provision"
    assert answer["sent"]["imports"][0].keys() == {"id", "rows", "state"}


@pytest.mark.parametrize("options", [("--approve", ""), ("--plan-only", "--approve", "0" * 64)])
def test_options_that_contradict_each_other_are_wrong_usage_and_send_nothing(
    options, connect, provision, asked_of_q
):
    connect()
    code, answer = provision(*options)
    assert (code, answer["error"]["code"]) == (64, "command.usage")
    assert asked_of_q() == []


class Teapot(Exception):
    """What nobody thought of, with a name in it."""


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), "command.interrupted"), (Teapot("Sam Reed"), "command.unexpected")],
)
def test_whatever_ends_a_command_it_prints_its_object(error, code, connect, provision, monkeypatch):
    connect()
    monkeypatch.setattr(OneRosterClient, "read", raising(error))
    ended, answer = provision()
    assert (ended, answer["state"], answer["error"]["code"]) == (1, "failed", code)
    assert answer["seconds"] >= 0


def test_the_log_tells_where_a_command_stopped_and_not_what_it_was_reading(
    connect, manage, monkeypatch, caplog
):
    connect()
    monkeypatch.setattr(OneRosterClient, "probe", raising(Teapot("Sam Reed")))
    assert manage("verify", "lakeside")[0] == 1
    assert "in raising_it" in caplog.text
    assert "Teapot" in caplog.text
    assert "Sam Reed" not in caplog.text


def raising(error: BaseException):
    def raising_it(*_: object, **__: object) -> None:
        raise error

    return raising_it


# --- connect ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("q_url", "http://192.168.1.5/q", "--q-url"),
        ("canvas_url", "https://127.0.0.1:1", "--canvas-url"),
        ("q_url", "ftp://q.example.org", "--q-url"),
        ("time_zone", "Mars/Olympus", "--time-zone"),
        ("q_page_size", "0", "--q-page-size"),
    ],
)
def test_connect_refuses_what_cannot_work_and_names_the_option(
    option, value, words, manage, sandbox
):
    given = {"q_url": sandbox.q.url, "canvas_url": sandbox.canvas.url} | {option: value}
    options = [f"--{name.replace('_', '-')}={text}" for name, text in given.items()]
    code, answer = manage("connect", "lakeside", *options)
    assert code == 1
    assert words in json.dumps(answer["error"])
    assert not QConnection.objects.exists()


def test_connecting_again_changes_only_what_is_given_and_is_audited(connect, manage):
    connect()
    assert manage("connect", "lakeside", "--q-service=school")[0] == 0
    connection = QConnection.objects.get()
    assert (connection.service, bool(connection.secret)) == ("school", True)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.before) == ("connection.saved", {"q_service": "bulk"})
    assert event.after == {"q_service": "school"}


def test_the_audit_log_holds_no_secret_and_tells_that_one_was_changed(connect, manage):
    connect()
    manage("connect", "lakeside", "--q-secret=brand-new")
    event = AuditEvent.objects.latest("pk")
    assert event.before == event.after == {"q_secret": "••••"}


@pytest.mark.parametrize("options", [(), ("--name=Typo",)])
def test_a_mistyped_slug_makes_no_district(options, manage):
    code, answer = manage("connect", "typo", *options)
    assert (code, answer["error"]["code"]) == (1, "command.unusable")
    assert not District.objects.exists()


def test_a_district_with_one_side_is_not_called_connected(manage, sandbox):
    code, answer = manage("connect", "lakeside", f"--q-url={sandbox.q.url}")
    assert (code, answer["missing"]) == (0, ["Canvas"])


# --- verify -------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["bulk", "school"])
def test_verify_tries_each_step_and_endpoint(service, connect, manage):
    connect(q_service=service)
    code, answer = manage("verify", "lakeside")
    assert code == 0, answer
    steps = {step["name"]: step for step in answer["steps"]}
    path = "enrollments" if service == "bulk" else "schools/36f173bd-ab93-4071-9c77-ed9b022c84d9"
    enrollments = next(step for name, step in steps.items() if path in name and "enroll" in name)
    assert (enrollments["status"], enrollments["rows"]) == (200, 546)
    assert {"Q: sign in", "Q: clock", "Q: /lineItems", "Canvas: include parameters"} <= set(steps)


def test_verify_says_what_to_do_about_a_wrong_secret(connect, manage):
    connect(q_secret="wrong")
    code, answer = manage("verify", "lakeside")
    failed = [step for step in answer["steps"] if not step["ok"]]
    assert (code, failed[0]["name"]) == (1, "Q: sign in")
    assert "secret" in failed[0]["remedy"]


def test_verify_finds_the_service_below_the_address_that_was_given(connect, manage, sandbox):
    connect(q_url=sandbox.q.url.removesuffix("/ims/oneroster/v1p1"))
    code, answer = manage("verify", "lakeside")
    (failed,) = [step for step in answer["steps"] if not step["ok"]]
    assert (code, failed["name"], failed["who"]) == (1, "Q: /orgs", "you")
    assert sandbox.q.url in failed["remedy"]


def test_verify_says_that_q_has_the_long_lists_by_school_only(connect, manage, q_control):
    connect()
    q_control("quirks", {"not-offered": ["^/enrollments", "^/users"]})
    code, answer = manage("verify", "lakeside")
    failed = {step["name"]: step for step in answer["steps"] if not step["ok"]}
    assert (code, set(failed)) == (1, {"Q: /users", "Q: /enrollments"})
    assert all("School by school" in step["remedy"] for step in failed.values())


def test_verify_changes_nothing(connect, manage, sandbox, asked_of_q):
    connect()
    manage("verify", "lakeside")
    assert not [path for path in asked_of_q() if "demographics" in path]


# --- explain ------------------------------------------------------------------------------------


def verdict(manage, kind: str, sourced_id: str) -> tuple[str, str]:
    code, answer = manage("explain", "lakeside", kind, sourced_id)
    assert code == 0
    return answer["verdict"], " ".join(answer["steps"])


def test_explain_tells_where_each_kind_of_record_is_in_canvas(q_holds, connect, provision, manage):
    q_holds(small_district())
    connect()
    provision()
    for kind, sourced_id in [
        ("org", "S1"),
        ("term", "T1"),
        ("class", "K1"),
        ("user", "P1-0"),
        ("enrollment", "E-P1-0"),
    ]:
        found, story = verdict(manage, kind, sourced_id)
        assert found == "in Canvas", (kind, story)
        assert "SIS import" in story


def test_explain_tells_why_a_record_is_not_in_canvas(q_holds, connect, provision, manage):
    records = small_district()
    records["users"] += [
        user("BROKEN", username=None, email=None),
        user("MUM", role="guardian"),
        user("LEFT", status="tobedeleted"),
    ]
    records["enrollments"].append(enrollment("E-LOST", "P1-0", "nowhere"))
    q_holds(records)
    connect()
    provision()
    assert verdict(manage, "user", "BROKEN")[0] == "left out"
    assert verdict(manage, "user", "MUM")[0] == "not meant for Canvas"
    assert verdict(manage, "user", "LEFT")[0] == "not meant for Canvas"
    found, story = verdict(manage, "enrollment", "E-LOST")
    assert (found, "class" in story) == ("left out", True)
    assert verdict(manage, "user", "nobody")[0] == "unknown"
    assert verdict(manage, "course", "C1")[0] == "not meant for Canvas"


def test_explain_tells_of_a_change_that_waits_for_approval(q_holds, connect, provision, manage):
    q_holds(small_district())
    connect()
    provision("--plan-only")
    assert verdict(manage, "user", "P1-0")[0] == "waiting"


def test_explain_shows_what_canvas_said_when_it_refused(
    q_holds, change_q, connect, provision, manage, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    gone = "user_id,login_id,status\nP1-0,p1-0@example.org,deleted\n"
    hand_made(sandbox.canvas, {"users.csv": gone})
    more = {"classes": [class_("K9")], "enrollments": [enrollment("E-NEW", "P1-0", "K9")]}
    change_q(upsert=more)
    code, answer = provision()
    assert (code, answer["counts"]["enrollments"]["blocked"]) == (0, 1)
    found, story = verdict(manage, "enrollment", "E-NEW")
    assert (found, "deleted user" in story) == ("refused", True)
    assert provision()[1]["sent"] == {}


def test_a_night_whose_every_row_canvas_refused_did_not_work_and_the_next_one_did(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    change_q(upsert={"users": [user("NEW", username="new@example.org")]})
    code, answer = refused_while_the_plan_waits(provision, sandbox)
    assert (code, answer["state"], answer["refused"]) == (1, "done", {"users": 1})
    code, answer = provision()
    assert (code, answer["sent"], "refused" in answer) == (0, {}, False)


def refused_while_the_plan_waits(provision, sandbox):
    """Somebody takes the new user's login by hand between the plan and its approval."""
    digest = provision("--plan-only")[1]["digest"]
    taken = "user_id,login_id,status\nOTHER,new@example.org,active\n"
    hand_made(sandbox.canvas, {"users.csv": taken})
    return provision("--approve", digest)


def test_what_is_said_of_missing_migrations_does_not_stand_before_the_answer(monkeypatch, capsys):
    def missing(command: BaseCommand) -> None:
        command.stdout.write("You have 1 unapplied migration(s).")

    monkeypatch.setattr(BaseCommand, "check_migrations", missing)
    with pytest.raises(SystemExit):
        call_command("verify", "nowhere", "--json", skip_checks=False)
    told = capsys.readouterr()
    assert json.loads(told.out)["state"] == "failed"
    assert "unapplied" in told.err

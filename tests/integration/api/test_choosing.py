"""Rules, schedule and files through a program: the same actions as the pages."""

from __future__ import annotations

import json

import pytest

from gradesync.models import CourseSync, SyncDefaults
from integration.models import AuditEvent, Change, District, ProvisioningPolicy, RosterRow, Run
from integration.provisioning.rows import digest
from tests.integration.api.conftest import token_of

pytestmark = pytest.mark.django_db


def test_rules_are_changed_one_by_one_and_audited(lakeside, ask):
    assert ask("rules/").json()["grouping"] == "class"
    changed = ask("rules/", {"grouping": "teacher", "removed_share": 0.2})
    assert changed.status_code == 200
    assert changed.json() | {"grouping": "teacher", "removed_share": 0.2} == changed.json()
    policy = ProvisioningPolicy.objects.get()
    assert (policy.grouping, policy.removed_share, policy.plan_hours) == ("teacher", 0.2, 24)
    event = AuditEvent.objects.get(action="policy.changed")
    assert (event.actor, event.before["grouping"]) == ("nightly script (API)", "class")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"grouping": "school"}, "grouping"),
        ({"removed_share": 2}, "removed_share"),
        ({"sis_id_prefix": "a b"}, "sis_id_prefix"),
        ({"plan_hours": -1}, "plan_hours"),
        ({"nothing": 1}, "nothing"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field(lakeside, ask, body, field):
    refused = ask("rules/", body)
    assert refused.status_code == 400
    assert field in refused.json()["fields"]
    assert not AuditEvent.objects.filter(action="policy.changed").exists()


def test_a_schedule_is_changed_paused_and_resumed(lakeside, ask):
    window = {"from": "2026-12-21", "until": "2027-01-02", "reason": "winter break"}
    told = ask("schedule/", {"automatic": True, "at": "03:30", "blackouts": [window]}).json()
    assert (told["automatic"], told["at"], told["blackouts"]) == (True, "03:30", [window])
    paused = ask("schedule/", {"pause": "new Canvas"}).json()
    assert (paused["paused"], paused["blackouts"]) == (True, [window])
    assert ask("runs/", {"plan_only": True}).status_code == 409
    resumed = ask("schedule/", {"pause": "", "blackouts": []}).json()
    assert (resumed["paused"], resumed["blackouts"]) == (False, [])
    assert ask("schedule/").json() == resumed
    assert AuditEvent.objects.filter(action="schedule.changed").count() == 3


@pytest.mark.parametrize(
    "body",
    [
        {"at": "25:00"},
        {"rollovers": [{"from": "2027-08-01", "until": "2027-07-01", "reason": "x"}]},
        {"blackouts": [{"from": "2027-08-01"}]},
        {"blackouts": "never"},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(lakeside, ask, body):
    assert ask("schedule/", body).status_code == 400
    assert not AuditEvent.objects.filter(action="schedule.changed").exists()


def test_whoever_may_only_read_and_run_changes_neither(lakeside, ask):
    secret = token_of(lakeside, "read", "run", "approve", "grades", "send")
    for path, body in (("rules/", {"grouping": "course"}), ("schedule/", {"pause": "x"})):
        assert ask(path, body, secret=secret).status_code == 403
        assert ask(path, secret=secret).status_code == 200
    assert District.objects.get().state == District.State.ACTIVE


def test_s83_files_for_people_are_safe_to_open_and_those_for_machines_exact(lakeside, ask):
    run = Run.objects.create(district=lakeside, kind=Run.Kind.EVALUATION, state=Run.State.DONE)
    row = json.dumps(["Q-1", "=C-1", "=cmd()"])
    Change.objects.create(
        run=run, kind="users", key="Q-1", action="matched", after=row, digest=b"x"
    )
    answer = ask(f"runs/{run.pk}/changes.csv", kind="users")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    assert "'=cmd()" in text
    exact = b"".join(ask(f"runs/{run.pk}/changed-ids.csv").streaming_content).decode()
    assert "=C-1,Q-1,user" in exact
    assert ask(f"runs/{run.pk}/changes.csv", kind="users", nothing="x").status_code == 400
    other = Run.objects.create(district=lakeside, kind=Run.Kind.GRADES)
    assert ask(f"runs/{other.pk}/changes.csv").status_code == 404
    assert ask(f"runs/{other.pk}/changed-ids.csv").status_code == 404


def test_a_course_chooses_for_itself_but_not_what_is_locked(lakeside, ask):
    CourseSync.objects.create(district=lakeside, canvas_id="5")
    SyncDefaults.objects.create(
        district=lakeside, where="account", chosen={"late": "entered"}, locked=["late"]
    )
    told = ask("courses/5/settings/").json()
    assert (told["settings"]["late"], told["where"]["late"]) == ("entered", "account")
    assert told["locked"] == ["late"]
    changed = ask("courses/5/settings/", {"missing": "zero", "decimals": 1}).json()
    assert (changed["settings"]["missing"], changed["where"]["missing"]) == ("zero", "course")
    assert ask("courses/5/settings/", {"missing": None}).json()["where"]["missing"] == "default"
    assert ask("courses/5/settings/", {"late": "deducted"}).status_code == 409
    for wrong in ({"late": "never"}, {"decimals": 9}, {"automatic_minutes": 1}, {"x": 1}):
        assert ask("courses/5/settings/", wrong).status_code == 400, wrong


def test_a_school_that_q_did_not_have_is_refused_beside_its_field(lakeside, ask):
    row = ("S1", "", "School 1", "active")
    district = District.objects.get(slug="lakeside")
    RosterRow.objects.create(
        district=district, kind="accounts", key="S1", row=json.dumps(row), digest=digest(row)
    )
    refused = ask("rules/", {"schools": ["S1", "S9"], "plan_hours": 9})
    assert refused.status_code == 400
    assert "Q had no school S9" in str(refused.json()["fields"]["schools"])
    assert not AuditEvent.objects.filter(action="policy.changed").exists()
    assert ask("rules/", {"schools": [["S1"]]}).status_code == 400
    assert ask("rules/", {"schools": ["S1"]}).json()["schools"] == ["S1"]

"""What one run sends, holds and keeps, seen from outside: commands, exit codes, Canvas."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integration.ledger.operations import prepare
from integration.models import District, Operation, ProvisioningPolicy, Run
from integration.provisioning.beside import no_q
from integration.provisioning.run import advance
from tests.integration.provisioning.held_by_canvas import (
    hand_made,
    held,
    imports,
    signed_in,
    sis,
)
from tests.integration.provisioning.records import (
    class_,
    enrollment,
    org,
    ref,
    session,
    small_district,
    user,
)
from tests.sandbox_process import Canvas

# Stands where a client is asked for and never used.
NOBODY: Any = None


def enrollments(canvas: Canvas, **columns: str) -> set[tuple[str, str, str]]:
    return {
        (row["user_id"], row["role"], row["status"])
        for row in held(canvas)["enrollments"]
        if all(row[name] == value for name, value in columns.items())
    }


def by_id(canvas: Canvas, kind: str) -> dict[str, dict[str, str]]:
    return {row[f"{kind[:-1]}_id"]: row for row in sis(held(canvas), kind)}


def account_integration_ids(canvas: Canvas) -> dict[str, str]:
    url = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/sub_accounts?recursive=true"
    accounts = signed_in(canvas).get(url, timeout=30).json()
    return {account["sis_account_id"]: account["integration_id"] for account in accounts}


# --- only differences travel --------------------------------------------------------------------


def test_the_import_holds_exactly_the_rows_whose_mapped_value_changed(
    q_holds, change_q, connect, provision
):
    q_holds(small_district(students=30))
    connect()
    assert provision()[0] == 0
    renamed = [user(f"P1-{index}", givenName="Newname") for index in range(7)]
    unseen = [user("P1-9", phone="555-0100", grades=["09"])]
    change_q(upsert={"users": renamed + unseen})
    code, answer = provision()
    assert (code, [sent["rows"] for sent in answer["sent"]["imports"]]) == (0, [7])
    assert answer["counts"]["users"]["changed"] == 7


def test_a_run_without_changes_starts_no_import(q_holds, connect, provision, sandbox):
    q_holds(small_district())
    connect()
    provision()
    provision()
    assert len(imports(sandbox.canvas)) == 1


def test_demographics_are_never_asked_for(connect, provision, asked_of_q):
    connect()
    assert provision()[0] == 0
    assert not [path for path in asked_of_q() if "demographics" in path]


# --- mapping, as Canvas has it in the end -------------------------------------------------------


def test_aide_administrator_and_guardian_land_as_tabled(q_holds, connect, provision, sandbox):
    records = small_district(students=1)
    records["users"] += [
        user("AIDE", role="aide"),
        user("BOSS", role="administrator"),
        user("MUM", role="guardian", agents=[ref("P1-0", "user")]),
    ]
    records["enrollments"] += [
        enrollment("E-A", "AIDE", role="aide"),
        enrollment("E-B", "BOSS", role="administrator"),
    ]
    q_holds(records)
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), guardians=True)
    assert provision()[0] == 0
    there = enrollments(sandbox.canvas)
    assert ("AIDE", "ta", "active") in there
    assert "BOSS" in by_id(sandbox.canvas, "users")
    assert not [one for one in there if one[0] == "BOSS"]
    assert ("MUM", "observer", "active") in there


def test_guardians_stay_out_unless_switched_on(q_holds, connect, provision, sandbox):
    records = small_district(students=1)
    records["users"].append(user("MUM", role="guardian", agents=[ref("P1-0", "user")]))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    assert "MUM" not in by_id(sandbox.canvas, "users")


def test_a_link_stays_while_one_of_its_two_people_cannot_be_mapped(
    q_holds, change_q, connect, provision, sandbox
):
    records = small_district(students=1)
    records["users"].append(user("MUM", role="guardian", agents=[ref("P1-0", "user")]))
    q_holds(records)
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), guardians=True)
    provision()
    change_q(upsert={"users": [user("P1-0", username=None, email=None)]})
    assert provision()[1]["counts"]["observers"].get("removed", 0) == 0
    assert ("MUM", "observer", "active") in enrollments(sandbox.canvas)


def test_equal_terms_of_two_schools_become_one_canvas_term(q_holds, connect, provision, sandbox):
    records = small_district(schools=("S1", "S2"))
    records["academicSessions"].append(session("T2"))
    records["classes"][1] = class_("K2", school="S2", terms=("T2",))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    assert len(by_id(sandbox.canvas, "terms")) == 1
    assert {row["term_id"] for row in by_id(sandbox.canvas, "courses").values()} == {"T1"}


def test_a_section_stays_in_its_course_when_the_grouping_would_move_it(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), grouping="teacher")
    provision()
    before = by_id(sandbox.canvas, "sections")["K1"]["course_id"]
    change_q(
        upsert={
            "users": [user("TEACHER9", role="teacher")],
            "enrollments": [enrollment("E-TEACHER1", "TEACHER9", role="teacher", primary="true")],
        }
    )
    code, answer = provision()
    assert code == 0, answer
    assert by_id(sandbox.canvas, "sections")["K1"]["course_id"] == before


def test_a_student_whom_q_no_longer_holds_becomes_inactive_and_returns(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    change_q(delete={"enrollments": ["E-P1-0"]})
    code, answer = provision()
    assert (code, answer["counts"]["enrollments"]["removed"]) == (0, 1)
    assert enrollments(sandbox.canvas, user_id="P1-0") == {("P1-0", "student", "inactive")}
    assert provision()[1]["sent"] == {}
    change_q(upsert={"enrollments": [enrollment("E-again", "P1-0")]})
    provision()
    assert enrollments(sandbox.canvas, user_id="P1-0") == {("P1-0", "student", "active")}


@pytest.mark.fault("F8")
def test_what_q_marks_tobedeleted_is_taken_away_and_users_stay(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    change_q(
        upsert={
            "enrollments": [enrollment("E-P1-0", "P1-0", status="tobedeleted")],
            "users": [user("P1-1", status="tobedeleted")],
        }
    )
    assert provision()[0] == 0
    there = {(person, status) for person, _, status in enrollments(sandbox.canvas)}
    assert {("P1-0", "inactive"), ("P1-1", "inactive"), ("P1-2", "active")} <= there
    assert by_id(sandbox.canvas, "users")["P1-1"]["status"] == "active"


# --- what Canvas holds first --------------------------------------------------------------------


HALF = {
    "accounts.csv": (
        "account_id,parent_account_id,name,status,integration_id\n"
        "S1,,Old school,active,account-by-hand\n"
    ),
    "terms.csv": "term_id,name,status,integration_id\nT1,Autumn,active,term-by-hand\n",
    "courses.csv": (
        "course_id,short_name,long_name,term_id,status,integration_id\n"
        "K1,K1,Old name,T1,active,course-by-hand\n"
    ),
    "sections.csv": (
        "section_id,course_id,name,status,integration_id\n"
        "K1,K1,Old section,active,section-by-hand\n"
    ),
    "users.csv": (
        "user_id,login_id,first_name,last_name,email,status,authentication_provider_id\n"
        "P1-0,p1-0@example.org,Other,P1-0,p1-0@example.org,active,canvas\n"
        "P1-1,p1-1@example.org,Given,P1-1,p1-1@example.org,active,canvas\n"
    ),
}


def test_a_canvas_that_holds_half_of_the_district_is_planned_against_and_waits(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    hand_made(sandbox.canvas, HALF)
    connect()
    code, answer = provision()
    assert (code, answer["state"], answer["holds"][-1]["code"]) == (2, "held", "first-plan")
    assert answer["counts"]["users"] == {"added": 2, "changed": 1, "same": 1}
    assert len(imports(sandbox.canvas)) == 1
    before = Run.objects.get().changes.get(kind="users", action="changed").before
    assert '"Other"' in before


def test_after_approval_nothing_that_was_set_by_hand_is_gone(q_holds, connect, provision, sandbox):
    q_holds(small_district())
    hand_made(sandbox.canvas, HALF)
    before = by_id(sandbox.canvas, "users")["P1-0"]["authentication_provider_id"]
    connect()
    digest = provision()[1]["digest"]
    code, answer = provision("--approve", digest)
    assert (code, answer["state"]) == (0, "done")
    assert by_id(sandbox.canvas, "courses")["K1"]["integration_id"] == "course-by-hand"
    assert by_id(sandbox.canvas, "courses")["K1"]["long_name"] == "Class K1"
    assert by_id(sandbox.canvas, "terms")["T1"]["integration_id"] == "term-by-hand"
    section = by_id(sandbox.canvas, "sections")["K1"]
    assert (section["name"], section["integration_id"]) == ("Class K1", "section-by-hand")
    assert account_integration_ids(sandbox.canvas) == {"S1": "account-by-hand"}
    user_row = by_id(sandbox.canvas, "users")["P1-0"]
    assert before
    assert (user_row["first_name"], user_row["authentication_provider_id"]) == ("Given", before)
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F14")
def test_accounts_that_would_be_adopted_or_clash_by_login_are_listed(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    hand_made(
        sandbox.canvas,
        {"users.csv": "user_id,login_id,status\nOLD-7,p1-1@example.org,active\n"},
    )
    connect()
    _, answer = provision()
    codes = {finding["code"]: finding["sourced_id"] for finding in answer["findings"]}
    assert codes["roster.login-claimed"] == "P1-1"
    assert codes["roster.user-left-out"] == "E-P1-1"


# --- holds and approvals ------------------------------------------------------------------------


def a_bad_night(q_holds, change_q, connect, provision) -> dict[str, Any]:
    """Two schools of 100 students; 11 of the first school's enrollments are gone."""
    q_holds(small_district(students=99, schools=("S1", "S2")))
    connect()
    assert provision()[0] == 0
    change_q(delete={"enrollments": [f"E-P1-{index}" for index in range(11)]})
    code, answer = provision()
    assert (code, answer["state"]) == (2, "held")
    return answer


def test_eleven_percent_of_a_schools_enrollments_gone_waits_and_sends_nothing(
    q_holds, change_q, connect, provision, sandbox
):
    answer = a_bad_night(q_holds, change_q, connect, provision)
    assert answer["holds"] == [
        {
            "code": "too-many-removed",
            "kind": "enrollments",
            "school": "S1",
            "count": 11,
            "share": 0.11,
            "limit": 10,
        }
    ]
    assert answer["sent"] == {}
    assert len(imports(sandbox.canvas)) == 1


def test_approval_sends_exactly_the_stored_plan_without_reading_q_again(
    q_holds, change_q, connect, provision, sandbox, asked_of_q
):
    digest = a_bad_night(q_holds, change_q, connect, provision)["digest"]
    change_q(delete={"enrollments": ["E-P2-0"]})
    asked = len(asked_of_q())
    code, answer = provision("--approve", digest)
    assert (code, answer["sent"]["imports"][0]["rows"]) == (0, 11)
    assert len(asked_of_q()) == asked
    inactive = {one[0] for one in enrollments(sandbox.canvas) if one[2] == "inactive"}
    assert inactive == {f"P1-{index}" for index in range(11)}


def test_another_digest_is_refused(q_holds, change_q, connect, provision, sandbox):
    answer = a_bad_night(q_holds, change_q, connect, provision)
    code, refused = provision("--approve", "0" * 64)
    assert (code, refused["error"]["code"]) == (1, "provisioning.plan-refused")
    assert answer["digest"] in refused["error"]["message"]
    assert len(imports(sandbox.canvas)) == 1


@pytest.mark.fault("F40")
@pytest.mark.parametrize("staleness", ["policy", "age", "later run"])
def test_a_stale_plan_is_refused(staleness, q_holds, change_q, connect, provision, sandbox):
    digest = a_bad_night(q_holds, change_q, connect, provision)["digest"]
    if staleness == "policy":
        ProvisioningPolicy.objects.update(removed_floor=6)
    elif staleness == "age":
        Run.objects.update(read_at=timezone.now() - timezone.timedelta(hours=25))
    else:
        change_q(delete={"enrollments": ["E-P1-50"]})
        provision()
    code, refused = provision("--approve", digest)
    assert (code, refused["error"]["code"]) == (1, "provisioning.plan-refused")
    assert len(imports(sandbox.canvas)) == 1


def test_plan_only_stores_the_plan_and_sends_nothing(q_holds, connect, provision, sandbox):
    q_holds(small_district())
    connect()
    code, answer = provision("--plan-only")
    assert (code, answer["counts"]["enrollments"]["added"]) == (2, 4)
    assert imports(sandbox.canvas) == []
    assert provision("--approve", answer["digest"])[0] == 0


def test_of_two_enrollments_in_one_class_the_current_one_is_used(
    q_holds, connect, provision, sandbox
):
    records = small_district(students=1)
    dropped = {"beginDate": "2026-08-17", "endDate": "2026-09-01"}
    records["enrollments"].append(enrollment("E-early", "P1-0", **dropped))
    q_holds(records)
    connect()
    _, answer = provision()
    assert [finding["code"] for finding in answer["findings"]] == ["roster.duplicate-enrollment"]
    assert provision()[1]["sent"] == {}


def interrupted(*, begun: bool, **fields: Any) -> Run:
    """The run that waits, as if its worker had died at work."""
    run = Run.objects.get()
    Run.objects.update(state=Run.State.RUNNING, cursor="planned", plan_only=False, **fields)
    if begun:
        prepare(run, "import", body_digest="")
        Operation.objects.update(state=Operation.State.UNKNOWN, attempts=1)
    return run


def test_a_run_interrupted_while_sending_is_finished_before_a_new_one_begins(
    q_holds, connect, provision
):
    q_holds(small_district())
    connect()
    provision("--plan-only")
    first = interrupted(begun=True)
    code, answer = provision()
    first.refresh_from_db()
    assert (code, answer["sent"]) == (0, {})
    assert (first.state, first.sent["imports"][0]["state"]) == (Run.State.DONE, "imported")


def test_a_plan_interrupted_before_it_was_sent_gives_way_to_the_new_one(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision("--plan-only")
    first = interrupted(begun=False)
    code, answer = provision("--plan-only")
    first.refresh_from_db()
    assert (code, first.state, imports(sandbox.canvas)) == (2, Run.State.FAILED, [])
    assert answer["run"] != first.pk


@pytest.mark.fault("F66")
def test_a_run_that_ends_its_worker_each_time_is_given_up(q_holds, connect, provision):
    q_holds(small_district())
    connect()
    provision("--plan-only")
    first = interrupted(begun=True, attempts=5)
    provision()
    first.refresh_from_db()
    assert first.error["code"] == "provisioning.too-many-attempts"


@pytest.mark.fault("F80")
@pytest.mark.parametrize("begun", [False, True])
def test_a_run_at_a_step_of_another_version_sends_nothing_more_and_the_next_one_does(
    begun, q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision("--plan-only")
    first = interrupted(begun=begun)
    Run.objects.update(cursor="half-sent")
    advance(first, q=no_q, canvas=NOBODY)
    assert (first.state, first.error["code"]) == (Run.State.FAILED, "provisioning.other-version")
    assert imports(sandbox.canvas) == []
    assert provision()[0] == 0
    assert len(imports(sandbox.canvas)) == 1


def test_an_import_whose_end_was_not_seen_is_looked_at_by_the_next_run(
    q_holds, change_q, connect, provision, sandbox, canvas_fault
):
    q_holds(small_district())
    connect()
    provision()
    change_q(delete={"enrollments": ["E-P1-0"]})
    canvas_fault("GET", "/sis_imports/2$", status=404)
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "canvas.not-found")
    canvas_fault()
    change_q(upsert={"enrollments": [enrollment("E-P1-0", "P1-0")]})
    assert provision()[0] == 0
    assert enrollments(sandbox.canvas, user_id="P1-0") == {("P1-0", "student", "active")}


@pytest.mark.fault("F36")
@pytest.mark.parametrize("state", ["failed", "aborted", "failed_with_messages"])
def test_after_an_import_that_failed_the_next_run_sends_its_rows_again(
    state, q_holds, connect, provision, sandbox, canvas_fault
):
    q_holds(small_district())
    connect()
    ended = {"id": 1, "workflow_state": state, "progress": 50, "ended_at": "2026-11-24T02:00:00Z"}
    canvas_fault("GET", "/sis_imports/1$", body=ended)
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "provisioning.import-failed")
    canvas_fault()
    code, answer = provision()
    assert (code, answer["state"], answer["holds"]) == (0, "done", [])
    assert len(enrollments(sandbox.canvas, status="active")) == 4
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F32")
def test_an_import_whose_answer_was_lost_is_found_and_not_sent_again(
    q_holds, connect, provision, sandbox, canvas_fault
):
    q_holds(small_district())
    connect()
    canvas_fault("POST", "/sis_imports", apply=True, drop=True)
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert len(imports(sandbox.canvas)) == 1


def test_a_warning_about_a_row_that_canvas_took_is_told_and_the_row_counts_as_taken(
    q_holds, change_q, connect, provision
):
    records = small_district()
    records["users"].append(user("ODD", email="no address"))
    q_holds(records)
    connect()
    code, answer = provision()
    assert code == 0
    assert [finding["code"] for finding in answer["findings"]] == ["canvas.row-warned"]
    assert answer["counts"]["users"] == {"same": 0, "added": 5}
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F33")
def test_a_refused_enrollment_goes_again_once_its_user_has_arrived(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    taken = "user_id,login_id,status\nOTHER,new@example.org,active\n"
    hand_made(sandbox.canvas, {"users.csv": taken})
    change_q(
        upsert={
            "users": [user("NEW", username="new@example.org")],
            "enrollments": [enrollment("E-NEW", "NEW")],
        }
    )
    provision()
    change_q(upsert={"users": [user("NEW", username="other@example.org")]})
    assert provision()[0] == 0
    assert enrollments(sandbox.canvas, user_id="NEW") == {("NEW", "student", "active")}


def test_the_same_change_gives_the_same_digest(q_holds, connect, provision):
    q_holds(small_district())
    connect()
    assert provision("--plan-only")[1]["digest"] == provision("--plan-only")[1]["digest"]


# --- bad records --------------------------------------------------------------------------------

BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "a null login": ("users", user("BAD", username=None, email=None), "BAD"),
    "a role nobody knows": ("users", user("BAD", role="wizard"), "BAD"),
    "a status nobody knows": ("users", user("BAD", status="maybe"), "BAD"),
    "a shared login": ("users", user("ZBAD", username="P1-0@EXAMPLE.ORG"), "ZBAD"),
    "an impossible date": ("academicSessions", session("BAD", startDate="2026-02-30"), "BAD"),
    "an end before its start": ("academicSessions", session("BAD", endDate="2020-01-01"), "BAD"),
    "an unknown class": ("enrollments", enrollment("BAD", "P1-0", "nowhere"), "BAD"),
    "an unknown user": ("enrollments", enrollment("BAD", "nobody"), "BAD"),
    "an unknown school": ("classes", class_("BAD", school="nowhere"), "BAD"),
    "a NUL in a name": ("users", user("BAD", givenName="Nu\x00l"), "BAD"),
    "a circle of organisations": ("orgs", org("BAD", parent=ref("BAD", "org")), "BAD"),
}


@pytest.mark.fault("F14", "F15", "F16", "F23")
@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_stops_only_itself_and_is_listed(what, q_holds, connect, provision, sandbox):
    collection, record, sourced_id = BAD[what]
    records = small_district()
    records[collection].append(record)
    q_holds(records)
    connect()
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    finding = next(one for one in answer["findings"] if one.get("sourced_id") == sourced_id)
    assert finding["code"]
    assert finding["reason"]
    assert finding["remedy"]
    assert len(enrollments(sandbox.canvas)) == 4


def test_an_enrollment_that_cannot_be_read_tonight_is_not_taken_away(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    change_q(upsert={"enrollments": [enrollment("E-P1-0", "P1-0", status="what?")]})
    assert provision()[1]["counts"]["enrollments"].get("removed", 0) == 0
    assert len(enrollments(sandbox.canvas, status="active")) == 4


def test_an_enrollment_of_a_user_who_is_broken_tonight_is_not_taken_away(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    change_q(upsert={"users": [user("P1-0", username=None, email=None)]})
    assert provision()[0] == 0
    assert len(enrollments(sandbox.canvas, status="active")) == 4


@pytest.mark.fault("F3")
def test_an_empty_q_is_a_failure_with_a_remedy_and_changes_nothing(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    q_holds({})
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "provisioning.empty-feed")
    assert len(enrollments(sandbox.canvas, status="active")) == 4

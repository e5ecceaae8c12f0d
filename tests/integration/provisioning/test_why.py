"""“Why?” for a record: each reason that can keep it out of Canvas, met through a real night.

Each row of the tables below says what to ask, what it comes to, and the words that name the reason,
the place and what to do. A code, a state or a night's reason that is new and has no row fails here.
"""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from django.utils import timezone

from integration import oneroster
from integration.connections import q_client
from integration.models import (
    CanvasConnection,
    Change,
    District,
    Finding,
    ProvisioningPolicy,
    RosterRow,
    Run,
    SetAside,
)
from integration.nights import Why
from integration.provisioning import not_yet
from integration.provisioning.explain import COLLECTIONS, PLANNED, STANDS_ON_RESTING
from integration.provisioning.keeping_out import KEEPS_OUT
from integration.provisioning.problems import TABLE, problem
from integration.provisioning.resting import STANDING
from integration.provisioning.why import why
from tests.integration.account.visiting import installed, visit
from tests.integration.provisioning.records import (
    class_,
    enrollment,
    org,
    ref,
    session,
    small_district,
    user,
)

pytestmark = pytest.mark.one_database

LONG = "K" * 250
OUT, NOT_MEANT = "left out", "not meant for Canvas"


class Case(NamedTuple):
    """`words` are all in the answer: the reason, where it is, and what to do."""

    code: str
    kind: str
    sourced_id: str
    verdict: str
    words: tuple[str, ...]


A_NIGHT = [
    Case("roster.no-login", "user", "NOLOGIN", OUT, ("neither a username", "Correct the record")),
    Case("roster.no-name", "user", "NONAME", OUT, ("neither a given nor", "Correct the record")),
    Case("roster.control-character", "user", "CTRL", OUT, ("control character", "Correct the rec")),
    Case("roster.duplicate-login", "user", "TWIN", OUT, ("same login", "another username")),
    Case("roster.login-claimed", "user", "CLAIMED", OUT, ("under another SIS ID", "username in Q")),
    Case("roster.id-too-long", "class", LONG, OUT, ("255 characters", "shorter id")),
    Case("roster.no-title", "class", "NOTITLE", OUT, ("neither a title", "Correct the record")),
    Case("roster.term-dates", "session", "TBAD", OUT, ("ends before it starts", "Correct the rec")),
    Case("roster.unknown-class", "enrollment", "E-LOST", OUT, ("its class nowhere", "Correct or")),
    Case("roster.unknown-user", "enrollment", "E-WHO", OUT, ("its user nobody", "Correct or rem")),
    Case("roster.class-left-out", "enrollment", "E-CLASS", OUT,
         ("its class NOTITLE", "neither a title", "Correct the record")),
    Case("roster.user-left-out", "enrollment", "E-USER", OUT,
         ("its user NOLOGIN", "neither a username", "Correct the record")),
    Case("roster.enrollment-dates", "enrollment", "E-DATES", OUT, ("before it begins", "in Q")),
    Case("oneroster.missing-reference", "enrollment", "E-NOREF", OUT, ("is missing", "in Q")),
    Case("oneroster.impossible-date", "session", "TWRONG", OUT, ("not a date", "Correct the")),
    Case("oneroster.unknown-flag", "user", "FLAG", OUT, ("enabledUser", "Correct")),
    Case("oneroster.unknown-role", "user", "ROLE", OUT, ("the role is unusable", "Correct")),
    Case("oneroster.unknown-status", "user", "STATUS", OUT, ("status is unusable", "Correct")),
    Case("oneroster.wrong-type", "user", "TYPE", OUT, ("unusable", "Correct")),
    Case("oneroster.unusable-text", "class", "NUL", OUT, ("unusable", "Correct")),
    # What has no finding, because it is as it should be.
    Case("status", "user", "LEFT", NOT_MEANT, ("tobedeleted", "make it active in Q")),
    Case("status", "class", "K-GONE", NOT_MEANT, ("tobedeleted", "make it active in Q")),
    Case("guardian", "user", "MUM", NOT_MEANT, ("Guardians", "mapping rules")),
    Case("role", "enrollment", "E-ROLE", NOT_MEANT, ("role proctor", "mapping rules")),
    Case("class gone", "enrollment", "E-GONE", NOT_MEANT,
         ("its class K-GONE", "tobedeleted", "make it active")),
    Case("user gone", "enrollment", "E-LEFT", NOT_MEANT, ("its user LEFT", "tobedeleted")),
    Case("guardian's seat", "enrollment", "E-MUM", NOT_MEANT, ("its user MUM", "Guardians")),
    Case("session", "session", "GP", NOT_MEANT, ("gradingPeriod", "only if a class names it")),
    Case("root", "org", "D", NOT_MEANT, ("root account",)),
    Case("course", "course", "C1", NOT_MEANT, ("its classes are", "explain one of them")),
    Case("unknown", "user", "nobody", "unknown", ("does not hold this record", "Check the kind")),
    # In Canvas, and a person is kept out all the same.
    Case("suspended", "user", "OFF", "in Canvas", ("suspended", "Switch them on in Q")),
    Case("not its time", "enrollment", "E-LATER", "in Canvas",
         ("is for 2098-01-01 to 2098-02-01", "Correct the dates")),
    Case("term to come", "class", "K-LATER", "in Canvas", ("begins on 2098", "Correct the term")),
    Case("term over", "class", "K-OVER", "in Canvas", ("ended on 2020", "Correct the term")),
]  # fmt: skip


def a_bad_q() -> dict[str, list[dict[str, Any]]]:
    records = small_district()
    records["academicSessions"] += [
        session("TBAD", startDate="2026-12-01", endDate="2026-01-01"),
        session("TWRONG", startDate="the first of May"),
        session("GP", type="gradingPeriod"),
        session("T-LATER", title="Later", startDate="2098-01-05"),
        session("T-OVER", title="Over", startDate="2020-01-05", endDate="2020-06-05"),
    ]
    records["classes"] += [
        class_(LONG),
        class_("NOTITLE", title="", classCode=""),
        class_("K-GONE", status="tobedeleted"),
        class_("K-LATER", terms=("T-LATER",)),
        class_("K-OVER", terms=("T-OVER",)),
        class_("NUL", title="Alge\x00bra"),
    ]
    records["users"] += [
        user("NOLOGIN", username=None, email=None),
        user("NONAME", givenName="", familyName=""),
        user("CTRL", givenName="A\x01"),
        user("TWIN", username="p1-0@example.org"),
        user("CLAIMED"),
        user("MUM", role="guardian"),
        user("LEFT", status="tobedeleted"),
        user("OFF", enabledUser="false"),
        user("ROLE", role="captain"),
        user("STATUS", status="asleep"),
        user("FLAG", enabledUser="perhaps"),
        user("TYPE", username={"no": "text"}),
    ]
    records["enrollments"] += [
        enrollment("E-LOST", "P1-0", "nowhere"),
        enrollment("E-WHO", "nobody"),
        enrollment("E-CLASS", "P1-0", "NOTITLE"),
        enrollment("E-USER", "NOLOGIN"),
        enrollment("E-DATES", "P1-1", "K-LATER", beginDate="2026-11-02", endDate="2026-11-01"),
        enrollment("E-ROLE", "P1-0", role="proctor"),
        enrollment("E-GONE", "P1-0", "K-GONE"),
        enrollment("E-LEFT", "LEFT"),
        enrollment("E-MUM", "MUM"),
        enrollment("E-LATER", "P1-0", "K-LATER", beginDate="2098-01-01", endDate="2098-02-01"),
        {**enrollment("E-NOREF", "P1-0"), "user": None},
    ]
    return records


def rule(**fields: Any) -> None:
    ProvisioningPolicy.objects.update_or_create(district=District.objects.get(), defaults=fields)


def asked(district: District, kind: str, sourced_id: str) -> tuple[str, str]:
    with q_client(district) as q:
        told = why(district, COLLECTIONS[kind], sourced_id, q)
    return told.verdict, " ".join(told.steps)


def misses(district: District, cases: list[Case]) -> list[str]:
    found = []
    for case in cases:
        verdict, story = asked(district, case.kind, case.sourced_id)
        if verdict != case.verdict or not all(word in story for word in case.words):
            found.append(f"{case.code}: {verdict}: {story}")
    return found


def test_each_reason_of_a_night_is_named_with_its_place_and_what_to_do(
    q_holds, connect, provision, canvas_side
):
    q_holds(a_bad_q())
    canvas_side({"users.csv": "user_id,login_id,status\nOTHER,claimed@example.org,active\n"})
    connect()
    rule(sis_id_prefix="lakeside-")
    digest = provision()[1]["digest"]
    assert provision("--approve", digest)[0] == 0
    assert misses(District.objects.get(), A_NIGHT) == []


BY_IDENTIFIER = [
    Case("roster.no-sis-id", "user", "NOID", OUT, ("no value for the field", "Fill the field")),
    Case("roster.duplicate-sis-id", "user", "SAME", OUT,
         ("same SIS ID", "Correct the identifier", "under that ID is another one")),
]  # fmt: skip


def test_each_reason_of_another_sis_id_is_named(q_holds, connect, provision):
    records = small_district()
    for number, one in enumerate(records["users"]):
        one["identifier"] = f"N{number}"
    records["users"] += [user("NOID"), user("SAME", identifier="N1")]
    q_holds(records)
    connect()
    rule(user_sis_id="identifier")
    assert provision()[0] == 0
    assert misses(District.objects.get(), BY_IDENTIFIER) == []


# Their nights are in test_identity.py, test_what_must_stay.py and test_structure.py; here is what a
# run has written of them.
WRITTEN = {
    "roster.ambiguous-id": "Remove the wrong record",
    "roster.login-of-service": "another username",
    "roster.id-changed": "approve the change",
    "roster.id-proposed": "whether they are the same",
    "roster.id-unproven": "the next run",
    "roster.id-recycled": "decline it",
}
# Told by what is kept of the row, in Canvas's own words: the table of refused rows.
OF_CANVAS = {"canvas.row-refused", "canvas.still-refused"}


@pytest.mark.parametrize("code", WRITTEN)
def test_what_a_run_found_is_told_with_its_remedy(code, ready):
    district, run = ready
    RosterRow.objects.filter(kind="users", key="P1-0").delete()
    found = problem(code, "users", "P1-0", detail="So it is.")
    of_another = problem("roster.no-name", "classes", "P1-0")
    for one in (found, of_another):
        Finding.objects.create(run=run, kind=one.kind, sourced_id=one.sourced_id, code=one.code,
                               reason=one.reason, remedy=one.remedy)  # fmt: skip
    verdict, story = asked(district, "user", "P1-0")
    assert (verdict, found.reason in story, WRITTEN[code] in story) == (OUT, True, True)
    assert of_another.reason not in story


@pytest.fixture
def ready(q_holds, connect, provision):
    """A small district in Canvas, and the run that brought it."""
    q_holds(small_district())
    connect()
    assert provision()[0] == 0
    return District.objects.get(), Run.objects.latest("pk")


# Findings that stand beside a row that goes, or are about a run: they keep no record out.
BESIDE = {
    *(f"roster.{one}" for one in (
        "duplicate-id", "duplicate-enrollment", "unnamed", "unknown-parent", "parent-cycle",
        "unknown-school", "unknown-term", "no-term", "unknown-course", "login-shared",
        "unknown-agent", "adopts-login", "removals-suspended", "absence-not-proven", "set-aside",
        "school-rests", "stands-on-set-aside", "school-not-listed",
    )),
    *(code for code in TABLE if code.startswith(("undo.", "drift."))),
    "canvas.row-warned", "canvas.import-waits",
}  # fmt: skip


def test_every_code_is_answered_for():
    met = {case.code for case in (*A_NIGHT, *BY_IDENTIFIER)} | WRITTEN.keys() | OF_CANVAS
    assert met >= KEEPS_OUT
    assert TABLE.keys() == KEEPS_OUT | BESIDE, "a new code: does it keep its record out?"
    assert not KEEPS_OUT & BESIDE


def faults_of_a_record() -> set[str]:
    """Every code with which the client of OneRoster gives a record up."""
    codes = set()
    for path in Path(oneroster.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unusable":
                codes.add(ast.unparse(node.args[0]).strip("f'"))
    return codes


def test_every_fault_of_a_record_of_q_is_answered_for():
    met = {case.code for case in A_NIGHT}
    # A record without an id cannot be asked for: the findings of the run list it.
    assert faults_of_a_record() - met == {"oneroster.missing-id", "oneroster.unknown-{what}"}
    assert {"oneroster.unknown-role", "oneroster.unknown-status"} <= met


# --- what is meant for Canvas, and has to wait --------------------------------------------------


def with_a_newcomer(change_q, provision) -> Run:
    change_q(upsert={"users": [user("NEW")]})
    provision("--plan-only")
    return Run.objects.latest("pk")


RUN_STATES = {
    "queued": ("about to begin", "Look again"),
    "running": ("is at work", "Look again"),
    "waiting": ("has not carried it out", "SIS Imports"),
    "held": ("A person has to decide", "Approve or discard"),
    "failed": ("ended before it was sent: Q does not answer.", "Ask Q's operator."),
    "done": ("has ended without it", "next run plans it again"),
}


def test_every_state_of_the_run_that_planned_it_is_told(ready, change_q, provision):
    district, _ = ready
    run = with_a_newcomer(change_q, provision)
    error = {"message": "Q does not answer.", "remedy": "Ask Q's operator."}
    assert set(RUN_STATES) == set(Run.State.values) == set(not_yet.PLANS)
    for state, words in RUN_STATES.items():
        Run.objects.filter(pk=run.pk).update(state=state, error=error)
        verdict, story = asked(district, "user", "NEW")
        assert verdict == "waiting", story
        assert f"run {run.pk}" in story
        assert all(word in story for word in words), story


def test_the_holds_of_a_plan_and_its_age_are_told(ready, change_q, provision):
    district, _ = ready
    run = with_a_newcomer(change_q, provision)
    hold = {"code": "too-many-removed", "kind": "users", "count": 9, "share": 0.5, "limit": 5}
    Run.objects.filter(pk=run.pk).update(holds=[hold])
    assert "9 users would be removed" in asked(district, "user", "NEW")[1]
    Run.objects.filter(pk=run.pk).update(read_at=timezone.now() - timedelta(days=2))
    assert "more than 24 hours ago. The next run plans anew" in asked(district, "user", "NEW")[1]


CHANGE_STATES = {
    "set aside": ("left it out when the rest of run", "Plan again what was set aside"),
    "left": ("not known whether Canvas took", "next run sends it again"),
    "planned": ("waits in the plan of run", "Approve or discard"),
}
# Told by the row that Canvas has accepted or refused, or by the finding of a changed id.
OTHERWISE = {"confirmed", "refused", "blocked", "proposed"}


def test_every_state_of_a_planned_change_is_told(ready, change_q, provision):
    district, _ = ready
    run = with_a_newcomer(change_q, provision)
    change = Change.objects.get(run=run, kind="users", key="NEW")
    assert set(Change.State.values) == set(CHANGE_STATES) | OTHERWISE
    assert set(PLANNED) == set(CHANGE_STATES) | {STANDS_ON_RESTING}
    SetAside.objects.create(district=district, kind="users", key="NEW", action="added",
                            digest=change.digest, by="Dana Whitfield", run=run)  # fmt: skip
    for state, words in CHANGE_STATES.items():
        Change.objects.filter(pk=change.pk).update(state=state)
        verdict, story = asked(district, "user", "NEW")
        assert verdict == "waiting"
        assert all(word in story for word in words), story
        assert ("Dana Whitfield" in story) == (state == "set aside")
    SetAside.objects.all().delete()
    Change.objects.filter(pk=change.pk).update(state="set aside", message=STANDING)
    verdict, story = asked(district, "user", "NEW")
    assert (verdict, "what it stands on was set aside" in story) == ("waiting", True)


NIGHTS = {
    "off": ({"is_automatic": False}, ("Nothing runs by itself", "Switch the nights on")),
    "paused": ({}, ("The district is paused: Summer.", "Resume it")),
    "blackout": ({}, ("No night begins until", "Exams", "Run now")),
    "": ({}, ("The next night begins at", "Run now")),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_what_came_since_the_last_run_is_told_when_the_next_one_begins(night, ready, change_q):
    district, run = ready
    fields, words = NIGHTS[night]
    today = timezone.localdate()
    window = {"from": f"{today - timedelta(days=2)}", "until": f"{today + timedelta(days=2)}",
              "reason": "Exams"}  # fmt: skip
    ProvisioningPolicy.objects.update(
        is_automatic=True, blackouts=[window] if night == "blackout" else []
    )
    ProvisioningPolicy.objects.update(**fields)
    if night == "paused":
        District.objects.update(state=District.State.PAUSED, pause_reason="Summer.")
    district.refresh_from_db()
    change_q(upsert={"users": [user("NEW")]})
    verdict, story = asked(district, "user", "NEW")
    assert verdict == "waiting"
    assert f"Run {run.pk} read Q at" in story
    assert "since then" in story
    assert all(word in story for word in words), story


def test_every_reason_of_a_night_not_to_begin_is_answered_for():
    later = {"done", "not-yet", "too-late"}  # all that is to be told of them is when the next is
    assert set(get_args(Why)) == set(NIGHTS) | later
    assert set(not_yet.NIGHTS) == set(NIGHTS)


def test_before_the_first_run_and_after_a_failed_one_it_is_said(q_holds, connect):
    q_holds(small_district())
    connect()
    district = District.objects.get()
    assert "No run has read Q yet." in asked(district, "user", "P1-0")[1]
    Run.objects.create(district=district, kind="provisioning", state="failed",
                       error={"message": "Q sent nothing.", "remedy": "Ask Q."})  # fmt: skip
    CanvasConnection.objects.all().delete()
    story = asked(district, "user", "P1-0")[1]
    assert "failed: Q sent nothing. Ask Q." in story
    assert "Canvas is not connected" in story


# --- what has changed since, and what went away -------------------------------------------------


def test_what_was_corrected_since_the_run_is_told_so_and_waits(
    q_holds, connect, provision, change_q
):
    records = small_district()
    records["users"].append(user("NEW", givenName="", familyName=""))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    change_q(upsert={"users": [user("NEW")]})
    verdict, story = asked(District.objects.get(), "user", "NEW")
    assert verdict == "waiting", story
    assert "It is otherwise in Q now" in story


def test_of_very_many_alike_that_are_not_listed_it_may_be_one(ready, change_q):
    district, run = ready
    found = problem("roster.duplicate-login", "users", "")
    Finding.objects.create(run=run, kind="users", code=found.code, reason=found.reason,
                           remedy=found.remedy, more=412)  # fmt: skip
    change_q(upsert={"users": [user("NEW")]})
    assert (
        "412 more are as follows, perhaps this one: Another user has the same login"
        in (asked(district, "user", "NEW")[1])
    )


def test_an_enrollment_that_was_taken_away_is_told_its_ladder(ready, change_q, provision):
    district, _ = ready
    change_q(delete={"enrollments": ["E-P1-0"]})
    assert provision()[0] == 0
    change_q(upsert={"enrollments": [enrollment("E-P1-0", "P1-0", status="tobedeleted")]})
    verdict, story = asked(district, "enrollment", "E-P1-0")
    assert verdict == NOT_MEANT
    assert "Canvas has taken away the enrollment K1 / P1-0 / student" in story
    assert "it is inactive first, completed after" in story
    assert "the next run brings it back" in story


def test_a_row_that_an_undo_took_away_says_so(ready, manage):
    district, run = ready
    assert manage("undo", str(run.pk))[0] in (0, 1)
    story = asked(district, "enrollment", "E-P1-0")[1]
    assert "took an earlier one back" in story, story


def test_a_section_that_stays_in_its_course_is_told_where(ready):
    district, _ = ready
    assert "stays in the Canvas course" not in asked(district, "class", "K1")[1]
    district.course_assignments.update(sis_course_id="OTHER")
    story = asked(district, "class", "K1")[1]
    assert "stays in the Canvas course OTHER" in story
    assert "Cross-list it in Canvas by hand" in story


def test_a_person_who_is_twice_in_a_class_is_told_of_it(q_holds, connect, provision):
    records = small_district()
    records["enrollments"].append(enrollment("E-AGAIN", "P1-0", beginDate="2026-11-01",
                                             endDate="2027-01-01"))  # fmt: skip
    q_holds(records)
    connect()
    assert provision()[0] == 0
    assert "twice in the same role" in asked(District.objects.get(), "enrollment", "E-P1-0")[1]


# --- on the page --------------------------------------------------------------------------------

ON_THE_PAGE = [
    ("user", "NOLOGIN", "left out", "Correct the record in Q"),
    ("class", "NOTITLE", "left out", "neither a title nor a code"),
    ("enrollment", "E-USER", "left out", "Of its user NOLOGIN"),
    ("session", "TBAD", "left out", "ends before it starts"),
    ("org", "D", NOT_MEANT, "root account"),
    ("course", "C1", NOT_MEANT, "explain one of them"),
    ("user", "P1-0", "in Canvas", "Canvas has accepted the user P1-0"),
    ("user", "nobody", "unknown", "Check the kind and the ID"),
]


@pytest.mark.django_db(transaction=True)
def test_the_page_answers_for_each_kind(q_holds, connect, provision):
    records = small_district()
    records["users"].append(user("NOLOGIN", username=None, email=None))
    records["classes"].append(class_("NOTITLE", title="", classCode=""))
    records["enrollments"].append(enrollment("E-USER", "NOLOGIN"))
    records["academicSessions"].append(
        session("TBAD", startDate="2027-01-01", endDate="2026-01-01")
    )
    q_holds(records)
    connect()
    assert provision()[0] == 0
    admin = visit(installed(District.objects.get()))
    for kind, sourced_id, verdict, words in ON_THE_PAGE:
        page = admin.page("why/", kind=kind, id=sourced_id)
        assert f"{sourced_id}: {verdict}" in page, page
        assert words in page
    assert org("S2", parent=ref("D", "org"))["name"] not in admin.page("why/", q="nothing")

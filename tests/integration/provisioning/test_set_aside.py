"""What a person set aside rests: with all that stands on it, for as long as Q says the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from integration import retention
from integration.models import Change, District, RefusedRow, RosterRow, Run, SetAside
from integration.policies import change_policy
from integration.provisioning.compare import HAD_BEFORE
from tests.integration.provisioning.held_by_canvas import hand_made, held
from tests.integration.provisioning.records import class_, enrollment, session, small_district, user

pytestmark = pytest.mark.django_db(transaction=True)

BY_HAND = {
    "accounts.csv": "account_id,parent_account_id,name,status\n"
    "S1,,School S1,active\n"
    "S2,,By hand,active\n",
    "users.csv": "user_id,login_id,first_name,last_name,email,status\n"
    "P2-0,p2-0@example.org,Nick,Hand,p2-0@example.org,active\n",
}
REST = [f"P1-{number}" for number in range(12)]


def first_name(sandbox: Any, sis_id: str) -> str:
    return next(r["first_name"] for r in held(sandbox.canvas)["users"] if r["user_id"] == sis_id)


def status(sandbox: Any, sis_id: str) -> str:
    found = [r["status"] for r in held(sandbox.canvas)["enrollments"] if r["user_id"] == sis_id]
    return found[0] if found else ""


# --- of what Canvas held before our first plan --------------------------------------------------


@pytest.fixture
def canvas_of_a_hand(q_holds, connect, canvas_side) -> None:
    q_holds(small_district(schools=("S1", "S2")))
    canvas_side(BY_HAND)
    connect()


def test_what_was_set_aside_of_the_first_plan_is_not_overwritten_by_the_next_night(
    canvas_of_a_hand, provision, sandbox
):
    digest = provision()[1]["digest"]
    assert provision("--approve", digest, "--school", "S1")[0] == 0
    for _ in range(2):
        code, answer = provision()
        assert (code, answer["sent"]) == (0, {})
    assert first_name(sandbox, "P2-0") == "Nick"


def test_taken_up_it_waits_as_a_first_plan_does_and_an_undo_gives_back_what_canvas_had(
    canvas_of_a_hand, provision, manage, sandbox
):
    digest = provision()[1]["digest"]
    provision("--approve", digest, "--school", "S1")
    provision()
    code, answer = provision("--take-up")
    assert (code, [hold["code"] for hold in answer["holds"]]) == (2, ["held-before"])
    assert provision("--approve", answer["digest"])[0] == 0
    assert first_name(sandbox, "P2-0") == "Given"
    assert Change.objects.get(run=answer["run"], key="P2-0").reason == HAD_BEFORE
    assert not RosterRow.objects.filter(origin="canvas").exists()
    assert manage("undo", str(answer["run"]))[0] == 0
    assert first_name(sandbox, "P2-0") == "Nick"


def test_an_undo_in_between_does_not_forget_what_canvas_had(
    canvas_of_a_hand, provision, manage, change_q
):
    digest = provision()[1]["digest"]
    provision("--approve", digest, "--school", "S1")
    change_q(upsert={"users": [user("P1-0", givenName="Newname")]})
    assert manage("undo", str(provision()[1]["run"]))[0] == 0
    assert RosterRow.objects.filter(origin="canvas", key="P2-0").exists()


def test_a_school_that_is_chosen_later_waits_where_it_would_change_what_canvas_had(
    canvas_of_a_hand, provision, sandbox
):
    change_policy(District.objects.get(), {"schools": ["S1"]}, actor="Dana")
    assert provision("--approve", provision()[1]["digest"])[0] == 0
    assert provision()[1]["state"] == "done"
    change_policy(District.objects.get(), {"schools": []}, actor="Dana")
    code, answer = provision()
    assert (code, [hold["code"] for hold in answer["holds"]]) == (2, ["held-before"])
    assert first_name(sandbox, "P2-0") == "Nick"
    line = Change.objects.get(run=answer["run"], key="P2-0")
    assert (line.action, "Nick" in line.before) == ("changed", True)


def test_what_q_changes_of_a_resting_row_that_canvas_held_rests_too_and_the_rest_goes_on(
    canvas_of_a_hand, provision, change_q, sandbox
):
    digest = provision()[1]["digest"]
    assert provision("--approve", digest, "--school", "S1")[0] == 0
    change_q(
        upsert={"users": [user("P1-0", givenName="Newname"), user("P2-0", givenName="Nicholas")]}
    )
    for sent in (1, 0):
        code, answer = provision()
        assert (code, sum(one["rows"] for one in answer["sent"].get("imports", ()))) == (0, sent)
    assert (first_name(sandbox, "P1-0"), first_name(sandbox, "P2-0")) == ("Newname", "Nick")
    line = Change.objects.get(run=answer["run"], key="P2-0")
    assert (line.state, "Nicholas" in line.after) == ("set aside", True)
    assert bytes(SetAside.objects.get(key="P2-0").digest) == bytes(line.digest)


def test_it_rests_no_more_once_q_says_what_canvas_has_and_is_ours_then(
    canvas_of_a_hand, provision, change_q, sandbox
):
    digest = provision()[1]["digest"]
    provision("--approve", digest, "--school", "S1")
    change_q(upsert={"users": [user("P2-0", school="S2", givenName="Nick", familyName="Hand")]})
    code, answer = provision()
    line = Change.objects.get(run=answer["run"], key="P2-0")
    assert (code, line.action, line.state, line.reason) == (0, "equal", "confirmed", HAD_BEFORE)
    assert not SetAside.objects.filter(key="P2-0").exists()
    assert RosterRow.objects.get(key="P2-0").origin == "ours"
    change_q(upsert={"users": [user("P2-0", school="S2", givenName="Nicholas")]})
    assert provision()[0] == 0
    assert first_name(sandbox, "P2-0") == "Nicholas"


def test_it_is_forgotten_once_it_is_gone_from_q(canvas_of_a_hand, provision, change_q, sandbox):
    digest = provision()[1]["digest"]
    provision("--approve", digest, "--school", "S1")
    change_q(delete={"users": ["P2-0"], "enrollments": ["E-P2-0"]})
    assert provision()[0] == 0
    assert not SetAside.objects.filter(kind="users", key="P2-0").exists()
    assert first_name(sandbox, "P2-0") == "Nick"


def test_what_was_taken_up_and_canvas_refuses_is_tried_again_each_week_and_holds_nothing(
    canvas_of_a_hand, provision, change_q, sandbox
):
    digest = provision()[1]["digest"]
    provision("--approve", digest, "--school", "S1")
    change_q(upsert={"users": [user("P2-0", school="S2", username="new@example.org")]})
    answer = provision("--take-up")[1]
    taken = "user_id,login_id,status\nOTHER,new@example.org,active\n"
    hand_made(sandbox.canvas, {"users.csv": taken})
    assert provision("--approve", answer["digest"])[1]["refused"] == {"users": 1}
    assert RosterRow.objects.get(key="P2-0").origin == "canvas"
    change_q(upsert={"users": [user("P2-0", school="S2", username="newer@example.org")]})
    code, answer = provision()
    assert (code, [hold["code"] for hold in answer["holds"]]) == (2, ["held-before"])
    change_q(
        upsert={
            "users": [
                user("P1-0", givenName="Newname"),
                user("P2-0", school="S2", username="new@example.org"),
            ]
        }
    )
    hand_made(sandbox.canvas, {"users.csv": taken.replace("active", "deleted")})
    RefusedRow.objects.update(refused_at=F("refused_at") - timedelta(days=8))
    assert provision()[0] == 0
    assert (first_name(sandbox, "P1-0"), first_name(sandbox, "P2-0")) == ("Newname", "Given")


# --- for as long as Q says the same -------------------------------------------------------------


@pytest.fixture
def removals_rest(q_holds, change_q, connect, provision) -> None:
    """12 of 40 are gone from Q; a person let all go but their removals."""
    q_holds(small_district(students=40))
    connect()
    provision()
    change_q(
        upsert={"users": [user("P1-30", givenName="Newname")]},
        delete={"enrollments": [f"E-{one}" for one in REST]},
    )
    digest = provision()[1]["digest"]
    assert provision("--approve", digest, "--except-removals")[0] == 0
    assert SetAside.objects.count() == 12


def test_a_removal_that_was_set_aside_is_forgotten_once_q_holds_the_record_again(
    removals_rest, change_q, provision, sandbox
):
    change_q(upsert={"enrollments": [enrollment(f"E-{one}", one) for one in REST[1:]]})
    provision()
    assert [one.key.split("\x1f")[1] for one in SetAside.objects.all()] == [REST[0]]
    change_q(delete={"enrollments": ["E-P1-3"]})
    assert provision()[1]["counts"]["enrollments"]["removed"] == 1
    assert (status(sandbox, "P1-3"), status(sandbox, REST[0])) == ("inactive", "active")


def test_it_rests_on_through_nights_that_prove_nothing(removals_rest, change_q, provision, sandbox):
    """A record that cannot be read may be anybody's: no removal is planned, and none is let go."""
    broken = enrollment("E-broken", "P1-0")
    del broken["user"]
    change_q(upsert={"enrollments": [broken]})
    provision()
    change_q(delete={"enrollments": ["E-broken"]})
    code, answer = provision()
    assert (code, answer["sent"]) == (0, {})
    assert answer["counts"]["enrollments"]["set_aside"] == 12


def test_who_was_not_to_come_and_is_gone_from_q_is_forgotten_too(
    removals_rest, change_q, provision
):
    change_q(upsert={"users": [user("NEW")], "enrollments": [enrollment("E-NEW", "NEW")]})
    answer = provision("--plan-only")[1]
    assert provision("--approve", answer["digest"], "--kind", "courses")[0] == 0
    assert SetAside.objects.filter(kind="users", key="NEW").exists()
    provision()
    assert SetAside.objects.filter(kind="users", key="NEW").exists()
    change_q(delete={"users": ["NEW"], "enrollments": ["E-NEW"]})
    provision()
    assert SetAside.objects.count() == 12


# --- with all that stands on it -----------------------------------------------------------------


@pytest.fixture
def a_term_rests(q_holds, change_q, connect, provision) -> None:
    """A new term and a class in it were left out, when the other school's part was approved."""
    q_holds(small_district(students=30, schools=("S1", "S2")))
    connect()
    provision()
    change_q(
        upsert={
            "academicSessions": [
                session("T2", title="Spring", startDate="2099-12-19", endDate="2100-05-01")
            ],
            "classes": [class_("K9", terms=("T2",))],
            "users": [user("P2-5", school="S2", givenName="Newname")],
        },
        delete={"enrollments": [f"E-{one}" for one in REST]},
    )
    digest = provision()[1]["digest"]
    assert provision("--approve", digest, "--school", "S2")[0] == 0
    change_q(
        upsert={
            "classes": [class_("K10", terms=("T2",))],
            "enrollments": [enrollment("E-9", "P1-20", "K9"), enrollment("E-10", "P1-20", "K10")],
            "users": [user("P1-20", givenName="Newname")],
        }
    )


def test_what_stands_on_something_set_aside_rests_with_it_and_says_why(
    a_term_rests, provision, manage, sandbox
):
    code, answer = provision()
    assert (code, answer["sent"]["imports"][0]["rows"]) == (0, 1)
    assert first_name(sandbox, "P1-20") == "Newname"
    assert "K10" not in {row["course_id"] for row in held(sandbox.canvas)["courses"]}
    told = {one["code"] for one in answer["findings"]}
    assert {"roster.set-aside", "roster.stands-on-set-aside"} == told
    standing = Change.objects.filter(run=answer["run"]).exclude(message="")
    assert sorted(standing.values_list("kind", "state").distinct()) == [
        ("courses", "set aside"),
        ("enrollments", "set aside"),
        ("sections", "set aside"),
    ]
    assert not SetAside.objects.filter(key="K10").exists()
    assert "stands on was set aside" in str(manage("explain", "lakeside", "class", "K10"))


def test_taken_up_all_of_it_goes_and_the_course_is_in_its_term(a_term_rests, provision, sandbox):
    provision()
    answer = provision("--take-up")[1]
    assert provision("--approve", answer["digest"])[0] == 0
    terms = {row["course_id"]: row["term_id"] for row in held(sandbox.canvas)["courses"]}
    assert (terms["K9"], terms["K10"]) == ("T2", "T2")


# --- under another id ---------------------------------------------------------------------------


@pytest.mark.parametrize("nights", [0, 1])
def test_a_removal_rests_on_under_a_changed_id_when_its_first_plan_is_pruned(
    nights, removals_rest, change_q, provision, sandbox
):
    """Later nights tell what it is, and after a summer without any what Canvas has."""
    for _ in range(nights):
        provision()
    first = SetAside.objects.values_list("run_id", flat=True).first()
    Run.objects.filter(pk=first).update(ended_at=F("ended_at") - timedelta(days=40))
    retention.prune(lambda: False)
    assert not Change.objects.filter(run=first).exists()
    change_q(delete={"users": ["P1-3"]}, upsert={"users": [user("P1-3") | {"sourcedId": "NEW-3"}]})
    answer = provision()[1]
    assert provision("--approve", answer["digest"], "--kind", "change_sis_id")[0] == 0
    code, answer = provision()
    assert (code, answer["sent"], status(sandbox, "NEW-3")) == (0, {}, "active")

"""Which schools come over: nothing is created, changed or taken away of the others."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integration.models import (
    AuditEvent,
    Change,
    District,
    ProvisioningPolicy,
    QConnection,
    RosterRow,
    Run,
    SetAside,
)
from integration.policies import change_policy
from integration.provisioning.rows import ENROLLMENTS, USERS
from integration.provisioning.schools import coming
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.integration.provisioning.held_by_canvas import held
from tests.integration.provisioning.records import ref, small_district, user
from tests.lti import people

pytestmark = pytest.mark.django_db(transaction=True)
TREE = {"A": "", "A1": "A", "A11": "A1", "A2": "A", "B": ""}


@pytest.mark.parametrize(
    ("chosen", "comes"),
    [
        (["A"], {"A", "A1", "A11", "A2"}),
        (["A1"], {"A", "A1", "A11"}),
        (["A11", "B"], {"A", "A1", "A11", "B"}),
        (["unknown"], {"unknown"}),
    ],
)
def test_what_is_below_comes_along_and_what_it_is_in(chosen, comes):
    found = coming(chosen, TREE)
    assert found.accounts == comes
    assert found.wants(USERS, "")
    assert not found.wants(ENROLLMENTS, "elsewhere")


@pytest.fixture
def records(q_holds, connect) -> dict[str, Any]:
    found = small_district(students=3, schools=("S1", "S2"))
    q_holds(found)
    connect()
    return found


def choose(*ids: str) -> None:
    change_policy(District.objects.get(), {"schools": list(ids)}, actor="Dana")


def of_canvas(sandbox: Any) -> dict[str, set[str]]:
    there = held(sandbox.canvas)
    kinds = {"accounts": "account_id", "sections": "section_id", "users": "user_id"}
    found = {kind: {row[key] for row in there[kind] if row[key]} for kind, key in kinds.items()}
    found["seats"] = {
        f"{row['section_id']} {row['user_id']}"
        for row in there["enrollments"]
        if row["status"] == "active"
    }
    return found


def test_only_the_chosen_school_is_brought_and_the_other_one_when_it_is_chosen(
    records, provision, sandbox
):
    choose("S1")
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    there = of_canvas(sandbox)
    assert there["accounts"] == {"S1"}
    assert there["sections"] == {"K1"}
    assert {one for one in there["users"] if one.startswith("P2")} == set()
    assert "roster.school-rests" in {one["code"] for one in answer["findings"]}
    assert not SetAside.objects.exists()
    choose()
    assert provision()[0] == 0
    assert of_canvas(sandbox)["accounts"] == {"S1", "S2"}
    assert provision()[1]["sent"] == {}


def test_a_teacher_of_the_other_school_comes_along_where_a_class_needs_them(
    records, q_holds, provision, sandbox
):
    seat = next(one for one in records["enrollments"] if one["user"]["sourcedId"] == "P1-1")
    guest = seat | {"sourcedId": "E-guest", "user": {**seat["user"], "sourcedId": "P2-0"}}
    records["enrollments"].append(guest)
    q_holds(records)
    choose("S1")
    assert provision()[0] == 0
    there = of_canvas(sandbox)
    assert "P2-0" in there["users"]
    assert "K1 P2-0" in there["seats"]
    assert there["sections"] == {"K1"}


def test_a_school_that_is_taken_out_again_keeps_all_that_canvas_has(
    records, q_holds, provision, sandbox, explain_
):
    assert provision()[0] == 0
    before = of_canvas(sandbox)
    choose("S1")
    # Q has half of the other school no more, renames its class, and has somebody new in each.
    gone = {"E-P2-1", "E-P2-2"}
    records["enrollments"] = [one for one in records["enrollments"] if one["sourcedId"] not in gone]
    records["classes"] = [
        one | {"title": "Renamed"} if one["sourcedId"] == "K2" else one
        for one in records["classes"]
    ]
    records["users"] += [user("NEW1", school="S1"), user("NEW2", school="S2")]
    q_holds(records)
    code, answer = provision()
    assert (code, answer["state"], answer["holds"]) == (0, "done", [])
    after = of_canvas(sandbox)
    assert after["seats"] == before["seats"]
    assert after["users"] - before["users"] == {"NEW1"}
    names = {row["name"] for row in held(sandbox.canvas)["sections"]}
    assert "Renamed" not in names
    run = Run.objects.latest("pk")
    resting = run.changes.filter(state=Change.State.SET_ASIDE)
    assert set(resting.values_list("group", flat=True)) == {"S2"}
    told = explain_("user", "NEW2")
    assert "not among those that come over" in told
    # The same the night after; and once it is chosen again, the ordinary rules hold.
    assert provision()[0] == 0
    assert of_canvas(sandbox)["seats"] == before["seats"]
    choose("S1", "S2")
    provision()
    assert "NEW2" in of_canvas(sandbox)["users"]


def test_a_guardian_is_tied_to_children_of_the_chosen_school_only(
    records, q_holds, provision, sandbox
):
    for number in ("1", "2"):
        children = [ref(f"P{number}-0", "user")]
        records["users"].append(user(f"MUM{number}", school="D", role="guardian", agents=children))
    change_policy(District.objects.get(), {"guardians": True}, actor="Dana")
    q_holds(records)
    choose("S1")
    assert provision()[0] == 0
    assert "P2-0" not in of_canvas(sandbox)["users"]
    choose()
    assert provision()[0] == 0
    assert {"K1 MUM1", "K2 MUM2"} < of_canvas(sandbox)["seats"]
    # Q has neither of the two ties any more.
    for one in records["users"]:
        one.pop("agents", None)
    q_holds(records)
    choose("S1")
    assert provision()[0] == 0
    seats = of_canvas(sandbox)["seats"]
    assert "K1 MUM1" not in seats
    assert "K2 MUM2" in seats


def test_what_a_person_set_aside_and_what_a_rule_leaves_out_are_two_things(
    records, q_holds, provision
):
    assert provision()[0] == 0
    records["users"] += [user("NEW1", school="S1"), user("NEW2", school="S2")]
    q_holds(records)
    choose("S1")
    _code, answer = provision("--plan-only")
    provision("--approve", answer["digest"], "--kind", "courses")
    assert set(SetAside.objects.values_list("key", flat=True)) <= {"NEW1"}


@pytest.fixture
def explain_(manage):
    def ask(kind: str, sourced_id: str) -> str:
        return str(manage("explain", "lakeside", kind, sourced_id))

    return ask


@pytest.mark.parametrize("schools", ["S1", ["S1", "S1"], [""], [1], {"S1": 1}])
def test_a_list_that_names_no_schools_is_refused(schools):
    district = District.objects.create(slug="lakeside", name="Lakeside Unified")
    with pytest.raises(ValidationError):
        change_policy(district, {"schools": schools}, actor="Dana")


def test_the_page_names_qs_schools_and_keeps_what_is_ticked(records, provision):
    provision()
    district = District.objects.get()
    admin: Visit = visit(installed(district))
    page = admin.page("rules/schools/")
    assert "School S1" in page
    assert "rows in Canvas" in page
    RosterRow.objects.filter(school="S1").update(origin="canvas")
    assert "School S1 0 rows in Canvas" in admin.page("rules/schools/")
    assert "All that Q has." in admin.page("rules/")
    for posted, told in (
        ({"how": "chosen"}, "Choose at least one school"),
        ({}, "Choose at least one school"),
        ({"how": "chosen", "school": ["S1", "S9"]}, "Q has no school S9."),
    ):
        answer = admin.post("rules/schools/", **posted)
        assert (answer.status_code, told in words(answer)) == (400, True), posted
    assert district.policy.schools == []
    assert admin.post("rules/schools/", how="chosen", school=["S1"]).status_code == 303
    assert "1 chosen school." in admin.page("rules/")
    event = AuditEvent.objects.filter(action="policy.changed").latest("pk")
    assert (event.before, event.after) == ({"schools": []}, {"schools": ["S1"]})
    reader = visit(district.installations.get().deployment, people.ben())
    assert reader.post("rules/schools/", how="all").status_code == 403
    assert admin.post("rules/schools/", how="all").status_code == 303
    district.policy.refresh_from_db()
    assert district.policy.schools == []


def test_while_q_is_away_schools_are_judged_by_what_was_last_read(records, provision):
    provision("--plan-only")
    district = District.objects.get()
    QConnection.objects.all().delete()
    admin: Visit = visit(installed(district))
    page = admin.page("rules/schools/")
    assert "School S2" in page
    assert "whether it has others now cannot be checked" in page
    # Canvas has neither yet.
    assert admin.post("rules/schools/", how="chosen", school=["S2"]).status_code == 303
    answer = admin.post("rules/schools/", how="chosen", school=["S2", "S9"])
    told = "Q cannot be asked just now, and had no school S9 when it was last read."
    assert (answer.status_code, told in words(answer)) == (400, True)
    # Before anything was read nobody knows better than the person.
    Run.objects.all().delete()
    assert admin.post("rules/schools/", how="chosen", school=["S9"]).status_code == 303
    assert ProvisioningPolicy.objects.get().schools == ["S9"]


def test_a_night_of_which_no_chosen_school_is_in_q_does_nothing_and_says_so(
    records, provision, sandbox
):
    choose("S8", "S9")
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "provisioning.no-school-comes")
    assert "S8, S9" in answer["error"]["message"]
    assert of_canvas(sandbox)["users"] == set()
    choose("S8", "S1")
    assert provision()[1]["state"] == "done"
    assert of_canvas(sandbox)["sections"] == {"K1"}

"""Bad nights in Q: what Canvas holds must stay where it is, and a person must hear of it."""

from __future__ import annotations

from typing import Any

import pytest

from integration.models import District, ProvisioningPolicy
from tests.integration.provisioning.held_by_canvas import held, signed_in
from tests.integration.provisioning.records import (
    course,
    enrollment,
    org,
    ref,
    small_district,
    user,
)
from tests.integration.provisioning.test_one_run import by_id, enrollments

pytestmark = pytest.mark.one_database

SERVICE_LOGIN = "service.admin"  # whose token the sandbox's Canvas gives us


def policy(**fields: Any) -> None:
    """The district's administrator sets rules."""
    ProvisioningPolicy.objects.update_or_create(district=District.objects.get(), defaults=fields)


def findings(answer: dict[str, Any], code: str) -> list[dict[str, str]]:
    return [one for one in answer["findings"] if one["code"] == code]


def hold_codes(answer: dict[str, Any]) -> set[str]:
    return {hold["code"] for hold in answer.get("holds", [])}


# --- the same person under another id -----------------------------------------------------------


def renumber(change_q: Any, *people: str) -> None:
    """Q gives these students other ids, with the logins that they had."""
    change_q(
        delete={"users": list(people)},
        upsert={
            "users": [user(f"NEW-{one}", username=f"{one.lower()}@example.org") for one in people],
            "enrollments": [enrollment(f"E-{one}", f"NEW-{one}") for one in people],
        },
    )


@pytest.mark.fault("F11")
def test_a_student_under_a_new_id_keeps_the_access_of_the_old_one(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=60))
    connect()
    provision()
    renumber(change_q, "P1-0")
    for _ in range(2):
        code, answer = provision()
        assert (code, answer["sent"]) == (0, {})
    (told,) = findings(answer, "roster.id-changed")
    assert told["sourced_id"] == "NEW-P1-0" and "P1-0" in told["reason"]
    assert ("P1-0", "student", "active") in enrollments(sandbox.canvas)


def test_a_login_that_its_owner_gave_up_is_free_for_a_new_student(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    free = user("A-NEW", username="p1-0@example.org"), user("P1-0", username="other@example.org")
    change_q(upsert={"users": [*free]})
    _, answer = provision()
    assert not findings(answer, "roster.id-changed")
    assert by_id(sandbox.canvas, "users")["P1-0"]["login_id"] == "other@example.org"


# --- accounts made by hand ----------------------------------------------------------------------


def by_hand(canvas: Any, login: str) -> None:
    url = f"{canvas.url}/api/v1/accounts/{canvas.account_id}/users"
    form = {
        "user[name]": "The Principal",
        "pseudonym[unique_id]": login,
    }
    signed_in(canvas).post(url, data=form, timeout=30).raise_for_status()


def login_of(canvas: Any, login: str) -> dict[str, str]:
    (row,) = [row for row in held(canvas)["users"] if row["login_id"] == login]
    return row


@pytest.mark.parametrize("first", [True, False])
def test_an_account_made_by_hand_is_taken_over_only_after_a_persons_yes(
    first, q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=1))
    connect()
    if not first:
        provision()
    by_hand(sandbox.canvas, "kid@example.org")
    provider = login_of(sandbox.canvas, "kid@example.org")["authentication_provider_id"]
    change_q(upsert={"users": [user("KID")]})
    code, answer = provision()
    assert (code, hold_codes(answer)) == (2, {"adopts-logins"})
    assert login_of(sandbox.canvas, "kid@example.org")["user_id"] == ""
    assert provision("--approve", answer["digest"])[0] == 0
    taken = login_of(sandbox.canvas, "kid@example.org")
    assert (taken["user_id"], taken["authentication_provider_id"]) == ("KID", provider) != ("", "")


def test_an_account_made_by_hand_holds_no_night_while_its_school_does_not_come_over(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district(students=1, schools=("S1", "S2")))
    connect()
    by_hand(sandbox.canvas, "p2-0@example.org")
    policy(schools=["S1"])
    for _night in range(2):
        code, answer = provision()
        assert (code, answer["state"], answer["holds"]) == (0, "done", [])
    assert login_of(sandbox.canvas, "p2-0@example.org")["user_id"] == ""
    policy(schools=[])
    code, answer = provision()
    assert (code, hold_codes(answer)) == (2, {"adopts-logins"})


@pytest.mark.parametrize("first", [True, False])
def test_nobody_takes_over_the_account_that_this_product_works_with(
    first, q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=1))
    connect()
    if not first:
        provision()
    change_q(upsert={"users": [user("KID", username=SERVICE_LOGIN)]})
    code, answer = provision()
    assert (code, [one["sourced_id"] for one in findings(answer, "roster.login-of-service")]) == (
        *(0, ["KID"]),
    )
    assert login_of(sandbox.canvas, SERVICE_LOGIN)["user_id"] == ""


# --- records that are there and cannot be read --------------------------------------------------


def active(canvas: Any) -> set[str]:
    return {user_id for user_id, _, status in enrollments(canvas) if status == "active"}


def test_an_enrollment_that_lost_its_id_is_still_there(q_holds, connect, provision, sandbox):
    records = small_district()
    q_holds(records)
    connect()
    provision()
    records["enrollments"][1]["sourcedId"] = ""
    q_holds(records)
    assert provision()[0] == 0
    assert "P1-0" in active(sandbox.canvas)


def test_a_user_without_an_id_may_be_anybody_so_no_link_is_taken_away(
    q_holds, connect, provision, sandbox
):
    records = small_district(students=1)
    q_holds({**records, "users": [*records["users"], family("P1-0")]})
    connect()
    policy(guardians=True)
    provision()
    q_holds({**records, "users": [*records["users"], family(), user("")]})
    _, answer = provision()
    assert "MUM" in active(sandbox.canvas)
    assert ["1 observers" in one["reason"] for one in findings(answer, "roster.removals-suspended")]


def family(*children: str) -> dict[str, Any]:
    return user("MUM", role="guardian", agents=[ref(child, "user") for child in children])


def test_a_link_goes_although_somebody_else_is_left_out(
    q_holds, change_q, connect, provision, sandbox
):
    records = small_district(students=2)
    dad = user("DAD", role="guardian", agents=[ref("P1-1", "user")])
    records["users"] += [family("P1-0"), dad, user("LOST", username=None, email=None)]
    q_holds(records)
    connect()
    policy(guardians=True)
    provision()
    assert "MUM" in active(sandbox.canvas)
    change_q(upsert={"users": [family()]})
    assert provision()[0] == 0
    assert "MUM" not in active(sandbox.canvas)


@pytest.mark.parametrize(
    "bad",
    [
        enrollment("BAD", "P2-0", "K2", school="S2", role="coach"),
        enrollment("BAD", "P2-0", "K2", school="S2", role="coach") | {"class": None},
        enrollment("BAD", "P2-0", "K2", school="S2") | {"class": None, "user": None},
        enrollment("BAD", "ghost"),
    ],
)
def test_one_bad_enrollment_keeps_only_what_it_may_be(
    bad, q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(schools=("S1", "S2")))
    connect()
    provision()
    change_q(upsert={"enrollments": [bad]}, delete={"enrollments": ["E-P1-0", "E-P2-0", "E-P2-1"]})
    _, answer = provision()
    gone = {"P1-0", "P1-1", "P2-0", "P2-1"} - active(sandbox.canvas)
    kept = {"P2-0", "P2-1"} - gone
    assert gone >= {"P1-0"} and (bad["user"] is not None or kept == {"P2-0", "P2-1"})
    assert ("P2-0" in kept) is (bad["user"] != ref("ghost", "user"))
    told = [one["reason"] for one in findings(answer, "roster.removals-suspended")]
    assert [f"{len(kept)} enrollments" in reason for reason in told] == [True] * bool(kept)


def test_an_enrollment_that_may_be_anybodys_keeps_everybody_and_says_so(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    provision()
    anybody = enrollment("BAD", "x") | {"class": None, "user": None, "school": None}
    change_q(upsert={"enrollments": [anybody]}, delete={"enrollments": ["E-P1-0"]})
    _, answer = provision()
    (told,) = findings(answer, "roster.removals-suspended")
    assert "P1-0" in active(sandbox.canvas) and "1 enrollments" in told["reason"]


def test_a_school_that_cannot_be_read_keeps_its_people_and_the_others_go_on(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(schools=("S1", "S2")))
    connect(q_service="school")
    provision()
    change_q(
        upsert={"orgs": [org("S2", type="skool", parent=ref("D", "org"))]},
        delete={"enrollments": ["E-P1-0"]},
    )
    _, answer = provision()
    assert active(sandbox.canvas) >= {"TEACHER2", "P2-0", "P2-1", "P2-2", "P1-1"}
    assert "P1-0" not in active(sandbox.canvas)
    assert findings(answer, "roster.removals-suspended")


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_school_without_a_list_where_others_have_one_keeps_its_people_and_the_others_go_on(
    is_closed, q_holds, q_control, change_q, connect, provision, sandbox
):
    """Some providers answer 404 where a list would be empty."""
    q_holds(small_district(schools=("S1", "S2")))
    connect(q_service="school")
    provision()
    q_control("quirks", {"empty-collection": 404})
    gone = ["E-TEACHER2", *(f"E-P2-{index}" for index in range(3))] if is_closed else ["E-P2-0"]
    change_q(delete={"enrollments": ["E-P1-0", *gone]})
    code, answer = provision()
    assert (code, "P1-0" in active(sandbox.canvas)) == (0, False)
    assert ("P2-0" in active(sandbox.canvas)) == is_closed
    told = findings(answer, "roster.school-not-listed")
    assert [(one["sourced_id"], one["field"]) for one in told] == [
        ("S2", "enrollments")
    ] * is_closed


def test_where_no_school_has_the_list_the_night_ends(q_holds, q_control, connect, provision):
    q_holds(small_district(schools=("S1", "S2")) | {"enrollments": []})
    connect(q_service="school")
    q_control("quirks", {"empty-collection": 404})
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "oneroster.not-offered")


@pytest.mark.parametrize("bad", ["unusable", "forbidden", "empty"])
def test_a_course_that_cannot_be_read_stops_only_itself(
    bad, q_holds, q_control, connect, provision, sandbox
):
    """A class names it, and no school's list holds it."""
    district = small_district()
    district["courses"] = [course("C1", status="weird" if bad == "unusable" else "active")]
    q_holds(district)
    connect(q_service="school")
    listed = {"body": {"courses": []}, "headers": {"X-Total-Count": "0"}}
    q_control("faults", {"match": {"path": "/schools/S1/courses"}, "do": listed})
    if bad != "unusable":
        answered = {"status": 403} if bad == "forbidden" else {"body": {}}
        q_control("faults", {"match": {"path": "/courses/C1"}, "do": answered})
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert "P1-0" in active(sandbox.canvas)
    (told,) = [one for one in answer["findings"] if one["kind"] == "courses"]
    assert (told["sourced_id"], bool(told["reason"]), bool(told["remedy"])) == ("C1", True, True)

"""Users, their logins, and who observes whom."""

from __future__ import annotations

from itertools import permutations

import pytest

from integration.oneroster.types import Ref, UserId
from integration.provisioning.people import People, respect_claims, respect_ids, sis_id
from integration.provisioning.rules import Rules
from tests.integration.provisioning.makers import codes, peopled, user

GUARDIANS = Rules(guardians=True)


def test_a_user_is_a_row_with_a_login():
    people = peopled(user("sam"))
    assert people.rows == [("sam", "sam", "Sam", "Reed", "sam@example.org", "active")]
    assert (people.user_of, people.school_of) == ({"sam": "sam"}, {"sam": "north"})


def test_a_user_without_a_username_signs_in_with_the_email():
    assert peopled(user("sam", username="")).rows[0].login_id == "sam@example.org"


def test_a_disabled_user_is_suspended_and_not_left_out():
    assert peopled(user("sam", enabled_user=False)).rows[0].status == "suspended"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"sourced_id": "x" * 256}, "roster.id-too-long", "sourcedId"),
        ({"username": "", "email": ""}, "roster.no-login", ""),
        ({"given_name": "", "family_name": ""}, "roster.no-name", ""),
        ({"username": "a\x00"}, "roster.control-character", "username"),
        ({"given_name": "\x07"}, "roster.control-character", "givenName"),
        ({"family_name": "a\nb"}, "roster.control-character", "familyName"),
        ({"email": "\x7f"}, "roster.control-character", "email"),
        ({"sourced_id": "\x1f"}, "roster.control-character", "sourcedId"),
    ],
)
def test_a_user_whom_canvas_cannot_hold_is_left_out_and_the_others_stay(fields, code, field):
    bad = user(**{"sourced_id": "bad", "username": "bad"} | fields)
    people = peopled(bad, user("sam"))
    assert (list(people.user_of), people.left_out) == (["sam"], {bad.sourced_id})
    assert [(one.code, one.field) for one in people.problems] == [(code, field)]


@pytest.mark.parametrize("fields", [{"given_name": ""}, {"family_name": ""}, {"email": ""}])
def test_one_name_and_no_email_are_enough(fields):
    assert peopled(user("sam", **fields)).problems == []


@pytest.mark.parametrize("fields", [{"status": "tobedeleted"}, {"role": "guardian"}])
def test_who_is_not_meant_for_canvas_is_inactive_and_no_problem(fields):
    people = peopled(user("sam", **{"username": "\x00"} | fields))
    assert (people.rows, people.inactive, people.left_out) == ([], {"sam"}, set())
    assert people.problems == []


@pytest.mark.parametrize("role", ["guardian", "parent", "relative"])
def test_guardians_are_users_where_the_district_wants_them(role):
    assert len(peopled(user("gil", role), rules=GUARDIANS).rows) == 1


@pytest.mark.parametrize("role", ["administrator", "proctor", "aide", "teacher"])
def test_every_other_role_is_a_user_without_being_asked_for(role):
    assert len(peopled(user("ada", role)).rows) == 1


def test_a_user_counts_for_the_first_of_the_schools_that_canvas_has():
    orgs = (Ref("gone"), Ref("south"), Ref("north"))
    people = peopled(user("sam", orgs=orgs), user("pat", orgs=()), north="n", south="s")
    assert people.school_of == {"sam": "s", "pat": ""}


# --- SIS ids ------------------------------------------------------------------------------------

NUMBERED = user(
    "sam",
    identifier="4711",
    user_ids=(UserId("LDAP", "sreed"), UserId("State", "CA-1"), UserId("State", "CA-2")),
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("sourcedId", "sam"), ("identifier", "4711"), ("LDAP", "sreed"), ("State", "CA-1"), ("X", "")],
)
def test_the_sis_id_is_what_the_rule_picks(rule, expected):
    assert sis_id(NUMBERED, rule) == expected


def test_a_user_without_the_picked_field_is_left_out():
    people = peopled(NUMBERED, user("pat"), rules=Rules(user_sis_id="identifier"))
    assert people.user_of == {"sam": "4711"}
    assert codes(people.problems) == [("roster.no-sis-id", "pat")]


def test_the_prefix_does_not_stand_before_users():
    assert peopled(user("sam"), rules=Rules(prefix="q:")).user_of == {"sam": "sam"}


def test_of_two_users_with_one_sis_id_the_first_in_order_is_taken():
    rules = Rules(user_sis_id="identifier")
    people = peopled(user("b", identifier="1"), user("a", identifier="1"), rules=rules)
    assert (people.user_of, people.left_out) == ({"a": "1"}, {"b"})
    assert codes(people.problems) == [("roster.duplicate-sis-id", "b")]


# --- logins -------------------------------------------------------------------------------------


@pytest.mark.fault("F14")
def test_of_two_users_with_one_login_in_any_case_the_first_in_order_keeps_it():
    people = peopled(user("b", username="REED"), user("a", username="reed"))
    assert (people.user_of, people.left_out) == ({"a": "a"}, {"b"})
    assert codes(people.problems) == [("roster.duplicate-login", "b"), ("roster.login-shared", "a")]


def test_a_login_made_of_one_email_is_shared_too():
    people = peopled(
        user("a", username="x@example.org"), user("b", username="", email="X@example.org")
    )
    assert people.user_of == {"a": "a"}


@pytest.mark.fault("F14")
def test_whom_canvas_accepted_before_keeps_the_login():
    both = (user("a", username="reed"), user("b", username="reed"))
    assert peopled(*both, accepted=("b",)).user_of == {"b": "b"}
    assert peopled(*both, accepted=("a", "b")).user_of == {"a": "a"}


def test_of_three_with_one_login_one_is_kept_and_nobody_is_told_otherwise():
    people = peopled(*(user(one, username="reed") for one in "abc"), accepted=("c",))
    assert (people.user_of, people.left_out) == ({"c": "c"}, {"a", "b"})
    assert codes(people.problems) == [
        ("roster.duplicate-login", "a"),
        ("roster.duplicate-login", "b"),
        ("roster.login-shared", "c"),
    ]


def test_who_has_a_login_does_not_depend_on_the_order_in_which_q_sends():
    three = [user("a", username="x"), user("b", username="X"), user("c", username="y")]
    answers = [peopled(*order, accepted=("b",)) for order in permutations(three)]
    assert all(people.user_of == {"b": "b", "c": "c"} for people in answers)
    assert len({tuple(people.problems) for people in answers}) == 1


# --- guardians ----------------------------------------------------------------------------------


def family(child: dict | None = None, guardian: dict | None = None, rules=GUARDIANS) -> People:
    return peopled(
        user("sam", **child or {}),
        user("gil", **{"role": "parent"} | (guardian or {})),
        rules=rules,
    )


@pytest.mark.parametrize(
    ("child", "guardian"),
    [
        ({"agents": (Ref("gil"),)}, {}),
        ({}, {"agents": (Ref("sam"),)}),
        ({"agents": (Ref("gil"),)}, {"agents": (Ref("sam"),)}),
    ],
)
def test_a_link_in_either_direction_makes_one_observer(child, guardian):
    people = family(child, guardian)
    assert people.observers == [("gil", "sam", "active")]
    assert people.problems == []


def test_nobody_observes_where_guardians_are_off():
    assert family({"agents": (Ref("gil"),)}, rules=Rules()).observers == []


def test_an_observer_is_named_by_the_sis_ids_of_both():
    people = family(
        {"agents": (Ref("gil"),), "identifier": "1"},
        {"identifier": "2"},
        Rules(guardians=True, user_sis_id="identifier"),
    )
    assert people.observers == [("2", "1", "active")]


def test_a_guardian_whom_q_does_not_hold_is_a_finding():
    people = family({"agents": (Ref("gone"), Ref("gil"))})
    assert people.observers == [("gil", "sam", "active")]
    assert codes(people.problems) == [("roster.unknown-agent", "sam")]


@pytest.mark.parametrize("lost", [{"status": "tobedeleted"}, {"username": "\x00"}])
def test_nobody_observes_or_is_observed_who_is_not_in_canvas(lost):
    assert family({"agents": (Ref("gil"),)}, lost).observers == []
    assert family(lost | {"agents": (Ref("gil"),)}, {"agents": (Ref("sam"),)}).observers == []


@pytest.mark.parametrize(
    ("child", "guardian"),
    [
        ({"role": "teacher", "agents": (Ref("gil"),)}, {}),
        ({"agents": (Ref("gil"),)}, {"role": "teacher"}),
        ({"role": "parent", "agents": (Ref("gil"),)}, {}),
    ],
)
def test_only_a_guardian_observes_and_only_a_student_is_observed(child, guardian):
    assert family(child, guardian).observers == []


# --- what Canvas holds already ------------------------------------------------------------------


def claimed(people: People, **claims: str) -> People:
    respect_claims(people, claims, new={row.user_id for row in people.rows})
    return people


def test_a_login_without_a_sis_id_is_adopted_and_listed():
    people = claimed(peopled(user("sam", username="Sam")), sam="")
    assert people.user_of == {"sam": "sam"}
    assert codes(people.problems) == [("roster.adopts-login", "sam")]


def test_a_login_that_is_somebody_elses_leaves_the_user_out():
    people = claimed(peopled(user("sam"), user("pat")), sam="other", pat="pat")
    assert ([row.user_id for row in people.rows], people.user_of) == (["pat"], {"pat": "pat"})
    assert people.left_out == {"sam"}
    assert codes(people.problems) == [("roster.login-claimed", "sam")]


def test_a_login_of_ones_own_or_nobodys_is_no_news():
    people = claimed(peopled(user("sam"), user("pat")), sam="sam")
    assert (len(people.rows), people.problems) == (2, [])


@pytest.mark.parametrize("out", ["sam", "gil"])
def test_who_is_left_out_observes_nobody_and_is_observed_by_nobody(out):
    people = claimed(family({"agents": (Ref("gil"),)}), **{out: "other"})
    assert people.observers == []


def test_whom_canvas_has_already_is_not_asked_for_again():
    people = peopled(user("sam"))
    respect_claims(people, {"sam": "other"}, new=())
    assert people.user_of == {"sam": "sam"}


def test_the_login_that_we_work_with_is_nobody_elses():
    people = peopled(user("sam", username="Service"))
    respect_claims(people, {"service": ""}, new={"sam"}, own={"service"})
    assert (people.rows, people.adopted, people.held_as) == ([], set(), {"sam": {"sam"}})
    assert codes(people.problems) == [("roster.login-of-service", "sam")]


# --- whom Canvas has from us under another id ---------------------------------------------------


def renamed(people: People, **known: str) -> People:
    respect_ids(people, known, {row.user_id for row in people.rows} - set(known.values()))
    return people


def test_a_login_that_comes_back_under_another_id_is_left_out_and_both_are_named():
    people = renamed(peopled(user("new", username="Reed"), user("pat")), reed="old")
    assert (people.user_of, people.renamed) == ({"pat": "pat"}, {"old"})
    assert people.may_be("new", Rules()) == {"old", "new"}
    (told,) = people.problems
    assert (told.code, told.sourced_id) == ("roster.id-changed", "new")
    assert "Canvas has old; Q now says new." in told.reason


def test_a_login_whose_owner_has_another_one_tonight_is_free():
    people = renamed(peopled(user("new", username="reed"), user("old")), reed="old")
    assert (set(people.user_of), people.problems) == ({"new", "old"}, [])


def test_who_is_left_out_may_be_known_by_the_id_of_the_rule_and_else_by_none():
    rules = Rules(user_sis_id="identifier")
    people = peopled(user("a", username="\x00", identifier="1"), user("b"), rules=rules)
    assert people.left_out == {"a", "b"}
    assert (people.may_be("a", rules), people.may_be("b", rules)) == ({"1"}, set())
    assert people.may_be("b", Rules()) == {"b"}

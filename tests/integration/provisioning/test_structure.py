"""Accounts and terms out of organisations and sessions."""

from __future__ import annotations

from itertools import permutations

import pytest

from integration.oneroster.types import Org, Record
from integration.provisioning.rules import Rules
from integration.provisioning.structure import (
    Accounts,
    Remembered,
    Term,
    Terms,
    map_accounts,
    map_terms,
    unique,
)
from tests.integration.provisioning.makers import PLAIN, by_id, codes, org, session

LONG = "x" * 256


# --- one record a sourcedId ---------------------------------------------------------------------


def kept(*records: Record) -> tuple[list[Record], list[tuple[str, str]]]:
    found, problems = unique("orgs", records)
    return list(found.values()), codes(problems)


def test_the_same_record_read_twice_is_one_and_no_news():
    assert kept(org("a"), org("b"), org("a")) == ([org("a"), org("b")], [])


@pytest.mark.fault("F13")
def test_of_two_versions_the_newer_wins_in_any_order():
    old = org("a", name="Old", date_last_modified="2026-08-01T00:00:00Z")
    new = org("a", name="New", date_last_modified="2026-08-02T00:00:00Z")
    told = [("roster.duplicate-id", "a")]
    assert kept(old, new) == kept(new, old) == ([new], told)


@pytest.mark.fault("F13")
def test_of_two_versions_equally_old_neither_is_used():
    one, other = org("a", name="One"), org("a", name="Other")
    assert kept(one, org("b"), other) == ([org("b")], [("roster.ambiguous-id", "a")])


def test_which_version_is_newer_is_told_by_the_moment_and_not_by_its_spelling():
    old = org("a", name="Old", date_last_modified="2026-08-02T01:00:00+09:00")
    new = org("a", name="New", date_last_modified="2026-08-01T23:00:00.5Z")
    assert kept(old, new) == ([new], [("roster.duplicate-id", "a")])


def test_two_versions_of_one_moment_in_two_zones_are_equally_old():
    one = org("a", name="One", date_last_modified="2026-08-01T12:00:00Z")
    other = org("a", name="Other", date_last_modified="2026-08-01T08:00:00-04:00")
    assert kept(one, other) == ([], [("roster.ambiguous-id", "a")])


def test_a_version_without_a_readable_stamp_is_the_older_one():
    blank, garbled = org("a", name="Blank"), org("a", name="G", date_last_modified="last week")
    new = org("a", name="New", date_last_modified="2026-08-01")
    assert kept(blank, garbled, new)[0] == [new]
    assert kept(blank, garbled)[1] == [("roster.ambiguous-id", "a")]


def test_a_newer_version_settles_two_older_ones_that_contradict_each_other():
    one = org("a", name="One", date_last_modified="2026-08-01")
    other = org("a", name="Other", date_last_modified="2026-08-01")
    new = org("a", name="New", date_last_modified="2026-08-02")
    answers = [kept(*order) for order in permutations((one, other, new, one))]
    assert answers == [([new], [("roster.duplicate-id", "a")])] * 24


# --- accounts -----------------------------------------------------------------------------------


def tree(*orgs: Org, rules: Rules = PLAIN) -> Accounts:
    return map_accounts(by_id(*orgs), rules)


def parents(accounts: Accounts) -> dict[str, str]:
    return {row.account_id: row.parent_account_id for row in accounts.rows}


def test_the_only_district_is_the_root_account():
    accounts = tree(org("d", "district"), org("n", parent="d"), org("s", parent="d"))
    assert parents(accounts) == {"n": "", "s": ""}
    assert accounts.account_of == {"d": "", "n": "n", "s": "s"}
    assert accounts.problems == []


def test_of_several_districts_each_is_a_sub_account():
    accounts = tree(org("d1", "district"), org("d2", "district"), org("n", parent="d2"))
    assert parents(accounts) == {"d1": "", "d2": "", "n": "d2"}
    assert accounts.account_of["d1"] == "d1"


def test_without_a_district_schools_stand_under_the_root_account():
    assert parents(tree(org("n"), org("s"))) == {"n": "", "s": ""}


def test_state_and_nation_are_above_the_root_account():
    accounts = tree(
        org("us", "national"),
        org("ca", "state", parent="us"),
        org("d", "district", parent="ca"),
        org("n", parent="d"),
        org("x", parent="ca"),
    )
    assert parents(accounts) == {"n": "", "x": ""}
    assert [accounts.account_of[one] for one in ("us", "ca", "d")] == ["", "", ""]


def test_whatever_is_above_the_only_district_is_above_the_root_account():
    accounts = tree(org("area", "local"), org("d", "district", parent="area"), org("n", parent="d"))
    assert parents(accounts) == {"n": ""}


def test_a_district_that_is_above_itself_does_not_stop_the_tree():
    a, b = org("a", "local", parent="d"), org("d", "district", parent="a")
    assert parents(tree(a, b, org("n", parent="d"))) == {"n": ""}


def test_a_department_is_an_account_below_its_school():
    accounts = tree(org("d", "district"), org("n", parent="d"), org("m", "department", parent="n"))
    assert parents(accounts) == {"n": "", "m": "n"}


def test_an_account_comes_after_the_one_it_stands_under():
    accounts = tree(org("a", "department", parent="m"), org("m", parent="z"), org("z", "local"))
    assert [row.account_id for row in accounts.rows] == ["z", "m", "a"]
    assert parents(accounts) == {"z": "", "m": "z", "a": "m"}


def test_an_unknown_parent_puts_the_account_under_the_root_account():
    accounts = tree(org("n", parent="gone"))
    assert parents(accounts) == {"n": ""}
    assert codes(accounts.problems) == [("roster.unknown-parent", "n")]


@pytest.mark.parametrize(
    "above", [{"n": "n"}, {"n": "m", "m": "n"}, {"n": "m", "m": "o", "o": "n"}]
)
def test_organisations_in_a_circle_stand_under_the_root_account(above):
    accounts = tree(*(org(one, parent=parent) for one, parent in above.items()))
    assert parents(accounts) == dict.fromkeys(above, "")
    assert codes(accounts.problems) == [("roster.parent-cycle", one) for one in sorted(above)]


def test_who_stands_under_a_circle_without_being_in_it_keeps_its_parent():
    accounts = tree(org("a", parent="n"), org("n", parent="m"), org("m", parent="n"))
    assert parents(accounts) == {"n": "", "m": "", "a": "n"}
    assert codes(accounts.problems) == [("roster.parent-cycle", one) for one in ("m", "n")]


def test_a_deleted_organisation_is_no_account():
    accounts = tree(org("n", status="tobedeleted"), org("m", "department", parent="n"))
    assert parents(accounts) == {"m": ""}
    assert "n" not in accounts.account_of
    assert codes(accounts.problems) == [("roster.unknown-parent", "m")]


def test_a_deleted_district_does_not_count_among_districts():
    accounts = tree(org("d", "district"), org("old", "district", status="tobedeleted"))
    assert accounts.account_of == {"d": ""}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "North\x07"}, "roster.control-character"),
        ({"sourced_id": "n\n"}, "roster.control-character"),
        ({"sourced_id": LONG}, "roster.id-too-long"),
    ],
)
def test_an_organisation_that_canvas_cannot_hold_is_left_out_and_its_classes_go_to_the_root(
    fields, code
):
    bad = org(**{"sourced_id": "n"} | fields)
    accounts = tree(bad, org("m"))
    assert parents(accounts) == {"m": ""}
    assert accounts.account_of[bad.sourced_id] == ""
    assert codes(accounts.problems) == [(code, bad.sourced_id)]


def test_what_stands_under_an_organisation_that_was_left_out_does_not_name_it():
    accounts = tree(org("n", name="\x00"), org("m", "department", parent="n"))
    assert parents(accounts) == {"m": ""}
    assert ("roster.unknown-parent", "m") in codes(accounts.problems)


def test_an_organisation_without_a_name_is_called_by_its_id():
    accounts = tree(org("n", name=" "))
    assert accounts.rows == [("n", "", "n", "active")]
    assert codes(accounts.problems) == [("roster.unnamed", "n")]


def test_the_prefix_stands_before_account_and_parent():
    accounts = tree(org("n"), org("m", "department", parent="n"), rules=Rules(prefix="q:"))
    assert parents(accounts) == {"q:n": "", "q:m": "q:n"}
    assert accounts.account_of == {"n": "q:n", "m": "q:m"}


def test_a_sis_id_of_255_characters_is_not_too_long():
    assert tree(org("x" * 253), rules=Rules(prefix="q:")).problems == []
    assert len(tree(org("x" * 254), rules=Rules(prefix="q:")).problems) == 1


# --- terms --------------------------------------------------------------------------------------


def terms(*sessions, rules: Rules = PLAIN, referenced=(), accepted=()) -> Terms:
    return map_terms(by_id(*sessions), rules, referenced=referenced, accepted=accepted)


def test_a_term_carries_the_days_of_the_district():
    found = terms(session("t1", title="Fall 2026"), rules=Rules("America/Chicago"))
    assert found.rows == [
        ("t1", "Fall 2026", "active", "2026-08-15T05:00:00Z", "2026-12-19T05:59:59Z")
    ]
    assert found.term_of == {"t1": Term("t1", "2026-08-15", "2026-12-18")}


def test_equal_terms_of_two_schools_are_one_term():
    found = terms(session("north-f", title="Fall  2026"), session("south-f", title="fall 2026"))
    assert [row.term_id for row in found.rows] == ["north-f"]
    assert found.term_of["south-f"] == found.term_of["north-f"]


@pytest.mark.parametrize(
    "fields", [{"title": "Spring"}, {"start_date": "2026-08-16"}, {"end_date": ""}]
)
def test_terms_that_differ_are_two(fields):
    found = terms(session("a"), session("b", **fields))
    assert sorted(row.term_id for row in found.rows) == ["a", "b"]
    assert found.term_of["a"] != found.term_of["b"]


def test_a_merged_term_keeps_the_id_that_canvas_has():
    both = (session("a"), session("b"))
    assert terms(*both, accepted={"b"}).rows[0].term_id == "b"
    assert terms(*both, accepted={"a", "b"}).rows[0].term_id == "a"


def test_the_prefix_stands_before_a_term_also_when_it_is_looked_for_in_canvas():
    found = terms(session("a"), session("b"), rules=Rules(prefix="q:"), accepted={"b", "q:b"})
    assert found.rows[0].term_id == "q:b"
    assert found.term_of["a"].sis_term_id == "q:b"


@pytest.mark.parametrize(
    ("kind", "referenced", "count"),
    [
        *(("term", (), 1), ("semester", (), 1), ("schoolYear", (), 0), ("gradingPeriod", (), 0)),
        *(("schoolYear", {"a"}, 1), ("gradingPeriod", {"a"}, 1), ("gradingPeriod", {"b"}, 0)),
    ],
)
def test_terms_and_semesters_count_and_what_a_class_names(kind, referenced, count):
    assert len(terms(session("a", type=kind), referenced=referenced).rows) == count


def test_a_deleted_session_is_no_term_even_if_a_class_names_it():
    found = terms(session("a", status="tobedeleted"), referenced={"a"})
    assert (found.rows, found.term_of, found.problems) == ([], {}, [])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"end_date": "2026-08-14"}, "roster.term-dates"),
        ({"title": "Fall\x1f"}, "roster.control-character"),
        ({"sourced_id": "\x7f"}, "roster.control-character"),
        ({"sourced_id": LONG}, "roster.id-too-long"),
    ],
)
def test_a_session_that_canvas_cannot_hold_is_left_out_and_the_others_stay(fields, code):
    bad = session(**{"sourced_id": "bad"} | fields)
    found = terms(bad, session("good"))
    assert list(found.term_of) == ["good"]
    assert codes(found.problems) == [(code, bad.sourced_id)]


@pytest.mark.parametrize(
    "fields", [{"start_date": "", "end_date": ""}, {"start_date": ""}, {"end_date": "2026-08-15"}]
)
def test_a_term_may_last_a_day_or_have_no_dates(fields):
    found = terms(session("a", **fields))
    assert len(found.rows) == 1
    assert found.problems == []


def test_a_session_without_a_title_is_called_by_its_id():
    found = terms(session("t1", title=" "), session("t2", title=""))
    assert [(row.term_id, row.name) for row in found.rows] == [("t1", "t1"), ("t2", "t2")]
    assert codes(found.problems) == [("roster.unnamed", "t1"), ("roster.unnamed", "t2")]


# --- sessions as they were ----------------------------------------------------------------------


def remembered(*sessions, term: str) -> dict[str, Remembered]:
    return {one.sourced_id: Remembered(one, term) for one in sessions}


def after_a_night(*sessions, known, unread=(), accepted=("a",)) -> dict[str, str]:
    """Session to Canvas term, beside what is remembered."""
    found = map_terms(
        by_id(*sessions),
        PLAIN,
        referenced=(),
        accepted=accepted,
        remembered=known,
        is_unread=lambda sourced_id: sourced_id in unread,
    )
    return {one: term.sis_term_id for one, term in found.term_of.items()}


BOTH = (session("a"), session("b"))


def test_a_session_that_cannot_be_read_is_what_it_was_and_its_term_keeps_its_id():
    known = remembered(*BOTH, term="a")
    assert after_a_night(session("b"), known=known, unread={"a"}) == {"a": "a", "b": "a"}


def test_a_session_that_canvas_cannot_hold_tonight_is_what_it_was():
    known = remembered(*BOTH, term="a")
    broken = session("a", title="Fall\x00")
    assert after_a_night(broken, session("b"), known=known) == {"a": "a", "b": "a"}


def test_a_term_keeps_its_id_although_the_session_of_that_id_is_gone():
    assert after_a_night(session("b"), known=remembered(*BOTH, term="a")) == {"b": "a"}


def test_sessions_that_part_do_not_share_an_id():
    known = remembered(session("a"), session("b"), session("c"), term="a")
    later = session("a", end_date="2026-12-19")
    assert after_a_night(later, session("b"), session("c"), known=known) == {
        "a": "a:2",
        "b": "a",
        "c": "a",
    }


def test_what_canvas_no_longer_has_is_not_gone_back_to():
    known = remembered(*BOTH, term="z")
    assert after_a_night(session("b"), known=known, unread={"a"}) == {"b": "b"}


def test_only_what_is_new_about_a_session_is_to_be_remembered():
    def changed(*sessions) -> dict[str, Remembered]:
        known = remembered(*BOTH, term="a")
        return map_terms(
            by_id(*sessions), PLAIN, referenced=(), accepted={"a"}, remembered=known
        ).changed

    assert changed(*BOTH) == {}
    assert list(changed(session("a"), session("b", title="Autumn"))) == ["b"]

"""Enrollments, and what must not be taken away although there is no row for it."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.oneroster.compact import Enrollments
from integration.oneroster.types import Enrollment, Problem
from integration.provisioning.enrollments import EnrollmentMapper, preferred
from integration.provisioning.rules import ROLES, Rules
from tests.integration.provisioning.makers import (
    FALL,
    PLAIN,
    SPRING,
    class_,
    codes,
    enrollment,
    peopled,
    placed,
    user,
)


def mapper(rules: Rules = PLAIN) -> EnrollmentMapper:
    """Two classes (one of two terms), one deleted and one that cannot be mapped; so with users."""
    places = placed(
        class_("c1"),
        class_("c2", terms=("fall", "spring")),
        class_("c0", terms=()),
        class_("deleted", status="tobedeleted"),
        class_("unfit", title="\x00"),
        rules=rules,
    )
    people = peopled(
        *(user("sam", identifier="1"), user("rosa", "teacher"), user("theo", "teacher")),
        user("deleted", status="tobedeleted"),
        user("unfit", username="\x00"),
        rules=Rules(user_sis_id=rules.user_sis_id),
    )
    return EnrollmentMapper(places, people, rules)


def test_an_enrollment_is_named_by_section_user_and_role():
    assert mapper().rows([enrollment()]) == [("c1", "sam", "student", "active", "", "")]


def test_the_sis_ids_are_those_of_the_section_and_the_user():
    rules = Rules(prefix="q:", user_sis_id="identifier")
    assert mapper(rules).rows([enrollment()])[0][:2] == ("q:c1", "1")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_becomes_its_canvas_role_or_no_row(role):
    one = mapper()
    rows = one.rows([enrollment(role=role)])
    assert [row[2] for row in rows] == ([ROLES[role]] if ROLES[role] else [])
    assert (one.skipped, one.problems) == (1 - len(rows), [])


def test_the_district_may_lay_roles_of_its_own_over_the_table():
    rules = Rules(roles={"proctor": "designer", "student": None})
    rows = mapper(rules).rows([enrollment(role="proctor"), enrollment()])
    assert [row[2] for row in rows] == ["designer"]


# --- several of one id --------------------------------------------------------------------------


OLD, NEW = "2026-09-01T08:00:00Z", "2026-09-02T08:00:00Z"


def versions(first: str, second: str, **more: str) -> list[Enrollment]:
    """Two enrollments of one id among others, the second as `more` says."""
    one = enrollment(sourced_id="e1", date_last_modified=first)
    other = enrollment("rosa", role="teacher")
    two = enrollment(**{"sourced_id": "e1", "date_last_modified": second} | more)
    return [one, other, two]


@pytest.mark.fault("F13")
@pytest.mark.parametrize("is_column", [False, True])
@pytest.mark.parametrize(
    ("stamps", "more", "rows"),
    [
        ((OLD, NEW), {"status": "tobedeleted"}, []),
        ((NEW, OLD), {"status": "tobedeleted"}, [("c1", "sam")]),
        ((OLD, NEW), {"user": "theo"}, [("c1", "theo")]),
        ((OLD, OLD), {}, [("c1", "sam")]),
    ],
)
def test_of_several_enrollments_of_one_id_the_newest_counts(is_column, stamps, more, rows):
    one, page = mapper(), versions(*stamps, **more)
    found = one.rows(Enrollments.of(page) if is_column else page)
    assert sorted(row[:2] for row in found) == sorted([*rows, ("c1", "rosa")])
    assert codes(one.problems) == [("roster.duplicate-id", "e1")] * bool(more)


@pytest.mark.fault("F13")
def test_of_several_equally_old_ones_none_counts_and_what_each_says_is_kept():
    one = mapper()
    assert [row[:2] for row in one.rows(versions(OLD, OLD, user="theo"))] == [("c1", "rosa")]
    assert codes(one.problems) == [("roster.ambiguous-id", "e1")]
    assert one.keep_pairs == {("c1", "sam"), ("c1", "theo")}


# --- dates --------------------------------------------------------------------------------------

BEFORE, AFTER = "2026-09-01", "2026-11-30"
DATES = [
    # class, begin, end, what travels (days, or nothing)
    ("c1", "", "", ("", "")),
    ("c1", FALL.start, FALL.end, ("", "")),
    ("c1", FALL.start, "", ("", "")),
    ("c1", "", FALL.end, ("", "")),
    ("c1", BEFORE, AFTER, (BEFORE, AFTER)),
    ("c1", BEFORE, "", (BEFORE, FALL.end)),
    ("c1", "", AFTER, (FALL.start, AFTER)),
    ("c1", FALL.start, AFTER, (FALL.start, AFTER)),
    ("c1", BEFORE, FALL.end, (BEFORE, FALL.end)),
    ("c1", BEFORE, BEFORE, (BEFORE, BEFORE)),
    ("c1", "2026-07-01", "2027-07-01", ("2026-07-01", "2027-07-01")),
    ("c2", FALL.start, SPRING.end, ("", "")),
    ("c2", FALL.start, FALL.end, (FALL.start, FALL.end)),
    ("c2", "", FALL.end, (FALL.start, FALL.end)),
    ("c0", BEFORE, AFTER, (BEFORE, AFTER)),
    ("c0", BEFORE, "", ("", "")),
    ("c0", "", AFTER, ("", "")),
]


@pytest.mark.parametrize(("class_id", "begin", "end", "sent"), DATES)
def test_dates_travel_as_a_pair_and_only_where_they_are_not_the_classs_own(
    class_id, begin, end, sent
):
    rules = Rules("America/Chicago")
    one = mapper(rules)
    (row,) = one.rows([enrollment(class_=class_id, begin_date=begin, end_date=end)])
    assert row[4:] == (rules.start_of(sent[0]), rules.end_of(sent[1]))
    assert one.problems == []


@pytest.mark.parametrize(
    "dates",
    [
        {"begin_date": AFTER, "end_date": BEFORE},
        {"begin_date": "2027-01-01"},
        {"end_date": "2026-08-01"},
    ],
)
def test_impossible_dates_are_a_finding_and_the_person_stays_as_they_are(dates):
    one = mapper()
    assert one.rows([enrollment(role="teacher", user="rosa", **dates)]) == []
    assert codes(one.problems) == [("roster.enrollment-dates", "rosa-c1-teacher")]
    assert (one.keep_pairs, one.keep_sections) == ({("c1", "rosa")}, set())
    assert (one.teacher_of, one.skipped) == ({}, 0)


# --- what has no row ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "tobedeleted"},
        {"class_": "deleted"},
        {"user": "deleted"},
        {"class_": "gone", "status": "tobedeleted"},
        {"class_": "gone", "role": "proctor"},
        {"class_": "gone", "user": "deleted"},
        {"class_": "deleted", "user": "gone"},
    ],
)
def test_an_enrollment_that_should_not_be_in_canvas_is_skipped_and_keeps_nothing(fields):
    one = mapper()
    assert one.rows([enrollment(**fields)]) == []
    assert (one.skipped, one.problems) == (1, [])
    assert (one.keep_sections, one.keep_pairs) == (set(), set())


@pytest.mark.parametrize(
    ("fields", "code", "kept"),
    [
        ({"class_": "gone"}, "roster.unknown-class", "q:gone"),
        ({"class_": "unfit"}, "roster.class-left-out", "q:unfit"),
        ({"user": "gone", "class_": "gone"}, "roster.unknown-class", "q:gone"),
    ],
)
def test_an_enrollment_that_cannot_be_mapped_keeps_its_whole_section(fields, code, kept):
    one = mapper(Rules(prefix="q:"))
    rows = one.rows([enrollment(**fields), enrollment("rosa", role="teacher")])
    assert [row[1] for row in rows] == ["rosa"]
    assert [problem.code for problem in one.problems] == [code]
    assert (one.keep_sections, one.skipped) == ({kept}, 0)


@pytest.mark.parametrize("who", ["gone", "unfit"])
def test_an_enrollment_of_somebody_who_cannot_be_mapped_keeps_what_it_may_be(who):
    one = mapper()
    one.rows([enrollment(who)])
    stays = [one.must_stay(row, "") for row in (("c1", who), ("c1", "sam"), ("c2", who))]
    assert (stays, one.skipped) == ([True, False, False], 0)


def test_where_the_sis_id_of_somebody_is_not_known_the_whole_section_is_kept():
    one = mapper(Rules(user_sis_id="identifier"))
    one.rows([enrollment("gone")])
    assert one.must_stay(("c1", "sam"), "") and not one.must_stay(("c2", "sam"), "")


@pytest.mark.parametrize(
    ("refs", "kept"),
    [
        ({"class": "c1", "user": "sam", "school": "n"}, [("c1", "sam", "north")]),
        ({"class": "c1"}, [("c1", "sam", "north"), ("c1", "theo", "north")]),
        ({"user": "sam"}, [("c1", "sam", "north"), ("c2", "sam", "south")]),
        ({"school": "n"}, [("c1", "sam", "north"), ("c1", "theo", "north")]),
        ({"school": "?"}, "all"),
        ({}, "all"),
    ],
)
def test_an_enrollment_that_cannot_be_read_keeps_what_it_tells_of(refs, kept):
    one = mapper()
    unread = Problem("enrollments", "e1", "role", "x.y", "", "", tuple(refs.items()))
    one.doubt([unread], {"n": "north", "d": ""})
    rows = [("c1", "sam", "north"), ("c1", "theo", "north"), ("c2", "sam", "south")]
    found = [row for row in rows if one.must_stay(row[:2], row[2])]
    assert found == (rows if kept == "all" else kept)


@pytest.mark.fault("F15")
def test_one_broken_enrollment_of_a_thousand_leaves_999():
    users = [f"u{number}" for number in range(1000)]
    one = EnrollmentMapper(placed(class_()), peopled(*map(user, users[1:])), PLAIN)
    assert len(one.rows([enrollment(name) for name in users])) == 999
    assert codes(one.problems) == [("roster.unknown-user", "u0-c1-student")]


# --- teachers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teachers", "expected"),
    [
        ([], {}),
        ([("theo", False)], {"c1": "theo"}),
        ([("theo", False), ("rosa", False)], {"c1": "rosa"}),
        ([("theo", True), ("rosa", False)], {"c1": "theo"}),
        ([("theo", True), ("rosa", True)], {"c1": "rosa"}),
    ],
)
def test_the_primary_teacher_is_the_same_in_any_order_and_over_any_pages(teachers, expected):
    records = [enrollment(name, role="teacher", primary=primary) for name, primary in teachers]
    for order in permutations([*records, enrollment()]):
        one = mapper()
        for record in order:
            one.rows([record])
        assert one.teacher_of == expected


# --- which of two rows --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "lesser"),
    [
        (("active", "", ""), ("inactive", "", "")),
        (("inactive", "", ""), ("completed", "", "")),
        (("completed", "", ""), ("deleted", "", "")),
        (("deleted", "", ""), ("whatever", "", "")),
        (("active", "", ""), ("active", "2026-08-15T00:00:00Z", "2026-12-18T00:00:00Z")),
        (("active", "2026-08-15", "2026-12-18"), ("active", "2026-08-15", "2026-10-01")),
        (("active", "2026-09-15", "2026-12-18"), ("active", "2026-08-15", "2026-12-18")),
        (("active", "2026-08-15", "2026-10-01"), ("inactive", "", "")),
    ],
)
def test_the_current_of_two_rows_is_the_livelier_and_then_the_later_one(better, lesser):
    one, other = ("s", "u", "student", *better), ("s", "u", "student", *lesser)
    assert preferred(one, other) is preferred(other, one) is one


status = st.sampled_from(["active", "inactive", "completed", "deleted", "odd"])
day = st.sampled_from(["", "2026-08-15", "2026-08-16", "2026-12-18", "9999-12-31"])
rows = st.tuples(st.just("s"), st.just("u"), st.just("student"), status, day, day)


@given(rows, rows, rows)
def test_which_row_is_current_does_not_depend_on_the_order(one, two, three):
    assert preferred(one, two) == preferred(two, one)
    assert preferred(preferred(one, two), three) == preferred(one, preferred(two, three))

"""What Canvas holds before our first run."""

from __future__ import annotations

import pytest

from integration.provisioning.adoption import (
    REPORTED,
    as_row,
    claimed_logins,
    observed,
    observed_digest,
)
from integration.provisioning.rows import (
    ENROLLMENTS,
    KINDS,
    OBSERVERS,
    SECTIONS,
    USERS,
    digest,
)

LINE = dict.fromkeys(SECTIONS.columns, "") | {
    "section_id": "s1",
    "course_id": "c1",
    "name": "Algebra",
    "status": "active",
    "canvas_section_id": "99",
}


def test_a_line_of_the_report_becomes_a_row_in_our_columns():
    assert list(observed(SECTIONS, [LINE])) == [("s1", "c1", "Algebra", "active", "", "")]


def test_a_column_that_canvas_does_not_tell_is_not_blank():
    (row,) = observed(SECTIONS, [{"section_id": "s1", "status": "active"}])
    assert row == ("s1", None, None, "active", None, None)
    assert as_row(row) == ("s1", "", "", "active", "", "")
    assert observed_digest(row) != digest(as_row(row))


def test_a_row_that_canvas_tells_whole_has_the_digest_of_ours():
    (row,) = observed(SECTIONS, [LINE])
    assert observed_digest(row) == digest(as_row(row))


@pytest.mark.parametrize(
    "change", [{"section_id": ""}, {"section_id": None}, {"status": "deleted"}]
)
def test_what_has_no_sis_id_or_is_deleted_is_not_there(change):
    assert list(observed(SECTIONS, [LINE | change])) == []


@pytest.mark.parametrize("missing", ["section_id", "user_id", "role"])
def test_an_enrollment_needs_its_whole_name(missing):
    line = {"section_id": "s", "user_id": "u", "role": "student", "status": "active"}
    assert len(list(observed(ENROLLMENTS, [line, line | {missing: ""}]))) == 1


def test_everything_that_the_report_holds_is_looked_at():
    assert [*REPORTED, OBSERVERS] == list(KINDS)
    assert [kind.name for kind in KINDS if kind.reported] == [kind.name for kind in REPORTED]


def test_a_login_belongs_to_the_sis_id_that_holds_it():
    lines = [
        {"user_id": "u1", "login_id": "Sam", "status": "active"},
        {"user_id": "", "login_id": "hand-made", "status": "active"},
        {"user_id": None, "login_id": "short-line", "status": "active"},
        {"user_id": "u2", "login_id": "gone", "status": "deleted"},
        {"user_id": "u3", "login_id": "", "status": "active"},
        {"user_id": "u4", "login_id": "locked", "status": "suspended"},
    ]
    claims = {"sam": "u1", "hand-made": "", "short-line": "", "locked": "u4"}
    assert claimed_logins(lines) == claims


def test_a_sis_id_outweighs_a_login_without_one_in_any_order():
    lines = [{"user_id": "u1", "login_id": "sam"}, {"user_id": "", "login_id": "SAM"}]
    assert claimed_logins(lines) == claimed_logins(reversed(lines)) == {"sam": "u1"}


def test_users_are_seen_with_their_logins():
    line = {
        "user_id": "u",
        "login_id": "l",
        "first_name": "S",
        "last_name": "R",
        "status": "active",
    }
    assert list(observed(USERS, [line])) == [("u", "l", "S", "R", None, "active")]

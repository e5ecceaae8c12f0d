"""From facts to sentences."""

from __future__ import annotations

import pytest

from integration.oneroster.types import Record
from integration.provisioning.explain import Fact, Note, Place, explain, not_meant, places
from integration.provisioning.rows import COURSES, ENROLLMENTS, SECTIONS, USERS
from integration.provisioning.rules import Rules
from tests.integration.provisioning.makers import (
    PLAIN,
    class_,
    course,
    enrollment,
    org,
    session,
    user,
)

PREFIXED = Rules(prefix="q:", user_sis_id="identifier", guardians=True)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (org("n"), ["accounts q:n"]),
        (session("t"), ["terms q:t"]),
        (course("a"), []),
        (class_("c1"), ["sections q:c1", "courses q:c1"]),
        (user("sam", identifier="4711"), ["users 4711"]),
        (enrollment("sam", "c1"), ["enrollments q:c1\x1fsam\x1fstudent"]),
        (enrollment("sam", "c1", role="proctor"), ["enrollments q:c1\x1fsam\x1f"]),
        (Record("x"), []),
    ],
)
def test_a_record_tells_where_its_rows_would_be(record, expected):
    assert [f"{place.kind.name} {place.key}" for place in places(record, PREFIXED)] == expected


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (user(status="tobedeleted"), "tobedeleted"),
        (user(role="guardian"), "Guardians"),
        (enrollment(role="proctor"), "proctor"),
        (session("t", type="gradingPeriod"), "only if a class names it"),
        (org("d", "district"), "root account"),
        (org("d", "state"), "root account"),
        (course(), "its classes are"),
    ],
)
def test_why_a_record_has_no_row_of_its_own_is_said(record, reason):
    assert reason in not_meant(record, PLAIN)


@pytest.mark.parametrize(
    "record", [user(), user(role="guardian"), enrollment(), session("t"), org("n"), class_()]
)
def test_a_record_that_is_meant_for_canvas_has_no_such_reason(record):
    assert not_meant(record, PREFIXED) == ""


def test_of_several_districts_none_is_told_to_be_the_root_account():
    assert "only one district" in not_meant(org("d", "district"), PLAIN)


# --- the story ----------------------------------------------------------------------------------

SAM = Place(USERS, "sam")
THERE = Fact(SAM, {"user_id": "sam", "login_id": "sreed"}, accepted_by=7, sis_import="812")
GONE = Fact(SAM, {"user_id": "sam"}, accepted_by=7, removed=True)
SEAT = Place(ENROLLMENTS, "c1\x1fsam\x1fstudent")
OUT = Fact(SEAT, {"status": "inactive"}, accepted_by=9, removed=True)
WAITS = Fact(SAM, planned_by=8, planned_state="planned")
REFUSED = Fact(SAM, planned_by=8, planned_state="refused", refusal="No login_id given")


@pytest.mark.parametrize(
    ("record", "facts", "findings", "verdict"),
    [
        (user(), [THERE], [], "in Canvas"),
        (user(), [WAITS], [], "waiting"),
        (user(), [Fact(SAM)], [], "waiting"),
        (user(), [], [], "waiting"),
        (user(), [REFUSED], [], "refused"),
        (user(), [THERE, REFUSED], [], "refused"),
        (user(), [Fact(SAM)], ["It has no login."], "left out"),
        (user(role="guardian"), [Fact(SAM)], [], "not meant for Canvas"),
        (user(role="guardian"), [THERE], [], "in Canvas"),
        (None, [], [], "unknown"),
        (None, [Fact(SAM)], [], "unknown"),
        (None, [GONE], [], "in Canvas"),
        (None, [OUT], [], "not meant for Canvas"),
        (enrollment(), [OUT], [], "waiting"),
        (enrollment(), [OUT], ["It ends before it begins."], "left out"),
        (enrollment(status="tobedeleted"), [OUT], [], "not meant for Canvas"),
        (course(), [], [], "not meant for Canvas"),
    ],
)
def test_the_story_comes_to_a_verdict(record, facts, findings, verdict):
    assert explain(record, facts, list(map(Note, findings)), PLAIN).verdict == verdict


def test_the_story_of_an_accepted_row_names_run_and_import_and_columns():
    assert explain(user(), [THERE], [], PLAIN).steps == (
        "Q holds it.",
        "Canvas has accepted the user sam (run 7, SIS import 812).",
        "  user_id=sam, login_id=sreed",
    )


def test_an_import_that_was_not_needed_is_not_named():
    told = explain(enrollment(), [OUT], [], PLAIN).steps
    assert told[1] == "Canvas has taken away the enrollment c1 / sam / student (run 9)."


def test_a_row_that_is_never_taken_away_is_told_to_be_left_in_canvas():
    told = explain(None, [GONE], [], PLAIN).steps
    assert told[:2] == ("Q no longer holds it.", "Canvas has kept the user sam (run 7).")


def test_what_waits_and_what_was_refused_is_told_for_each_place():
    facts = [
        Fact(Place(SECTIONS, "c1"), planned_by=8, planned_state="planned"),
        Fact(Place(COURSES, "c1"), planned_by=8, planned_state="refused", refusal="No short_name"),
    ]
    assert explain(class_(), facts, [Note("A finding.")], PLAIN).steps == (
        "Q holds it.",
        "A finding.",
        "A change to the section c1 waits in the plan of run 8.",
        "Canvas refused the course c1: No short_name",
        "Correct what Canvas names; the row is sent again when it has changed, and else after a "
        "week.",
    )


def test_nobody_knows_a_record_that_neither_side_holds():
    told = explain(None, [], [], PLAIN)
    assert told.steps[0] == "Q does not hold this record, and its row in Canvas is not known."
    assert "Check the kind and the ID" in told.steps[1]

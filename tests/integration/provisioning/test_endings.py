"""Nothing of a term that is over is ever taken away (D2, F9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integration.models import ProvisioningPolicy, RosterRow
from integration.provisioning.compare import Accepted
from integration.provisioning.endings import Endings
from integration.provisioning.rows import (
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    TERMS,
    USERS,
    digest,
)
from tests.integration.provisioning.held_by_canvas import held
from tests.integration.provisioning.records import class_, enrollment, session, small_district

NOW = datetime(2026, 12, 20, 10, tzinfo=UTC)
PAST, FUTURE = "2026-12-19T07:59:59Z", "2027-06-05T06:59:59Z"

ACCEPTED = {
    TERMS: {
        "fall": ("fall", "Fall", "active", "", PAST),
        "year": ("year", "Year", "active", "", FUTURE),
        "open": ("open", "Open", "active", "", ""),
    },
    COURSES: {
        name: (name, "C", "Course", "S1", term, "active")
        for name, term in [("cf", "fall"), ("cy", "year"), ("co", "open"), ("cn", "")]
    },
    SECTIONS: {
        name: (name, course, "Section", "active", "", end)
        for name, course, end in [
            ("sf", "cf", ""),
            ("sy", "cy", ""),
            ("so", "co", ""),
            ("sn", "cn", ""),
            ("s-two-terms", "cf", FUTURE),
            ("s-early", "cy", PAST),
            ("s-lost", "nowhere", ""),
        ]
    },
}


def find(kind, keys):
    rows = {key: row for key, row in ACCEPTED[kind].items() if key in keys}
    return {key: Accepted(row, digest(row), ours=True, removed=False) for key, row in rows.items()}


def covers(kind, row, terms=None) -> bool:
    endings = Endings(NOW, find, terms or {})
    endings.look_at(kind, [row])
    return endings.covers(kind, row)


def seat(section: str, end: str = "") -> tuple[str, ...]:
    return (section, "u1", "student", "active", "", end)


@pytest.mark.parametrize(
    ("section", "is_over"),
    [
        *[("sf", True), ("sy", False), ("so", False), ("sn", False), ("s-lost", False)],
        *[("s-two-terms", False), ("s-early", True), ("unknown", False)],
    ],
)
def test_an_enrollment_is_over_with_the_term_or_the_dates_of_its_section(section, is_over):
    assert covers(ENROLLMENTS, seat(section)) is is_over
    if section in ACCEPTED[SECTIONS]:
        assert covers(SECTIONS, ACCEPTED[SECTIONS][section]) is is_over


def test_an_end_of_its_own_keeps_an_enrollment_going_and_never_ends_it_before_its_term():
    assert covers(ENROLLMENTS, seat("sf", FUTURE)) is False
    assert covers(ENROLLMENTS, seat("sy", PAST)) is False


def test_courses_and_terms_are_over_by_date_and_people_never():
    assert [covers(COURSES, row) for row in ACCEPTED[COURSES].values()] == [True, *[False] * 3]
    assert [covers(TERMS, row) for row in ACCEPTED[TERMS].values()] == [True, False, False]
    assert covers(USERS, ("u1", "u1", "A", "B", "", "active")) is False


def test_what_q_says_of_a_term_tonight_is_believed_before_what_was_accepted():
    assert covers(ENROLLMENTS, seat("sf"), {"fall": FUTURE}) is False
    assert covers(ENROLLMENTS, seat("sy"), {"year": PAST}) is True


@pytest.mark.parametrize("end", [PAST, "2026-12-20T10:00:00Z", "soon", "2026-12-20T10:00:01Z"])
def test_a_term_is_over_once_its_last_second_has_passed(end):
    assert covers(TERMS, ("t", "T", "active", "", end)) is (end == PAST)


# --- a district over the end of a term ----------------------------------------------------------


def day(offset: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=offset):%Y-%m-%d}"


@pytest.fixture
def two_terms(q_holds, connect, provision):
    """K1 is of a term that ended days ago, K2 of one that goes on; both are in Canvas."""
    records = small_district(students=20, schools=("S1", "S2"))
    ended = session("T1", startDate=day(-90), endDate=day(-3))
    records["academicSessions"] = [
        ended,
        session("T2", title="Spring", startDate=day(-2), endDate=day(90)),
    ]
    records["classes"][1] = class_("K2", school="S2", terms=("T2",))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    return records


def seats(sandbox, section: str) -> set[str]:
    rows = held(sandbox.canvas)["enrollments"]
    return {row["status"] for row in rows if row["section_id"] == section}


@pytest.mark.fault("F9")
def test_a_term_that_q_dropped_after_its_end_is_left_as_it_is_and_holds_nothing(
    two_terms, change_q, provision, sandbox
):
    gone = [
        one["sourcedId"] for one in two_terms["enrollments"] if one["class"]["sourcedId"] == "K1"
    ]
    change_q(delete={"enrollments": gone, "classes": ["K1"], "academicSessions": ["T1"]})
    code, answer = provision()
    assert (code, answer["state"], answer["sent"]) == (0, "done", {})
    assert answer["counts"]["enrollments"]["kept"] == 21
    assert seats(sandbox, "K1") == {"active"}
    assert [provision()[1]["counts"]["enrollments"].get("kept", 0) for _ in range(2)] == [0, 0]
    change_q(
        upsert={"classes": [class_("K1")], "academicSessions": [two_terms["academicSessions"][0]]}
    )
    change_q(upsert={"enrollments": [enrollment("E-again", "P1-0")]})
    assert provision()[0] == 0


@pytest.mark.fault("F9")
def test_what_q_marks_tobedeleted_after_its_term_stays_and_before_its_end_goes(
    two_terms, change_q, provision, sandbox
):
    marked = [
        enrollment("E-P1-0", "P1-0", status="tobedeleted"),
        enrollment("E-P2-0", "P2-0", "K2", school="S2", status="tobedeleted"),
    ]
    change_q(upsert={"enrollments": marked})
    code, answer = provision()
    assert (code, answer["counts"]["enrollments"]["removed"]) == (0, 1)
    assert seats(sandbox, "K1") == {"active"}
    assert seats(sandbox, "K2") == {"active", "inactive"}


def test_an_enrollment_left_in_an_ended_term_takes_no_further_step(
    two_terms, change_q, provision, sandbox
):
    change_q(delete={"enrollments": ["E-P1-0"]})
    provision()
    ProvisioningPolicy.objects.update(completed_after_days=1, deleted_after_days=1)
    RosterRow.objects.exclude(removed_at=None).update(
        removed_at=datetime.now(UTC) - timedelta(days=300)
    )
    assert provision()[1]["sent"] == {}
    assert seats(sandbox, "K1") == {"active"}

"""What is put back, what is left, and why; without any Canvas."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.canvas.types import Course, Enrollment, Section
from integration.provisioning.compare import UNSURE
from integration.provisioning.inverse import (
    Done,
    course_use,
    differing,
    enrollment_key,
    enrollment_use,
    inverse,
    observer_use,
    section_use,
)
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    KINDS,
    OBSERVERS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
    Kind,
    Row,
    digest,
)

SINCE = "2026-11-01T02:00:00Z"
NEVER_CAME = Enrollment(
    id="1",
    user_id="7",
    sis_user_id="sam",
    course_id="3",
    section_id="5",
    sis_section_id="s1",
    role="StudentEnrollment",
    type="StudentEnrollment",
    state="active",
    sis_import_id="9",
    created_at="2026-11-01T02:01:00Z",
    last_activity_at="",
)
SECTION = Section("5", "Algebra", "3", "s1", "", "", "2026-11-01T02:01:00Z")
COURSE = Course("3", "Algebra", "A1", "c1", "", "1", "1", "unpublished", "2026-11-01T02:01:00Z")
ENROLLED = ("s1", "sam", "student", "active", "", "")
SAM = ("sam", "sam@example.org", "Sam", "Reed", "sam@example.org", "active")


def done(kind: Kind, action: str, before: tuple[str | None, ...] | None, after: Row, **more):
    return Done(kind, kind.key(after), action, before, after, **more)


def undone(one: Done, **facts):
    return inverse(one, **{"word": "this run", "standing": "as left"} | facts)


def codes(turned) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in turned.left]


# --- the law: a plan and its inverse give the old state, but for what is listed ------------------

VALUES = st.sampled_from(["", "a", "b"])


@st.composite
def nights(draw) -> tuple[dict[str, Row], list[Done]]:
    """What Canvas holds of one kind, and what a night then does to it."""
    kind = draw(st.sampled_from(KINDS))
    keys = draw(st.lists(st.sampled_from("pqrst"), unique=True, max_size=5))
    state: dict[str, Row] = {}
    night: list[Done] = []
    for key in keys:
        parts = (key,) * kind.key_columns

        def row(parts: tuple[str, ...] = parts, status: str = "active") -> Row:
            rest = [draw(VALUES) for _ in kind.columns[len(parts) :]]
            rest[kind.index("status") - len(parts)] = status
            return (*parts, *rest)

        if draw(st.booleans()):
            night.append(done(kind, "added", None, row()))
            continue
        before = row()
        state[kind.key(before)] = before
        gone = row(status=kind.gone) if kind.gone and draw(st.booleans()) else None
        after = gone or row()
        night.append(done(kind, "removed" if gone else "changed", before, after))
    return state, night


def carried_out(state: dict[str, Row], key: str, kind: Kind, row: Row) -> None:
    """As Canvas does it: a blank keeps some columns, and what is deleted is gone."""
    there = state.get(key, row)
    kept = tuple(
        old if not new and column in kind.keeps else new
        for column, old, new in zip(kind.columns, there, row, strict=True)
    )
    state[key] = kept
    if kept[kind.index("status")] == "deleted":
        del state[key]


@given(nights())
def test_a_plan_and_its_inverse_give_the_old_state_but_for_what_is_listed(night):
    state, lines = night
    old = dict(state)
    for line in lines:
        carried_out(state, line.key, line.kind, line.after)
    listed = set()
    for line in lines:
        turned = undone(line)
        listed |= {line.key for problem in turned.left}
        if turned.line:
            assert turned.line.before == line.after
            assert turned.line.digest == digest(turned.line.after)
            carried_out(state, line.key, line.kind, turned.line.after)
    assert {k: v for k, v in state.items() if k not in listed} == {
        k: v for k, v in old.items() if k not in listed
    }


@given(nights(), st.sampled_from(["undone", "another"]))
def test_what_is_no_longer_the_runs_own_word_is_never_sent(night, word):
    assert not any(undone(line, word=word).line for line in night[1])


@given(nights())
def test_every_row_is_sent_or_listed_or_was_not_changed(night):
    for line in night[1]:
        turned = undone(line)
        assert turned.line or turned.left or line.before == line.after


# --- line by line -------------------------------------------------------------------------------


def test_only_the_columns_that_the_run_changed_go_back():
    after = (*SAM[:2], "Wrong", *SAM[3:])
    turned = undone(done(USERS, "changed", SAM, after))
    assert (turned.line.after, turned.line.action, turned.left) == (SAM, "changed", ())


def test_a_removed_enrollment_becomes_active_again():
    gone = (*ENROLLED[:3], "inactive", "", "")
    line = undone(done(ENROLLMENTS, "removed", ENROLLED, gone)).line
    assert (line.after, line.action) == (ENROLLED, "changed")


def test_a_deleted_enrollment_that_is_missing_in_canvas_is_as_the_run_left_it():
    gone = (*ENROLLED[:3], "deleted", "", "")
    one = done(ENROLLMENTS, "removed", ENROLLED, gone)
    assert undone(one, standing="missing").line.after == ENROLLED


def test_an_enrollment_that_had_returned_goes_away_again():
    gone = (*ENROLLED[:3], "inactive", "", "")
    line = undone(done(ENROLLMENTS, "changed", gone, ENROLLED, reason="returned")).line
    assert (line.after, line.action) == (gone, "removed")


def test_a_row_that_was_only_sent_again_stays_and_is_listed():
    turned = undone(done(USERS, "changed", SAM, SAM, reason="returned"))
    assert (turned.line, codes(turned)) == (None, [("undo.returned", "")])


@pytest.mark.parametrize("kind", [COURSES, SECTIONS, ENROLLMENTS, OBSERVERS])
def test_what_was_created_and_never_used_is_deleted(kind):
    row = tuple("active" if column == "status" else "x" for column in kind.columns)
    line = undone(done(kind, "added", None, row)).line
    assert (line.after[kind.index("status")], line.action) == ("deleted", "removed")


@pytest.mark.parametrize("kind", [USERS, ACCOUNTS, TERMS])
def test_created_people_accounts_and_terms_stay(kind):
    row = tuple("active" if column == "status" else "x" for column in kind.columns)
    assert codes(undone(done(kind, "added", None, row))) == [("undo.stays", "")]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"use": "used"}, "undo.used"),
        ({"use": "older"}, "undo.existed-before"),
        ({"use": "unknown"}, "undo.not-told"),
        ({"standing": "unknown"}, "undo.not-told"),
        ({"standing": "edited"}, "undo.changed-by-hand"),
        ({"standing": "missing"}, "undo.gone-in-canvas"),
        ({"word": "another"}, "undo.changed-later"),
    ],
)
def test_each_reason_to_leave_a_created_row_has_its_own_code(facts, code):
    turned = undone(done(ENROLLMENTS, "added", None, ENROLLED), **facts)
    assert (turned.line, codes(turned)) == (None, [(code, "")])


def test_what_nobody_confirmed_is_left():
    one = done(ENROLLMENTS, "added", None, ENROLLED, confirmed=False)
    assert codes(undone(one)) == [("undo.not-confirmed", "")]


def test_a_change_without_its_before_is_left():
    assert codes(undone(done(USERS, "changed", None, SAM))) == [("undo.before-gone", "")]


def test_a_link_that_this_canvas_does_not_report_is_undone_all_the_same():
    link = done(OBSERVERS, "added", None, ("mum", "sam", "active"))
    assert undone(link, standing="unknown").line


@pytest.mark.parametrize("action", ["kept", "equal"])
def test_what_was_never_sent_is_not_undone(action):
    turned = undone(done(USERS, action, SAM, SAM))
    assert (turned.line, turned.left) == (None, ())


def test_what_an_undo_took_back_already_is_no_news():
    turned = undone(done(USERS, "added", None, SAM), word="undone")
    assert (turned.line, turned.left) == (None, ())


@pytest.mark.parametrize("standing", ["as left", "edited"])
def test_what_a_broken_off_undo_may_have_put_back_goes_once_more(standing):
    one = done(USERS, "changed", SAM, (*SAM[:2], "Wrong", *SAM[3:]))
    assert undone(one, word="half undone", standing=standing).line.after == SAM


def test_what_a_broken_off_undo_has_taken_away_is_no_news():
    turned = undone(
        done(ENROLLMENTS, "added", None, ENROLLED), word="half undone", standing="missing"
    )
    assert (turned.line, turned.left) == (None, ())
    gone = (*ENROLLED[:3], "deleted", "", "")
    again = done(ENROLLMENTS, "changed", gone, ENROLLED, reason="returned")
    assert undone(again, word="half undone", standing="missing").left == ()


@pytest.mark.parametrize(
    ("line", "facts", "code"),
    [
        (done(ENROLLMENTS, "added", None, ENROLLED), {"use": "used"}, "undo.used"),
        (done(ENROLLMENTS, "added", None, ENROLLED), {"standing": "unknown"}, "undo.not-told"),
        (done(USERS, "added", None, SAM), {}, "undo.stays"),
        (done(USERS, "changed", SAM, SAM), {"standing": "missing"}, "undo.gone-in-canvas"),
    ],
)
def test_what_keeps_a_line_from_being_undone_keeps_it_after_a_broken_off_undo_too(
    line, facts, code
):
    assert codes(undone(line, word="half undone", **facts)) == [(code, "")]


def test_a_column_that_no_import_can_clear_is_listed_and_the_rest_goes_back():
    before = (*SAM[:2], "Old", SAM[3], "", "active")
    turned = undone(done(USERS, "changed", before, SAM))
    assert turned.line.after == (*SAM[:2], "Old", *SAM[3:])
    assert codes(turned) == [("undo.cannot-clear", "email")]


def test_a_column_that_canvas_did_not_tell_is_listed():
    before = ("s1", "sam", "student", "completed", None, None)
    after = ("s1", "sam", "student", "active", "2026-08-17", "")
    turned = undone(done(ENROLLMENTS, "changed", before, after))
    assert turned.line.after == ("s1", "sam", "student", "completed", "2026-08-17", "")
    assert codes(turned) == [("undo.before-unknown", "start_date")]


def test_a_status_that_nobody_was_sure_of_is_not_sent():
    before = (*SAM[:2], "Old", *SAM[3:5], UNSURE)
    turned = undone(done(USERS, "changed", before, SAM))
    assert (turned.line.after[-1], codes(turned)) == ("active", [("undo.before-unknown", "status")])


# --- beside Canvas ------------------------------------------------------------------------------


def test_columns_that_differ_are_named_and_those_not_told_are_not():
    there = ("s1", "sam", "student", "inactive", None, None)
    ours = ("s1", "sam", "student", "active", "2026-08-17", "2026-12-18")
    assert differing(ENROLLMENTS, there, ours) == ["status"]
    assert differing(USERS, (*SAM[:2], "Samuel", "Read", *SAM[4:]), SAM) == [
        "first_name",
        "last_name",
    ]


# --- use ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "use"),
    [
        ({}, "unused"),
        ({"last_activity_at": "2026-11-02T09:00:00Z"}, "used"),
        ({"is_graded": True}, "used"),
        ({"last_activity_at": None}, "unknown"),
        ({"created_at": "2026-10-01T00:00:00Z"}, "older"),
        ({"created_at": "yesterday"}, "unused"),
    ],
)
def test_an_enrollment_is_used_by_coming_or_by_a_grade(facts, use):
    assert enrollment_use(replace(NEVER_CAME, **facts), since=SINCE) == use


def test_an_enrollment_that_canvas_does_not_show_is_not_known_to_be_unused():
    assert enrollment_use(None, since=SINCE) == "unknown"


@pytest.mark.parametrize(
    ("facts", "use"),
    [
        ({}, "used"),
        ({"state": "deleted"}, "unused"),
        ({"state": "deleted", "is_graded": True}, "used"),
        ({"type": "StudentViewEnrollment"}, "unused"),
        ({"type": "ObserverEnrollment"}, "unused"),
        ({"type": "ObserverEnrollment", "last_activity_at": "2026-11-02T09:00:00Z"}, "used"),
    ],
)
def test_a_section_is_used_by_whoever_is_in_it_beside_those_undone(facts, use):
    guest = replace(NEVER_CAME, sis_user_id="guest", **facts)
    mine = enrollment_key(NEVER_CAME)
    assert section_use(SECTION, [NEVER_CAME, guest], undone={mine}, since=SINCE) == use


def test_a_cross_listed_or_older_section_is_not_taken_away():
    elsewhere = replace(SECTION, origin_course_id="4")
    older = replace(SECTION, created_at="2026-10-01T00:00:00Z")
    assert section_use(elsewhere, [], undone=(), since=SINCE) == "used"
    assert section_use(older, [], undone=(), since=SINCE) == "older"


@pytest.mark.parametrize(
    ("course", "sections", "use"),
    [
        (COURSE, [SECTION], "unused"),
        (replace(COURSE, workflow_state="available"), [SECTION], "used"),
        (replace(COURSE, workflow_state="completed"), [], "used"),
        (replace(COURSE, workflow_state="hibernating"), [], "unknown"),
        (replace(COURSE, created_at="2026-10-01T00:00:00Z"), [], "older"),
        (COURSE, [SECTION, replace(SECTION, sis_section_id="other")], "used"),
        (COURSE, [SECTION, replace(SECTION, sis_section_id="")], "unused"),
    ],
)
def test_a_course_is_used_once_published_or_holding_more_than_what_is_undone(course, sections, use):
    assert course_use(course, sections, undone={"s1"}, since=SINCE) == use


def test_an_observer_is_used_by_coming_anywhere():
    came = replace(NEVER_CAME, last_activity_at="2026-11-02T09:00:00Z")
    untold = replace(NEVER_CAME, last_activity_at=None)
    assert observer_use([]) == "unused"
    assert observer_use([NEVER_CAME, came]) == "used"
    assert observer_use([NEVER_CAME, untold]) == "unknown"


def test_an_enrollment_is_known_by_our_key_also_with_a_role_of_the_districts_own():
    aide = replace(NEVER_CAME, type="TaEnrollment", role="Classroom aide")
    assert enrollment_key(NEVER_CAME) == SEPARATOR.join(("s1", "sam", "student"))
    assert enrollment_key(aide) == SEPARATOR.join(("s1", "sam", "Classroom aide"))

"""The table of values: what one row in Canvas says to Q (F41)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradesync.course_settings import Settings
from gradesync.profile import Profile
from gradesync.scores import Delete, Held, Nothing, Send, cleared, maximum, outcome
from integration.oneroster.gradebook_types import Value
from tests.gradesync.makers import GRADED, assignment, graded, value

EVERYTHING = Profile(
    deletes_results=True,
    takes_not_submitted_without_score=True,
    takes_negative=True,
    takes_zero_maximum=True,
)
UNPOSTED = {"posted_at": None}


def told(
    work: dict[str, Any] | None = None,
    row: Any = None,
    settings: dict[str, Any] | None = None,
    profile: Profile = EVERYTHING,
) -> str:
    """One line for each outcome, so that the table below can be read."""
    found = outcome(assignment(**(work or {})), row, Settings(**(settings or {})), profile)
    match found:
        case Held(code, _):
            return code
        case Nothing():
            return "nothing"
        case Send(sent, notes):
            score = "-" if sent.score is None else f"{sent.score:f}"
            comment = "" if sent.comment is None else f" “{sent.comment}”"
            return " ".join([f"{score} {sent.status}{comment}", *notes])


PASS = {"grading_type": "pass_fail"}
LETTER = {"grading_type": "letter_grade"}
GPA = {"grading_type": "gpa_scale"}
PERCENT = {"grading_type": "percent"}
NO_EXEMPT = replace(EVERYTHING, takes_exempt_without_score=False)
STRICT = Profile(takes_above_maximum=False)
INTEGERS = replace(EVERYTHING, score_decimals=0)

TABLE: list[tuple[str, dict[str, Any], Any, dict[str, Any], Profile, str]] = [
    ("points", {}, graded("17.5"), {}, EVERYTHING, "17.5 fully graded"),
    ("points, all of them", {}, graded("20"), {}, EVERYTHING, "20 fully graded"),
    ("a zero that was given", {}, graded("0"), {}, EVERYTHING, "0 fully graded"),
    ("half up", {}, graded("17.345"), {}, EVERYTHING, "17.35 fully graded"),
    ("89.995", {}, graded("89.995"), {}, EVERYTHING, "90 fully graded score.extra-credit"),
    ("tiny", {}, graded("1e-7"), {}, EVERYTHING, "0 fully graded"),
    ("one place", {}, graded("17.25"), {"decimals": 1}, EVERYTHING, "17.3 fully graded"),
    ("no places", {}, graded("17.5"), {"decimals": 0}, EVERYTHING, "18 fully graded"),
    ("Q keeps integers", {}, graded("17.5"), {}, INTEGERS, "18 fully graded"),
    ("percent column", PERCENT, graded("17", grade="85%"), {}, EVERYTHING, "17 fully graded"),
    ("letter", LETTER, graded("17.8", grade="B"), {}, EVERYTHING, "17.8 fully graded"),
    ("GPA", GPA, graded("18", grade="3.7"), {}, EVERYTHING, "18 fully graded"),
    ("complete", PASS, graded("20", grade="complete"), {}, EVERYTHING, "20 fully graded"),
    ("incomplete", PASS, graded("0", grade="incomplete"), {}, EVERYTHING, "0 fully graded"),
    (
        "complete without a number",
        PASS,
        graded("20", grade="complete", score=None),
        {},
        EVERYTHING,
        "20 fully graded",
    ),
    (
        "complete of nothing",
        PASS | {"points_possible": Decimal(0)},
        graded("0", grade="complete"),
        {"zero_points": "send"},
        EVERYTHING,
        "score.no-number",
    ),
    ("pass/fail, not graded", PASS, graded(None), {}, EVERYTHING, "nothing"),
    (
        "letter without a number",
        LETTER,
        graded("1", grade="B", score=None, entered_score=None),
        {},
        EVERYTHING,
        "score.no-number",
    ),
    ("sent as percent", {}, graded("17"), {"scale": "percent"}, EVERYTHING, "85 fully graded"),
    (
        "a third",
        {"points_possible": Decimal(3)},
        graded("1"),
        {"scale": "percent"},
        EVERYTHING,
        "33.33 fully graded",
    ),
    (
        "percent of nothing",
        {"points_possible": Decimal(0)},
        graded("1"),
        {"scale": "percent", "zero_points": "send"},
        EVERYTHING,
        "assignment.zero-points",
    ),
    ("not graded at all", {"grading_type": "not_graded"}, graded("3"), {}, EVERYTHING,
     "assignment.not-graded"),
    ("nobody graded", {}, graded(None), {}, EVERYTHING, "nothing"),
    ("handed in", {}, graded(None, state="submitted"), {}, EVERYTHING, "nothing"),
    ("excused", {}, graded("5", is_excused=True, score=None), {}, EVERYTHING, "- exempt"),
    ("excused, number demanded", {}, graded(None, is_excused=True, posted_at=GRADED), {},
     NO_EXEMPT, "0 exempt score.exempt-zero"),
    ("excused, not posted", {}, graded(None, is_excused=True), {}, EVERYTHING, "score.hidden"),
    ("missing", {}, graded(None, is_missing=True), {}, EVERYTHING, "nothing"),
    ("missing, said so", {}, graded(None, is_missing=True), {"missing": "not-submitted"},
     EVERYTHING, "- not submitted"),
    ("missing, cannot be said", {}, graded(None, is_missing=True),
     {"missing": "not-submitted"}, Profile(), "score.cannot-say"),
    ("missing as zero", {}, graded(None, is_missing=True), {"missing": "zero"}, EVERYTHING,
     "0 not submitted"),
    ("missing as zero, posted by hand", {"posts_manually": True}, graded(None, is_missing=True),
     {"missing": "zero"}, EVERYTHING, "score.hidden"),
    ("missing with a mark", {}, graded(None, is_missing=True),
     {"missing": "zero", "comments": "marks"}, EVERYTHING, "0 not submitted “Missing”"),
    ("missing, a policy gave a score", {}, graded("4", is_missing=True), {"missing": "zero"},
     EVERYTHING, "4 fully graded"),
    ("late, deducted", {}, graded("15", entered_score=Decimal(18), is_late=True), {}, EVERYTHING,
     "15 fully graded"),
    ("late, as entered", {}, graded("15", entered_score=Decimal(18), is_late=True),
     {"late": "entered"}, EVERYTHING, "18 fully graded"),
    ("late, nothing entered", {}, graded("15", entered_score=None), {"late": "entered"},
     EVERYTHING, "15 fully graded"),
    ("late with a mark", {}, graded("15", is_late=True), {"comments": "marks"}, EVERYTHING,
     "15 fully graded “Late”"),
    ("in time, marks on", {}, graded("15"), {"comments": "marks"}, EVERYTHING,
     "15 fully graded “”"),
    ("marks on, Q takes none", {}, graded("15", is_late=True), {"comments": "marks"},
     replace(EVERYTHING, takes_comment=False), "15 fully graded"),
    ("part to be graded", {}, graded("9", state="pending_review"), {}, EVERYTHING,
     "score.pending-review"),
    ("part to be graded, sent", {}, graded("9", state="pending_review"),
     {"pending_review": "send"}, EVERYTHING, "9 partially graded"),
    ("checkpoint open", {"has_checkpoints": True}, graded("5", state="pending_review"), {},
     EVERYTHING, "score.checkpoint-pending"),
    ("pending, no number yet", {}, graded(None, state="pending_review"), {}, EVERYTHING, "nothing"),
    ("handed in again", {}, graded("9", state="submitted",
     grade_matches_current_submission=False), {}, EVERYTHING, "9 fully graded score.resubmitted"),
    ("extra credit", {}, graded("22"), {}, EVERYTHING, "22 fully graded score.extra-credit"),
    ("extra credit refused", {}, graded("22"), {}, STRICT, "score.above-maximum"),
    ("exactly all, strict", {}, graded("20"), {}, STRICT, "20 fully graded"),
    ("below zero", {}, graded("-2"), {}, EVERYTHING, "-2 fully graded"),
    ("below zero refused", {}, graded("-2"), {}, STRICT, "score.negative"),
    ("barely below zero", {}, graded("-0.001"), {}, STRICT, "0 fully graded"),
    ("worth nothing", {"points_possible": Decimal(0)}, graded("3"), {}, EVERYTHING,
     "assignment.zero-points"),
    ("worth nothing, sent", {"points_possible": Decimal(0)}, graded("3"), {"zero_points": "send"},
     EVERYTHING, "3 fully graded score.extra-credit"),
    ("no maximum at all", {"points_possible": None}, graded("3"), {}, EVERYTHING,
     "assignment.zero-points"),
    ("hidden", {}, graded("17", **UNPOSTED), {}, EVERYTHING, "score.hidden"),
    ("hidden letter", LETTER, graded("1", score=None, grade="B", **UNPOSTED), {}, EVERYTHING,
     "score.hidden"),
    ("anonymous, hidden", {"is_anonymous": True}, graded("17", **UNPOSTED), {}, EVERYTHING,
     "score.anonymous"),
    ("anonymous, posted", {"is_anonymous": True}, graded("17"), {}, EVERYTHING, "17 fully graded"),
    ("moderated, not released", {"is_moderated": True, "grades_published": False}, graded("17"),
     {}, EVERYTHING, "score.moderated"),
    ("moderated, released", {"is_moderated": True}, graded("17"), {}, EVERYTHING,
     "17 fully graded"),
    ("group member", {}, graded("17", student="s2"), {}, EVERYTHING, "17 fully graded"),
    ("manual posting, posted", {"posts_manually": True}, graded("17"), {}, EVERYTHING,
     "17 fully graded"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("work", "row", "settings", "profile", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in TABLE],
)
def test_f41_each_row_of_the_table(work, row, settings, profile, expected):
    assert told(work, row, settings, profile) == expected


def test_the_table_has_a_row_for_everything_that_f41_names():
    assert len(TABLE) >= 40


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (Profile(deletes_results=True, takes_not_submitted_without_score=True), Delete()),
        (Profile(takes_not_submitted_without_score=True), Value(None, "not submitted")),
        (Profile(), Held("score.cannot-clear")),
    ],
)
def test_a_score_leaves_q_only_in_a_way_that_was_proved(profile, expected):
    assert cleared(profile) == expected


def test_the_maximum_is_what_the_scores_mean_a_share_of():
    assert maximum(assignment(), Settings()) == 20
    assert maximum(assignment(), Settings(scale="percent")) == 100
    assert maximum(assignment(points_possible=None), Settings()) == 0


def test_a_held_score_tells_its_value_but_a_hidden_one_does_not():
    pending = outcome(assignment(), graded("9", state="pending_review"), Settings(), EVERYTHING)
    hidden = outcome(assignment(), graded("9", posted_at=None), Settings(), EVERYTHING)
    assert pending == Held("score.pending-review", value("9", "partially graded", graded_at=GRADED))
    assert hidden == Held("score.hidden")


def test_f42_a_score_waits_until_it_is_posted_and_again_when_it_is_hidden():
    posted = datetime(2026, 11, 22, tzinfo=UTC)
    steps = [told(row=graded("8", posted_at=at)) for at in (None, posted, None)]
    assert steps == ["score.hidden", "8 fully graded", "score.hidden"]


works = st.builds(
    assignment,
    grading_type=st.sampled_from(
        ["points", "percent", "letter_grade", "gpa_scale", "pass_fail", "not_graded"]
    ),
    points_possible=st.none() | st.decimals(0, 1000, places=2),
    posts_manually=st.booleans(),
    is_moderated=st.booleans(),
    grades_published=st.booleans(),
    is_anonymous=st.booleans(),
    has_checkpoints=st.booleans(),
)
numbers = st.none() | st.decimals(-50, 2000, places=4)
rows = st.builds(
    lambda score, **fields: graded(None, **fields, score=score),
    score=numbers,
    entered_score=numbers,
    grade=st.sampled_from(["", "B", "complete", "incomplete", "3.7"]),
    state=st.sampled_from(["unsubmitted", "submitted", "pending_review", "graded"]),
    is_excused=st.booleans(),
    is_missing=st.booleans(),
    is_late=st.booleans(),
    posted_at=st.none() | st.just(GRADED),
    grade_matches_current_submission=st.booleans(),
)
settings_ = st.builds(
    Settings,
    scale=st.sampled_from(["points", "percent"]),
    decimals=st.integers(0, 4),
    missing=st.sampled_from(["nothing", "not-submitted", "zero"]),
    late=st.sampled_from(["deducted", "entered"]),
    pending_review=st.sampled_from(["wait", "send"]),
    comments=st.sampled_from(["none", "marks"]),
    zero_points=st.sampled_from(["skip", "send"]),
)
profiles = st.builds(
    Profile,
    takes_not_submitted_without_score=st.booleans(),
    takes_exempt_without_score=st.booleans(),
    takes_above_maximum=st.booleans(),
    takes_negative=st.booleans(),
    takes_zero_maximum=st.booleans(),
    score_decimals=st.none() | st.integers(0, 2),
)


@given(works, rows, settings_, profiles)
def test_excused_work_is_never_a_bare_number(work, row, settings, profile):
    found = outcome(work, replace(row, is_excused=True), settings, profile)
    if isinstance(found, Send):
        assert found.value.status == "exempt"
        assert found.value.score in (None, Decimal(0))
        assert found.value.score is None or not profile.takes_exempt_without_score


@given(works, rows, settings_, profiles)
def test_a_score_that_is_not_posted_is_never_sent(work, row, settings, profile):
    found = outcome(work, replace(row, posted_at=None), settings, profile)
    if isinstance(found, Send):
        assert found.value.status == "not submitted"
        assert row.score is None
        assert not row.is_excused


@given(works, rows, settings_, profiles)
def test_a_full_grade_is_one_that_canvas_gave(work, row, settings, profile):
    found = outcome(work, row, settings, profile)
    if isinstance(found, Send) and found.value.status == "fully graded":
        passed = work.grading_type == "pass_fail" and row.grade in ("complete", "incomplete")
        assert passed or row.score is not None
        assert row.state != "pending_review"
        assert found.value.score is not None

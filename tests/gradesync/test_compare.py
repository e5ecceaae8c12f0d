"""Last confirmed, Canvas now, Q now: what becomes of a cell, and of a field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradesync.compare import Cell, Manner, Verdict, compare_fields, held, judge, same
from gradesync.profile import Profile
from gradesync.readings import Decision, Sent
from gradesync.rounding import rounded
from gradesync.scores import Delete, Held, Nothing, Send
from tests.gradesync.makers import DUE, GRADED, ZONE, fields, value

A, B, C = value("15"), value("17"), value("12")
EXEMPT, NOTHING_SAID = value(None, "exempt"), value(None, "not submitted")
DELETES = Manner(2, Profile(deletes_results=True))
CLEARING = replace(DELETES, clears_hidden=True)
PUTS = Manner(2, Profile(takes_not_submitted_without_score=True))
CANNOT = Manner(2, Profile())
SENDING = replace(DELETES, on_conflict="send-canvas")
KEEP = Decision("keep-q", canvas=B, q=C)


def judged(canvas, last, there, manner=DELETES, **other):
    outcome = canvas if isinstance(canvas, Held | Nothing) else Send(canvas)
    sent = None if last == "never" else Sent(last)
    found = judge(Cell(outcome, sent, there, **other), manner)
    return found.action, found.code


NONE = Nothing()


@pytest.mark.parametrize(
    ("canvas", "last", "there", "manner", "expected"),
    [
        # Canvas has a value
        (A, "never", None, DELETES, ("new", "score.new")),
        (A, None, None, DELETES, ("new", "score.new")),
        (B, A, A, DELETES, ("changed", "score.changed")),
        (A, A, A, DELETES, ("same", "")),
        (A, "never", A, DELETES, ("same", "")),
        (A, B, A, DELETES, ("same", "")),
        (EXEMPT, A, A, DELETES, ("changed", "score.changed")),
        (A, EXEMPT, EXEMPT, DELETES, ("changed", "score.changed")),
        (A, NOTHING_SAID, NOTHING_SAID, PUTS, ("changed", "score.changed")),
        # and Q was changed
        (A, A, C, DELETES, ("conflict", "score.changed-in-q")),
        (B, A, C, DELETES, ("conflict", "score.changed-in-q")),
        (A, A, None, DELETES, ("conflict", "score.removed-in-q")),
        (A, "never", C, DELETES, ("conflict", "score.other-in-q")),
        (A, None, C, DELETES, ("conflict", "score.other-in-q")),
        (A, A, C, SENDING, ("changed", "score.overrules")),
        (A, A, None, SENDING, ("new", "score.overrules")),
        (B, A, A, SENDING, ("changed", "score.changed")),
        # Canvas has none
        (NONE, A, A, DELETES, ("cleared", "score.cleared")),
        (NONE, A, A, PUTS, ("cleared", "score.cleared")),
        (NONE, A, A, CANNOT, ("waiting", "score.cannot-clear")),
        (NONE, "never", None, DELETES, ("same", "score.empty")),
        (NONE, A, None, DELETES, ("same", "score.empty")),
        (NONE, NOTHING_SAID, NOTHING_SAID, PUTS, ("same", "score.empty")),
        (NONE, "never", C, DELETES, ("waiting", "score.only-in-q")),
        (NONE, None, C, SENDING, ("waiting", "score.only-in-q")),
        (NONE, A, C, DELETES, ("conflict", "score.changed-in-q")),
        (NONE, A, C, SENDING, ("cleared", "score.overrules")),
        # nothing may travel
        (Held("score.hidden"), "never", None, DELETES, ("waiting", "score.hidden")),
        (Held("score.hidden"), A, A, DELETES, ("waiting", "score.hidden-again")),
        (Held("score.anonymous"), A, A, DELETES, ("waiting", "score.hidden-again")),
        (Held("score.hidden"), A, A, CLEARING, ("cleared", "score.hidden-cleared")),
        (Held("score.hidden"), A, C, CLEARING, ("conflict", "score.changed-in-q")),
        (Held("score.hidden"), "never", None, CLEARING, ("waiting", "score.hidden")),
        (Held("score.moderated"), A, A, CLEARING, ("waiting", "score.moderated")),
        (Held("score.negative"), A, A, DELETES, ("blocked", "score.negative")),
    ],
)
def test_f43_every_constellation_of_three_values(canvas, last, there, manner, expected):
    assert judged(canvas, last, there, manner) == expected


def test_only_what_is_new_changed_or_cleared_is_written():
    assert judge(Cell(Send(A), None, None), DELETES).write == A
    assert judge(Cell(Nothing(), Sent(A), A), DELETES).write == Delete()
    assert judge(Cell(Nothing(), Sent(A), A), PUTS).write == NOTHING_SAID
    assert judge(Cell(Send(A), Sent(A), C), DELETES) == Verdict(
        "conflict", "score.changed-in-q", None, A
    )


@pytest.mark.parametrize(
    ("gate", "action"),
    [("assignment.unpublished", "blocked"), ("assignment.period-closed", "waiting")],
)
def test_a_gate_holds_back_writes_and_nothing_else(gate, action):
    assert judged(B, A, A, gate=gate) == (action, gate)
    assert judged(NONE, A, A, gate=gate) == (action, gate)
    assert judged(A, A, A, gate=gate) == ("same", "")
    assert judged(A, A, C, gate=gate) == ("conflict", "score.changed-in-q")


def test_a_conflict_that_was_decided_is_no_conflict_until_a_value_changes():
    assert judged(B, A, C, decision=KEEP) == ("same", "score.kept")
    assert judged(B, A, C, SENDING, decision=KEEP) == ("changed", "score.overrules")
    send = replace(KEEP, choice="send-canvas")
    assert judged(B, A, C, decision=send) == ("changed", "score.overrules")
    assert judged(value("18"), A, C, decision=KEEP) == ("conflict", "score.changed-in-q")
    assert judged(B, A, value("13"), decision=KEEP) == ("conflict", "score.changed-in-q")


def test_what_was_undone_is_not_sent_again_by_itself():
    undone = Decision("keep-q", canvas=B, q=None)
    assert judged(B, None, None, decision=undone) == ("same", "score.kept")
    assert judged(value("18"), None, None, decision=undone) == ("new", "score.new")
    restored = Decision("keep-q", canvas=None, q=A)
    assert judged(NONE, A, A, decision=restored) == ("same", "score.kept")


def test_force_sends_what_is_the_same_and_decides_no_conflict():
    forced = replace(DELETES, force=True)
    assert judged(A, A, A, forced) == ("changed", "score.forced")
    assert judged(A, A, C, forced) == ("conflict", "score.changed-in-q")


def test_f46_a_grade_older_than_the_confirmed_one_waits():
    newer = replace(B, graded_at=GRADED)
    older = replace(A, graded_at=GRADED - timedelta(minutes=1))
    assert judged(older, newer, B) == ("waiting", "score.older")
    assert judged(older, newer, B, SENDING) == ("waiting", "score.older")
    assert judged(newer, older, A) == ("changed", "score.changed")
    assert judged(older, newer, B, replace(DELETES, force=True)) == ("changed", "score.changed")
    assert judged(A, newer, B) == ("changed", "score.changed")


def test_a_teachers_words_in_q_are_not_written_over():
    ours, theirs = value("15", comment="Late"), value("12", comment="Well done")
    found = judge(Cell(Send(ours), Sent(value("12", comment="")), theirs), DELETES)
    assert (found.action, found.write) == ("conflict", None)
    beside = judge(Cell(Send(value("12", comment="Late")), Sent(C), theirs), DELETES)
    assert beside.action == "same"
    marked = judge(Cell(Send(ours), Sent(value("12", comment="")), value("12")), DELETES)
    assert marked.write == ours


@pytest.mark.parametrize(
    ("ours", "theirs", "equal"),
    [
        (A, value("15.004"), True),
        (A, value("15.005"), False),
        (EXEMPT, value("0", "exempt"), True),
        (value("0", "not submitted"), NOTHING_SAID, False),
        (A, value("15", "partially graded"), False),
        (value("15", comment=""), value("15"), True),
        (value("15", comment="Late"), value("15"), False),
        (value("15", letter="A"), value("15"), False),
        (value("15", letter="A"), value("15", letter="A"), True),
        (A, value("15", comment="Well done", letter="C"), True),
        (A, value(None), False),
        (value(None), A, False),
        (value("15", letter=""), A, True),
        (None, A, False),
        (None, None, True),
    ],
)
def test_equal_is_what_ours_would_say_at_the_places_that_are_sent(ours, theirs, equal):
    assert same(ours, theirs, 2) is equal


@given(st.decimals(0, 1000, places=6), st.integers(0, 4), st.integers(0, 4))
def test_f55_what_q_gave_back_is_never_sent_again(score, places, kept):
    """Q keeps at least the places that are sent, and rounds in its own way beyond them."""
    manner = replace(DELETES, places=min(places, kept))
    canvas = value(str(rounded(score, manner.places)))
    first = judge(Cell(Send(canvas), None, None), manner).write
    stored = replace(first, score=first.score.quantize(Decimal(1).scaleb(-kept)))
    assert judge(Cell(Send(canvas), Sent(stored), stored), manner).action == "same"


def test_a_code_blocks_or_waits_as_the_catalogue_says():
    assert (held("student.left"), held("score.hidden")) == ("blocked", "waiting")


PLAIN = Profile()


def field_verdicts(last, canvas, there, profile=PLAIN, **other):
    found = compare_fields(last, canvas, there, profile=profile, zone=ZONE, **other)
    return {name: verdict for name, verdict in found.items() if verdict != "same"}


SENT = fields()


@pytest.mark.parametrize(
    ("canvas", "there", "expected"),
    [
        (SENT, SENT, {}),
        (fields("New"), SENT, {"title": "changed"}),
        (SENT, fields("Theirs"), {"title": "kept"}),
        (fields("New"), fields("Theirs"), {"title": "conflict"}),
        (fields("New"), fields("New"), {}),
        (SENT, fields(category_id="k9"), {"category_id": "kept"}),
        (fields(category_id="k2"), SENT, {"category_id": "changed"}),
        (fields(category_id=""), SENT, {}),
        (SENT, fields(category_id=""), {}),
        (fields(maximum=Decimal(10)), SENT, {"maximum": "changed"}),
        (SENT, fields(maximum=Decimal(10)), {"maximum": "conflict"}),
        (SENT, fields(maximum=None), {}),
        (fields(due_at=None), SENT, {"due_at": "changed"}),
        (SENT, fields(due_at=None), {"due_at": "kept"}),
        (fields(due_at=DUE + timedelta(hours=1)), SENT, {"due_at": "changed"}),
        (fields(due_at=DUE + timedelta(milliseconds=400)), SENT, {}),
        (SENT, fields(assigned_at=None), {}),
        (SENT, fields(grading_period_id=""), {}),
        (
            fields("New", maximum=Decimal(10)),
            fields(category_id="k9"),
            {"title": "changed", "category_id": "kept", "maximum": "changed"},
        ),
    ],
)
def test_each_field_is_whose_it_was_changed_by(canvas, there, expected):
    assert field_verdicts(SENT, canvas, there) == expected


def test_a_line_item_that_is_adopted_keeps_its_own_but_for_the_maximum():
    there = fields("QUIZ 1", category_id="k9", maximum=Decimal(10))
    assert field_verdicts(None, SENT, there) == {
        "title": "kept",
        "category_id": "kept",
        "maximum": "conflict",
    }


def test_canvas_wins_conflicts_but_never_fights_what_changed_in_q_alone():
    there = fields("Theirs", category_id="k9", maximum=Decimal(10))
    found = field_verdicts(SENT, fields("New"), there, canvas_wins="conflicts")
    assert found == {"title": "changed", "category_id": "kept", "maximum": "changed"}
    everything = field_verdicts(SENT, fields("New"), there, canvas_wins="all")
    assert set(everything.values()) == {"changed"}


def test_where_q_keeps_only_days_hours_are_not_compared():
    days = Profile(keeps_due_times=False)
    assert field_verdicts(SENT, SENT, fields(due_at=DUE - timedelta(hours=8)), days) == {}
    next_day = fields(due_at=DUE + timedelta(hours=8))
    assert field_verdicts(SENT, next_day, SENT, days) == {"due_at": "changed"}

"""Is this line item in Q already? Never a guess."""

from __future__ import annotations

from datetime import timedelta

from gradesync.adoption import Absent, Ambiguous, Found, Sought, find_all
from gradesync.ids import ItemKey
from tests.gradesync.makers import DUE, ZONE, line_item

KEY, OTHER = ItemKey("assignment", "1", "c1"), ItemKey("assignment", "2", "c1")
QUIZ = Sought(KEY, "made-1", frozenset({"Quiz 1"}), DUE)
TWIN = Sought(OTHER, "made-2", frozenset({"Quiz 1"}), DUE)


def found(*line_items, sought=(QUIZ,), linked=()):
    return find_all(sought, line_items, linked=linked, zone=ZONE)[KEY]


def test_by_the_id_that_was_made_for_it():
    ours = line_item("made-1", title="renamed in Q")
    assert found(ours, line_item("x")) == Found(ours, is_ours=True)


def test_by_our_marker_where_q_allocated_another_id():
    ours = line_item("q-77", marker="made-1", title="renamed in Q")
    assert found(ours, line_item("x")) == Found(ours, is_ours=True)


def test_two_with_our_marker_are_a_question():
    both = line_item("q-77", marker="made-1"), line_item("q-78", marker="made-1")
    assert found(*both) == Ambiguous(both)


def test_by_title_and_day_whatever_the_hour_and_the_case():
    alike = line_item("x", title="QUIZ 1", due_at=DUE - timedelta(hours=9))
    assert found(alike) == Found(alike, is_ours=False)


def test_another_day_or_title_is_another_line_item():
    others = line_item("x", due_at=DUE + timedelta(days=1)), line_item("y", title="Quiz 2")
    assert found(*others, line_item("z", due_at=None)) == Absent()


def test_two_without_a_date_are_alike():
    undated = Sought(KEY, "made-1", frozenset({"Quiz 1"}), None)
    alike = line_item("x", due_at=None)
    assert found(alike, sought=(undated,)) == Found(alike, is_ours=False)


def test_two_that_fit_are_a_question():
    both = line_item("x"), line_item("y")
    assert found(*both) == Ambiguous(both)


def test_one_that_fits_two_of_ours_is_a_question():
    one = line_item("x")
    assert found(one, sought=(QUIZ, TWIN)) == Ambiguous((one,))


def test_f50_a_line_item_of_another_assignment_is_left_alone():
    linked = line_item("x")
    assert found(linked, linked={"x"}) == Absent()
    assert found(line_item("q-1", marker="made-9")) == Absent()
    assert found(line_item("made-2"), sought=(QUIZ, TWIN)) == Absent()


def test_what_was_deleted_in_q_is_not_found():
    assert found(line_item("made-1", is_active=False)) == Absent()

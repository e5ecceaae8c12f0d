"""A choice for a cell makes the line that a plan with that choice would have."""

import pytest

from gradesync.decide import decided, decision_for, is_open
from tests.gradesync.makers import Room, graded, result, value


@pytest.fixture
def room() -> Room:
    """Q confirmed 10, holds 3, and Canvas says 15."""
    room = Room().linked().confirmed(value("10"))
    room.results = [result("3")]
    room.submissions = [graded("15")]
    return room


@pytest.mark.parametrize("choice", ["keep-q", "send-canvas"])
def test_a_choice_is_what_a_new_plan_would_say(room, choice):
    shown = room.score()
    assert shown.action == "conflict"
    chosen = decided(shown, room.item(), choice, room.rules)
    room.memory["decisions"] = {shown.cell: decision_for(shown, choice)}
    assert chosen == room.score()
    assert chosen.verb == ("PUT" if choice == "send-canvas" else "")
    assert is_open(chosen)
    assert decided(chosen, room.item(), "", room.rules) == shown


def test_what_is_no_conflict_stays(room):
    room.results = [result("10")]
    shown = room.score()
    assert decided(shown, room.item(), "keep-q", room.rules) is shown

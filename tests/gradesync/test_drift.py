"""What Q confirmed and does not hold any more, with the likely cause."""

from dataclasses import replace

import pytest

from gradesync.drift import drift
from gradesync.plan import outline
from tests.gradesync.makers import ALGEBRA, Room, line_item, result, value


def found(room: Room) -> dict[str, str]:
    """Code of the line item and of the score, by kind."""
    snapshot = room.snapshot()
    lines = list(drift(snapshot, outline(snapshot).linked))
    assert all(line.verb == "" for line in lines)
    return {line.kind: line.code for line in lines}


@pytest.fixture
def room() -> Room:
    """Q confirmed 17.25 of 20."""
    room = Room().linked().confirmed(value("17.25"))
    room.results = [result("17.25")]
    return room


def test_what_is_there_still_is_the_same(room):
    assert found(room) == {"line_item": "", "result": ""}


@pytest.mark.parametrize(
    ("there", "cause"),
    [
        (["3"], "drift.changed"),
        (["17.3"], "drift.rounded"),
        (["17"], "drift.rounded"),
        ([], "drift.removed"),
        (["17.25", "17.25"], "drift.several"),
    ],
)
def test_the_likely_cause_of_another_score(room, there, cause):
    room.results = [result(one, sourced_id=f"r{at}") for at, one in enumerate(there)]
    assert found(room)["result"] == cause


def test_a_score_that_q_has_cut_to_the_maximum(room):
    room.confirmed(value("22"))
    room.results = [result("20")]
    assert found(room)["result"] == "drift.capped"


def test_another_mark_beside_the_same_number(room):
    room.results = [result("17.25", status="partially graded")]
    assert found(room)["result"] == "drift.mark"


def test_a_score_that_was_cleared_and_is_there_again(room):
    room.confirmed(None)
    assert found(room)["result"] == "drift.appeared"


def test_a_student_who_left_took_the_score_along(room):
    room.classes = [replace(ALGEBRA, students=frozenset({"S9"}))]
    room.results = []
    assert found(room)["result"] == "drift.left"


def test_a_line_item_that_is_gone_or_changed(room):
    room.line_items = [line_item(title="Another")]
    assert found(room) == {"line_item": "drift.item-changed", "result": ""}
    room.line_items = []
    assert found(room) == {"line_item": "drift.item-gone"}
    room.classes = []
    assert found(room) == {"line_item": "drift.class-gone"}

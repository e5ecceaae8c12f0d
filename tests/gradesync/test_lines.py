"""Lines of a plan as they are kept, counted, named and shown."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from gradesync.lines import as_row, counts, digest, from_row, intended
from tests.gradesync.makers import ITEM, Room, graded, result, value


def lines():
    room = Room("s1", "s2", "s3").linked().confirmed(value("17.5"))
    room.results = [result("17.5"), result("3", "S2")]
    room.submissions = [graded("18.25"), graded("4", "s2"), graded("5", "s3", is_late=True)]
    return room.plan()


def test_a_line_comes_back_from_its_row_as_it_was():
    for line in lines():
        row = json.loads(json.dumps(as_row(line)))
        assert from_row(row) == line


def test_a_score_in_a_row_is_its_digits():
    assert as_row(lines()[1])["canvas"]["score"] == "18.25"


def test_what_is_no_row_is_refused():
    with pytest.raises(msgspec.ValidationError):
        from_row({"kind": "line_item", "action": "perhaps"})


def test_every_line_is_counted_once():
    found = counts(lines())
    assert found["line_item"]["same"] == 1
    assert found["result"] == {
        "new": 1, "changed": 1, "cleared": 0, "same": 0, "conflict": 1, "waiting": 0, "blocked": 0
    }  # fmt: skip


def test_the_order_of_lines_is_not_part_of_their_name():
    assert digest(reversed(lines())) == digest(lines())
    assert digest(lines()[:-1]) != digest(lines())


def test_keys_are_unique_within_a_plan():
    keys = [line.key for line in lines()]
    assert len(set(keys)) == len(keys)


def test_what_q_holds_after_a_line():
    _, changed, _, _ = lines()
    assert intended(changed).score == changed.canvas.score
    cleared = replace(changed, action="cleared", canvas=None)
    assert intended(replace(cleared, verb="DELETE")) is None
    assert intended(replace(cleared, verb="PUT")) == value(None, "not submitted")
    assert changed.cell == (ITEM, "S1")

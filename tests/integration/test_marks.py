"""Marks stand for texts by the million: none is forgotten when a set is full, none counts twice."""

import pytest

from integration import marks as module
from integration.marks import Marks, mark, marks


@pytest.fixture(autouse=True)
def _small_sets(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)


def test_what_has_come_is_known_whichever_set_holds_it():
    seen = Marks()
    for number in range(10):
        seen.add({mark(f"student {number}")})

    assert all(mark(f"student {number}") in seen for number in range(10))
    assert mark("student 10") not in seen
    assert len(seen) == 10


def test_only_what_is_new_is_counted_and_only_once():
    seen = Marks()

    assert seen.add(marks(["a", "b", "c", "d"])) == 4
    assert seen.add(marks(["a", "e"])) == 1
    assert seen.add(marks(["a", "e", "b"])) == 0
    assert len(seen) == 5


def test_a_mark_is_the_same_alone_and_among_others():
    assert marks(["a", ""]) == {mark("a"), mark("")}

"""What a run is about: the sections of whoever asked, single assignments, single cells."""

from dataclasses import replace

import pytest

from gradesync.review import review
from gradesync.scope import Scope, within
from tests.gradesync.test_lines import lines


def test_a_person_limited_to_sections_sees_those_only():
    mine, *others = lines()
    others = [replace(one, section_ids=("sec2", "sec3")) for one in others]
    asked = [{"sec1"}, {"sec3"}, set(), None]
    shown = [
        list(within([mine, *others], Scope(sections=None if one is None else frozenset(one))))
        for one in asked
    ]
    assert shown == [[mine], others, [], [mine, *others]]


def test_single_assignments():
    item, *scores = lines()
    other = replace(item, item=replace(item.item, canvas_id="9"))
    assert list(within([item, other, *scores], Scope(items=frozenset({"assignment:9"})))) == [other]


def test_single_cells_come_with_their_line_item():
    item, score, *rest = lines()
    other = replace(item, item=replace(item.item, canvas_id="9"))
    asked = Scope(keys=frozenset({score.key}))
    assert list(within([item, other, score, *rest], asked)) == [item, score]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(sections=frozenset({"2", "1"})),
        Scope(items=frozenset({"assignment:9"}), keys=frozenset({("result", "a", "9", "c", "s")})),
    ],
)
def test_a_scope_is_kept_as_plain_json(scope):
    assert Scope.read(scope.as_row()) == scope
    assert scope.as_row() == Scope.read(scope.as_row()).as_row()


def test_a_first_sync_is_looked_at_if_it_writes_anything():
    item, changed, conflict, new = lines()
    first = review([item, changed, conflict, new], is_first=True, above=25)
    assert (first.why, first.new, first.changed, first.conflicts) == ("first-sync", 1, 1, 1)
    assert "first sync of this course: 1 new, 1 overwritten, 0 cleared" in first.sentence
    assert review([conflict], is_first=True, above=25).why == ""


def test_many_replaced_values_are_looked_at_and_values_sent_again_are_none():
    _, changed, _, new = lines()
    cleared = replace(changed, action="cleared")
    forced = replace(changed, code="score.forced")
    assert review([changed, cleared], is_first=False, above=1).why == "many-replaced"
    assert review([changed, new, forced], is_first=False, above=1).why == ""

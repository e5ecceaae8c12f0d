"""Ids that are the same whenever they are made, and another one for anything else."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gradesync.ids import ItemKey, line_item_id, namespace, result_id

texts = st.text(max_size=20)
keys = st.builds(ItemKey, st.sampled_from(["assignment", "course-grade"]), texts, texts)
LAKESIDE = namespace("u9bC3kzT")


def test_an_id_is_the_same_for_ever():
    key = ItemKey("assignment", "345", "c1")
    assert line_item_id(LAKESIDE, key) == "777cf449-e854-5234-80de-88fb29a4ee48"
    assert UUID(line_item_id(LAKESIDE, key)).version == 5


def test_production_beta_and_test_are_three_namespaces():
    made = {namespace("u9bC3kzT", where) for where in ("", "beta", "test")}
    assert len(made) == 3
    assert namespace("other") not in made


@given(keys, keys)
def test_two_line_items_never_share_an_id(one, other):
    is_same = line_item_id(LAKESIDE, one) == line_item_id(LAKESIDE, other)
    assert is_same == (one == other)


@given(st.tuples(texts, texts), st.tuples(texts, texts))
def test_two_results_never_share_an_id(one, other):
    assert (result_id(LAKESIDE, *one) == result_id(LAKESIDE, *other)) == (one == other)


def test_a_result_is_never_taken_for_a_line_item():
    assert result_id(LAKESIDE, "a", "b") != line_item_id(LAKESIDE, ItemKey("assignment", "a", "b"))

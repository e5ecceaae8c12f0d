"""Objects as they go over the wire: whole ones, and nothing of another's lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gradesync import wire
from gradesync.profile import Profile
from tests.gradesync.makers import GRADED, ROOT, fields, rules, value

RULES = rules()


def test_a_new_line_item_has_every_field_that_onerosters_schema_asks_for():
    body = wire.new_line_item("li-1", "c1", fields(), "made-1", RULES)
    assert json.loads(wire.stamped("line_item", wire.encoded(body), GRADED)) == {
        "lineItem": {
            "sourcedId": "li-1",
            "status": "active",
            "dateLastModified": "2026-11-21T20:00:00.000Z",
            "title": "Quiz 1",
            "description": "",
            "assignDate": "2026-09-01T16:00:00.000Z",
            "dueDate": "2026-11-20T07:59:59.000Z",
            "class": {"href": f"{ROOT}/classes/c1", "sourcedId": "c1", "type": "class"},
            "category": {"href": f"{ROOT}/categories/k1", "sourcedId": "k1", "type": "category"},
            "gradingPeriod": {
                "href": f"{ROOT}/gradingPeriods/gp1",
                "sourcedId": "gp1",
                "type": "academicSession",
            },
            "resultValueMin": 0.0,
            "resultValueMax": 20.0,
            "metadata": {"qSyncId": "made-1"},
        }
    }


def test_what_is_not_known_is_left_out_of_a_new_line_item():
    bare = fields(category_id="", due_at=None, grading_period_id="", maximum=None)
    given_ = rules(profile=Profile(keeps_metadata=False))
    body = wire.new_line_item("li-1", "c1", bare, "made-1", given_)
    left_out = {"category", "dueDate", "gradingPeriod", "resultValueMax", "metadata"}
    assert left_out.isdisjoint(body)


RAW: dict[str, Any] = {
    "sourcedId": "li-1",
    "title": "theirs",
    "category": {"sourcedId": "k9"},
    "dueDate": "2026-11-01",
    "x_colour": {"rgb": [1, Decimal("0.25")]},
    "metadata": {"weight": Decimal("1.50"), "qSyncId": "old"},
}


def test_a_changed_line_item_keeps_all_that_is_not_ours():
    body = wire.changed_line_item(RAW, fields("Quiz 2"), ["title"], "made-1", RULES)
    assert body == RAW | {
        "title": "Quiz 2",
        "metadata": {"weight": Decimal("1.50"), "qSyncId": "made-1"},
    }
    assert RAW["title"] == "theirs"


def test_a_date_that_is_gone_is_taken_out():
    body = wire.changed_line_item(RAW, fields(due_at=None), ["due_at"], "m", RULES)
    assert "dueDate" not in body


def a_result(given_value, raw=None, given_rules=RULES):
    return wire.result("r-1", "li-1", "S1", given_value, raw, given_rules)


def test_a_result_says_its_score_as_a_number_and_the_day_it_was_graded():
    body = a_result(value("17.5", graded_at=datetime(2026, 11, 22, 5, tzinfo=UTC)))
    assert body == {
        "sourcedId": "r-1",
        "status": "active",
        "lineItem": {"href": f"{ROOT}/lineItems/li-1", "sourcedId": "li-1", "type": "lineItem"},
        "student": {"href": f"{ROOT}/users/S1", "sourcedId": "S1", "type": "user"},
        "scoreStatus": "fully graded",
        "score": Decimal("17.5"),
        "scoreDate": "2026-11-21",  # by the district's clock
    }


def test_a_result_without_a_score_has_none_even_where_one_was():
    body = a_result(value(None, "exempt"), {"score": Decimal(12), "comment": "Well done"})
    assert "score" not in body
    assert body["comment"] == "Well done"
    assert body["scoreDate"] == "2026-11-24"  # nobody graded it: the day of the plan


def test_comment_and_letter_are_written_where_they_are_ours():
    lettered = rules(profile=Profile(letter_field="ext_grade"))
    raw = {"metadata": {"by": "office"}}
    body = a_result(value("91", comment="Late", letter="A-"), raw, lettered)
    assert body["comment"] == "Late"
    assert body["metadata"] == {"by": "office", "ext_grade": "A-"}


def test_whole_numbers_are_written_as_onerosters_floats():
    assert '"score":17.0,' in wire.encoded(a_result(value("17")))
    assert '"score":1000.0,' in wire.encoded(a_result(value("1E+3")))
    assert '"score":17.25,' in wire.encoded(a_result(value("17.25")))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(max_size=8)
    | st.decimals(-1000, 1000, places=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=6))
def test_what_q_sent_is_written_back_to_the_digit(raw):
    text = wire.encoded(raw)
    assert wire.encoded(wire.decoded(text)) == text
    body = wire.changed_line_item(raw | {"metadata": {}}, fields(), ["title"], "m", RULES)
    ours = {"title", "metadata"}
    assert {k: v for k, v in body.items() if k not in ours} == {
        k: v for k, v in raw.items() if k not in ours
    }


def test_the_same_body_is_the_same_bytes():
    text = wire.encoded(a_result(value("17.5")))
    assert wire.stamped("result", text, GRADED) == wire.stamped("result", text, GRADED)

"""Odd JSON becomes plain values."""

import pytest

from integration.canvas.parse import enrollment, number, sis_import


@pytest.mark.parametrize(
    ("value", "whole"),
    [(7, 7), ("7", 7), (99.7, 99), ("", 0), ("x", 0), (None, 0), ([], 0), (float("inf"), 0)],
)
def test_a_number_is_read_however_it_is_written(value, whole):
    assert number(value) == whole


def test_warnings_in_odd_shapes_are_kept_where_they_say_something():
    odd = ["only text", ["users.csv", "said"], ["users.csv"], [None, "no file"], 7, None]
    found = sis_import({"id": 1, "processing_warnings": odd})
    assert found.warnings == (("", "only text"), ("users.csv", "said"), ("", "no file"))


def test_attachments_without_a_name_are_passed_over():
    attachments = [{"id": 1}, None, {"display_name": "a.csv", "filename": "b.csv"}]
    found = sis_import({"id": 1, "csv_attachments": attachments})
    assert sorted(found.file_names) == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("told", "last_activity"),
    [
        ({}, None),
        ({"last_activity_at": None}, ""),
        ({"last_activity_at": "2026-11-02T09:00:00Z"}, "2026-11-02T09:00:00Z"),
        ({"last_activity_at": None, "last_attended_at": "2026-11-03"}, "2026-11-03"),
    ],
)
def test_never_having_come_is_not_the_same_as_not_being_told(told, last_activity):
    assert enrollment({"id": 1, **told}).last_activity_at == last_activity


@pytest.mark.parametrize(
    ("grades", "is_graded"),
    [
        (None, False),
        ({"current_score": None, "final_score": 0.0, "final_grade": "F"}, False),
        ({"current_score": 0.0}, True),
        ({"current_score": None, "unposted_current_score": 88}, True),
        ({"override_score": 95.5}, True),
    ],
)
def test_a_grade_is_a_sign_of_use_and_missing_work_counted_as_zero_is_none(grades, is_graded):
    assert enrollment({"id": 1, "grades": grades}).is_graded is is_graded

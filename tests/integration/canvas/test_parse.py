"""Odd JSON becomes plain values."""

import pytest

from integration.canvas.parse import number, sis_import


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

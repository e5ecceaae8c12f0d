"""The lines that a person reads about a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import integration
from integration.provisioning.problems import TABLE, control_character_in, problem

PRODUCT = Path(integration.__file__).parent


def test_a_problem_says_what_it_is_where_it_is_and_what_to_do():
    line = problem("roster.no-login", "users", "u7", "username")
    assert (line.kind, line.sourced_id, line.field) == ("users", "u7", "username")
    assert line.reason == "The user has neither a username nor an e-mail; left out."
    assert line.remedy == "Correct the record in Q; the next run takes it."


def test_a_detail_stands_behind_the_reason():
    line = problem("canvas.row-refused", "users", "u7", detail="No login_id given")
    assert line.reason == "Canvas refused this row. No login_id given"


@pytest.mark.parametrize("code", TABLE)
def test_every_code_has_two_whole_sentences(code):
    reason, remedy = TABLE[code]
    assert re.fullmatch(r"(roster|canvas|undo|drift)\.[a-z]+(-[a-z]+)*", code)
    assert reason.endswith(".") and remedy.endswith(".")


def test_no_code_stands_in_the_table_without_being_used():
    sources = "".join(path.read_text() for path in PRODUCT.rglob("*.py"))
    assert [code for code in TABLE if sources.count(f'"{code}"') < 2] == []


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "a\rb", "\x1f", "\x07", "\x7f", "a\x0b"])
def test_a_control_character_is_found_in_the_field_that_holds_it(text):
    assert control_character_in(title="fine", code=text) == "code"


@pytest.mark.parametrize("text", ["", "a\tb", "Zoë", "😀", "‏עברית", 'O"Neil, Jr.', "x" * 300])
def test_what_people_write_is_no_control_character(text):
    assert control_character_in(title=text, code="") == ""


def test_the_first_field_at_fault_is_named():
    assert control_character_in(one="ok", two="\x00", three="\x00") == "two"

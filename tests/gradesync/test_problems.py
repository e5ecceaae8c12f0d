"""The catalogue: every code has words, a remedy and somebody who can act."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from gradesync.catalogue import CATALOGUE
from gradesync.problems import problem

ROOM = Path(__file__).parents[2] / "gradesync"
AREAS = {
    "plan",
    "drift",
    "course",
    "section",
    "assignment",
    "line_item",
    "score",
    "student",
    "undo",
    "q",
}
# What stands on a cell by itself, so that no other words are at hand.
ALONE = re.compile(r"^(score|student|undo|drift)\.|^assignment\.period-closed$|^line_item\.maximum")


def words_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_says_what_where_and_what_to_do(code):
    entry = CATALOGUE[code]
    assert code.partition(".")[0] in AREAS
    assert entry.sentence.endswith((".", "{detail}"))
    assert entry.remedy.endswith(".")
    assert entry.who == "nobody" or entry.remedy != "Nothing."


@pytest.mark.parametrize("code", [code for code in CATALOGUE if ALONE.match(code)])
def test_what_stands_on_a_cell_needs_no_other_words(code):
    assert not words_in(CATALOGUE[code].sentence)


def test_every_code_in_the_room_is_in_the_catalogue():
    used = set()
    for module in ROOM.rglob("*.py"):
        quoted = re.findall(r'"((?:[a-z_]+)\.[a-z-]+)"', module.read_text())
        used |= {code for code in quoted if code.partition(".")[0] in AREAS}
    assert used <= CATALOGUE.keys()
    assert len(used) > 60


# The seed of the catalogue (how-instructure-does-it.md 8d) and where each of it went.
SEED = {
    "CAT_NOT_FOUND": "assignment.no-category",
    "CAT_DEFAULTED": "assignment.category-defaulted",
    "NAME_TOO_LONG": "assignment.name-long",
    "NAME_DUPLICATE": "assignment.name-taken",
    "NAME_EMPTY": "assignment.unnamed",
    "DUE_MISSING": "assignment.no-due-date",
    "DUE_OUT_OF_TERM": "assignment.due-outside",
    "PERIOD_CLOSED": "assignment.period-closed",
    "STUDENT_OVERRIDE": "assignment.single-students-only",
    "UNPUBLISHED_COURSE": "course.unpublished",
    "UNPUBLISHED_ITEM": "assignment.unpublished",
    "POINTS_ZERO": "assignment.zero-points",
    "SECTION_NO_SIS_ID": "section.no-sis-id",
    "STUDENT_NO_SIS_ID": "student.no-sis-id",
    "STUDENT_NOT_IN_CLASS": "student.not-in-class",
    "MATCH_AMBIGUOUS": "line_item.ambiguous",
    "LINK_STALE": "line_item.gone",
    "SCORE_HIDDEN": "score.hidden",
    "Q_AUTH": "q.unauthorized",
    "Q_FORBIDDEN": "q.forbidden",
    "Q_RATE_LIMIT": "q.rate-limited",
    "Q_UNAVAILABLE": "q.unavailable",
    "Q_TIMEOUT": "q.timeout",
    "Q_REJECTED": "q.rejected",
}


@pytest.mark.parametrize("seed", SEED)
def test_nothing_of_the_seed_is_lost(seed):
    assert SEED[seed] in CATALOGUE


def test_a_line_has_its_words_filled_in_and_knows_what_it_is_about():
    line = problem("section.no-sis-id", section_id="9", section="Period 1")
    assert line.sentence == "The section Period 1 does not come from Q."
    assert (line.section_id, line.scope, line.who, line.stops) == ("9", "section", "admin", True)
    assert line.remedy

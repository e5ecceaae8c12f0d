"""A teacher limited to one of two sections meets no name, score or count of the other, anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from gradesync.urls import urlpatterns
from integration.canvas.gradebook_types import Enrollment
from integration.models import Change, Run
from tests.gradesync.makers import graded
from tests.gradesync.screens.stage import Stage, Visit, room
from tests.lti import people

MINE = frozenset({"11"})
# Of the second section, and of both together: 3 + 5 students, 9 + 15 scores.
THEIRS = (
    *(
        "Zaaab",
        "Zaaad",
        "Zaaaf",
        "Zzz",
        "Zzy",
        "Period 4",
        "Algebra 1, fourth",
        "77.25",
        "77,25",
        "s1",
        "s3",
        "s101",
    ),
    *("24 grades", "15 grades", "5 scores", "of 5", "of 24", "of 15", "24 new", "15 new", "5 new"),
    *("Send 24", "Send 15", ">24<", ">15<"),
)


@pytest.fixture
def limited(stage: Stage) -> tuple[Stage, Visit, list[int]]:
    """Rosa has looked at and sent the whole course; Theo is limited to the first section."""
    made = room(assignments=3, students=6)
    # Two more in the second, one of them not known to Q.
    made.enrollments += [
        Enrollment("s101", "12", "", name="Student Zzz", sortable_name="Zzz"),
        Enrollment("s103", "12", "SIS-s103", name="Student Zzy", sortable_name="Zzy"),
    ]
    theirs = {"s1", "s3", "s5", "s101", "s103"}
    made.submissions = [
        graded("77.25" if one.student_id in theirs else "13", one.student_id, one.assignment_id)
        for one in made.submissions
    ]
    made.submissions += [graded("77.25", who, one.canvas_id) for one in made.assignments
                         for who in ("s101", "s103")]  # fmt: skip
    made.assignments = [replace(one, points_possible=made.assignments[0].points_possible)
                        for one in made.assignments]  # fmt: skip
    own = stage.plan(made, sections=MINE, by="Theo")
    again = stage.plan(made)
    whole = stage.carry_out(stage.plan(made), refuse=2, leave=1)
    theo = people.theo(section_restricted="true", section_sis_ids="c1", permissions=people.GRADES)
    return stage, stage.visit(theo), [whole.pk, again.pk, own.pk]


def addresses(runs: list[int]) -> list[str]:
    """Everything that answers a GET, for each run."""
    found = []
    for one in urlpatterns:
        route = str(one.pattern)
        if one.callback.__name__ in ("show", "download", "story", "help_page"):
            found += [route.replace("<int:run_id>", str(run)) for run in runs]
    return sorted(set(found))


QUERIES: list[dict[str, Any]] = [
    {},
    {"show": "same"},
    {"show": "waits"},
    {"show": "failed"},
    {"q": "Student"},
    {"q": "Zaaab", "section": "12"},
    {"section": "12"},
    {"by": "student"},
    {"item": "assignment:1", "student": "s1"},
    {"item": "assignment:1", "student": "s0"},
]


@pytest.mark.one_database
def test_no_address_tells_of_the_other_section(limited: tuple[Stage, Visit, list[int]]):
    _, visit, runs = limited
    served = 0
    for path in addresses(runs):
        for query in QUERIES:
            for part in (False, True) if not query else (False,):
                answer = visit.get(path, part=part, **query)
                assert answer.status_code in (200, 204, 303, 404), (path, query)
                body = told(answer.content.decode(), query)
                served += answer.status_code == 200
                for word in THEIRS:
                    pattern = rf"(?<![\w.]){re.escape(word)}(?![\w])" if word[0].isalnum() else word
                    assert not re.search(pattern, body), (path, query, part, word)
    assert served > 60


def told(body: str, query: dict[str, Any]) -> str:
    """Without what the person typed themselves, and without addresses."""
    for word in query.values():
        body = body.replace(f'value="{word}"', "").replace(f"“{word}”", "")
    return re.sub(r'(href|action|hx-get|hx-post)="[^"]*"', "", body)


def test_what_is_theirs_is_all_there(limited: tuple[Stage, Visit, list[int]]):
    _, visit, (_, _, own) = limited
    page = visit.page(f"previews/{own}/", show="new")
    for word in ("Aaaaa", "Aaaac", "Aaaae", "Period 2", "13"):
        assert word in page


def test_they_send_their_own_sections_only(limited: tuple[Stage, Visit, list[int]]):
    _, visit, (whole, again, own) = limited
    for run in (whole, again):
        for act in ("send", "choices"):
            path = f"{'previews' if act in ('send', 'choices') else 'runs'}/{run}/{act}/"
            assert visit.post(path, digest="x").status_code == 404
        assert visit.post(f"runs/{run}/stop/").status_code == 404
    places = set(Change.objects.filter(run=own).values_list("places", flat=True))
    assert places == {" 11 "}
    undone = visit.post(f"runs/{whole}/undo/")
    assert undone.status_code == 303
    assert Run.objects.latest("pk").sync.scope == {"sections": ["11"]}


def test_a_limited_person_whose_sections_nobody_knows_sees_nothing(
    limited: tuple[Stage, Visit, list[int]],
):
    stage, _, runs = limited
    lost = people.theo(
        section_restricted="true", section_sis_ids="zz", permissions=people.GRADES,
        course_sis_id="",
    )  # fmt: skip
    visit = stage.visit(lost)
    for path in addresses(runs):
        body = told(visit.get(path).content.decode(), {})
        for word in ("Student A", "Student Z", "77.25", "Period"):
            assert word not in body, path

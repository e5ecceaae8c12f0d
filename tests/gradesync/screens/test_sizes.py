"""Queries do not grow with assignments or students, and the first view is light."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.gradesync.screens.algebra import algebra, with_course_grades
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import Stage, room

pytestmark = pytest.mark.one_database

STATIC = Path(__file__).parents[3] / "static"


def asked(assignments: int, students: int, slug: str) -> dict[str, int]:
    """How many queries each page costs in a course of this size."""
    stage = district(slug)
    run = stage.plan(room(assignments, students))
    visit = stage.visit()
    counted = {}
    for path in ("", "assignments.csv", f"previews/{run.pk}/", f"previews/{run.pk}/rows.csv"):
        counted[path.replace(str(run.pk), "n")] = cost(visit, path)
    stage.carry_out(run, refuse=1)
    counted["by student"] = cost(visit, f"runs/{run.pk}/", by="student")
    for path in (f"runs/{run.pk}/", "history/", "settings/", ""):
        counted[f"{path} after".replace(str(run.pk), "n")] = cost(visit, path)
    return counted


def cost(visit: object, path: str, **query: str) -> int:
    visit.page(path, **query)  # type: ignore[attr-defined]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        visit.page(path, **query)  # type: ignore[attr-defined]
    return len(queries)


@pytest.mark.parametrize(
    ("assignments", "students"),
    [(15, 30), pytest.param(200, 400, marks=pytest.mark.prove)],
)
def test_queries_are_constant(db: None, assignments: int, students: int):
    small = asked(5, 20, "small")
    assert asked(assignments, 20, "many-assignments") == small
    assert asked(5, students, "many-students") == small
    assert max(small.values()) <= 32, small


def test_the_first_view_weighs_less_than_100_kb(stage: Stage):
    course = stage.course
    course.chosen = {"course_grades": "periods"}
    course.save()
    stage.plan(with_course_grades(algebra()))
    page = gzip.compress(stage.visit().page().encode())
    assets = [STATIC / "qsync.css", STATIC / "qsync.js", *(STATIC / "vendor").glob("*.js")]
    weight = len(page) + sum(len(gzip.compress(one.read_bytes())) for one in assets)
    assert weight < 60_000


def test_a_course_of_60_assignments_and_180_students_is_told_in_40_kb(stage: Stage):
    stage.plan(room(60, 180))
    assert len(gzip.compress(stage.visit().page().encode())) < 40_000

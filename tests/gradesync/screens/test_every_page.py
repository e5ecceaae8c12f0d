"""Each page in each state is sound; smoke first, then what is in them."""

from __future__ import annotations

import re
from dataclasses import replace

from django.utils import timezone

from gradesync.catalogue import CATALOGUE
from gradesync.models import CourseSync
from tests.gradesync.screens.algebra import algebra
from tests.gradesync.screens.stage import Stage, room, text


def test_from_preview_to_result_and_history(stage: Stage):
    run = stage.plan(room())
    visit = stage.visit()
    page = text(visit.page(f"previews/{run.pk}/"))
    assert "Preview: what will change in Q" in page
    assert "Send 18 grades to Q" in page
    assert "This is the first sync of this course." in page
    for path in (f"previews/{run.pk}/rows.csv", "assignments.csv"):
        assert visit.page(path).startswith("\ufeff")
    stage.carry_out(run, refuse=2, leave=1)
    page = text(visit.page(f"runs/{run.pk}/"))
    assert "15 of 18 grades are in Q" in page
    assert "this student left the class on 19 November" in page
    assert "Retry 3 failed" in page
    page = text(visit.page("history/"))
    assert "3 failed" in page
    page = text(visit.page("history/", q="quiz"))
    assert "15 grades found" in page
    assert visit.page("history.csv").count("\r\n") == 16
    page = text(visit.page("history/grade/", item="assignment:1", student="s2"))
    assert "Sent and confirmed" in page
    assert "Q holds what Canvas says." in page
    page = text(visit.page("history/grade/", item="assignment:1", student="s0"))
    assert "Time ran out. What to do: Compare again, and send it then." in page
    for path in ("settings/", "help/", ""):
        visit.page(path)


def test_what_asks_for_an_answer_stands_first(stage: Stage):
    page = text(stage.visit().page(f"previews/{stage.plan(algebra()).pk}/"))
    rows = page[page.index("Student In Q now") :]
    first = "Homework 4.1: Graphing lines Homework 1 changed · 2 to decide Grace Okafor · Period 4"
    assert first in rows[: len(first) + 80]
    assert rows.index("Grace Okafor") < rows.index("Quiz 4.2: Slope and intercept")


def test_the_figures_of_a_result_add_up_to_every_grade(stage: Stage):
    run = stage.carry_out(stage.plan(algebra()), refuse=2, leave=1)
    page = text(stage.visit().page(f"runs/{run.pk}/"))
    figures = re.search(
        r"Sent and confirmed (\d+) Failed (\d+) Left out (\d+) Kept in Q (\d+) Waiting (\d+) "
        r"Unchanged (\d+)", page
    )  # fmt: skip
    assert figures
    cells = run.changes.filter(kind="result").exclude(reason="score.empty", action="same")
    assert sum(map(int, figures.groups())) == cells.count()


def test_one_grade_says_why_it_is_not_in_q_as_well(stage: Stage):
    made = room(assignments=1, students=2)
    made.submissions = [replace(one, posted_at=None) for one in made.submissions]
    stage.plan(made)
    asked = {"item": "assignment:1", "student": "s0"}
    page = text(stage.visit().page("history/grade/", **asked))
    assert CATALOGUE["score.hidden"].sentence in page
    assert f"What to do: {CATALOGUE['score.hidden'].remedy}" in page
    assert "Sent and confirmed" not in page
    nameless = stage.plan(made).changes.get(kind="result", person="s0")
    nameless.after = nameless.after.replace('"is_nameless":false', '"is_nameless":true')
    nameless.save()
    assert stage.visit().get("history/grade/", **asked).status_code == 404


def test_the_settings_say_that_automatic_sync_waits_for_the_first_one(stage: Stage):
    told = "Automatic sync begins after the first sync of this course"
    visit = stage.visit()
    assert told in text(visit.page("settings/"))
    CourseSync.objects.update(first_sent_at=timezone.now())
    assert told not in text(visit.page("settings/"))

"""An evaluation tells which line items of Q the first sync would take over; and it does."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from integration import tasks
from integration.actions import evaluate_now
from integration.models import Change, District, Run
from tests.gradesync.shell.course import CLASS, DUE, Course
from tests.integration.account.visiting import installed, visit
from tests.integration.conftest import SLUG
from tests.integration.provisioning.records import ref

pytestmark = pytest.mark.django_db(transaction=True)


def by_hand(course: Course, sourced_id: str, title: str, **fields: Any) -> None:
    """A teacher, or another vendor, has made it in Q."""
    record = {
        "sourcedId": sourced_id, "status": "active", "title": title, "description": title,
        "assignDate": "2026-11-01T00:00:00.000Z", "dueDate": DUE, "class": ref(CLASS, "class"),
        "category": ref("C-Tests", "category"), "gradingPeriod": ref("GP1", "academicSession"),
        "resultValueMin": 0, "resultValueMax": 20, "metadata": {"vendor": "another"},
    }  # fmt: skip
    course.edit("lineItems", record, **fields)


@pytest.fixture
def gradebook(course: Course) -> Course:
    """One fits an assignment, two fit another one, one fits by its title and not by its day."""
    for name in ("Essay", "Quiz", "Poem"):
        course.make(name)
    by_hand(course, "hand-1", " essay ")
    by_hand(course, "hand-2", "Quiz")
    by_hand(course, "hand-3", "Quiz")
    by_hand(course, "hand-4", "Poem", dueDate="2026-11-25T07:59:59Z")
    by_hand(course, "hand-5", "Field trip")
    by_hand(course, "hand-6", "Essay", status="tobedeleted")
    course.forget()
    return course


def test_what_fits_is_told_with_samples_and_as_csv_and_nothing_is_written(
    gradebook, manage, tmp_path
):
    code, answer = manage("evaluate", SLUG, "--output", str(tmp_path))
    assert (code, answer["state"]) == (0, "done"), answer
    assert answer["counts"]["lineItems"] == {"q": 5, "adopts": 1, "unclear": 1}
    told = {one["code"]: one["reason"] for one in answer["findings"] if one["kind"] == "lineItems"}
    assert told == {
        "evaluation.know.adoptable": (
            "1 line item of Q fits one assignment of Canvas, by title and day."
        ),
        "evaluation.decide.unclear": (
            "1 assignment of Canvas fits several line items of Q, or shares one."
        ),
    }
    text = (tmp_path / "evaluation.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    fitting = {one["verdict"]: one for one in rows if one["kind"] == "lineItems"}
    assert (fitting["adopts"]["q_id"], fitting["adopts"]["name"]) == ("hand-1", "essay (class K1)")
    assert "the assignment “Essay” of the course K1 alone" in fitting["adopts"]["evidence"]
    assert fitting["unclear"]["q_id"] in ("hand-2", "hand-3")
    assert gradebook.writes() == {}

    # And so it comes: the first sync makes no second essay, and links by id.
    before = {one["sourcedId"] for one in gradebook.in_q("lineItems")}
    student = gradebook.canvas("GET", f"sections/{gradebook.section_id}/enrollments")[0]
    essay = next(one for one in gradebook.in_canvas("GET", "assignments") if one["name"] == "Essay")
    gradebook.grade(str(essay["id"]), student["sis_user_id"], 17)
    groups = gradebook.in_canvas("GET", "assignment_groups")
    gradebook.in_canvas("PUT", f"assignment_groups/{groups[0]['id']}", name="Tests")
    manage("sync_grades", SLUG, "--course", gradebook.canvas_id)
    now = {one["sourcedId"]: one["title"] for one in gradebook.in_q("lineItems")}
    assert [one for one in now.values() if one.strip().casefold() == "essay"] == [now["hand-1"]]
    assert before <= now.keys()
    # What is linked is ours now, and no line of the next evaluation.
    counts = manage("evaluate", SLUG)[1]["counts"]["lineItems"]
    assert counts.get("adopts", 0) == 0


def test_the_page_shows_them_beside_what_to_know(gradebook):
    district = District.objects.get()
    run = evaluate_now(district, by="Dana")
    tasks.advance_run(run.pk)
    assert Run.objects.get(pk=run.pk).state == Run.State.DONE
    admin = visit(installed(district))
    page = admin.page("evaluation/")
    assert "1 line item of Q fits one assignment of Canvas" in page
    lines = admin.page(f"runs/{run.pk}/changes/", kind="lineItems")
    assert "essay (class K1)" in lines
    assert "Takes over" in lines
    assert Change.objects.filter(run=run, kind="lineItems").count() == 2


def test_a_q_without_a_gradebook_leaves_the_rest_of_the_evaluation_as_it_is(course, manage):
    asked = {"match": {"path": "/lineItems"}, "do": {"status": 403}}
    course.control("q", "POST", "faults", asked)
    code, answer = manage("evaluate", SLUG)
    assert (code, answer["state"]) == (0, "done")
    assert "lineItems" not in answer["counts"]
    (told,) = (one for one in answer["findings"] if one["kind"] == "lineItems")
    assert told["code"] == "evaluation.know.not-read"
    assert told["reason"].startswith("The line items could not be looked at:")

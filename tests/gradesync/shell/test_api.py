"""A program previews, reads and pushes a course's grades, and takes them back, over the API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration.models import District
from tests.integration.api.program import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_course_is_previewed_pushed_once_and_taken_back(course):
    essay, secret = course.make("Essay"), course.make("Secret", anonymous_grading=True)
    for number, score in enumerate((10, 11, 12)):
        course.grade(essay, f"P1-{number}", score)
    course.grade(secret, "P1-0", 5)
    program = Program(District.objects.get())
    at = f"courses/{course.canvas_id}/"
    assert program.ask(at).status_code == 404
    assert program.post("courses/", {"canvas_id": course.canvas_id}).status_code == 200

    preview = program.done(f"{at}previews/", {})
    assert preview["state"] == "held"
    shown = program.get(f"{at}previews/{preview['id']}/")
    assert (shown["is_waiting"], shown["review"]["why"]) == (True, "first-sync")
    cells = program.get(shown["cells_url"])["results"]
    scores = {one["canvas"]["score"] for one in cells if one["action"] == "new"}
    assert {"10", "11", "12"} <= scores
    assert {one["name"] for one in cells if one["title"] == "Secret"} == {""}
    assert {one["student_id"] for one in cells if one["title"] == "Secret"} == {""}

    refused = program.post(f"{at}pushes/", {"preview": preview["id"], "digest": "another"})
    assert (refused.status_code, refused.json()["code"]) == (409, "grades.plan-refused")
    wish = {"preview": preview["id"], "digest": preview["digest"]}
    sent = program.done(f"{at}pushes/", wish)
    assert sent["state"] == "done"
    assert course.scores()["Essay", "P1-0"] == ("fully graded", Decimal(10))
    course.forget()
    assert program.done(f"{at}pushes/", wish)["id"] == sent["id"]
    assert not course.writes()
    assert [one["id"] for one in program.get(f"{at}pushes/")["results"]] == [sent["id"]]
    assert program.get(at)["plan"]["run"]["id"] == sent["id"]

    (cell,) = (one for one in cells if one["canvas"] and one["canvas"]["score"] == "11")
    told = program.get("explain/", kind="results", sourced_id=cell["sourced_id"])
    assert told["steps"]

    undo = program.done(f"runs/{sent['id']}/undo-preview/", {})
    wish = {"digest": undo["digest"], "reason": "the wrong course"}
    assert program.done(f"runs/{sent['id']}/undo/", wish)["state"] == "done"
    assert not course.scores()

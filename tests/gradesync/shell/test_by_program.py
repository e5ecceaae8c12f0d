"""A program chooses at a conflict, tries again what failed, reads back, and reads receipts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from gradesync.tasks import advance_sync
from integration.models import District
from tests.integration.api.conftest import token_of


@pytest.fixture
def ask(course) -> Callable[..., Any]:
    """GET, or with a body POST, below the course; what was begun is worked off."""
    headers = {"Authorization": f"Bearer {token_of(District.objects.get())}"}

    def run(path: str, body: Any = None, **query: Any) -> Any:
        at = f"/api/v1/districts/lakeside/courses/{course.canvas_id}/{path}"
        if body is None:
            return Client().get(at, query, headers=headers).json()
        answer = Client().post(at, body, content_type="application/json", headers=headers)
        told = answer.json()
        if answer.status_code == 202:
            advance_sync(told["id"])
        return told

    return run


@pytest.fixture
def essay(course, sync) -> str:
    made = str(course.make("Essay"))
    for student, score in (("P1-0", 10), ("P1-1", 11)):
        course.grade(made, student, score)
    assert sync()[0] == 0
    return made


@pytest.mark.django_db(transaction=True)
def test_a_program_chooses_at_a_conflict_and_sends_that(course, essay, ask):
    course.grade(essay, "P1-0", 15)
    course.edit("results", course.result("Essay", "P1-0"), score=4)
    preview = ask("previews/", {})
    shown = ask(f"previews/{preview['id']}/")["run"]
    (cell,) = ask(f"runs/{preview['id']}/cells/", action="conflict")["results"]
    assert (cell["can_choose"], cell["q"]["score"], cell["canvas"]["score"]) == (True, "4", "15")
    path = f"runs/{preview['id']}/choices/"
    stale = ask(path, {"digest": "x", "choice": "send-canvas"})
    assert stale["code"] == "grades.plan-refused"
    wish = {"digest": shown["digest"], "choice": "send-canvas", "keys": [cell["key"]]}
    chosen = ask(path, wish)
    assert chosen["digest"] != shown["digest"]
    ask("pushes/", {"preview": preview["id"], "digest": chosen["digest"]})
    assert course.scores()["Essay", "P1-0"][1] == 15
    latest = ask("receipts/", student=cell["student_id"])["results"][0]
    assert (latest["before"]["score"], latest["value"]["score"]) == ("4", "15")
    assert ask("checks/", {})["kind"] == "grades check"


@pytest.mark.django_db(transaction=True)
def test_a_program_tries_again_what_failed_and_nothing_else(course, essay, ask, q_quirks):
    for student in ("P1-0", "P1-1"):
        course.grade(essay, student, 17)
    q_quirks(result_refused={"status": 422, "text": "shut", "students": ["P1-1"]})
    preview = ask("previews/", {})
    digest = ask(f"previews/{preview['id']}/")["run"]["digest"]
    ask("pushes/", {"preview": preview["id"], "digest": digest})
    q_quirks(result_refused=False)
    again = ask(f"runs/{preview['id']}/retries/", {})
    shown = ask(f"previews/{again['id']}/")
    assert shown["review"]["changed"] == 1
    ask("pushes/", {"preview": again["id"], "digest": shown["run"]["digest"]})
    assert course.scores()["Essay", "P1-1"][1] == 17
    assert ask(f"runs/{again['id']}/retries/", {})["code"] == "grades.nothing-to-retry"

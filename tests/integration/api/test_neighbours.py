"""Nothing of one district is seen, found or begun with the token of another (S43, S44)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ

from gradesync.models import CourseSync, SyncRun
from integration.api.schema import document
from integration.models import AuditEvent, ConnectionCheck, District, Finding, Run
from lti.audience import Audience
from tests.integration.api.conftest import token_of
from tests.lti.test_web import views

# What would be a good request, for those that take a body.
BODIES: dict[str, dict[str, Any]] = {
    "runs/": {"plan_only": False},
    "drift/": {"repair": True},
    "approvals/": {"digest": "d" * 64},
    "declines/": {"digest": "d" * 64},
    "discard/": {"digest": "d" * 64},
    "undo/": {"digest": "d" * 64},
    "courses/": {"canvas_id": "5"},
    "pushes/": {"digest": "d" * 64},
    "choices/": {"digest": "d" * 64, "choice": "keep-q"},
}


def routes() -> Iterator[tuple[str, Any]]:
    """Every address below a district."""
    for route, view in views():
        if "<slug:district>" in route:
            yield f"/{route}", view.view_class


def asked(path: str, view: Any, secret: str, theirs: Run) -> Iterator[Any]:
    """The answers to everything that can be done at an address."""
    headers = {"Authorization": f"Bearer {secret}"}
    if hasattr(view, "get"):
        query = {"kind": "users", "sourced_id": "U1"} if "explain" in path else {}
        yield Client().get(path, query, headers=headers)
    if hasattr(view, "post"):
        body = next((body for end, body in BODIES.items() if path.endswith(end)), {})
        body = body | {"preview": theirs.pk} if path.endswith("pushes/") else body
        yield Client().post(path, body, content_type="application/json", headers=headers)


@pytest.fixture
def theirs(hillside: District) -> Run:
    """A plan of the neighbour that waits for a person, and more of theirs."""
    run = Run.objects.create(
        district=hillside, kind="provisioning", state=Run.State.HELD, plan_digest="d" * 64
    )
    ConnectionCheck.objects.create(district=hillside, by="Nils")
    Finding.objects.create(run=run, kind="users", code="x", reason="Nils’s secret", remedy="y")
    AuditEvent.objects.create(district="hillside", actor="Nils", action="secret")
    SyncRun.objects.create(
        run=run, course=CourseSync.objects.create(district=hillside, canvas_id="5", name="Nils")
    )
    return run


def test_a_token_finds_nothing_of_another_district_at_any_address(lakeside, theirs):
    secret = token_of(lakeside)
    CourseSync.objects.create(district=lakeside, canvas_id="6")
    check = str(ConnectionCheck.objects.get().pk)
    before = list(Run.objects.values())
    number = 0
    tried = set()
    for (route, view), (slug, course) in product(
        routes(), (("hillside", 5), ("lakeside", 5), ("lakeside", 6))
    ):
        # Ours: what names a run or a course of theirs.
        if slug == "lakeside" and not is_about_theirs(route, course):
            continue
        path = route.replace("<slug:district>", slug).replace("<int:course>", str(course))
        path = path.replace("<int:run>", str(theirs.pk)).replace("<int:check>", check)
        for answer in asked(path, view, secret, theirs):
            number += 1
            tried.add(
                (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"{route}"), answer.request["REQUEST_METHOD"])
            )
            assert answer.status_code == 404, (path, answer.content)
            assert "Nils" not in answer.content.decode()
    assert number > 50
    # Whatever the document names was asked: a new operation cannot be left out.
    assert tried == {
        (path, method.upper())
        for path, methods in document()["paths"].items()
        for method in methods
        if "{district}" in path
    }
    assert list(Run.objects.values()) == before
    assert not OrmQ.objects.exists()


def is_about_theirs(route: str, course: int) -> bool:
    if "<int:course>" in route:
        return course == 5 or "<int:run>" in route
    return "<int:" in route and course == 5


def test_a_preview_of_another_course_is_not_pushed_from_ours(lakeside, theirs, ask):
    CourseSync.objects.create(district=lakeside, canvas_id="6")
    body = {"preview": theirs.pk, "digest": "d" * 64}
    assert ask("courses/6/pushes/", body).status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == Run.State.HELD


def test_lists_hold_what_is_the_tokens_district_and_nothing_else(lakeside, theirs, ask):
    (district,) = ask("/api/v1/districts/").json()["results"]
    assert district["slug"] == "lakeside"
    for path in ("runs/", "plans/"):
        assert ask(path).json()["results"] == []
    assert ask().json()["waiting"] == []
    assert "Nils" not in ask("history/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/districts/lakeside/runs/99999999999999999999999/",
        "/api/v1/districts/lakeside/runs/-1/",
        "/api/v1/districts/lakeside/runs/0/",
        "/api/v1/districts/lakeside/runs/1%00/",
        "/api/v1/districts/lake%2Fside/runs/",
        "/api/v1/districts/nowhere/",
        "/api/v1/",
        "/api/nothing/here",
        "/api/v1/districts/lake%0Aside/",
    ],
)
def test_what_is_not_there_is_said_in_the_documented_shape(path, ask):
    answer = ask(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"code", "message", "remedy", "fields"}


def test_every_operation_says_that_it_is_for_machines_and_which_right_it_needs():
    for route, view in routes():
        assert view.as_view().audience == Audience("machine"), route
        for method in ("get", "post"):
            handler = getattr(view, method, None)
            assert handler is None or handler.right, route

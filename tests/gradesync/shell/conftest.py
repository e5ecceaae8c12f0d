"""A course between a local Canvas, where a teacher grades, and a local Q, where one looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from gradesync.models import CourseSync
from integration.models import District, QConnection
from integration.oneroster.gradebook import ObjectKind, OneRosterGradebook, Written
from tests.gradesync.oneroster_schema import check
from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.integration.conftest import (  # noqa: F401  # fixtures
    SLUG,
    change_q,
    connect,
    hurried,
    manage,
    origin,
    provision,
    q_holds,
    sandbox,
    sandboxes,
)
from tests.integration.provisioning.records import small_district

# What this local Q has been seen to do, as an admin would say it.
PROFILE = {"deletes_results": True, "deletes_line_items": True}


@pytest.fixture
def profile() -> dict[str, Any]:
    return PROFILE


@pytest.fixture
def students() -> int:
    return 3


@pytest.fixture
def roster(students) -> dict[str, Any]:
    return small_district(students=students) | gradebook_of()


@pytest.fixture
def policy_words() -> tuple[str, ...]:
    """What is chosen with `manage.py policy` before the first provisioning."""
    return ()


@pytest.fixture
def course(
    connect,  # noqa: F811
    provision,  # noqa: F811
    manage,  # noqa: F811
    q_holds,  # noqa: F811
    sandbox,  # noqa: F811
    roster,
    profile,
    policy_words,
) -> Course:
    """A provisioned course of one class, with a gradebook in Q and nothing graded."""
    q_holds(roster)
    connect()
    if policy_words:
        assert manage("policy", SLUG, *policy_words)[0] == 0
    code, answer = provision()
    assert code == 0, answer
    QConnection.objects.update(profile=profile)
    found = Course(sandbox, CLASS)
    found.publish()
    found.forget()
    return found


@pytest.fixture(autouse=True)
def payloads(monkeypatch) -> Iterator[list[tuple[str, Any]]]:
    """Whatever a test sends is OneRoster 1.1, by a schema that is not ours."""
    sent: list[tuple[str, Any]] = []
    put = OneRosterGradebook.put

    def noted(self: OneRosterGradebook, kind: ObjectKind, sourced_id: str, body: bytes) -> Written:
        sent.append((kind, json.loads(body)))
        return put(self, kind, sourced_id, body)

    monkeypatch.setattr(OneRosterGradebook, "put", noted)
    yield sent
    for kind, body in sent:
        check(kind, body)


@pytest.fixture
def sync(manage, course) -> Callable[..., tuple[int, dict[str, Any]]]:  # noqa: F811
    """Run `sync_grades`; its exit code and its object."""
    return lambda *words: manage("sync_grades", SLUG, f"--course={course.canvas_id}", *words)


@pytest.fixture
def choose(course) -> Callable[..., None]:
    """What a teacher chose for the course."""

    def run(**chosen: Any) -> None:
        district = District.objects.get()
        CourseSync.objects.update_or_create(
            district=district, canvas_id=course.canvas_id, defaults={"chosen": chosen}
        )

    return run


@pytest.fixture
def q_fault(sandbox) -> Iterator[Callable[..., None]]:  # noqa: F811
    """Let Q misbehave; gone again after the test."""
    url = f"{origin(sandbox.q.url)}/sandbox/faults"

    def run(match: dict[str, Any], **do: Any) -> str:
        answer = requests.post(url, json={"match": match, "do": do}, timeout=30)
        answer.raise_for_status()
        return f"{url}/{answer.json()['id']}"

    yield run
    requests.delete(url, timeout=30).raise_for_status()


@pytest.fixture
def q_quirks(sandbox) -> Iterator[Callable[..., None]]:  # noqa: F811
    """Let Q be another provider; the plain one again after the test."""
    url = f"{origin(sandbox.q.url)}/sandbox/quirks"

    def run(**quirks: Any) -> None:
        named = {name.replace("_", "-"): value for name, value in quirks.items()}
        requests.post(url, json=named, timeout=30).raise_for_status()

    yield run
    requests.delete(url, timeout=30).raise_for_status()

"""A teacher's course in the local Canvas, the workers that serve it, and what its pages say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from playwright.sync_api import FrameLocator, Locator, expect

from tests.contracts.lti_tool import Platform
from tests.gradesync.shell.course import Course
from tests.journeys.servers import Product
from tests.sandbox_process import ROOT, Sandbox

# For what a worker does, in milliseconds.
PATIENCE = 60_000
# Points of work, and scores that nothing else in a log looks like: none may stand there (S82).
POINTS = 20_000
FIRST, SECOND, IN_Q = 17361.82, 18472.93, 13158.64
PROFILE = (
    "from integration.models import QConnection;"
    "QConnection.objects.update(profile={'deletes_results': True, 'deletes_line_items': True})"
)


@contextmanager
def workers(product: Product) -> Iterator[None]:
    """The product's own workers."""
    command = [sys.executable, "manage.py", "qcluster"]
    with (
        product.log.open("ab") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=product.environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def course_of(sandbox: Sandbox, platform: Platform) -> Course:
    """The course that the platform's teachers teach, published."""
    course_id = platform.people["teacher"]["where"].rpartition("/")[2]
    token = {"Authorization": f"Bearer {sandbox.canvas.token}"}
    url = f"{sandbox.canvas.url}/api/v1/courses/{course_id}/sections"
    sections = requests.get(url, headers=token, timeout=30).json()
    class_id = next(one["sis_section_id"] for one in sections if one["sis_section_id"])
    found = Course(sandbox, class_id)
    assert found.canvas_id == course_id
    found.publish()
    return found


def fill_up(course: Course, count: int) -> None:
    """Students of elsewhere join the class, in Q and in Canvas, until there are so many."""
    here = set(students_of(course))
    users = course.canvas("GET", "accounts/1/users?per_page=100")
    sis_ids = [str(one["sis_user_id"]) for one in users if one.get("sis_user_id")]
    known = course.q("GET", "students?limit=1000").json()["users"]
    people = {one["sourcedId"] for one in known} & set(sis_ids) - here
    class_ = course.q("GET", f"classes/{course.class_id}").json()["class"]
    for who in sorted(people)[: max(0, count - len(here))]:
        enrollment = {
            "sourcedId": f"more-{who}", "status": "active", "role": "student",
            "dateLastModified": "2026-11-01T00:00:00.000Z",
            "user": {"sourcedId": who, "type": "user"},
            "class": {"sourcedId": course.class_id, "type": "class"}, "school": class_["school"],
        }  # fmt: skip
        course.control("q", "POST", "records", {"upsert": {"enrollments": [enrollment]}})
        asked = {"user_id": f"sis_user_id:{who}", "type": "StudentEnrollment",
                 "enrollment_state": "active"}  # fmt: skip
        path = f"sections/{course.section_id}/enrollments"
        course.canvas("POST", path, enrollment=asked)


def students_of(course: Course) -> list[str]:
    """SIS IDs of those in the section."""
    path = f"sections/{course.section_id}/enrollments?type[]=StudentEnrollment&per_page=50"
    return sorted(str(one["sis_user_id"]) for one in course.canvas("GET", path))


def group_of(course: Course, name: str) -> int:
    """An assignment group, made where there is none of this name."""
    known = {one["name"]: one["id"] for one in course.in_canvas("GET", "assignment_groups")}
    if name not in known:
        known[name] = course.in_canvas("POST", "assignment_groups", name=name)["id"]
    return int(known[name])


def ready(tool: FrameLocator, words: str) -> None:
    """The page says so by itself, once Canvas and Q were compared."""
    shown(tool, tool.locator("#ready"), words)


def ended(tool: FrameLocator, words: str) -> None:
    shown(tool, tool.get_by_role("heading", level=1), words)


def shown(tool: FrameLocator, where: Locator, words: str) -> None:
    try:
        expect(where).to_contain_text(words, timeout=PATIENCE)
    except AssertionError as error:
        error.add_note(tool.locator("main").inner_text())
        raise


def settled(tool: FrameLocator) -> None:
    """Nothing is being compared any more."""
    expect(tool.locator("#grades:not([hx-get])")).to_be_visible(timeout=PATIENCE)


def synced(tool: FrameLocator, count: int) -> None:
    """Send what is ready by way of the preview, whatever else the course waits for."""
    words = "1 grade" if count == 1 else f"{count} grades"
    ready(tool, f"{words} ready to send")
    tool.get_by_role("link", name="Preview changes").click()
    tool.get_by_role("button", name=f"Send {words} to Q").click()
    ended(tool, f"{count} of {count} grade")


def fault(course: Course, match: dict[str, Any], do: dict[str, Any]) -> int:
    """Something that happens to requests to Q; its number."""
    answer = course.control("q", "POST", "faults", {"match": match, "do": do})
    return int(answer.json()["id"])

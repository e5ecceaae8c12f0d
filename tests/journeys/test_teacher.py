"""A teacher's walk through the local Canvas: from the first look to synced, and back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from playwright.sync_api import FrameLocator, expect

from tests.gradesync.shell.course import Course
from tests.journeys.servers import Product
from tests.journeys.walking import Walk, heading
from tests.sandbox_process import ROOT, Sandbox

# Each is a round through a browser, two servers and a worker.
pytestmark = pytest.mark.prove
PATIENCE = 60_000
PROFILE = (
    "from integration.models import QConnection;"
    "QConnection.objects.update(profile={'deletes_results': True, 'deletes_line_items': True})"
)


@contextmanager
def worker(product: Product) -> Iterator[None]:
    """The product's own workers."""
    command = [sys.executable, "manage.py", "qcluster"]
    with subprocess.Popen(command, cwd=ROOT, env=product.environment) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def course(sandbox: Sandbox, product: Product, platform: Any) -> Iterator[Course]:
    """The teacher's course, published, and the workers that serve it."""
    course_id = platform.people["teacher"]["where"].rpartition("/")[2]
    token = {"Authorization": f"Bearer {sandbox.canvas.token}"}
    url = f"{sandbox.canvas.url}/api/v1/courses/{course_id}/sections"
    sections = requests.get(url, headers=token, timeout=30).json()
    class_id = next(one["sis_section_id"] for one in sections if one["sis_section_id"])
    found = Course(sandbox, class_id)
    assert found.canvas_id == course_id
    found.publish()
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", PROFILE],
        cwd=ROOT, env=os.environ | product.environment, check=True, capture_output=True,
    )  # fmt: skip
    with worker(product):
        yield found


@pytest.fixture
def tool(default_walk: Walk, course: Course) -> FrameLocator:
    default_walk.act_as("teacher")
    return default_walk.open("Q Grade Sync")


def student_of(course: Course) -> str:
    """The SIS ID of somebody in the section."""
    path = f"sections/{course.section_id}/enrollments?type[]=StudentEnrollment&per_page=5"
    return str(course.canvas("GET", path)[0]["sis_user_id"])


def ready(tool: FrameLocator, words: str) -> None:
    """The page says so by itself, once Canvas and Q were compared."""
    try:
        expect(tool.locator("#ready")).to_contain_text(words, timeout=PATIENCE)
    except AssertionError as error:
        error.add_note(tool.locator("main").inner_text())
        raise


def ended(tool: FrameLocator, words: str) -> None:
    expect(tool.get_by_role("heading", level=1)).to_contain_text(words, timeout=PATIENCE)


def test_from_the_first_look_to_synced_and_back(default_walk: Walk, course: Course):
    student = student_of(course)
    tests = course.in_canvas("POST", "assignment_groups", name="Tests")["id"]
    warm_ups = course.in_canvas("POST", "assignment_groups", name="Warm-ups")["id"]
    essay = course.make("Essay", assignment_group_id=tests)
    warm = course.make("Warm-up", assignment_group_id=warm_ups)
    for work in (essay, warm):
        course.grade(work, student, 15)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    # First use: it is read in the background, and the page fills itself in.
    ready(tool, "1 grade ready to send to Q")
    expect(tool.get_by_text("First time here")).to_be_visible()
    # A group without a category: chosen beside the row, and unblocked without a new page.
    expect(tool.get_by_text("Q has no category for the group “Warm-ups”")).to_be_visible()
    tool.get_by_label("Use this Q category for all “Warm-ups”").select_option("Projects")
    tool.get_by_role("button", name="Save and unblock").click()
    expect(tool.get_by_text("Saved. Q is compared again")).to_be_visible()
    ready(tool, "2 grades ready to send to Q")
    # The first sync goes by way of the preview: three clicks.
    tool.get_by_role("link", name="Review, then sync").click()
    heading(tool, "Preview: what will change in Q")
    tool.get_by_role("button", name="Send 2 grades to Q").click()
    ended(tool, "2 of 2 grades are in Q")
    assert set(course.scores()) == {("Essay", student), ("Warm-up", student)}
    # The ordinary case: the page compares by itself, and two clicks lead to synced.
    course.grade(essay, student, 16)
    clicks = default_walk.count_clicks()
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "1 grade ready to send to Q")
    tool.get_by_role("button", name="Sync 1 grade").click()
    ended(tool, "1 of 1 grade is in Q")
    assert len(clicks) == 2
    assert course.scores()["Essay", student][1] == 16
    # Somebody changes it in Q: it stays, until the teacher says otherwise.
    course.edit("results", course.result("Essay", student), score=3)
    course.grade(essay, student, 17)
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "Nothing is ready to send")
    tool.get_by_role("link", name="Decide", exact=True).click()
    tool.get_by_label("Send Canvas: 17").check()
    expect(tool.locator("[data-count]")).to_have_text("1")
    default_walk.look("preview-in-canvas")
    tool.locator("#send button.p").click()
    ended(tool, "1 of 1 grade is in Q")
    assert course.scores()["Essay", student][1] == 17
    # And back: what Q held before is shown first.
    tool.get_by_role("link", name="Undo this sync").click()
    tool.get_by_role("button", name="Show what Q gets back").click()
    heading(tool, "Undo: what Q gets back")
    tool.get_by_role("button", name="Undo now").click()
    ended(tool, "1 of 1 grade was taken back")
    assert course.scores()["Essay", student][1] == 3


def test_what_q_refused_is_retried_and_nothing_else(default_walk: Walk, course: Course):
    student = student_of(course)
    groups = {one["name"]: one["id"] for one in course.in_canvas("GET", "assignment_groups")}
    poem, song = (course.make(one, assignment_group_id=groups["Tests"]) for one in ("Poem", "Song"))
    for work in (poem, song):
        course.grade(work, student, 11)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    expect(tool.get_by_text("Poem").first).to_be_visible(timeout=PATIENCE)
    tool.get_by_role("link", name="Preview changes").click()
    asked = {"match": {"path": "/results/", "method": "PUT", "times": 1},
             "do": {"status": 422, "apply": False}}  # fmt: skip
    course.control("q", "POST", "faults", asked)
    tool.locator("#send button.p").click()
    expect(tool.get_by_role("button", name="Retry 1 failed")).to_be_visible(timeout=PATIENCE)
    default_walk.look("result-in-canvas")
    course.forget()
    tool.get_by_role("button", name="Retry 1 failed").click()
    heading(tool, "Preview: what will change in Q")
    tool.get_by_role("button", name="Send 1 grade to Q").click()
    ended(tool, "1 of 1 grade is in Q")
    assert course.writes() == {"PUT results": 1}


def test_by_keyboard_alone_the_focus_stays_where_the_hands_are(
    tool: FrameLocator, default_walk: Walk
):
    switch = tool.get_by_role("switch", name="Sync Essay")
    switch.focus()
    default_walk.page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "false", timeout=PATIENCE)
    expect(switch).to_be_visible()
    default_walk.page.keyboard.press("Tab")
    tool.get_by_role("switch", name="Sync Essay").focus()
    default_walk.page.keyboard.press("Enter")
    expect(switch).to_have_attribute("aria-checked", "true", timeout=PATIENCE)


def test_automatic_sync_is_switched_on_for_the_nights(tool: FrameLocator):
    tool.get_by_role("link", name="Course settings").click()
    heading(tool, "Course settings")
    tool.get_by_label("When", exact=True).select_option("nightly")
    tool.get_by_label("At night, at").fill("23:30")
    tool.get_by_role("button", name="Save settings").click()
    expect(tool.get_by_text("The settings were saved.")).to_be_focused()
    tool.get_by_role("link", name="Grades", exact=True).click()
    expect(tool.get_by_text("every night at 11:30 PM")).to_be_visible()

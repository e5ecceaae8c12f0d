"""A sync that somebody stops, and two teachers of one course at the same moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.contracts.lti_tool import Platform
from tests.gradesync.shell.course import Course
from tests.journeys.servers import Product
from tests.journeys.teaching import (
    ended,
    fault,
    group_of,
    ready,
    settled,
    shown,
    students_of,
    synced,
)
from tests.journeys.walking import Walk, heading

pytestmark = pytest.mark.prove
SCORES = {"path": "/results/", "method": "PUT"}


@pytest.fixture
def other_walk(
    browsers: dict[str, BrowserContext], platform: Platform, product: Product
) -> Iterator[Walk]:
    """A second person's browser."""
    context = browsers["allowed"]
    context.clear_cookies()
    walking = Walk(context, platform, product)
    yield walking
    walking.end()


def test_a_sync_is_stopped_says_what_was_sent_and_goes_on(default_walk: Walk, course: Course):
    students = students_of(course)
    work = course.make("Fugue", assignment_group_id=group_of(course, "Tests"))
    for student in students:
        course.grade(work, student, 13)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    ready(tool, f"{len(students)} grades ready to send")
    tool.get_by_role("link", name="Preview changes").click()
    # Three of them pass; the next ones are under way until Q is let go.
    number = fault(course, SCORES | {"after": 3}, {"hold": True})
    tool.get_by_role("button", name=f"Send {len(students)} grades to Q").click()
    course.control("q", "POST", f"faults/{number}/wait", {"holding": 1, "seconds": 60})
    tool.get_by_role("button", name="Stop").click()
    expect(tool.locator(".note[data-focus]")).to_contain_text("It stops as soon as")
    expect(tool.locator(".note[data-focus]")).to_be_focused()
    default_walk.look("stopping-in-canvas")
    course.control("q", "POST", f"faults/{number}/release", {})
    ended(tool, "Stopped")
    sent = len([one for one in course.scores() if one[0] == "Fugue"])
    assert 3 <= sent < len(students)
    figures = tool.locator(".figs").inner_text().split("\n")
    told = dict(zip(figures[::2], figures[1::2], strict=True))
    assert told["Sent and confirmed"] == str(sent)
    assert told["Left out"] == str(len(students) - sent)
    default_walk.look("stopped-in-canvas")
    # The rest is offered from here.
    left = len(students) - sent
    tool.get_by_role("button", name=f"Send the other {left}").click()
    tool.locator("#send button.p").click()
    ended(tool, f"{left} of {left} grade")
    assert len([one for one in course.scores() if one[0] == "Fugue"]) == len(students)
    course.in_canvas("DELETE", f"assignments/{work}")


def test_two_teachers_press_at_once_and_one_sync_runs(
    default_walk: Walk, other_walk: Walk, course: Course
):
    student = students_of(course)[0]
    work = course.make("Duet", assignment_group_id=group_of(course, "Tests"))
    course.grade(work, student, 14)
    default_walk.act_as("teacher")
    other_walk.act_as("second-teacher")
    rosa = default_walk.open("Q Grade Sync")
    synced(rosa, 1)
    course.grade(work, student, 15)
    # Both look at the same grades.
    rosa, theo = default_walk.open("Q Grade Sync"), other_walk.open("Q Grade Sync")
    for one in (rosa, theo):
        ready(one, "1 grade ready to send")
        settled(one)
        one.get_by_role("link", name="Preview changes").click()
    course.forget()
    number = fault(course, SCORES, {"hold": True})
    rosa.get_by_role("button", name="Send 1 grade to Q").click()
    ended(rosa, "Sending grades to Q")
    theo.get_by_role("button", name="Send 1 grade to Q").click()
    # One run, and both see it.
    ended(theo, "Sending grades to Q")
    assert default_walk.frame().url.partition("?")[0] == other_walk.frame().url.partition("?")[0]
    course.control("q", "POST", f"faults/{number}/release", {})
    for one in (rosa, theo):
        ended(one, "1 of 1 grade is in Q")
    assert course.writes() == {"PUT results": 1}
    # A preview that the other one has overtaken is not sent, and the page says so.
    course.grade(work, student, 16)
    theo = other_walk.open("Q Grade Sync")
    ready(theo, "1 grade ready to send")
    settled(theo)
    theo.get_by_role("link", name="Preview changes").click()
    heading(theo, "Preview: what will change in Q")
    rosa = default_walk.open("Q Grade Sync")
    settled(rosa)
    synced(rosa, 1)
    course.forget()
    theo.get_by_role("button", name="Send 1 grade to Q").click()
    shown(theo, theo.locator(".note", has_text="Nothing was sent"), "out of date")
    assert course.writes() == {}
    assert course.scores()["Duet", student][1] == 16
    course.in_canvas("DELETE", f"assignments/{work}")

"""A teacher's walk through the local Canvas: from the first look to synced, and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.gradesync.shell.course import Course
from tests.journeys.servers import Product
from tests.journeys.teaching import (
    FIRST,
    IN_Q,
    PATIENCE,
    POINTS,
    SECOND,
    ended,
    fault,
    group_of,
    ready,
    settled,
    students_of,
    synced,
)
from tests.journeys.walking import Walk, heading

TONIGHT = """
from datetime import timedelta
from django.utils import timezone
from gradesync import automatic, tasks
from integration.bells import ring
for run in automatic.open_due(timezone.now() + timedelta(days=1)):
    ring(tasks.ADVANCE, run.pk, timeout=tasks.ADVANCE_TIMEOUT)
"""


def make(course: Course, name: str, group: str = "Tests") -> str:
    """Work worth as many points as the planted scores need."""
    return course.make(name, assignment_group_id=group_of(course, group), points_possible=POINTS)


def test_from_the_first_look_to_synced_and_then_in_two_clicks(default_walk: Walk, course: Course):
    student = students_of(course)[0]
    essay = make(course, "Essay")
    warm = make(course, "Warm-up", "Warm-ups")
    for work in (essay, warm):
        course.grade(work, student, FIRST)
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
    course.grade(essay, student, SECOND)
    clicks = default_walk.count_clicks()
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "1 grade ready to send to Q")
    tool.get_by_role("button", name="Sync 1 grade").click()
    ended(tool, "1 of 1 grade is in Q")
    assert len(clicks) == 2
    assert course.scores()["Essay", student][1] == Decimal(str(SECOND))


@pytest.mark.prove
def test_a_conflict_is_decided_both_ways_and_taken_back(default_walk: Walk, course: Course):
    first, second, *_ = students_of(course)
    debate = make(course, "Debate")
    for student in (first, second):
        course.grade(debate, student, FIRST)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    synced(tool, 2)
    # Somebody changes both in Q, and the teacher both in Canvas: Q's stay until somebody decides.
    for student in (first, second):
        course.edit("results", course.result("Debate", student), score=IN_Q)
        course.grade(debate, student, SECOND)
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "Nothing is ready to send")
    tool.get_by_role("link", name="Decide", exact=True).click()
    keep, send = tool.get_by_label(f"Keep Q: {IN_Q}"), tool.get_by_label(f"Send Canvas: {SECOND}")
    expect(keep).to_have_count(2)
    send.first.check()
    expect(tool.locator("[data-count]")).to_have_text("1")
    default_walk.look("preview-in-canvas")
    tool.locator("#send button.p").click()
    ended(tool, "1 of 1 grade is in Q")
    scores = [course.scores()["Debate", student][1] for student in (first, second)]
    assert sorted(scores) == [Decimal(str(one)) for one in (IN_Q, SECOND)]
    # What was decided is not asked again, as long as neither side changes it.
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "Q is up to date")
    tool.get_by_role("link", name="View result").click()
    # And back: what Q held before is shown first.
    tool.get_by_role("link", name="Undo this sync").click()
    tool.get_by_role("button", name="Show what Q gets back").click()
    heading(tool, "Undo: what Q gets back")
    tool.get_by_role("button", name="Undo now").click()
    ended(tool, "1 of 1 grade was taken back")
    assert {course.scores()["Debate", one][1] for one in (first, second)} == {Decimal(str(IN_Q))}
    course.in_canvas("DELETE", f"assignments/{debate}")


@pytest.mark.prove
def test_what_q_refused_is_retried_and_nothing_else(default_walk: Walk, course: Course):
    student = students_of(course)[0]
    poem, song = (make(course, name) for name in ("Poem", "Song"))
    for work in (poem, song):
        course.grade(work, student, FIRST)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    ready(tool, "2 grades ready to send")
    tool.get_by_role("link", name="Preview changes").click()
    fault(
        course,
        {"path": "/results/", "method": "PUT", "times": 1},
        {"status": 422, "apply": False, "body": {"error": f"No such score as {FIRST}"}},
    )
    tool.get_by_role("button", name="Send 2 grades to Q").click()
    expect(tool.get_by_role("button", name="Retry 1 failed")).to_be_visible(timeout=PATIENCE)
    default_walk.look("result-in-canvas")
    tool.get_by_role("link", name="By student").click()
    expect(tool.get_by_role("table", name="Result by student")).to_contain_text("1 failed")
    course.forget()
    tool.get_by_role("table", name="What did not reach Q").get_by_role("button").click()
    heading(tool, "Preview: what will change in Q")
    tool.get_by_role("button", name="Send 1 grade to Q").click()
    ended(tool, "1 of 1 grade is in Q")
    assert course.writes() == {"PUT results": 1}
    for work in (poem, song):
        course.in_canvas("DELETE", f"assignments/{work}")


OPEN_AND_GO_DOWN = """button => {
    button.click();
    button.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}));
}"""


@pytest.mark.prove
def test_by_keyboard_alone_the_focus_stays_where_the_hands_are(default_walk: Walk, course: Course):
    work = make(course, "Map")
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    keyboard = default_walk.page.keyboard
    switch = tool.get_by_role("switch", name="Sync Map")
    expect(switch).to_be_visible(timeout=PATIENCE)
    settled(tool)
    switch.focus()
    keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "false", timeout=PATIENCE)
    # Neither the answer nor the comparison that follows takes the focus away.
    expect(switch).to_be_focused()
    settled(tool)
    expect(switch).to_be_focused()
    keyboard.press("Enter")
    expect(switch).to_have_attribute("aria-checked", "true", timeout=PATIENCE)
    settled(tool)
    # The menu of a row: opened, walked through, left, and the focus is where it was.
    more = tool.get_by_role("button", name="More for Map")
    more.focus()
    keyboard.press("Enter")
    expect(tool.get_by_role("button", name="Sync only this").first).to_be_focused()
    keyboard.press("ArrowDown")
    expect(tool.locator(f"#m-{work}").get_by_role("link", name="Short title")).to_be_focused()
    keyboard.press("Escape")
    expect(more).to_be_focused()
    # The next key may come before the focus has gone into the menu.
    more.evaluate(OPEN_AND_GO_DOWN)
    expect(tool.locator(f"#m-{work}").get_by_role("link", name="Short title")).to_be_focused()
    keyboard.press("Escape")
    expect(more).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(tool.get_by_label("Short title for Q")).to_be_focused()
    keyboard.press("Control+A")
    keyboard.type("M1")
    keyboard.press("Enter")
    expect(tool.get_by_text("in Q: M1")).to_be_visible()
    course.in_canvas("DELETE", f"assignments/{work}")


@pytest.mark.prove
def test_automatic_sync_is_switched_on_and_the_night_sends_what_was_graded(
    default_walk: Walk, course: Course, product: Product, tool: FrameLocator
):
    student = students_of(course)[0]
    work = make(course, "Nocturne")
    course.grade(work, student, FIRST)
    tool = default_walk.open("Q Grade Sync")
    synced(tool, 1)
    tool.get_by_role("link", name="Course settings").click()
    heading(tool, "Course settings")
    tool.get_by_label("When", exact=True).select_option("nightly")
    tool.get_by_label("At night, at").fill("23:30")
    tool.get_by_role("button", name="Save settings").click()
    expect(tool.locator("[data-focus]", has_text="The settings were saved.")).to_be_focused()
    tool.get_by_role("link", name="Grades", exact=True).click()
    expect(tool.get_by_text("every night at 11:30 PM")).to_be_visible()
    course.grade(work, student, SECOND)
    product.shell(TONIGHT)
    tool.get_by_role("link", name="History").click()
    automatic = tool.get_by_role("row", name="Automatic").first
    for _ in range(30):
        if automatic.get_by_text("Confirmed").count():
            break
        default_walk.page.wait_for_timeout(1000)
        tool.get_by_role("link", name="History").click()
    expect(automatic.get_by_text("Confirmed")).to_be_visible()
    assert course.scores()["Nocturne", student][1] == Decimal(str(SECOND))
    tool.get_by_role("link", name="Course settings").click()
    tool.get_by_label("When", exact=True).select_option("off")
    tool.get_by_role("button", name="Save settings").click()
    course.in_canvas("DELETE", f"assignments/{work}")

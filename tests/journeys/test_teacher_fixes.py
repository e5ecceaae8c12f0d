"""Each kind of reason why something does not go, met on the page and cured there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.gradesync.shell.course import DUE, Course
from tests.journeys.servers import Product
from tests.journeys.teaching import (
    PATIENCE,
    PROFILE,
    group_of,
    settled,
    students_of,
    synced,
)
from tests.journeys.walking import Walk, heading

pytestmark = pytest.mark.prove
BASE = {"status": "active", "dateLastModified": "2026-11-01T00:00:00.000Z"}
SHORT_TITLES = PROFILE.replace("{'deletes_results'", "{'title_limit': 40, 'deletes_results'")


@pytest.fixture
def work(course: Course) -> Iterator[dict[str, str]]:
    """Assignments by name; gone again afterwards."""
    made: dict[str, str] = {}
    yield made
    for one in made.values():
        course.in_canvas("DELETE", f"assignments/{one}")


def make(course: Course, work: dict[str, str], name: str, group: str = "Tests", **fields: Any):
    """One that is graded for one student."""
    work[name] = course.make(name, assignment_group_id=group_of(course, group), **fields)
    course.grade(work[name], students_of(course)[0], 10)


def row(tool: FrameLocator, work: dict[str, str], name: str) -> Locator:
    return tool.locator(f"#a-{work[name]}")


def cured(tool: FrameLocator, work: dict[str, str], name: str, words: str, act: str) -> None:
    """The row says what is wrong; after the act beside it, it does not."""
    there = row(tool, work, name)
    expect(there).to_contain_text(words, timeout=PATIENCE)
    there.get_by_role("button", name=act).click()
    expect(tool.locator("#grades > .note")).to_contain_text("Saved.")
    expect(there).not_to_contain_text(words, timeout=PATIENCE)


def upsert(course: Course, collection: str, *records: dict[str, Any]) -> None:
    course.control(
        "q", "POST", "records", {"upsert": {collection: [BASE | one for one in records]}}
    )


def test_what_canvas_says_and_q_does_not_take_is_cured_beside_its_row(
    default_walk: Walk, course: Course, product: Product, work: dict[str, str]
):
    product.shell(SHORT_TITLES)
    student = students_of(course)[0]
    long = "A title that is rather longer than what Q keeps of one"
    make(course, work, "No category", "Labs")
    make(course, work, long)
    make(course, work, "Worthless", points_possible=0)
    make(course, work, "Undated", due_at=None)
    make(course, work, "Far away", due_at="2090-01-01T07:59:59Z")
    make(course, work, "Uncounted", omit_from_final_grade=True)
    work["Unpublished"] = course.make("Unpublished", published=False)
    make(course, work, "Solo")
    enrolled = course.canvas("GET", f"sections/{course.section_id}/enrollments?per_page=50")
    number = next(one["user_id"] for one in enrolled if one["sis_user_id"] == student)
    override = {"student_ids": [number], "title": "One", "due_at": DUE}
    path = f"assignments/{work['Solo']}"
    course.in_canvas("POST", f"{path}/overrides", assignment_override=override)
    course.change(work["Solo"], only_visible_to_overrides=True)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    tool.get_by_role("link", name="Course settings").click()
    heading(tool, "Course settings")
    tool.get_by_label("Work that does not count").select_option("skip")
    tool.get_by_label("Work assigned to single students").select_option("skip")
    tool.get_by_role("button", name="Save settings").click()
    tool = default_walk.open("Q Grade Sync")
    settled(tool)
    default_walk.look("blocked-in-canvas")
    cured(tool, work, "No category", "Q has no category", "Save and unblock")
    cured(tool, work, "Undated", "Q needs one", "Always use the day it was assigned")
    cured(tool, work, "Far away", "or choose here that the nearest", "Always send the nearest day")
    cured(tool, work, "Uncounted", "so it is not sent", "Send such work all the same")
    cured(tool, work, "Solo", "assigned to single students of the", "Send such work all the same")
    cured(tool, work, "Worthless", "Q cannot hold it as a score", "Turn sync off")
    named = row(tool, work, long)
    named.get_by_label("Title for Q").fill("Long one")
    cured(tool, work, long, "Q keeps 40", "Save")
    # What is changed in Canvas is one click away, in a tab of its own.
    there = row(tool, work, "Unpublished").get_by_role("link", name="Open in Canvas").last
    assert str(there.get_attribute("href")).endswith(f"/assignments/{work['Unpublished']}")
    synced_names = {"No category", "Undated", "Far away", "Uncounted", "Solo", "Long one"}
    settled(tool)
    synced(tool, len(synced_names))
    assert synced_names <= {title for title, _ in course.scores()}
    product.shell(PROFILE)


def test_what_q_holds_otherwise_is_cured_beside_its_row(
    default_walk: Walk, course: Course, work: dict[str, str]
):
    upsert(course, "categories", {"sourcedId": "C-Temp", "title": "Temp"})
    make(course, work, "Filed", "Temp")
    for name in ("Gone", "Doubled points"):
        make(course, work, name)
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    synced(tool, 3)
    items = {one["title"]: one for one in course.in_q("lineItems")}
    # In Q somebody deletes one, changes another, drops a category, and makes two alike.
    course.delete_in_q("lineItems", items["Gone"]["sourcedId"])
    course.edit("lineItems", items["Doubled points"], resultValueMax=40)
    course.change(work["Doubled points"], points_possible=30)
    course.delete_in_q("categories", "C-Temp")
    course.change(work["Filed"], points_possible=25)
    make(course, work, "Twin")
    twin = dict(items["Filed"], title="Twin", category=items["Gone"]["category"])
    twins = [dict(twin, sourcedId=f"twin-{n}", resultValueMax=20, metadata={}) for n in (1, 2)]
    for one in twins:
        course.edit("lineItems", one)
    for name in ("Gone", "Doubled points"):
        course.grade(work[name], students_of(course)[0], 12)
    tool = default_walk.open("Q Grade Sync")
    settled(tool)
    default_walk.look("other-in-q-in-canvas")
    row(tool, work, "Twin").get_by_label("In Q it is").select_option("twin-2")
    cured(tool, work, "Twin", "that this one could be", "Use this one")
    cured(tool, work, "Gone", "was deleted in Q", "Add it again")
    cured(tool, work, "Doubled points", "another maximum", "Send what Canvas says")
    row(tool, work, "Filed").get_by_label("Use this Q category").select_option("Projects")
    cured(tool, work, "Filed", "is no longer in Q", "Save and unblock")
    settled(tool)
    synced(tool, 3)
    scores = course.scores()
    for name in ("Twin", "Gone", "Doubled points"):
        assert scores[name, students_of(course)[0]][1] in (10, 12)
    items = {one["sourcedId"]: one for one in course.in_q("lineItems")}
    assert items["twin-2"]["title"] == "Twin"
    course.delete_in_q("lineItems", "twin-1")
    course.delete_in_q("lineItems", "twin-2")


def test_a_section_and_a_grading_period_are_linked_where_they_are_missed(
    default_walk: Walk, course: Course
):
    made = course.in_canvas("POST", "sections", course_section={"name": "Online"})
    guest = course.canvas("POST", f"sections/{made['id']}/enrollments", enrollment={
        "user_id": f"sis_user_id:{stranger(course)}", "type": "StudentEnrollment",
        "enrollment_state": "active"})  # fmt: skip
    default_walk.act_as("teacher")
    tool = default_walk.open("Q Grade Sync")
    settled(tool)
    online = tool.get_by_role("row", name="Online")
    expect(online).to_contain_text("Not a class of Q", timeout=PATIENCE)
    online.get_by_role("button", name="Link").click()
    expect(online).to_contain_text("0 of 1", timeout=PATIENCE)
    course.in_canvas("DELETE", f"enrollments/{guest['id']}?task=delete")
    course.canvas("DELETE", f"sections/{made['id']}")
    # Course grades of a period that is none of Q's by its dates.
    root = course.canvas("GET", "accounts")[0]["id"]
    term = course.canvas("GET", f"courses/{course.canvas_id}")["enrollment_term_id"]
    wanted = {"grading_period_set": {"title": "Year"}, "enrollment_term_ids": [term]}
    number = course.canvas("POST", f"accounts/{root}/grading_period_sets", **wanted)
    number = number["grading_period_set"]["id"]
    spans = [{"title": "Winter", "start_date": "2026-08-03T05:00:00Z",
              "end_date": "2099-12-19T05:59:59Z"}]  # fmt: skip
    path = f"grading_period_sets/{number}/grading_periods/batch_update"
    course.canvas("PATCH", path, grading_periods=spans)
    tool.get_by_role("link", name="Course settings").click()
    tool.get_by_role("combobox", name="Course grades", exact=True).select_option("periods")
    tool.get_by_role("button", name="Save settings").click()
    tool = default_walk.open("Q Grade Sync")
    settled(tool)
    table = tool.get_by_role("table", name="Course grades by grading period")
    expect(table).to_contain_text("The grading period Winter is not linked", timeout=PATIENCE)
    table.get_by_role("button", name="Link").click()
    expect(table).not_to_contain_text("is not linked", timeout=PATIENCE)
    tool.get_by_role("link", name="Course settings").click()
    tool.get_by_role("combobox", name="Course grades", exact=True).select_option("off")
    tool.get_by_role("button", name="Save settings").click()


def stranger(course: Course) -> str:
    """The SIS ID of a student who is not in the course."""
    here = set(students_of(course))
    users = course.canvas("GET", "accounts/1/users?per_page=100")
    known = [str(one["sis_user_id"]) for one in users if one.get("sis_user_id")]
    return next(one for one in known if one not in here)

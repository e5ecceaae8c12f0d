"""The Grades page: what is ready, what is not and why, and each fix in place."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from gradesync.models import AssignmentChoice, CategoryLink, CourseSync
from gradesync.screens import home
from integration.models import Run
from tests.gradesync.screens.stage import Stage, room, text
from tests.lti import people


def test_a_course_that_was_never_read_is_read_in_the_background(stage: Stage):
    visit = stage.visit()
    page = visit.page()
    assert "Canvas and Q are being read for the first time" in page
    run = Run.objects.get()
    assert (run.plan_only, run.state, run.kind) == (True, "queued", "grades")
    tag = visit.get(part=True)["ETag"]
    unchanged = visit.get(part=True, tag=tag)
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", tag)
    visit.page()
    assert Run.objects.count() == 1
    stage.work(run, room())
    part = visit.get(part=True, tag=tag).content.decode()
    assert "grades ready to send to Q" in part
    assert "hx-get" not in part.split(">")[0]
    assert "<html" not in part


def test_each_visit_compares_once_by_itself_and_offers_what_is_new(stage: Stage):
    ungraded = room()
    ungraded.submissions, ungraded.assignments = [], []
    stage.plan(ungraded)
    CourseSync.objects.update(first_sent_at=timezone.now())
    visit = stage.visit(minutes_ago=0)
    page = visit.page()
    assert "Looking for new grades …" in text(page)
    assert "Sync 18 grades" not in text(page)
    looking = Run.objects.latest("pk")
    visit.page()
    assert Run.objects.latest("pk") == looking
    stage.work(looking, room())
    assert "Sync 18 grades" in text(visit.page())
    assert Run.objects.latest("pk") == looking
    stage.visit(minutes_ago=0).page()
    assert Run.objects.latest("pk") != looking


def test_a_look_that_ends_while_the_page_is_made_is_not_missed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    visit = stage.visit()
    visit.page()
    run, read = Run.objects.get(), home.seen.home

    def read_and_ended(*asked: Any) -> Any:
        found = read(*asked)
        stage.work(run, room())
        return found

    monkeypatch.setattr(home.seen, "home", read_and_ended)
    part = visit.get(part=True)
    assert "hx-get" in part.content.decode().split(">")[0]
    monkeypatch.undo()
    assert "18 grades ready" in text(visit.get(part=True, tag=part["ETag"]).content.decode())


def test_a_look_that_failed_is_not_repeated_at_each_poll(stage: Stage):
    stage.plan(room())
    visit = stage.visit(minutes_ago=0)
    visit.page()
    Run.objects.filter(state="queued").update(state="failed", error={"code": "http.unreachable"})
    for _ in range(3):
        visit.get(part=True)
    assert Run.objects.count() == 2


def test_the_first_screen_says_what_is_ready_and_asks_to_look_first(stage: Stage):
    run = stage.plan(room())
    page = stage.visit().page()
    assert "18 grades ready to send to Q" in text(page)
    assert "Review, then sync" in page
    assert f"/previews/{run.pk}/send/" not in page
    for word in ("Quiz 1", "Homework", "Period 2", "6 scores to send", "Algebra 1, fourth"):
        assert word in page


def test_a_category_that_is_missing_is_chosen_where_it_is_missed(stage: Stage):
    made = room()
    made.categories = made.categories[1:]
    stage.plan(made)
    visit = stage.visit()
    page = visit.page()
    assert "Q has no category for the group “Homework” in the class Algebra 1." in page
    assert "3 assignments are blocked." in page
    assert "Blocked" in page
    after = visit.follow(visit.post("categories/", group="1", category="Classwork", at="1"))
    assert CategoryLink.objects.filter(group_id="1", category_id="k2").count() == 2
    assert "Saved. Q is compared again" in after
    stage.work(Run.objects.latest("pk"), made)
    assert "18 grades ready to send to Q" in text(visit.page())


def test_a_switch_is_turned_by_a_plain_form_and_by_htmx_alike(stage: Stage):
    stage.plan(room())
    visit = stage.visit()
    visit.follow(visit.post("assignments/2/", on="0"))
    assert AssignmentChoice.objects.get(canvas_id="2").is_on is False
    page = visit.page(show="off")
    assert "Quiz 2" in page
    assert "Quiz 1" not in page
    answer = visit.client.post(
        f"/courses/5/assignments/2/?place={visit.place}", {"on": "1"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.content.decode().startswith('<div id="grades"')
    assert AssignmentChoice.objects.get(canvas_id="2").is_on is True


def test_what_is_looked_for_is_shown_and_nothing_found_says_so(stage: Stage):
    stage.plan(room())
    visit = stage.visit()
    assert "Quiz 3" in visit.page(q="quiz 3")
    assert "Quiz 1" not in visit.page(q="quiz 3")
    assert "No assignment matches “xyz”." in visit.page(q="xyz")


def test_a_course_without_classes_of_q_says_whom_to_ask(stage: Stage):
    page = stage.visit(people.rosa(section_sis_ids="", course_sis_id="")).page()
    assert "No section of this course is a class of Q." in page
    assert Run.objects.count() == 0


def test_a_q_that_is_down_is_told_beside_what_was_known(stage: Stage):
    stage.plan(room())
    failed = stage.plan(room(), by="schedule")
    Run.objects.filter(pk=failed.pk).update(
        state="failed", read_at=None, plan_digest="",
        error={"code": "http.unreachable", "stage": "reading the classes in Q"},
    )  # fmt: skip
    page = stage.visit().page()
    assert "Q is not answering" in page
    assert "18" in text(page)

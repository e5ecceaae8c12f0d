"""How grades go in the whole district, and what holds them back, on the account's Grades page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gradesync.models import CourseSync, SentScore, SyncRun
from gradesync.selectors.district import Figures
from integration.models import Change, District, Run
from tests.integration.account.test_attention import course, synced

pytestmark = pytest.mark.django_db


def line(run: Run, action: str, reason: str, *, kind: str = "result", state: str = "blocked"):
    number = run.changes.count()
    Change.objects.create(
        run=run, kind=kind, key=f"{number}", action=action, after="{}", digest=b"0",
        reason=reason, state=state,
    )  # fmt: skip


def sent(run: Run, course: CourseSync, *, days_ago: int, **fields: Any) -> None:
    SentScore.objects.create(
        run=run, course=course, item="1", class_id="c1", title="Quiz", person=f"{days_ago}",
        student_id="s1",
        confirmed_at=timezone.now() - timedelta(days=days_ago), **fields,
    )  # fmt: skip


def compared(course: CourseSync, **fields: Any) -> Run:
    now = timezone.now()
    return synced(course, read_at=now, started_at=now - timedelta(seconds=31), **fields)


def test_the_figures_are_of_the_last_seven_days_and_the_failing_of_each_last_sync(admin, district):
    page = admin.page("grades/")
    assert "Courses that sync 0 of 0 opened" in page
    assert "Confirmed by Q – " in page

    busy, idle = course(district, 1, first_sent_at=timezone.now()), course(district, 2)
    before, last = compared(busy), compared(busy)
    line(before, "new", "", state="refused")
    line(last, "new", "", state="refused")
    for days_ago in (0, 6, 8):
        sent(last, busy, days_ago=days_ago)
    neighbour = District.objects.create(slug="hillside", name="Hillside")
    other = course(neighbour, 3, first_sent_at=timezone.now())
    sent(compared(other), other, days_ago=0)

    page = admin.page("grades/")
    for told in (
        "Courses that sync 1 of 2 opened", "Grades sent 2", "Confirmed by Q 66.7%",
        "Still failing 1", "Median time of a sync 31 s",
    ):  # fmt: skip
        assert told in page, told
    assert idle.pk


def test_what_a_sync_that_was_cut_short_never_sent_is_failing_and_what_q_lost_is_not_confirmed(
    admin, district
):
    one = course(district, 1)
    cut = compared(one, state="failed")
    for _ in range(3):
        line(cut, "new", "", state="planned")
    sent(cut, one, days_ago=0)
    sent(cut, one, days_ago=1, is_kept=False)
    page = admin.page("grades/")
    for told in ("Grades sent 1", "Still failing 3", "Confirmed by Q 25.0%"):
        assert told in page, told


@pytest.mark.parametrize(("failing", "percent"), [(0, 100), (9, 99.9), (41_387, 50)])
def test_no_rounding_says_that_all_is_there_where_something_is_missing(failing, percent):
    figures = Figures(courses=1, syncing=1, sent=41_387, failing=failing, median_seconds=None)
    assert figures.percent == percent


def test_a_plan_of_a_few_lines_tried_again_hides_nothing_that_holds_the_course_back(
    admin, district
):
    one = course(district, 1)
    line(compared(one), "blocked", "score.negative")
    again = compared(one)
    line(again, "new", "", state="confirmed")
    SyncRun.objects.filter(run=again).update(scope={"keys": [["result", "1"]]})
    assert "This score is below 0" in admin.page("grades/")
    assert "Course 1 " in admin.page("grades/courses/", reason="score.negative")


def test_a_reason_of_an_older_release_is_passed_over(admin, district):
    plan = compared(course(district, 1))
    line(plan, "blocked", "score.given-up")
    assert "What holds grades back" not in admin.page("grades/")
    line(plan, "blocked", "score.negative")
    assert "This score is below 0" in admin.page("grades/")


def test_what_holds_grades_back_is_told_by_the_latest_plans_and_leads_to_the_courses(
    admin, district
):
    assert "What holds grades back" not in admin.page("grades/")
    first, second = course(district, 1), course(district, 2)
    mended = compared(first)
    line(mended, "blocked", "score.above-maximum")
    plan = compared(first, plan_only=True)
    line(plan, "blocked", "assignment.no-category", kind="line_item")
    line(plan, "waiting", "assignment.switched-off")
    latest = compared(second)
    line(latest, "blocked", "assignment.no-category", kind="line_item")
    line(latest, "waiting", "score.hidden")
    line(latest, "waiting", "score.hidden")
    line(latest, "changed", "", state="confirmed")
    neighbour = District.objects.create(slug="hillside", name="Hillside")
    line(compared(course(neighbour, 3)), "blocked", "student.not-in-class")

    page = admin.page("grades/")
    assert "Q has no category for the group “…” in the class …." in page
    assert "Choose one of the categories of the class. The teacher 2 2" in page
    assert "This score is hidden from the student. Post grades in Canvas. The teacher 1 2" in page
    for none in ("above the maximum", "Sync is off", "not in the class in Q"):
        assert none not in page

    listed = admin.page("grades/courses/", reason="score.hidden")
    assert "This score is hidden from the student." in listed
    assert "Course 2 " in listed
    assert "Course 1 " not in listed
    assert "Something is held back" in listed
    assert "1 to 2 of 2" in admin.page("grades/courses/", reason="assignment.no-category")
    assert "No course needs a look" in admin.page("grades/courses/", reason="nonsense")


def test_as_many_questions_for_a_hundred_courses_as_for_one(admin, district):
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            admin.page("grades/")
        return len(found)

    line(compared(course(district, 0)), "blocked", "score.negative")
    few = asked()
    for number in range(1, 100):
        line(compared(course(district, number)), "blocked", "score.negative")
    assert asked() == few

"""Syncs that nobody presses: nightly, minutes after grading, and on after an interruption."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gradesync import automatic
from gradesync import sync as presses
from gradesync.actions import plans, settings
from gradesync.models import CourseSync
from gradesync.push import MAX_ATTEMPTS, advance
from gradesync.tasks import ADVANCE, LOOK, advance_sync, look_at, sweep
from integration import connections
from integration.bells import ringing
from integration.models import District, Run
from tests.gradesync.shell.conftest import SLUG

MORNING = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # six in the morning in Chicago
EARLY = MORNING - timedelta(days=2)


@pytest.fixture
def kept(course) -> CourseSync:
    return presses.course_of(District.objects.get(slug=SLUG), course.canvas_id)


@pytest.fixture
def essay(course) -> str:
    made = course.make("Essay")
    course.grade(made, "P1-0", 10)
    return made


def automatically(kept: CourseSync, *, since: datetime, **chosen) -> CourseSync:
    """As the teacher chose, who has sent a first plan before."""
    settings.change_course(kept, chosen, by="Rosa")
    CourseSync.objects.filter(pk=kept.pk).update(since=since, first_sent_at=EARLY)
    kept.refresh_from_db()
    return kept


@pytest.mark.fault("F69")
def test_a_bell_that_is_heard_three_times_sends_once(course, kept, essay):
    run, _ = presses.press(kept, actor="Rosa", trigger="press", consents=True)
    for _ in range(3):
        advance_sync(run.pk)
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 1}


def test_a_queued_press_is_rung_for_until_somebody_is_at_it(course, kept, essay):
    run, _ = presses.press(kept, actor="Rosa", trigger="press")
    sweep()
    sweep()
    assert (ADVANCE, (run.pk,)) in ringing()
    assert OrmQ.objects.count() == 1


def test_of_all_that_waits_what_was_pressed_goes_before_the_looks_of_visits(course, kept, essay):
    other = CourseSync.objects.create(district=kept.district, canvas_id="999")
    look = plans.preview(other, by="Lee")
    run, _ = presses.press(kept, actor="Rosa", trigger="press", consents=True)
    advance_sync(look.pk)
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 1}
    run.refresh_from_db()
    look.refresh_from_db()
    assert run.state == "done"
    assert look.started_at > run.ended_at


def test_a_nightly_course_is_opened_once_a_night(course, kept, essay):
    automatically(kept, automatic="nightly", since=EARLY)
    (run,) = automatic.open_due(MORNING)
    advance_sync(run.pk)
    assert automatic.open_due(MORNING) == []
    assert course.scores()["Essay", "P1-0"] == ("fully graded", Decimal(10))
    assert len(automatic.open_due(MORNING + timedelta(days=1))) == 1


def test_no_course_begins_by_itself_before_somebody_has_sent_its_first_plan(course, kept, essay):
    """So a course that was copied begins switched off, whatever its account has chosen."""
    district = District.objects.get()
    settings.change_defaults(district, "account", "", {"automatic": "nightly"}, by="Dana")
    kept.refresh_from_db()
    assert kept.mode == "nightly"
    CourseSync.objects.update(since=EARLY)
    assert automatic.open_due(MORNING) == []
    CourseSync.objects.update(first_sent_at=EARLY)
    assert len(automatic.open_due(MORNING)) == 1


def test_an_automatic_sync_stops_at_a_conflict_and_asks(course, kept, essay, sync):
    assert sync()[0] == 0
    course.edit("results", course.result("Essay", "P1-0"), score=3)
    course.grade(essay, "P1-0", 15)
    course.grade(essay, "P1-1", 16)
    course.forget()
    automatically(kept, automatic="nightly", since=EARLY)
    (run,) = automatic.open_due(MORNING)
    advance_sync(run.pk)
    run.refresh_from_db()
    assert (run.state, run.holds) == ("held", [{"code": "conflicts", "count": 1}])
    assert course.writes() == Counter()
    assert automatic.open_due(MORNING + timedelta(days=1)) == []


def test_while_q_is_down_what_was_due_waits_in_its_queue_and_goes_on(
    course, kept, essay, q_fault, q_quirks
):
    automatically(kept, automatic="nightly", since=EARLY)
    (run,) = automatic.open_due(MORNING)
    q_fault({"path": "/ims/"}, status=503, apply=False)
    advance_sync(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error["code"], run.attempts) == ("waiting", "oneroster.unavailable", 0)
    sweep()
    assert (ADVANCE, (run.pk,)) not in ringing()
    assert automatic.open_due(MORNING + timedelta(hours=1)) == []
    assert presses.press(kept, actor="Rosa")[0] == run

    course.control("q", "DELETE", "faults")
    Run.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    sweep()
    assert (ADVANCE, (run.pk,)) in ringing()
    advance_sync(run.pk)
    assert course.scores()["Essay", "P1-0"] == ("fully graded", Decimal(10))


def test_a_preview_that_q_lets_wait_is_given_up_in_the_end(course, kept, essay, q_fault, q_quirks):
    run = plans.preview(kept, by="Rosa")
    q_fault({"path": "/ims/"}, status=503, apply=False)
    advance_sync(run.pk)
    run.refresh_from_db()
    assert run.state == "waiting"
    Run.objects.update(started_at=timezone.now() - timedelta(minutes=31))
    advance_sync(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error["code"]) == ("failed", "oneroster.unavailable")
    again = plans.preview(kept, by="Rosa")
    assert again != run


def test_in_quiet_hours_nothing_goes_by_itself_not_even_what_waited(course, kept, essay):
    now = timezone.now()
    local = now.astimezone(ZoneInfo(kept.district.time_zone))
    hours = {
        "quiet_from": (local - timedelta(minutes=5)).strftime("%H:%M"),
        "quiet_until": (local + timedelta(minutes=30)).strftime("%H:%M"),
    }
    automatically(kept, automatic="nightly", since=EARLY)
    (run,) = automatic.open_due(MORNING)
    automatically(kept, since=EARLY, **hours)
    sweep()
    assert ringing() == set()
    advance_sync(run.pk)
    assert course.writes() == Counter()
    automatically(kept, since=EARLY, quiet_from=None, quiet_until=None)
    sweep()
    assert (ADVANCE, (run.pk,)) in ringing()


def test_a_preview_that_nobody_sent_does_not_make_grades_known(course, kept, essay, sync):
    assert sync()[0] == 0
    automatically(kept, automatic="after-grading", since=timezone.now(), automatic_minutes=15)
    course.grade(essay, "P1-1", 12)
    assert sync("--preview")[1]["state"] == "held"
    look_at(kept.pk)
    assert len(automatic.open_due(timezone.now() + timedelta(minutes=16))) == 1


def test_many_grades_in_a_few_minutes_are_one_sync(course, kept, essay, sync):
    assert sync()[0] == 0
    automatically(kept, automatic="after-grading", since=timezone.now(), automatic_minutes=15)
    now = timezone.now()
    for minute, student in enumerate(("P1-0", "P1-1", "P1-2")):
        course.grade(essay, student, 13 + minute)
        CourseSync.objects.update(first_change_at=None, last_change_at=None)
        look_at(kept.pk)
        assert automatic.open_due(now + timedelta(minutes=minute)) == []
    course.forget()
    (run,) = automatic.open_due(timezone.now() + timedelta(minutes=16))
    advance_sync(run.pk)
    assert course.writes() == {"PUT results": 3}
    assert automatic.open_due(timezone.now() + timedelta(hours=1)) == []


def test_minutes_after_grading_a_course_is_due(course, kept, essay, sync):
    assert sync()[0] == 0
    automatically(kept, automatic="after-grading", since=timezone.now(), automatic_minutes=15)
    sweep()
    assert (LOOK, (kept.pk,)) in ringing()
    look_at(kept.pk)
    course.grade(essay, "P1-1", 12)
    CourseSync.objects.update(last_change_at=None, first_change_at=None)
    course.forget()
    look_at(kept.pk)
    assert len(course.requests("canvas")) == 1
    now = timezone.now()
    assert automatic.open_due(now) == []
    (run,) = automatic.open_due(now + timedelta(minutes=16))
    advance_sync(run.pk)
    assert course.scores()["Essay", "P1-1"] == ("fully graded", Decimal(12))


def test_what_an_interrupted_run_began_is_gone_on_with(course, kept, essay):
    run, _ = presses.press(kept, actor="Rosa")
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(hours=1))
    sweep()
    assert (ADVANCE, (run.pk,)) in ringing()
    District.objects.update(state=District.State.PAUSED)
    advance_sync(run.pk)
    assert course.writes() == Counter()


def test_a_run_outlasts_q_s_absence_and_sends_all_once(course, kept, essay, sync, q_fault):
    """Looked at each minute, more often than a run may end its worker."""
    assert sync()[0] == 0
    course.grade(essay, "P1-0", 15)
    course.forget()
    run, _ = presses.press(kept, actor="Rosa", trigger="press")
    district = kept.district
    q_fault({"method": "PUT", "path": "/ims/", "times": 1}, status=503, apply=False)

    def watch(stage: str, done: int, total: int | None) -> None:
        if stage == "reading back what was under way":
            q_fault({"path": "/ims/"}, status=503, apply=False)

    with connections.canvas_client(district) as canvas:
        advance(run, q=partial(connections.q_client, district), canvas=canvas, watch=watch)
    for _ in range(MAX_ATTEMPTS + 1):
        run.refresh_from_db()
        assert (run.state, run.error["code"]) == ("waiting", "oneroster.unavailable")
        # The sweeper leaves it alone until its minute is over.
        sweep()
        assert (ADVANCE, (run.pk,)) not in ringing()
        Run.objects.filter(pk=run.pk).update(not_before=timezone.now())
        advance_sync(run.pk)
    Run.objects.filter(pk=run.pk).update(not_before=timezone.now())
    sweep()
    assert (ADVANCE, (run.pk,)) in ringing()
    course.control("q", "DELETE", "faults")
    sent = course.writes()
    advance_sync(run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.DONE
    assert course.scores() == {("Essay", "P1-0"): ("fully graded", Decimal(15))}
    assert course.writes() - sent == {"PUT results": 1}

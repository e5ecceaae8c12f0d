"""Of plans that nobody will look at again, only what matters is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from gradesync import sync
from gradesync.errors import PlanRefused
from gradesync.models import CourseSync, SyncRun
from gradesync.scope import Scope
from gradesync.selectors.course import latest_plan
from gradesync.thinning import thin
from integration.models import CanvasConnection, Change, District, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> CourseSync:
    district = District.objects.create(slug="lakeside", name="Lakeside")
    CanvasConnection.objects.create(district=district, base_url="https://c.example")
    return CourseSync.objects.create(district=district, canvas_id="77")


@pytest.fixture
def plan(course):
    """A plan of one line to write and one that is the same, that ended so many hours ago."""

    def make(hours: float, *, is_sent: bool = False, scope: Scope = sync.WHOLE) -> Run:
        at = timezone.now() - timedelta(hours=hours)
        state = Run.State.DONE if is_sent else Run.State.HELD
        run = Run.objects.create(
            district=course.district, kind="grades", state=state, plan_only=not is_sent,
            read_at=at, ended_at=at, plan_digest="d",
        )  # fmt: skip
        SyncRun.objects.create(run=run, course=course, is_open=None, scope=scope.as_row())
        for action in ("new", "same"):
            Change.objects.create(
                run=run, kind="result", key=action, action=action, after="{}", digest=b""
            )
        return run

    return make


def left(run: Run) -> set[str]:
    return set(run.changes.values_list("key", flat=True))


def test_a_preview_that_a_newer_one_replaced_goes_after_some_hours(plan, course):
    old, fresh, latest = plan(3), plan(1), plan(0)
    assert thin() == 1
    assert (left(old), left(fresh), left(latest)) == (set(), {"new", "same"}, {"new", "same"})
    assert thin() == 0
    old.refresh_from_db()
    with pytest.raises(PlanRefused, match="no longer kept"):
        sync.approve(old, "d", actor="Rosa")


def test_the_latest_plan_of_each_part_of_a_course_stays(plan, course):
    whole = plan(50)
    mine = plan(40, scope=Scope(sections=frozenset({"1"})))
    assert thin() == 0
    assert latest_plan(course).run == whole
    assert latest_plan(course, frozenset({"1"})).run == mine


def test_of_a_sync_that_ended_what_was_written_stays(plan):
    sent = plan(30, is_sent=True)
    assert thin() == 0
    plan(0)
    assert thin() == 1
    sent.refresh_from_db()
    assert (left(sent), sent.pruned_at) == ({"new"}, None)

"""How long a run still takes is told by the rate that was measured, and not before."""

from __future__ import annotations

import pytest

from gradesync.models import CourseSync, SyncRun
from gradesync.selectors.progress import progress
from integration.models import District, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    district = District.objects.create(slug="lakeside", name="Lakeside")
    course = CourseSync.objects.create(district=district, canvas_id="77")
    run = Run.objects.create(district=district, kind="grades", state="running")
    SyncRun.objects.create(run=run, course=course)
    return run


@pytest.mark.parametrize(
    ("told", "seconds_left"),
    [
        ({}, None),
        ({"done": 10, "total": 100, "from": 0, "seconds": 2.0}, None),
        ({"done": 0, "total": 100, "from": 0, "seconds": 9.0}, None),
        ({"done": 25, "total": 100, "from": 0, "seconds": 5.0}, 15),
        ({"done": 75, "total": 100, "from": 50, "seconds": 5.0}, 5),  # another worker went on
    ],
)
def test_time_left_by_the_rate_of_whoever_is_at_it(run, told, seconds_left):
    run.progress = told
    assert progress(run).seconds_left == seconds_left


def test_who_waits_is_told_how_many_are_before(run):
    other = CourseSync.objects.create(district=run.district, canvas_id="78")
    mine = Run.objects.create(district=run.district, kind="grades", state="queued")
    SyncRun.objects.create(run=mine, course=other)
    found = progress(mine)
    assert (found.ahead, found.can_cancel, found.seconds_left) == (1, True, None)
    Run.objects.filter(pk=run.pk).update(state="done")
    assert progress(mine).ahead == 0


def test_what_is_to_be_sent_goes_before_what_only_compares(run):
    looks = [queued(run.district, number, plan_only=True) for number in (78, 79)]
    sends = queued(run.district, 80)
    assert progress(sends).ahead == 1  # the one that is under way
    assert [progress(one).ahead for one in looks] == [2, 3]


def queued(district: District, number: int, *, plan_only: bool = False) -> Run:
    course = CourseSync.objects.create(district=district, canvas_id=str(number))
    made = Run.objects.create(district=district, kind="grades", state="queued", plan_only=plan_only)
    SyncRun.objects.create(run=made, course=course)
    return made

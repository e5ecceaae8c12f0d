"""Courses that sync by themselves: who is due, and a cheap look at what was graded."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Least

from gradesync import sync
from gradesync.due import Automatic, Due, State, due, is_quiet
from gradesync.models import CourseSync
from gradesync.planning import AUTOMATIC
from gradesync.push import KIND, UNFINISHED
from gradesync.reading import graded_since
from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.models import District, Run

logger = logging.getLogger(__name__)

# Clocks differ, and Canvas shows a grade a moment after its time.
OVERLAP = timedelta(minutes=5)
MOST_AT_ONCE = 200


def courses() -> QuerySet[CourseSync]:
    """Those that sync by themselves, of districts that are not paused.

    Not those where nobody has ever sent a plan: a first one is looked at by a person, and a course
    that was copied begins so, whatever its account has chosen.
    """
    on = CourseSync.objects.exclude(mode=CourseSync.Mode.OFF).exclude(first_sent_at=None)
    return on.filter(district__state=District.State.ACTIVE).select_related("district")


def open_due(now: datetime) -> list[Run]:
    """Open a run for each course that is due; those that were opened."""
    opened = []
    for course in courses().order_by("pk"):
        try:
            found = due_now(course, now)
        except QSyncError as error:
            logger.error("course cannot be due course=%s code=%s", course.pk, error.code)
            continue
        if found.is_due and _claimed(course, found):
            run, is_new = sync.press(course, actor="schedule", trigger=AUTOMATIC)
            if is_new:
                opened.append(run)
    return opened


def may_begin(run: Run, course: CourseSync, now: datetime) -> bool:
    """May a run send its first score now? What was opened by itself keeps to the quiet hours.

    It may have waited into them, for Q to come back. What has begun comes to its end.
    """
    is_begun = run.cursor not in ("", "planned")
    zone = ZoneInfo(course.district.time_zone)
    return run.trigger != AUTOMATIC or is_begun or not is_quiet(now, chosen(course), zone)


def chosen(course: CourseSync) -> Automatic:
    """When a course begins by itself."""
    return Automatic(
        course.mode,  # type: ignore[arg-type]  # one of due.Mode
        course.at,
        course.minutes,
        course.quiet_from,
        course.quiet_until,
        course.since,
    )


def due_now(course: CourseSync, now: datetime) -> Due:
    runs = Run.objects.filter(sync__course=course)
    # A preview decides nothing: what stopped to ask still does.
    latest = runs.exclude(plan_only=True).order_by("-pk").first()
    state = State(
        is_running=runs.filter(state__in=UNFINISHED).exists(),
        is_asking=bool(latest and latest.state == Run.State.HELD and latest.holds),
        last_night=course.last_night,
        first_change_at=course.first_change_at,
        last_change_at=course.last_change_at,
    )
    return due(now, chosen(course), state, ZoneInfo(course.district.time_zone))


def _claimed(course: CourseSync, found: Due) -> bool:
    """A night is one sweeper's: this conditional write decides between two."""
    if found.night is None:
        return True
    earlier = Q(last_night=None) | Q(last_night__lt=found.night)
    mine = CourseSync.objects.filter(earlier, pk=course.pk)
    return bool(mine.update(last_night=found.night))


def to_look_at(now: datetime) -> list[CourseSync]:
    """Courses that wait for grading, and were not looked at for as long as they are to rest."""
    waiting = courses().filter(mode=CourseSync.Mode.AFTER_GRADING)
    found = waiting.order_by("looked_at", "pk")[:MOST_AT_ONCE]
    return [
        one
        for one in found
        if one.looked_at is None or now - one.looked_at >= timedelta(minutes=one.minutes) / 2
    ]


def look(course: CourseSync, canvas: CanvasClient, now: datetime) -> None:
    """Note what was graded since the last look; a handful of rows, usually none.

    Grades that were taken back are not seen so; the next sync of any kind compares everything.
    """
    since = (course.looked_at or course.since or now) - OVERLAP
    # A preview sends nothing, and a sync of a part leaves the rest.
    known = Run.objects.filter(sync__course=course, kind=KIND, state=Run.State.DONE)
    known = known.filter(sync__scope={}, plan_only=False).exclude(read_at=None)
    latest = known.order_by("-read_at").values_list("read_at", flat=True).first()
    graded = [one.graded_at for one in graded_since(canvas, course, since) if one.graded_at]
    fresh = [at for at in graded if latest is None or at > latest - OVERLAP]
    fresh = [at for at in fresh if course.last_change_at is None or at > course.last_change_at]
    rows = CourseSync.objects.filter(pk=course.pk)
    rows.update(looked_at=now)
    if fresh:
        rows.update(
            first_change_at=Least(Coalesce("first_change_at", min(fresh)), min(fresh)),
            last_change_at=max(fresh),
        )

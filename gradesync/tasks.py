"""What the workers do for grades when a bell rings: an id in and nothing else."""

from __future__ import annotations

import logging
from functools import partial

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from gradesync import automatic, thinning
from gradesync.models import CourseSync, SyncRun
from gradesync.planning import AUTOMATIC, PLANS
from gradesync.push import UNFINISHED, advance, resource
from integration.bells import ring, ringing
from integration.connections import canvas_client, q_client
from integration.errors import QSyncError
from integration.ledger import stopping
from integration.ledger.leases import LedgerError
from integration.logs import without_words
from integration.models import District, Lease, Run
from integration.tasks import ADVANCE_TIMEOUT, BY_HAND

logger = logging.getLogger(__name__)

ADVANCE = "gradesync.tasks.advance_sync"
LOOK = "gradesync.tasks.look_at"


def sweep() -> None:
    """Open what is due, and ring for all that should be going on."""
    now = timezone.now()
    automatic.open_due(now)
    heard = ringing()
    for run in _waiting(Run.objects.all()):
        if (ADVANCE, (run.pk,)) not in heard:
            ring(ADVANCE, run.pk, timeout=ADVANCE_TIMEOUT)
    for course in automatic.to_look_at(now):
        if (LOOK, (course.pk,)) not in heard:
            ring(LOOK, course.pk)
    thinning.thin()


@without_words
def advance_sync(run_id: int) -> None:
    """Bring a sync to its end; what only compares lets those go first that are to be sent.

    Each visit of a teacher compares: before the bell there are hundreds in the queue.
    """
    if Run.objects.filter(pk=run_id, plan_only=True).exists():
        to_send = Run.objects.filter(plan_only=False).exclude(trigger=AUTOMATIC)
        for urgent in _waiting(to_send):
            _advance(urgent.pk)
    _advance(run_id)


def _advance(run_id: int) -> None:
    run = Run.objects.select_related("district").filter(pk=run_id).first()
    if run is None or run.state not in UNFINISHED or stopping.is_asked():
        return
    if run.district.state == District.State.PAUSED:
        return
    if not automatic.may_begin(run, run.sync.course, timezone.now()):
        return
    try:
        with stopping.listening(), canvas_client(run.district) as canvas:
            advance(run, q=partial(q_client, run.district), canvas=canvas, watch=_watch)
    except LedgerError as error:
        logger.info("run is somebody else's run=%s code=%s", run.pk, error.code)
    except stopping.Stopped:
        logger.info("run stopped, to be gone on with run=%s cursor=%s", run.pk, run.cursor)
    else:
        logger.info("run ended run=%s state=%s", run.pk, run.state)
        _ring_next(run)


def _ring_next(run: Run) -> None:
    """What was pressed meanwhile in the same course; else it waits for the sweeper."""
    others = Run.objects.filter(
        sync__course=run.sync.course, kind__in=PLANS, state=Run.State.QUEUED, not_before=None
    ).exclude(trigger="command")
    if (following := others.order_by("pk").first()) is not None:
        ring(ADVANCE, following.pk, timeout=ADVANCE_TIMEOUT)


@without_words
def look_at(course_id: int) -> None:
    """See whether anything was graded in a course."""
    course = automatic.courses().filter(pk=course_id).first()
    if course is None:
        return
    try:
        with canvas_client(course.district) as canvas:
            automatic.look(course, canvas, timezone.now())
    except QSyncError as error:
        logger.warning("course was not looked at course=%s code=%s", course_id, error.code)
        CourseSync.objects.filter(pk=course_id).update(looked_at=Now())


def _waiting(runs: QuerySet[Run]) -> list[Run]:
    """Of `runs` what was begun, or queued, and nobody is at; a command has its own worker."""
    open_ones = runs.filter(
        kind__in=PLANS, state__in=UNFINISHED, district__state=District.State.ACTIVE
    ).annotate(now=Now())
    taken = set(Lease.objects.filter(expires_at__gt=Now()).values_list("resource", flat=True))
    courses = SyncRun.objects.select_related("course__district")
    courses_of = {one.run_id: one.course for one in courses.filter(run__in=open_ones)}
    return [
        run
        for run in open_ones.order_by("pk")
        if not (run.not_before and run.not_before > run.now)
        and not (run.trigger == "command" and run.now - run.created_at < BY_HAND)
        and resource(courses_of[run.pk]) not in taken
        and automatic.may_begin(run, courses_of[run.pk], timezone.now())
    ]


def _watch(stage: str, done: int, total: int | None) -> None:
    if stopping.is_asked():
        raise stopping.Stopped

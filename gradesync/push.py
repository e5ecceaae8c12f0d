"""One sync of a course as steps, each leaving a cursor: what is done once is not done again.

    (nothing) → planned → items → scores → removed → verified → done       or held, after planning

A run that was interrupted goes on from its cursor with `advance`: an interrupted plan is made anew,
a stored one is carried out. Every write is an operation that was stored with its line.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from gradesync import memory, stored
from gradesync.carrying import Carrier
from gradesync.errors import Cancelled, CopyOfCanvas, GradesError, PlanRefused, TooManyAttempts
from gradesync.findings import of_lines, of_problems
from gradesync.lines import needs_a_person
from gradesync.models import CourseSync, SyncDefaults, SyncRun
from gradesync.plan import outline, plan
from gradesync.reading import Reader, environment
from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.ledger.leases import held
from integration.ledger.runs import Ledger, Watch, nobody
from integration.ledger.stopping import Stopped
from integration.logs import bare
from integration.models import CanvasConnection, Run
from integration.oneroster.client import OneRosterClient

logger = logging.getLogger(__name__)

KIND, UNDO = Run.Kind.GRADES, Run.Kind.GRADES_UNDO
UNFINISHED = (Run.State.QUEUED, Run.State.RUNNING, Run.State.WAITING)
MAX_ATTEMPTS = 5
PLAN_HOURS = 24
LOOK_AGAIN = timedelta(minutes=1)
AUTOMATIC = "automatic"

OpenQ = Callable[[], OneRosterClient]
# How each kind of run makes its plan; all carry it out alike.
PLANS: dict[str, Callable[[Ledger, Reader], str]] = {}


def resource(course: CourseSync) -> str:
    """What a worker must hold to write this course's grades."""
    return f"grades of {course.district.slug} course {course.canvas_id}"


def advance(run: Run, *, q: OpenQ, canvas: CanvasClient, watch: Watch = nobody) -> Run:
    """Bring a run from where it is to its end; safe to call again after any interruption.

    Raises:
        AlreadyRunning: somebody else is at it.
        Stopped: `watch` asked for it; the run stays as it is, and the attempt does not count.
    """
    sync = SyncRun.objects.select_related("course__district").get(run=run)
    with held(resource(sync.course)) as fence:
        run.refresh_from_db()
        if run.state not in UNFINISHED:
            return run
        ledger = Ledger.take(run, fence, watch=watch)
        with _failing(ledger, sync), q() as client:
            if run.attempts > MAX_ATTEMPTS:
                raise TooManyAttempts(f"Run {run.pk} ended its worker {MAX_ATTEMPTS} times.")
            _check_cancelled(sync)
            reader = Reader(sync, canvas, client, ledger)
            _steps(ledger, reader)
        return run


def _steps(ledger: Ledger, reader: Reader) -> None:
    run = ledger.run
    carrier = Carrier(ledger, reader, sleep=time.sleep)
    steps: dict[str, Callable[[], str]] = {
        "": partial(PLANS[run.kind], ledger, reader),
        "planned": partial(_begin, ledger, reader, carrier),
        "items": partial(carrier.send_items, "PUT", "scores"),
        "scores": partial(carrier.send_scores, "removed"),
        "removed": partial(carrier.send_items, "DELETE", "verify"),
        "verify": partial(carrier.verify, "verified"),
        "verified": partial(_finish, ledger, reader),
    }
    while run.state == Run.State.RUNNING:
        cursor = steps[run.cursor]()
        if run.state == Run.State.RUNNING:
            ledger.write(cursor=cursor)


@contextmanager
def _failing(ledger: Ledger, sync: SyncRun) -> Iterator[None]:
    """An error ends the run as failed and stays with it; what may pass leaves it waiting."""
    try:
        yield
    except QSyncError as error:
        if error.retryable:
            ledger.wait(error)
            ledger.write(not_before=Now() + LOOK_AGAIN)
        else:
            ledger.fail(error)
    except Stopped:
        ledger.write(attempts=F("attempts") - 1)
        raise
    except BaseException as unexpected:
        told = GradesError(f"The run stopped unexpectedly ({type(unexpected).__name__}).")
        where = ledger.run.cursor or "planning"
        logger.error("run %s stopped at %s", ledger.run.pk, where, exc_info=bare(unexpected))
        ledger.interrupt(told)
        raise
    finally:
        close_ended(sync.course)


def close_ended(course: CourseSync) -> None:
    """Let the next sync of the course in, once this one has ended or waits for a person."""
    over = course.runs.filter(is_open=True).exclude(run__state__in=UNFINISHED)
    over.update(is_open=None)


def _check_cancelled(sync: SyncRun) -> None:
    if SyncRun.objects.filter(pk=sync.pk).exclude(cancel_asked_at=None).exists():
        raise Cancelled("The sync was stopped before anything of it was sent.")


def plan_sync(ledger: Ledger, reader: Reader) -> str:
    """Read both sides and store what would be written; the next cursor."""
    run = ledger.run
    ledger.forget()
    _forget_operations(ledger)
    snapshot = reader.whole()
    told = outline(snapshot)
    ledger.find(of_problems(told.problems))
    with ledger.guarded():
        CourseSync.objects.filter(pk=reader.course.pk).update(name=snapshot.canvas.course.name)
        memory.keep_sections(reader.course, told.linked)
    digest = stored.store(ledger, plan(snapshot))
    ledger.find(of_lines(stored.lines(run)))
    holds = [{"code": one.code} for one in told.problems if one.scope == "course"]
    if run.trigger == AUTOMATIC and not holds:
        why = needs_a_person(stored.lines(run), snapshot.rules.settings.review_above)
        holds = [{"code": why}] if why else []
    ledger.write(
        read_at=snapshot.rules.now,
        counts=stored.counts_of(run),
        plan_digest=digest,
        holds=holds,
    )
    is_shown = run.plan_only and bool(stored.outcome_of(run))
    if holds or is_shown:
        ledger.end(Run.State.HELD)
    return "planned"


PLANS[KIND] = plan_sync


def _forget_operations(ledger: Ledger) -> None:
    with ledger.guarded():
        ledger.run.operations.all().delete()


def stale(run: Run) -> str:
    """Why a stored plan may no longer be sent, or ""."""
    course = run.sync.course
    later = Run.objects.filter(sync__course=course, pk__gt=run.pk).exclude(read_at=None)
    if (newer := later.order_by("-pk").first()) is not None:
        return f"run {newer.pk} has read the course since"
    if run.read_at and timezone.now() - run.read_at > timedelta(hours=PLAN_HOURS):
        return f"it was made more than {PLAN_HOURS} hours ago"
    return ""


def _begin(ledger: Ledger, reader: Reader, carrier: Carrier) -> str:
    """Nothing was sent yet: may it still be?"""
    has_writes = bool(stored.outcome_of(ledger.run))
    if has_writes and (reason := stale(ledger.run)):
        raise PlanRefused(f"Nothing of this plan was sent, and {reason}.")
    if has_writes and _is_copy(reader):
        raise CopyOfCanvas("This is a beta or test Canvas; nothing is written to Q from it.")
    carrier.learn()
    return "items"


def _is_copy(reader: Reader) -> bool:
    connection = CanvasConnection.objects.get(district=reader.district)
    allowed = SyncDefaults.objects.filter(district=reader.district, copies_may_write=True)
    return bool(environment(connection.base_url)) and not allowed.exists()


def _finish(ledger: Ledger, reader: Reader) -> str:
    sent = stored.sent_of(ledger.run)
    if ledger.run.kind == KIND:
        with ledger.guarded():
            seen = CourseSync.objects.filter(pk=reader.course.pk)
            seen.filter(last_change_at__lte=ledger.run.read_at).update(
                first_change_at=None, last_change_at=None
            )
    ledger.end(Run.State.DONE, sent=sent)
    return ""

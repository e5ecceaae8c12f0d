"""One sync of a course as steps, each leaving a cursor: what is done once is not done again.

    (nothing) → planned → items → scores → removed → verified → done       or held, after planning
    held → approved → planned → …                                          once a person sends it

A run that was interrupted goes on from its cursor with `advance`: an interrupted plan is made anew,
a stored one is carried out. Every write is an operation that was stored with its line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial

from django.db.models.functions import Now
from django.utils import timezone

from gradesync import stored
from gradesync.carrying import Carrier
from gradesync.errors import Cancelled, CopyOfCanvas, GradesError, PlanRefused, TooManyAttempts
from gradesync.models import CourseSync, SyncRun
from gradesync.planning import PLANS, leave_changed, stale
from gradesync.reading import Reader
from gradesync.reading_back import read_back
from gradesync.rulebook import is_copy
from gradesync.turns import Turns
from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.ledger.endings import failing
from integration.ledger.leases import held
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import QConnection, Run
from integration.oneroster.client import OneRosterClient

KIND, UNDO = Run.Kind.GRADES, Run.Kind.GRADES_UNDO
UNFINISHED = (Run.State.QUEUED, Run.State.RUNNING, Run.State.WAITING)
MAX_ATTEMPTS = 5
# Somebody looks at it as it goes: how often, in seconds, its progress is written.
BEAT = 1.0
LOOK_AGAIN = timedelta(minutes=1)
# Nobody waits longer for a preview; one that is given up is begun anew at the next visit.
PREVIEW_TRIED = timedelta(minutes=30)

# The steps that only read.
READING = ("", "approved", "verify")

OpenQ = Callable[[], OneRosterClient]


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
        ledger = Ledger.take(run, fence, watch=partial(_looked, sync, run, watch), beat=BEAT)
        with _failing(ledger, sync), q() as client:
            if run.attempts > MAX_ATTEMPTS:
                raise TooManyAttempts(f"Run {run.pk} was interrupted {MAX_ATTEMPTS} times.")
            _check_cancelled(sync)
            reader = Reader(sync, canvas, client, ledger)
            turns = Turns(
                ledger, QConnection.objects.get(district=run.district), client, time.sleep
            )
            _steps(ledger, reader, turns)
        return run


def _steps(ledger: Ledger, reader: Reader, turns: Turns) -> None:
    run = ledger.run
    carrier = Carrier(ledger, reader, turns, sleep=time.sleep)
    steps: dict[str, Callable[[], str]] = {
        "": partial(PLANS[run.kind].plan, ledger, reader),
        "approved": partial(leave_changed, ledger, reader),
        "planned": partial(_begin, ledger, reader, carrier),
        "items": partial(carrier.send_items, "PUT", "scores"),
        "scores": partial(carrier.send_scores, "removed"),
        "removed": partial(carrier.send_items, "DELETE", "verify"),
        "verify": partial(read_back, ledger, reader, "verified"),
        "verified": partial(_finish, ledger, reader),
    }
    while run.state == Run.State.RUNNING:
        # Those that send take a turn for each batch.
        with turns.taken() if run.cursor in READING else nullcontext():
            cursor = steps[run.cursor]()
        if run.state == Run.State.RUNNING:
            ledger.write(cursor=cursor)


@contextmanager
def _failing(ledger: Ledger, sync: SyncRun) -> Iterator[None]:
    """An error ends the run as failed and stays with it; what may pass leaves it waiting."""

    def told(error: QSyncError) -> None:
        if error.retryable and not _is_given_up(ledger.run):
            ledger.wait(error)
            ledger.write(not_before=Now() + LOOK_AGAIN)
        else:
            ledger.fail(error)

    try:
        with failing(ledger, told, resumes=lambda: True, unexpected=GradesError):
            yield
    finally:
        close_ended(sync.course)


def _is_given_up(run: Run) -> bool:
    began = run.started_at
    return run.plan_only and began is not None and timezone.now() - began > PREVIEW_TRIED


def close_ended(course: CourseSync) -> None:
    """Let the next sync of the course in, once this one has ended or waits for a person."""
    over = course.runs.filter(is_open=True).exclude(run__state__in=UNFINISHED)
    over.update(is_open=None)


def _looked(
    sync: SyncRun, run: Run, watch: Watch, stage: str, done: int, total: int | None
) -> None:
    """Whoever looks on, and, as long as nothing was sent, whoever wants to stop it."""
    watch(stage, done, total)
    if run.cursor in ("", "approved"):
        _check_cancelled(sync)


def _check_cancelled(sync: SyncRun) -> None:
    if SyncRun.objects.filter(pk=sync.pk).exclude(cancel_asked_at=None).exists():
        raise Cancelled("The sync was stopped before anything of it was sent.")


def _begin(ledger: Ledger, reader: Reader, carrier: Carrier) -> str:
    """Nothing was sent yet: may it still be?"""
    has_writes = bool(stored.outcome_of(ledger.run))
    if has_writes and (reason := stale(ledger.run)):
        raise PlanRefused(f"Nothing of this plan was sent, because {reason}.")
    # Also of an automatic sync, and of a press of the command.
    if has_writes and is_copy(reader.district):
        raise CopyOfCanvas("This is a beta or test Canvas; nothing is written to Q from it.")
    carrier.learn()
    return "items"


def _finish(ledger: Ledger, reader: Reader) -> str:
    sent = stored.sent_of(ledger.run)
    if ledger.run.kind == KIND and not (ledger.run.plan_only or reader.sync.scope):
        with ledger.guarded():
            seen = CourseSync.objects.filter(pk=reader.course.pk)
            seen.filter(last_change_at__lte=ledger.run.read_at).update(
                first_change_at=None, last_change_at=None
            )
    ledger.end(Run.State.DONE, sent=sent)
    return ""

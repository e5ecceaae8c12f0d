"""What the workers do when a bell rings: an id in and nothing else; never, once or three times.

The ledger decides what is done. `sweep` finds it each minute, `advance_run` does it.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from integration import retention
from integration.bells import ring, ringing
from integration.connections import canvas_client, q_client
from integration.errors import QSyncError
from integration.ledger import stopping
from integration.ledger.leases import LedgerError, held
from integration.ledger.runs import Ledger, Watch
from integration.logs import without_words
from integration.models import District, Heartbeat, Lease, ProvisioningPolicy, Run
from integration.nights import blackout, tonight
from integration.provisioning.apply import give_up
from integration.provisioning.drift import KIND as DRIFT
from integration.provisioning.errors import Paused
from integration.provisioning.run import (
    KIND,
    PLANS,
    UNFINISHED,
    advance,
    drop,
    has_to_be_finished,
    open_run,
    resource,
    unfinished,
)
from integration.schedule import timetable_of
from integration.weekly import open_weekly_check
from lti import rates, sessions

logger = logging.getLogger(__name__)

# What the rooms above have to look for each minute; they put themselves in here.
SWEEPERS: list[Callable[[], object]] = []

SWEEP = "integration.tasks.sweep"
ADVANCE = "integration.tasks.advance_run"
PRUNE = "integration.tasks.prune"
NIGHT = "night"

PRUNE_SECONDS = 60.0
# A night that failed for a passing reason: how long to wait after its n-th attempt.
AGAIN_AFTER = {1: 15, 2: 30, 3: 60}
# A person's command opens its run and carries it out itself; only what it left behind is ours.
BY_HAND = timedelta(minutes=1)
# A slow Q may take hours to read. The bell is heard again meanwhile (`retry`): then the lease
# is taken, and the second worker goes away.
ADVANCE_TIMEOUT = 6 * 3600
# Canvas may work on other people's imports for hours first. The worker serves others meanwhile,
# and comes back: at once, and where the run is known to wait, now and then.
WAIT_SECONDS = 240.0
LOOK_AGAIN = timedelta(minutes=10)


@without_words
def sweep() -> None:
    """Open nights that are due, ring for all that goes on, forget ended visits; leave a heartbeat.

    The heartbeat comes last: it tells that all of it was done.
    """
    for policy in _automatic():
        try:
            _open_night(policy)
            open_weekly_check(policy)
        except QSyncError as error:
            slug = policy.district.slug
            logger.error("no night could be opened district=%s code=%s", slug, error.code)
    _try_again()
    heard = ringing()
    if (PRUNE, ()) not in heard and retention.is_due():
        ring(PRUNE)
    for run in _waiting():
        if (ADVANCE, (run.pk,)) not in heard:
            ring(ADVANCE, run.pk, timeout=ADVANCE_TIMEOUT)
    for sweeper in SWEEPERS:
        sweeper()
    sessions.forget_expired()
    rates.forget_old()
    Heartbeat.beat(socket.gethostname())


@without_words
def prune() -> None:
    """Delete what is past its time, for a while; the next sweep rings again for the rest."""
    until = time.monotonic() + PRUNE_SECONDS
    retention.prune(lambda: stopping.is_asked() or time.monotonic() > until)


@without_words
def advance_run(run_id: int) -> None:
    """Bring a run to its end, and before it what the district has left unfinished.

    A night that rests in a blackout stops nothing behind it: like all that was interrupted, it
    makes way, or is finished first where Canvas may have something of it.
    """
    wanted = Run.objects.select_related("district").filter(pk=run_id).first()
    if wanted is None or is_resting(wanted, timezone.now()):
        return
    for run in unfinished(wanted.district):
        if run.pk > run_id or stopping.is_asked():
            return
        try:
            with stopping.listening():
                is_over = _finish(run, is_wanted=run.pk == run_id)
        except LedgerError as error:
            logger.info("run is somebody else's run=%s code=%s", run.pk, error.code)
            return
        except stopping.Stopped:
            logger.info("run stopped, to be gone on with run=%s cursor=%s", run.pk, run.cursor)
            return
        if not is_over:
            return


def is_resting(run: Run, now: datetime) -> bool:
    """Whether a run has to wait: its district is paused, or a night has come into a blackout."""
    return run.district.state == District.State.PAUSED or is_blacked_out(run, now)


def is_blacked_out(run: Run, now: datetime) -> bool:
    """Whether a run is a night that has come into a blackout. Raises ScheduleRefused.

    What Canvas already has is read back all the same, and what a person approved is not put off
    until it is out of date.
    """
    if run.night is None or run.sent or run.approvals.exists():
        return False
    policy = ProvisioningPolicy.objects.select_related("district").get(district=run.district)
    return blackout(now, timetable_of(policy)) is not None


def _automatic() -> QuerySet[ProvisioningPolicy]:
    """Who has nights, each with the database's time and the last night that has a run."""
    return (
        ProvisioningPolicy.objects.filter(is_automatic=True, district__state=District.State.ACTIVE)
        .select_related("district")
        .annotate(
            now=Now(),
            first_night=Min("district__runs__night", filter=Q(district__runs__kind=KIND)),
            last_night=Max("district__runs__night", filter=Q(district__runs__kind=KIND)),
            last_check=Max("district__runs__night", filter=Q(district__runs__kind=DRIFT)),
        )
        .order_by("pk")
    )


def _open_night(policy: ProvisioningPolicy) -> None:
    """Raises ScheduleRefused."""
    decided = tonight(policy.now, timetable_of(policy), policy.last_night)  # type: ignore[attr-defined]  # annotated
    if decided.due is None:
        return
    try:
        with transaction.atomic():
            run = open_run(policy.district, actor="schedule", trigger=NIGHT)
            Run.objects.filter(pk=run.pk).update(night=decided.due)
    except IntegrityError:
        logger.info("night is another sweeper's district=%s", policy.district.slug)
    else:
        logger.info("night opened district=%s run=%s", policy.district.slug, run.pk)


def _try_again() -> None:
    """Queue the nights that failed for a passing reason once more, as the same run.

    Not where the district has a later run: its plan was made from newer facts.
    """
    failed = Run.objects.filter(
        state=Run.State.FAILED,
        night__isnull=False,
        attempts__in=AGAIN_AFTER,
        error__code__in=passing_codes(QSyncError),
        district__policy__is_automatic=True,
    )
    for run in failed.select_related("district"):
        if run.ended_at and not run.district.runs.filter(kind__in=PLANS, pk__gt=run.pk).exists():
            Run.objects.filter(pk=run.pk, state=Run.State.FAILED, attempts=run.attempts).update(
                state=Run.State.QUEUED,
                not_before=run.ended_at + _pause_after(run.attempts),
                ended_at=None,
            )


def passing_codes(error: type[QSyncError]) -> set[str]:
    """The codes of all errors, this one and below, that may pass without anybody acting."""
    below = (passing_codes(child) for child in error.__subclasses__())
    return set().union({error.code} if error.retryable else (), *below)


def _pause_after(attempts: int) -> timedelta:
    return timedelta(minutes=AGAIN_AFTER.get(attempts, max(AGAIN_AFTER.values())))


def _waiting() -> list[Run]:
    """The newest unfinished run of each district that does not rest, where nobody is at it.

    Whoever brings it to its end sees to the older ones first, so it is put off while one of them
    has to be finished and its time has not come: each look at it, or attempt, would count.
    """
    runs = Run.objects.filter(kind__in=PLANS, state__in=UNFINISHED).annotate(now=Now())
    in_order = runs.select_related("district").order_by("pk")
    newest = {run.district_id: run for run in in_order if not _rests(run)}
    taken = set(Lease.objects.filter(expires_at__gt=Now()).values_list("resource", flat=True))
    wait = {run.district_id for run in runs if _is_early(run) and _holds_up(run)}
    return [
        run
        for run in newest.values()
        if run.district_id not in wait and resource(run.district) not in taken and _may_go_on(run)
    ]


def _holds_up(run: Run) -> bool:
    """Whether a run lets no later one of its district begin."""
    return run.state == Run.State.WAITING or has_to_be_finished(run)


def _is_early(run: Run) -> bool:
    now: datetime = run.now  # type: ignore[attr-defined]  # annotated
    return run.not_before is not None and run.not_before > now


def _may_go_on(run: Run) -> bool:
    now: datetime = run.now  # type: ignore[attr-defined]  # annotated
    if _is_early(run):
        return False
    return run.trigger != "command" or now - run.created_at >= BY_HAND


def _rests(run: Run) -> bool:
    """Whether it rests, or cannot go on."""
    now: datetime = run.now  # type: ignore[attr-defined]  # annotated
    try:
        return is_resting(run, now)
    except QSyncError as error:
        logger.error("run cannot go on run=%s code=%s", run.pk, error.code)
        return True


def _finish(run: Run, *, is_wanted: bool) -> bool:
    """Bring a run to its end, or drop an old one of which nothing was sent; is it over?

    Where Canvas may have something of it, nothing else may be sent until it is.

    Raises AlreadyRunning, LeaseLost, Stopped.
    """
    if run.kind == KIND and not is_wanted and drop(run):
        return True
    Run.objects.filter(pk=run.pk, state=Run.State.QUEUED).update(error={}, not_before=None)
    try:
        canvas = canvas_client(run.district)
    except QSyncError as error:
        _fail(run, error)
        return True
    try:
        with canvas:
            advance(
                run,
                q=partial(q_client, run.district),
                canvas=canvas,
                watch=_watch(run),
                may_send=partial(_is_active, run.district),
            )
    finally:
        # Interrupted by an error while Canvas may have something of it: not again at once. What
        # was paused waits for the resume, and for nothing else.
        left = Run.objects.filter(pk=run.pk, state=Run.State.QUEUED, not_before=None)
        left.exclude(error__code=Paused.code).update(not_before=Now() + _pause_after(run.attempts))
        Run.objects.filter(pk=run.pk, state=Run.State.WAITING).update(not_before=Now() + LOOK_AGAIN)
    logger.info("run ended run=%s state=%s", run.pk, run.state)
    return run.state not in UNFINISHED


def _is_active(district: District) -> bool:
    return District.objects.filter(pk=district.pk, state=District.State.ACTIVE).exists()


def _fail(run: Run, error: QSyncError) -> None:
    """End a run that cannot even begin. Raises AlreadyRunning, LeaseLost."""
    with held(resource(run.district)) as fence:
        run.refresh_from_db()
        if run.state in UNFINISHED:
            ledger = Ledger.take(run, fence)
            give_up(ledger)
            ledger.fail(error)


def _watch(run: Run) -> Watch:
    """Stops the run where it is asked to, or where its waiting keeps a worker from others."""
    until = time.monotonic() + WAIT_SECONDS

    def watch(stage: str, done: int, total: int | None) -> None:
        if stopping.is_asked():
            raise stopping.Stopped
        if run.state == Run.State.WAITING or (run.cursor == "sent" and time.monotonic() > until):
            raise stopping.Stopped

    return watch

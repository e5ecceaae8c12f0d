"""One provisioning run as steps, each leaving a cursor: what is done once is not done again.

    (nothing) → planned → sent → imported → done        or, after planning, held

A run that was interrupted goes on from its cursor with `advance`. Planning changes nothing
outside, so an interrupted plan is made anew, and so is one of which nothing came to Canvas; a plan
that a person approved, or that Canvas may have, is carried out as it is stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import F
from django.utils import timezone

from integration.canvas.client import CanvasClient
from integration.canvas.errors import CanvasError, ImportStillRunning
from integration.errors import QSyncError
from integration.http import HttpError
from integration.ledger import operations
from integration.ledger.endings import failing
from integration.ledger.leases import held
from integration.ledger.operations import may_have_come
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import (
    CanvasConnection,
    District,
    Finding,
    Operation,
    ProvisioningPolicy,
    QConnection,
    Run,
)
from integration.oneroster.client import OneRosterClient
from integration.provisioning import plan_lines, roster, term_memory
from integration.provisioning.apply import MaySend, give_up, record, send, wait
from integration.provisioning.aside import reminders
from integration.provisioning.canvas_side import claims, observe
from integration.provisioning.errors import (
    OtherVersion,
    Paused,
    PlanRefused,
    ProvisioningError,
    TooManyAttempts,
)
from integration.provisioning.holds import IDS_CHANGED
from integration.provisioning.limits import holds_of, ladder_of, limits_of
from integration.provisioning.plan import Planner, rules_of
from integration.provisioning.problems import problem
from integration.provisioning.read import source_of
from integration.provisioning.resting import rest_with
from integration.provisioning.schools import leave_out
from integration.provisioning.which_canvas import check_same_canvas

KIND = Run.Kind.PROVISIONING
MAX_ATTEMPTS = 5
# How often Canvas may fail to say what became of an import before that counts as an attempt: at
# one look each quarter of an hour, a day.
MAX_LOOKS = 96
# What these have done is not in an older plan.
BESIDE: dict[str, str] = {
    Run.Kind.UNDO: "taken something back",
    Run.Kind.RENAMES: "changed ids",
}
UNFINISHED = (Run.State.QUEUED, Run.State.RUNNING, Run.State.WAITING)
# Somebody is at it.
AT_WORK = (Run.State.RUNNING, Run.State.WAITING)

OpenQ = Callable[[], OneRosterClient]
# How each kind of run makes its plan; all carry it out alike. Other modules add their kind.
PLANS: dict[str, Callable[[Ledger, OpenQ, CanvasClient], str]] = {}


def resource(district: District) -> str:
    """What a worker must hold to touch this district's provisioning."""
    return f"provisioning of {district.slug}"


def provision(
    district: District,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    actor: str,
    plan_only: bool = False,
    watch: Watch = nobody,
) -> Run:
    """Finish what was interrupted, then plan anew and carry it out unless a person must decide.

    What was interrupted before anything of it was sent is dropped, unless a person approved it:
    the new plan takes its place. `q` opens the connection to Q when it is needed. The run that
    comes back is done, held or failed; its row, changes and findings tell all. Where an interrupted
    one cannot be finished yet, it is the one that comes back: nothing is sent beside it.

    Raises:
        AlreadyRunning: the district has another run going.
    """
    for interrupted in unfinished(district):
        if drop(interrupted):
            continue
        if advance(interrupted, q=q, canvas=canvas, watch=watch).state in UNFINISHED:
            return interrupted
    return advance(
        open_run(district, actor=actor, plan_only=plan_only), q=q, canvas=canvas, watch=watch
    )


def unfinished(district: District) -> list[Run]:
    """Runs that were begun and not ended, oldest first."""
    return list(district.runs.filter(kind__in=PLANS, state__in=UNFINISHED).order_by("pk"))


def is_begun(run: Run) -> bool:
    """Was its upload tried? Such a run is gone on with, also where nothing of it came."""
    return run.operations.exclude(state=Operation.State.PENDING).exists()


def has_to_be_finished(run: Run) -> bool:
    """May Canvas have something of it, or did a person approve it? If not, it is planned anew."""
    return may_have_come(run) or run.approvals.exists()


def drop(run: Run) -> bool:
    """End an interrupted run of which nothing came to Canvas; False if it has to be finished.

    A person's yes is never dropped: such a plan is carried out, or refused with the reason.
    """
    with held(resource(run.district)) as fence:
        if has_to_be_finished(run):
            return False
        error = ProvisioningError("The run was interrupted before anything of it was sent.")
        told = {"state": Run.State.FAILED, "ended_at": timezone.now(), "error": error.as_dict()}
        # With the fence, so that a worker which wakes up late does not write to it any more.
        Run.objects.filter(pk=run.pk, state__in=UNFINISHED).update(fence=fence.number, **told)
        return True


def conditions(district: District) -> str:
    """Name all that a plan rests on beside what Q holds: when it changes, the plan is stale."""
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    q = QConnection.objects.filter(district=district).values("base_url", "service").first()
    canvas = CanvasConnection.objects.filter(district=district)
    where = canvas.values("base_url", "root_account_id").first()
    content = json.dumps([policy.digest(), district.time_zone, q, where], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def stale(run: Run) -> str:
    """Why a stored plan may no longer be carried out, or "" (design 5.7)."""
    later = run.district.runs.filter(kind=run.kind, pk__gt=run.pk).exclude(read_at=None)
    if (newer := later.order_by("-pk").first()) is not None:
        return f"run {newer.pk} has read Q since, and its plan counts now ({newer.plan_digest})"
    others = run.district.runs.filter(kind__in=BESIDE, state=Run.State.DONE).exclude(sent={})
    if run.read_at and (other := others.filter(ended_at__gt=run.read_at).first()) is not None:
        return f"run {other.pk} has {BESIDE[other.kind]} since"
    if conditions(run.district) != run.policy_digest:
        return "the mapping rules, the limits or the connections have changed since"
    hours = run.district.policy.plan_hours
    if run.read_at and timezone.now() - run.read_at > timedelta(hours=hours):
        return f"it was made more than {hours} hours ago"
    return ""


def open_run(
    district: District, *, actor: str, plan_only: bool = False, trigger: str = "command"
) -> Run:
    """Write a run down before anything is done for it."""
    return Run.objects.create(
        district=district,
        kind=KIND,
        trigger=trigger,
        actor=actor,
        plan_only=plan_only,
        policy_digest=conditions(district),
    )


def always() -> bool:
    """A command is somebody's own deed, and goes on in a paused district."""
    return True


def advance(
    run: Run,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    watch: Watch = nobody,
    may_send: MaySend = always,
) -> Run:
    """Bring a run from where it is to its end; safe to call again after any interruption.

    Where it may not send, and has not begun to, it is left queued, with the reason.

    Raises:
        AlreadyRunning: somebody else is at it.
        Stopped: `watch` asked for it; the run stays as it is, and the attempt does not count.
    """
    with held(resource(run.district)) as fence:
        run.refresh_from_db()
        if run.state not in UNFINISHED:
            return run
        ledger = Ledger.take(run, fence, watch=watch)
        steps: dict[str, Callable[[], str]] = {
            "": partial(PLANS[run.kind], ledger, q, canvas),
            "planned": partial(_send, ledger, canvas, may_send),
            "sent": partial(wait, ledger, canvas),
            "imported": partial(record, ledger, canvas),
            "recorded": partial(_finish, ledger),
        }
        with failing(
            ledger,
            partial(_told, ledger),
            resumes=partial(is_begun, run),
            unexpected=ProvisioningError,
        ):
            _require_a_way_on(ledger, steps)
            if run.cursor != "recorded":
                check_same_canvas(run.district, canvas)
            if run.cursor == "planned" and not has_to_be_finished(run):
                _back(ledger)
            while run.state in AT_WORK:
                cursor = steps[run.cursor]()
                if run.state in AT_WORK:
                    ledger.write(cursor=cursor, state=Run.State.RUNNING)
        return run


def _require_a_way_on(ledger: Ledger, steps: Collection[str]) -> None:
    """Raises OtherVersion, TooManyAttempts, PlanRefused."""
    run = ledger.run
    if run.cursor not in steps:
        give_up(ledger)
        raise OtherVersion(f"Run {run.pk} stands at a step that is not known here: “{run.cursor}”.")
    if run.attempts > MAX_ATTEMPTS:
        give_up(ledger)
        raise TooManyAttempts(f"Run {run.pk} was interrupted {MAX_ATTEMPTS} times.")
    if _waits_approved(run) and (reason := stale(run)):
        raise PlanRefused(f"Nothing of this plan was sent, because {reason}.")


def _waits_approved(run: Run) -> bool:
    """Is it a plan that a person approved, and of which nothing came to Canvas yet?"""
    return run.cursor == "planned" and run.approvals.exists() and not may_have_come(run)


def _back(ledger: Ledger, **fields: Any) -> None:
    """Put a run of which nothing came to Canvas back, so that it reads Q anew when it goes on.

    What it tried is forgotten: it was for another plan, and is as old as that. Only what a person
    approved stays as it is.
    """
    run = ledger.run
    is_approved = run.approvals.exists()
    with ledger.guarded():
        (run.operations.filter(attempts=0) if is_approved else run.operations.all()).delete()
        ledger.write(cursor="planned" if is_approved else "", **fields)


def _send(ledger: Ledger, canvas: CanvasClient, may_send: MaySend) -> str:
    """Send the plan; the next cursor. In a paused district the run waits for the resume.

    What led to the pause may be in this plan.
    """
    try:
        return send(ledger, canvas, may_send)
    except Paused as paused:
        error = paused.as_dict()
    _back(
        ledger,
        state=Run.State.QUEUED,
        stage="",
        error=error,
        attempts=F("attempts") - 1,  # it was no failed one
    )
    return ledger.run.cursor


def _told(ledger: Ledger, error: QSyncError) -> None:
    """An error ends the run as failed; the caller finds it in the row.

    Where Canvas may have something of the run, only its answer ends it: an error that says
    nothing of that leaves the run to be gone on with.
    """
    if isinstance(error, ImportStillRunning):
        ledger.wait(error)
    elif is_begun(ledger.run) and not isinstance(error, ProvisioningError):
        ledger.interrupt(error, counts=not _is_only_silent(ledger, error))
    else:
        ledger.fail(error)


def _is_only_silent(ledger: Ledger, error: QSyncError) -> bool:
    """Did nothing fail but Canvas's answer about an import that it has, and not too often yet?

    An outage outlasts a run's attempts, and whoever gives up the run has to send its rows again.
    """
    if ledger.run.cursor not in ("sent", "imported"):
        return False
    if not isinstance(error, (CanvasError, HttpError)):
        return False
    operation = operations.find(ledger.run, "import")
    operations.look(operation, ledger.fence)
    return operation.attempts <= MAX_LOOKS


def _plan(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    run, district = ledger.run, ledger.run.district
    policy = ProvisioningPolicy.objects.get(district=district)
    ledger.forget()
    first = district.provisioned_at is None or roster.is_empty(district)
    there, claimed = observe(ledger, canvas) if first else (0, None)
    with q() as client:
        planner = Planner(
            ledger,
            source_of(ledger, client),
            rules_of(policy, district.time_zone),
            lambda: claimed or claims(ledger, canvas),
            limits=limits_of(policy),
            ladder=ladder_of(policy),
        )
        planner.plan()
    ledger.progress("planning", 0)
    with ledger.guarded():
        rest_with(run)
        if policy.schools:
            leave_out(run, policy)
    _tell_of_refused(ledger)
    counts = plan_lines.counts_of(run, planner.seen)
    found = [*holds_of(run, policy, counts, there), *planner.adoptions(), *planner.holds]
    ledger.write(
        read_at=timezone.now(),
        counts=counts,
        policy_digest=conditions(district),
        plan_digest=plan_lines.plan_digest(run),
        holds=[hold.as_dict() for hold in found],
    )
    is_held = any(hold.code != IDS_CHANGED for hold in found)
    if is_held or (run.plan_only and plan_lines.has_lines(run)):
        ledger.end(Run.State.HELD)
    return "planned"


PLANS[KIND] = _plan


def _tell_of_refused(ledger: Ledger) -> None:
    ledger.find(reminders(ledger.run))
    ledger.find(
        problem("canvas.still-refused", kind, key.replace("\x1f", " "), detail=message)
        for kind, key, message in plan_lines.blocked_keys(ledger.run)
    )


def _finish(ledger: Ledger) -> str:
    district = ledger.run.district
    with ledger.guarded():
        term_memory.keep(ledger.run)
        if ledger.run.kind == KIND:
            roster.mark_provisioned(district)
            roster.forget_settled(ledger.run)
    seen = {
        kind: {what: count[what] for what in ("same", "skipped", "left") if what in count}
        for kind, count in ledger.run.counts.items()
    }
    ledger.end(Run.State.DONE, counts=plan_lines.counts_of(ledger.run, seen))
    return ""


def findings_of(run: Run) -> Iterator[Finding]:
    """The run's findings, in the order in which they were made."""
    return Finding.objects.filter(run=run).order_by("pk").iterator(1000)

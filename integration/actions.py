"""What a person or a program starts from outside a terminal: written down now, done by a worker.

Each gives the run's row at once. Who asks for what is under way already joins it.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from integration.begin import turn
from integration.bells import ring
from integration.evaluation.run import open_evaluation
from integration.ledger.leases import held
from integration.models import AuditEvent, District, Run
from integration.provisioning.approval import accept
from integration.provisioning.drift import open_check
from integration.provisioning.errors import PlanRefused
from integration.provisioning.part import Part
from integration.provisioning.run import UNFINISHED, open_run, resource
from integration.provisioning.undo import accept_undo, open_undo
from integration.tasks import ADVANCE, ADVANCE_TIMEOUT, is_blacked_out

PERSON = "person"


def run_now(district: District, *, by: str, plan_only: bool = False) -> Run:
    """A provisioning run, or with `plan_only` its plan."""
    with turn(district):
        joined = _under_way(district, Run.Kind.PROVISIONING)
        # A night in a blackout may rest for weeks; this does not wait for its end.
        if joined and is_blacked_out(joined, timezone.now()):
            joined = None
        return joined or _begun(open_run(district, actor=by, plan_only=plan_only, trigger=PERSON))


def evaluate_now(district: District, *, by: str) -> Run:
    """An evaluation."""
    with turn(district):
        joined = _under_way(district, Run.Kind.EVALUATION)
        return joined or _begun(open_evaluation(district, actor=by, trigger=PERSON))


def check_drift_now(district: District, *, by: str, repair: bool = False) -> Run:
    """A drift check; with `repair` the next run sends again what is missing."""
    with turn(district):
        joined = _under_way(district, Run.Kind.DRIFT)
        return joined or _begun(
            open_check(district, actor=by, plan_only=not repair, trigger=PERSON)
        )


def approve_now(
    district: District, digest: str, *, by: str, part: Part | None = None, reason: str = ""
) -> Run:
    """Carry a plan that waits out, whole or in part.

    Raises:
        PlanRefused: no plan with this digest waits, or it is stale; the message says why.
        AlreadyRunning: the district has a run going.
    """
    return _rung(accept(district, digest, actor=by, part=part, reason=reason))


def discard(district: District, digest: str, *, by: str, reason: str = "") -> Run:
    """Let a plan that waits never be carried out; the next night makes another.

    Raises:
        PlanRefused: no plan with this digest waits.
        AlreadyRunning: the district has a run going.
    """
    with held(resource(district)) as fence, transaction.atomic():
        run = district.runs.filter(state=Run.State.HELD, plan_digest=digest).first()
        if run is None:
            raise PlanRefused(f"No such plan of {district.slug} waits any more.")
        error = PlanRefused("Somebody looked at this plan and discarded it.")
        Run.objects.filter(pk=run.pk, state=Run.State.HELD).update(
            state=Run.State.FAILED, error=error.as_dict(), fence=fence.number
        )
        AuditEvent.objects.create(
            district=district.slug,
            actor=by,
            action="plan.discarded",
            subject=f"run {run.pk}",
            after={"digest": digest},
            reason=reason,
        )
    run.refresh_from_db()
    return run


def undo_now(run: Run, *, by: str) -> Run:
    """Plan the inverse of a run, to be looked at; it is held then, and `confirm_undo` sends it.

    Raises:
        NothingToUndo, BeforeGone: it cannot be undone; the message says why.
    """
    with turn(run.district):
        planned = run.undos.filter(state__in=UNFINISHED).order_by("-pk").first()
        return planned or _begun(open_undo(run, actor=by, trigger=PERSON))


def confirm_undo(undoing: Run, *, by: str, reason: str = "") -> Run:
    """Carry the plan of an undo out.

    Raises:
        PlanRefused: something has ended since it was made.
        AlreadyRunning: the district has a run going.
    """
    if undoing.state != Run.State.HELD:
        raise PlanRefused(f"Run {undoing.pk} does not wait for anybody.")
    accept_undo(undoing, actor=by, reason=reason)
    return _rung(undoing)


def _under_way(district: District, kind: str) -> Run | None:
    return district.runs.filter(kind=kind, state__in=UNFINISHED).order_by("-pk").first()


def _begun(run: Run) -> Run:
    """In the transaction that opened it: who has begun what."""
    AuditEvent.objects.create(
        district=run.district.slug,
        actor=run.actor,
        action="run.begun",
        subject=f"run {run.pk}",
        after={"kind": run.kind, "plan_only": run.plan_only},
    )
    return _rung(run)


def _rung(run: Run) -> Run:
    transaction.on_commit(lambda: ring(ADVANCE, run.pk, timeout=ADVANCE_TIMEOUT))
    run.refresh_from_db()
    return run

"""Takes a run back: plans the inverse of what it did, shows it, and carries it out like any plan.

Running it is its approval (design 5.9), so limits do not hold it. What is left is listed.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from integration.canvas.client import CanvasClient
from integration.ledger.endings import waits_for_a_yes
from integration.ledger.leases import held
from integration.ledger.runs import Watch, nobody
from integration.models import Approval, AuditEvent, Run
from integration.provisioning import history
from integration.provisioning.beside import finish_others, no_q
from integration.provisioning.errors import BeforeGone, NothingToUndo, PlanRefused
from integration.provisioning.inverse import SENT
from integration.provisioning.run import PLANS, advance, conditions, resource

KIND = Run.Kind.UNDO
ENDED = (Run.State.DONE, Run.State.FAILED)


def undo(
    run: Run,
    *,
    canvas: CanvasClient,
    actor: str,
    plan_only: bool = False,
    digest: str | None = None,
    watch: Watch = nobody,
) -> Run:
    """Plan the inverse of `run`; unless `plan_only`, carry it out as approved by `actor`.

    With a `digest` only the plan of that name is carried out. The run that comes back is the
    undo: held (shown, and something to send), done or failed.

    Raises:
        NothingToUndo, BeforeGone: the run cannot be undone; the message says why.
        PlanRefused: the plan is another one than `digest` names, or is out of date already.
        RunUnderWay, AlreadyRunning: the district has a run going.
    """
    finish_others(run.district, canvas=canvas, watch=watch)
    undoing = open_undo(run, actor=actor)
    undoing = advance(undoing, q=no_q, canvas=canvas, watch=watch)
    if not waits_for_a_yes(undoing, digest, plan_only=plan_only, refused=PlanRefused):
        return undoing
    accept_undo(undoing, actor=actor)
    return advance(undoing, q=no_q, canvas=canvas, watch=watch)


def open_undo(run: Run, *, actor: str, **fields: Any) -> Run:
    """Write an undo down, which plans and then is held; `fields` of its row beside the usual.

    Raises:
        NothingToUndo, BeforeGone: the run cannot be undone; the message says why.
    """
    _check(run)
    return Run.objects.create(
        district=run.district,
        kind=KIND,
        undoes=run,
        actor=actor,
        plan_only=True,
        policy_digest=conditions(run.district),
        **fields,
    )


def _check(run: Run) -> None:
    """Raises NothingToUndo, BeforeGone."""
    if run.kind in (Run.Kind.DRIFT, Run.Kind.EVALUATION):
        raise NothingToUndo(
            f"Run {run.pk} only looked and sent nothing, so there is nothing to undo."
        )
    if run.state not in ENDED:
        raise NothingToUndo(f"Run {run.pk} has sent nothing, or has not ended yet.")
    counted = any(count.get(what) for count in run.counts.values() for what in SENT)
    if counted and history.came(run) and (run.pruned_at or not history.has_lines(run)):
        raise BeforeGone(f"What was in Canvas before run {run.pk} is no longer kept.")


def accept_undo(undoing: Run, *, actor: str, reason: str = "") -> None:
    """Write the yes down, unless something has ended since the plan was made.

    Raises:
        PlanRefused: something has.
        AlreadyRunning: the district has another run going.
    """
    district = undoing.district
    with held(resource(district)), transaction.atomic():
        later = district.runs.filter(kind__in=PLANS, ended_at__gte=undoing.ended_at)
        later = later.exclude(pk=undoing.pk)
        if (other := later.order_by("-pk").first()) is not None:
            raise PlanRefused(f"Run {other.pk} has ended since this plan was made.")
        assert undoing.undoes
        Approval.objects.create(run=undoing, digest=undoing.plan_digest, by=actor, reason=reason)
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="run.undone",
            subject=f"run {undoing.undoes.pk}",
            after={"digest": undoing.plan_digest, "run": undoing.pk},
            reason=reason,
        )
        Run.objects.filter(pk=undoing.pk).update(
            state=Run.State.QUEUED, cursor="planned", attempts=0, plan_only=False
        )

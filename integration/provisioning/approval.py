"""A person's yes to one stored plan (design 5.7)."""

from __future__ import annotations

from django.db import transaction

from integration.canvas.client import CanvasClient
from integration.ledger.leases import held
from integration.ledger.runs import Watch, nobody
from integration.models import Approval, AuditEvent, District, Run
from integration.provisioning.errors import PlanRefused
from integration.provisioning.run import KIND, OpenQ, advance, resource, stale


def approve(
    district: District,
    digest: str,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    actor: str,
    reason: str = "",
    watch: Watch = nobody,
) -> Run:
    """Carry out the stored plan that `digest` names, without reading Q again.

    Raises:
        PlanRefused: no held plan has this digest, or it is stale; the message says why.
        AlreadyRunning: the district has another run going.
    """
    with held(resource(district)), transaction.atomic():
        run = _approvable(district, digest)
        Approval.objects.create(run=run, digest=digest, by=actor, reason=reason)
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="plan.approved",
            subject=f"run {run.pk}",
            after={"digest": digest},
            reason=reason,
        )
        Run.objects.filter(pk=run.pk).update(state=Run.State.QUEUED, cursor="planned", attempts=0)
    return advance(run, q=q, canvas=canvas, watch=watch)


def _approvable(district: District, digest: str) -> Run:
    """The held run that this digest names. Raises PlanRefused."""
    waiting = district.runs.filter(kind=KIND, state=Run.State.HELD).order_by("-pk")
    newest = waiting.first()
    run = waiting.filter(plan_digest=digest).first()
    if run is None:
        known = f" The plan that waits is {newest.plan_digest}." if newest else ""
        raise PlanRefused(f"No plan of {district.slug} with this digest waits.{known}")
    if reason := stale(run):
        raise PlanRefused(f"This plan is out of date: {reason}.")
    return run

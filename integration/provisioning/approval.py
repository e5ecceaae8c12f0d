"""A person's yes to one stored plan (design 5.7)."""

from __future__ import annotations

from django.db import transaction

from integration.canvas.client import CanvasClient
from integration.ledger.leases import held
from integration.ledger.runs import Watch, nobody
from integration.models import Approval, AuditEvent, District, Run
from integration.provisioning.aside import set_aside
from integration.provisioning.errors import PlanRefused
from integration.provisioning.part import Part
from integration.provisioning.run import KIND, OpenQ, advance, resource, stale


def approve(
    district: District,
    digest: str,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    actor: str,
    part: Part | None = None,
    reason: str = "",
    watch: Watch = nobody,
) -> Run:
    """Carry out the stored plan that `digest` names, without reading Q again.

    With a `part`, only that goes, and what it stands on; the rest is set aside.

    Raises:
        PlanRefused: no held plan has this digest, or it is stale; the message says why.
        AlreadyRunning: the district has another run going.
    """
    with held(resource(district)), transaction.atomic():
        run = _approvable(district, digest)
        scope = part.as_dict() if part else {}
        Approval.objects.create(run=run, digest=digest, by=actor, reason=reason, scope=scope)
        rests = set_aside(run, part, by=actor) if part else 0
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="plan.approved",
            subject=f"run {run.pk}",
            after={"digest": digest, "part": scope, "set_aside": rests},
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

"""A person's yes to one stored plan (design 5.7)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from integration.canvas.client import CanvasClient
from integration.ledger.leases import held
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import Approval, AuditEvent, District, Run
from integration.provisioning import proposed
from integration.provisioning.aside import set_aside
from integration.provisioning.errors import PlanRefused
from integration.provisioning.part import Part
from integration.provisioning.rows import CHANGE_SIS_ID, SEPARATOR
from integration.provisioning.run import KIND, OpenQ, advance, open_run, resource, stale

RENAMES = Run.Kind.RENAMES


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
    """Carry out the stored plan that `digest` names, without reading Q again; see `accept`."""
    run = accept(district, digest, actor=actor, part=part, reason=reason)
    return advance(run, q=q, canvas=canvas, watch=watch)


def accept(
    district: District, digest: str, *, actor: str, part: Part | None = None, reason: str = ""
) -> Run:
    """Write a yes down; the run that comes back is queued, and carries the plan out.

    With a `part`, only that goes, and what it stands on; the rest is set aside. Changed ids alone
    are carried out by a run of their own: also those of a night whose other lines went at once.

    Raises:
        PlanRefused: no held plan has this digest, or it is stale; the message says why.
        AlreadyRunning: the district has another run going.
    """
    with held(resource(district)), transaction.atomic():
        run = _approvable(district, digest)
        scope = part.as_dict() if part else {}
        rests = 0
        if run.state != Run.State.HELD or (part and part.kinds == {CHANGE_SIS_ID.name}):
            run = _renames(run, part, actor)
        else:
            rests = set_aside(run, part, by=actor) if part else 0
            proposed.take(run, part)
        Approval.objects.create(run=run, digest=digest, by=actor, reason=reason, scope=scope)
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="plan.approved",
            subject=f"run {run.pk}",
            after={"digest": digest, "part": scope, "set_aside": rests},
            reason=reason,
        )
        Run.objects.filter(pk=run.pk).update(state=Run.State.QUEUED, cursor="planned", attempts=0)
    return run


def decline(
    district: District, digest: str, *, old_ids: Collection[str], actor: str, reason: str = ""
) -> Run:
    """Say no to the changed ids of a plan, or to those from `old_ids`: they are not the same.

    The next run treats them as what they are then: somebody new, and somebody gone.

    Raises:
        PlanRefused: no plan with this digest has such ids, or it is stale.
        AlreadyRunning: the district has another run going.
    """
    with held(resource(district)), transaction.atomic():
        run = _approvable(district, digest)
        keys = proposed.decline(run, old_ids, by=actor)
        if not keys:
            raise PlanRefused("This plan proposes no change of these ids.")
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="ids.declined",
            subject=f"run {run.pk}",
            after={"digest": digest, "ids": [key.split(SEPARATOR) for key in keys]},
            reason=reason,
        )
    return run


def _renames(source: Run, part: Part | None, actor: str) -> Run:
    """A run that carries out just the changed ids of a plan. Raises PlanRefused."""
    run = open_run(source.district, actor=actor)
    Run.objects.filter(pk=run.pk).update(kind=RENAMES, plan_digest=source.plan_digest)
    run.refresh_from_db()
    count = proposed.copy(source, run, part)
    if not count:
        raise PlanRefused("This plan proposes no change of an id.")
    Run.objects.filter(pk=run.pk).update(counts={CHANGE_SIS_ID.name: {"changed": count}})
    return run


def plan_renames(ledger: Ledger, q: OpenQ, canvas: CanvasClient) -> str:
    """The plan of such a run was written down with its approval; the next cursor."""
    return "planned"


def _approvable(district: District, digest: str) -> Run:
    """The run that this digest names: held, or done while changed ids of it wait.

    Raises PlanRefused.
    """
    waits = Q(state=Run.State.HELD) | Q(state=Run.State.DONE, pk__in=proposed.runs_with(district))
    waiting = district.runs.filter(waits, kind=KIND).order_by("-pk")
    newest = waiting.first()
    run = waiting.filter(plan_digest=digest).first()
    if run is None:
        known = f"The plan that waits is {newest.plan_digest}." if newest else ""
        raise PlanRefused(f"No such plan of {district.slug} waits any more. {known}".rstrip())
    if reason := stale(run):
        raise PlanRefused(f"This plan is out of date: {reason}.")
    return run

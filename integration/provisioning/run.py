"""One provisioning run, from reading Q to what Canvas accepted; and the approval of a held one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integration.canvas.client import CanvasClient
from integration.errors import QSyncError
from integration.ledger.leases import Fence, held
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import (
    Approval,
    AuditEvent,
    District,
    Finding,
    ProvisioningPolicy,
    Run,
)
from integration.oneroster.client import OneRosterClient
from integration.provisioning import store
from integration.provisioning.apply import apply
from integration.provisioning.canvas_side import observe
from integration.provisioning.errors import PlanRefused, ProvisioningError
from integration.provisioning.holds import Hold, Limits, holds
from integration.provisioning.plan import Planner, counts_of, rules_of
from integration.provisioning.problems import problem
from integration.provisioning.read import Source

KIND = Run.Kind.PROVISIONING


def provision(
    district: District,
    *,
    q: OneRosterClient,
    canvas: CanvasClient,
    actor: str,
    plan_only: bool = False,
    watch: Watch = nobody,
) -> Run:
    """Plan, and carry the plan out unless it has to wait for a person.

    The run that comes back is done, held or failed; its row, changes and findings tell all.

    Raises:
        AlreadyRunning: the district has another run going.
    """
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    with held(_resource(district)) as fence:
        ledger = Ledger.begin(
            district, KIND, fence, actor=actor, watch=watch, policy_digest=policy.digest()
        )
        with _failing(ledger):
            _plan(ledger, policy, q=q, canvas=canvas)
            if ledger.run.holds or (plan_only and store.has_lines(ledger.run)):
                ledger.end(Run.State.HELD)
            else:
                _carry_out(ledger, canvas)
        return ledger.run


def approve(
    district: District,
    digest: str,
    *,
    canvas: CanvasClient,
    actor: str,
    reason: str = "",
    watch: Watch = nobody,
) -> Run:
    """Carry out the stored plan that `digest` names, without reading Q again (design 5.7).

    Raises:
        PlanRefused: no held plan has this digest, or it is stale; the message says why.
        AlreadyRunning: the district has another run going.
    """
    with held(_resource(district)) as fence:
        run = _approvable(district, digest)
        ledger = _approved(run, fence, actor=actor, reason=reason, watch=watch)
        with _failing(ledger):
            _carry_out(ledger, canvas)
        return ledger.run


def _resource(district: District) -> str:
    return f"provisioning of {district.slug}"


@contextmanager
def _failing(ledger: Ledger) -> Iterator[None]:
    """An error ends the run as failed and stays with it; the caller finds it in the row."""
    try:
        yield
    except QSyncError as error:
        ledger.fail(error)
    except BaseException:
        ledger.fail(ProvisioningError("The run stopped in an unexpected way; the log tells where."))
        raise


def _plan(
    ledger: Ledger, policy: ProvisioningPolicy, *, q: OneRosterClient, canvas: CanvasClient
) -> None:
    district = ledger.run.district
    first = district.provisioned_at is None or store.is_empty(district)
    there, claims = observe(ledger, canvas) if first else (0, {})
    planner = Planner(
        ledger,
        Source(q, ledger, service=district.q_connection.service),
        rules_of(policy, district.time_zone),
        claims,
    )
    planner.plan()
    ledger.progress("planning", 0)
    _tell_of_refused(ledger)
    counts = counts_of(ledger.run, planner.seen)
    ledger.write(
        read_at=timezone.now(),
        counts=counts,
        plan_digest=store.plan_digest(ledger.run),
        holds=[hold.as_dict() for hold in _holds(ledger.run, policy, counts, there)],
    )


def _tell_of_refused(ledger: Ledger) -> None:
    ledger.find(
        problem("canvas.still-refused", kind, key.replace("\x1f", " "), detail=message)
        for kind, key, message in store.blocked_keys(ledger.run)
    )


def _holds(
    run: Run, policy: ProvisioningPolicy, counts: dict[str, dict[str, int]], there: int
) -> list[Hold]:
    """Why this plan has to wait, if at all. `there`: SIS objects that Canvas held beforehand."""
    limits = Limits(
        removed_share=policy.removed_share,
        removed_floor=policy.removed_floor,
        removed_ceiling=policy.removed_ceiling,
        changed_share=policy.changed_share,
        changed_floor=policy.changed_floor,
    )
    found = holds(store.tallies(run), limits)
    sends = sum(count.get("added", 0) + count.get("changed", 0) for count in counts.values())
    if there and sends:
        found.append(Hold("first-plan", "all", sends, 1.0, 0))
    return found


def _carry_out(ledger: Ledger, canvas: CanvasClient) -> None:
    apply(ledger, canvas)
    store.mark_provisioned(ledger.run.district)
    store.forget_observed(ledger.run.district)
    seen = {
        kind: {what: count[what] for what in ("same", "skipped") if what in count}
        for kind, count in ledger.run.counts.items()
    }
    ledger.end(Run.State.DONE, counts=counts_of(ledger.run, seen))


def _approvable(district: District, digest: str) -> Run:
    """The held run that this digest names. Raises PlanRefused."""
    waiting = district.runs.filter(kind=KIND, state=Run.State.HELD).order_by("-pk")
    newest = waiting.first()
    run = waiting.filter(plan_digest=digest).first()
    if run is None:
        known = f" The plan that waits is {newest.plan_digest}." if newest else ""
        raise PlanRefused(f"No plan of {district.slug} with this digest waits.{known}")
    if reason := _stale(run):
        raise PlanRefused(f"This plan is out of date: {reason}.")
    return run


def _stale(run: Run) -> str:
    policy = ProvisioningPolicy.objects.get(district=run.district)
    later = run.district.runs.filter(kind=KIND, pk__gt=run.pk).exclude(read_at=None)
    if (newer := later.order_by("-pk").first()) is not None:
        return f"run {newer.pk} has read Q since; its plan is {newer.plan_digest}"
    if policy.digest() != run.policy_digest:
        return "the mapping rules or limits have changed since"
    if run.read_at and timezone.now() - run.read_at > timedelta(hours=policy.plan_hours):
        return f"it was made more than {policy.plan_hours} hours ago"
    return ""


@transaction.atomic
def _approved(run: Run, fence: Fence, *, actor: str, reason: str, watch: Watch) -> Ledger:
    Approval.objects.create(run=run, digest=run.plan_digest, by=actor, reason=reason)
    AuditEvent.objects.create(
        district=run.district.slug,
        actor=actor,
        action="plan.approved",
        subject=f"run {run.pk}",
        after={"digest": run.plan_digest},
        reason=reason,
    )
    return Ledger.resume(run, fence, watch=watch)


def findings_of(run: Run) -> Iterator[Finding]:
    """The run's findings, in the order in which they were made."""
    return Finding.objects.filter(run=run).order_by("pk").iterator(1000)

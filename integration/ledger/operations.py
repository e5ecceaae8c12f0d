"""The outbox: an effect on another system is written down before it is tried.

A crash or a lost answer leaves the operation SENDING or UNKNOWN: then the other system is asked
before anything is sent again.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from integration.ledger.leases import Fence, LeaseLost
from integration.models import Operation, Run

State = Operation.State


def prepare(run: Run, name: str, *, body_digest: str) -> Operation:
    """The operation called `name` of this run, made at most once."""
    operation, _ = Operation.objects.get_or_create(
        dedupe_key=_key(run, name), defaults={"run": run, "body_digest": body_digest}
    )
    return operation


def may_have_come(run: Run) -> bool:
    """May the other system have something of this run? What failed without a number never came."""
    tried = run.operations.exclude(state=State.PENDING)
    return tried.exclude(state=State.FAILED, remote_id="").exists()


def find(run: Run, name: str) -> Operation:
    """The operation that an earlier step of this run prepared."""
    return Operation.objects.get(dedupe_key=_key(run, name))


def _key(run: Run, name: str) -> str:
    return f"run {run.pk} {name}"


def move(operation: Operation, to: State, fence: Fence, **fields: Any) -> None:
    """Change its state as the holder of the run's lease; what is done stays done.

    Raises LeaseLost.
    """
    fence.renew()
    open_ones = Operation.objects.filter(pk=operation.pk, fence__lte=fence.number)
    moved = open_ones.exclude(state=State.DONE).update(
        state=to, fence=fence.number, updated_at=Now(), **fields
    )
    if not moved:
        raise LeaseLost(f"Another worker has taken over step {operation.pk}.")
    operation.refresh_from_db()


def look(operation: Operation, fence: Fence) -> None:
    """Count a look at what was sent, also at what is done. Raises LeaseLost."""
    fence.renew()
    Operation.objects.filter(pk=operation.pk).update(attempts=F("attempts") + 1)
    operation.refresh_from_db()


def start(operation: Operation, fence: Fence) -> None:
    """Count the attempt before it is made."""
    move(operation, State.SENDING, fence, attempts=F("attempts") + 1)

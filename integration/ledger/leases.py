"""One holder a resource, by the database's clock, with a fencing number that only grows.

`select_for_update` does nothing on SQLite, so every claim is a conditional UPDATE whose row
count decides, on both databases.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from integration.errors import QSyncError
from integration.models import Lease

LEASE_SECONDS = 180


class LedgerError(QSyncError):
    """The work is somebody else's."""


class AlreadyRunning(LedgerError):
    """Another worker holds the lease."""

    code = "ledger.already-running"
    remedy = "Wait for the other run to end; `qsync` never runs two at once for a district."
    retryable = True


class LeaseLost(LedgerError):
    """Another worker took over; this one may not write any more."""

    code = "ledger.lease-lost"
    remedy = "Nothing: the run goes on elsewhere, or the next one starts from what is confirmed."


@dataclass(frozen=True, slots=True)
class Fence:
    """A held lease. Every claim and every state change of its holder names `number`."""

    resource: str
    number: int

    def renew(self) -> None:
        """Hold on for another LEASE_SECONDS. Raises LeaseLost."""
        kept = Lease.objects.filter(resource=self.resource, fence=self.number).update(
            expires_at=Now() + timedelta(seconds=LEASE_SECONDS)
        )
        if not kept:
            raise LeaseLost(f"The lease on {self.resource} was taken over.")

    def release(self) -> None:
        """Let the next one in at once; whoever still has this number holds nothing with it."""
        Lease.objects.filter(resource=self.resource, fence=self.number).update(
            holder="", fence=F("fence") + 1, expires_at=Now()
        )


def acquire(resource: str) -> Fence:
    """Take the lease. Raises AlreadyRunning, saying who holds it."""
    Lease.objects.get_or_create(resource=resource, defaults={"expires_at": Now()})
    holder = f"{socket.gethostname()}:{os.getpid()}"
    # One transaction: a worker that sleeps in between may not wake up with its successor's number.
    with transaction.atomic():
        taken = Lease.objects.filter(resource=resource, expires_at__lte=Now()).update(
            holder=holder,
            fence=F("fence") + 1,
            expires_at=Now() + timedelta(seconds=LEASE_SECONDS),
        )
        lease = Lease.objects.get(resource=resource)
    if not taken:
        raise AlreadyRunning(
            f"{resource} is being worked on by {lease.holder} (until {lease.expires_at:%H:%M:%S} "
            "UTC unless it goes on)."
        )
    return Fence(resource, lease.fence)


@contextmanager
def held(resource: str) -> Iterator[Fence]:
    """Hold the lease for the length of a block."""
    fence = acquire(resource)
    try:
        yield fence
    finally:
        fence.release()

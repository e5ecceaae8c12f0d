"""One holder a resource, by the database's clock, with a fencing number that only grows.

`select_for_update` does nothing on SQLite, so every claim is a conditional UPDATE whose row
count decides, on both databases.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from integration.errors import QSyncError
from integration.models import Lease

logger = logging.getLogger(__name__)

LEASE_SECONDS = 180
RENEW_SECONDS = 45


class LedgerError(QSyncError):
    """The work is somebody else's."""


class AlreadyRunning(LedgerError):
    """Another worker holds the lease."""

    code = "ledger.already-running"
    remedy = "Wait for the other run to end; a district never has two at once."
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
            raise LeaseLost(f"Another worker has taken over: {self.resource}.")

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
    """Hold the lease for the length of a block, also through one long call inside it."""
    fence = acquire(resource)
    over = Event()
    keeper = Thread(target=_keep, args=(fence, over), daemon=True, name=f"lease {resource}")
    keeper.start()
    try:
        yield fence
    finally:
        over.set()
        keeper.join()
        fence.release()


def _keep(fence: Fence, over: Event) -> None:
    """Renew the lease now and then, on a connection of its own, until the block is over."""
    while not over.wait(RENEW_SECONDS):
        try:
            fence.renew()
        except LeaseLost:
            return
        except DatabaseError:
            logger.warning("the lease on %s could not be renewed just now", fence.resource)
        finally:
            connection.close()

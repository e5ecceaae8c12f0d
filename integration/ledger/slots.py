"""So many at once over all workers: slots of a resource, each a lease by the database's clock.

A worker takes what is free, up to so many, for a batch of seconds, and gives it back. One that dies
with slots in its hands keeps nobody waiting for longer than a lease. Whoever waits says so, and the
holders let it in before they take again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db.models import F, Q
from django.db.models.functions import Now

from integration.ledger.leases import LEASE_SECONDS
from integration.models import Lease, QConnection

POLL_SECONDS = 0.05
# So long a holder steps back where somebody waits: they look more often than that.
STEP_BACK_SECONDS = 2 * POLL_SECONDS
# A cry to be let in is heard for so long.
CRY_SECONDS = 2


def requests_to_q(connection: QConnection, sleep: Callable[[float], None]) -> Slots:
    """Those that all workers share who ask one district's Q."""
    return Slots(f"requests to Q of {connection.district.slug}", connection.concurrency, sleep)


@dataclass(frozen=True, slots=True)
class Slots:
    """The `most` slots of a resource, for one worker."""

    resource: str
    most: int
    sleep: Callable[[float], None]

    @contextmanager
    def taken(self, waiting: Callable[[], None]) -> Iterator[int]:
        """Hold what is free, at least one; how many. `waiting` is called while there is none."""
        mark = uuid4().hex
        count = self.wait(mark, waiting)
        try:
            yield count
        finally:
            self.give_back(mark)
            if self.is_cried_for(beside=mark):
                self.sleep(STEP_BACK_SECONDS)

    def wait(self, mark: str, waiting: Callable[[], None]) -> int:
        """Take what is free, at least one, under this mark; how many."""
        while not (count := self.take(mark)):
            self._cry(mark)
            waiting()
            self.sleep(POLL_SECONDS)
        return count

    def take(self, mark: str) -> int:
        """Take all that are free, and hold on to those under this mark; how many."""
        expires = Now() + timedelta(seconds=LEASE_SECONDS)
        mine = Q(holder=mark) | Q(expires_at__lte=Now())
        free = Lease.objects.filter(mine, resource__in=self._names)
        # One conditional UPDATE decides: between two workers each slot is one's.
        taken = free.update(holder=mark, fence=F("fence") + 1, expires_at=expires)
        all_there = Lease.objects.filter(resource__in=self._names)
        if taken == self.most or all_there.count() == self.most:
            return taken
        rows = [Lease(resource=name, expires_at=Now()) for name in self._names]
        Lease.objects.bulk_create(rows, ignore_conflicts=True)
        return free.update(holder=mark, fence=F("fence") + 1, expires_at=expires)

    def give_back(self, mark: str, *, keep: int = 0) -> None:
        """Only what is still under this mark: an expired slot may be another's by now."""
        mine = Lease.objects.filter(resource__in=self._names, holder=mark)
        if keep:
            names = mine.order_by("resource").values_list("resource", flat=True)
            mine = mine.exclude(resource__in=list(names[:keep]))
        mine.update(holder="", expires_at=Now())

    @property
    def _names(self) -> list[str]:
        return [f"{self.resource} slot {number}" for number in range(1, self.most + 1)]

    def _cry(self, mark: str) -> None:
        heard_until = Now() + timedelta(seconds=CRY_SECONDS)
        told = {"holder": mark, "expires_at": heard_until}
        Lease.objects.update_or_create(resource=f"{self.resource} waits", defaults=told)

    def is_cried_for(self, *, beside: str) -> bool:
        """Does somebody else than this one wait?"""
        cries = Lease.objects.filter(resource=f"{self.resource} waits", expires_at__gt=Now())
        return cries.exclude(holder=beside).exists()

"""A long reader's part of a limit over all workers: held from page to page, and shared.

It asks the database nothing for a page: once a second it looks whether somebody waits, and lets
them in with half of what it holds; later it takes what has become free again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import uuid4

from integration.ledger.leases import RENEW_SECONDS
from integration.ledger.runs import Ledger
from integration.ledger.slots import STEP_BACK_SECONDS, Slots, requests_to_q
from integration.models import QConnection

LOOK_SECONDS = 1.0
# So long after somebody waited nothing is taken back: they come again for their next batch.
MODEST_SECONDS = 10.0
SETTLE_SECONDS = 30.0


class Limited(Protocol):
    """Whoever asks, and how many at once."""

    def limit(self, requests: int) -> None:
        """Let at most so many requests be under way at once from now on."""

    def settle(self, requests: int, seconds: float) -> int:
        """Let so many be under way, also none; how many are, once it is no more or time is up."""


def share_of(ledger: Ledger, connection: QConnection, q: Limited) -> Share:
    """What a run may ask of its district's Q."""
    return Share(requests_to_q(connection, time.sleep), q, ledger.stay)


class Share:
    """The slots of one reader. `waiting` is called while there is none, and may raise."""

    def __init__(
        self,
        slots: Slots,
        limited: Limited,
        waiting: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = slots
        self._limited = limited
        self._waiting = waiting
        self._clock = clock
        self._mark = uuid4().hex
        self._held = 0
        self._look_at = self._grow_at = self._renew_at = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """As many requests at once as are free just now, for as long as reading takes."""
        self._take()
        try:
            yield
        finally:
            self._slots.give_back(self._mark)
            self._held = 0

    def look(self) -> None:
        """Between two pages: hold on, let in who waits, or take what has become free."""
        now = self._clock()
        if not self._held or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        if self._slots.is_cried_for(beside=self._mark):
            self._grow_at = now + MODEST_SECONDS
            self._let_in()
        elif now >= self._renew_at or (self._held < self._slots.most and now >= self._grow_at):
            self._hold(self._slots.take(self._mark))

    def _take(self) -> None:
        self._hold(self._slots.wait(self._mark, self._waiting))

    def _hold(self, count: int) -> None:
        """All that were held may have run out while a page took minutes."""
        if not count:
            self._limited.settle(0, SETTLE_SECONDS)
            self._take()
            return
        now = self._clock()
        self._held = count
        self._look_at, self._renew_at = now + LOOK_SECONDS, now + RENEW_SECONDS
        self._limited.limit(count)

    def _let_in(self) -> None:
        keep = self._limited.settle(self._held // 2, SETTLE_SECONDS)
        self._slots.give_back(self._mark, keep=keep)
        self._held = keep
        if not keep:
            self._slots.sleep(STEP_BACK_SECONDS)
            self._take()

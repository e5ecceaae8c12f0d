"""A run asks Q for nothing before it has its turn: the connection's limit holds for all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from integration.ledger.runs import Ledger
from integration.ledger.slots import Slots
from integration.models import QConnection
from integration.oneroster.client import OneRosterClient


class Turns:
    """The slots of a connection, for one run."""

    def __init__(
        self,
        ledger: Ledger,
        connection: QConnection,
        q: OneRosterClient,
        sleep: Callable[[float], None],
    ) -> None:
        resource = f"requests to Q of {connection.district.slug}"
        self._slots = Slots(resource, connection.concurrency, sleep)
        self._ledger = ledger
        self._q = q

    @contextmanager
    def taken(self, look: Callable[[], None] = lambda: None) -> Iterator[None]:
        """As many requests at once as are free just now, for a step of seconds.

        `look` is called now and then while there is none, and may raise.
        """

        def wait() -> None:
            told = self._ledger.run.progress
            stage = self._ledger.run.stage or "waiting for other syncs"
            self._ledger.progress(stage, told.get("done", 0), told.get("total"))
            look()

        with self._slots.taken(wait) as count:
            self._q.limit(count)
            yield

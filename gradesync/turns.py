"""A run asks Q for nothing before it has its turn: the connection's limit holds for all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from integration.ledger.runs import Ledger
from integration.ledger.slots import requests_to_q
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
        self._slots = requests_to_q(connection, sleep)
        self._ledger = ledger
        self._q = q

    @contextmanager
    def taken(self, look: Callable[[], None] = lambda: None) -> Iterator[None]:
        """As many requests at once as are free just now, for a step of seconds.

        `look` is called now and then while there is none, and may raise.
        """

        def wait() -> None:
            self._ledger.stay()
            look()

        with self._slots.taken(wait) as count:
            self._q.limit(count)
            yield

"""Sends a batch of writes side by side. Knows HTTP answers, and no database.

Each write is sent once. What came of it is told as it is: arrived, refused, never sent, or
unknown; whoever asked decides what follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from types import TracebackType
from typing import Literal, Self

from integration.errors import QSyncError
from integration.http import HttpError
from integration.ledger.leases import LEASE_SECONDS
from integration.oneroster.errors import CredentialsRejected, OneRosterError, ProviderUnavailable
from integration.oneroster.gradebook import ObjectKind, OneRosterGradebook

# Whoever was stopped for long may have lost the lease: nothing is begun in its last seconds.
SAFE_SECONDS = LEASE_SECONDS - 60.0
LOOK_SECONDS = 0.5
TOO_MANY_REQUESTS = 429

What = Literal["arrived", "refused", "not sent", "unknown"]


@dataclass(frozen=True, slots=True)
class Write:
    """One PUT or DELETE. `number` names it to whoever asked."""

    number: int
    kind: ObjectKind
    verb: str
    sourced_id: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`sourced_id`: the id under which Q has it, where that is another than was asked for."""

    number: int
    what: What
    sourced_id: str = ""
    error: QSyncError | None = None


class Sender:
    """So many writes at once as the connection allows; leave it to let its threads go."""

    def __init__(
        self,
        q: OneRosterGradebook,
        concurrency: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._q = q
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="to-q")
        self._clock = clock
        self._stop = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """Begin nothing more; what is under way comes to its end."""
        self._stop.set()

    def go_on(self) -> None:
        self._stop.clear()

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def send(
        self, writes: Sequence[Write], since: float, look: Callable[[int], None]
    ) -> Iterator[Outcome]:
        """All of them, each once. The lease was renewed at `since` by this sender's clock.

        `look` is called now and then with how many have ended, and may call `stop`.
        """
        until = since + SAFE_SECONDS
        left: set[Future[Outcome]] = {self._pool.submit(self._one, one, until) for one in writes}
        ended = 0
        while left:
            done, left = wait(left, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
            ended += len(done)
            look(ended)

    def _one(self, write: Write, until: float) -> Outcome:
        if self._stop.is_set() or self._clock() >= until:
            return Outcome(write.number, "not sent")
        try:
            if write.verb == "DELETE":
                self._q.delete(write.kind, write.sourced_id)
                return Outcome(write.number, "arrived")
            written = self._q.put(write.kind, write.sourced_id, write.body)
        except (OneRosterError, HttpError) as error:
            return self._failed(write, error)
        return Outcome(write.number, "arrived", written.sourced_id)

    def _failed(self, write: Write, error: OneRosterError | HttpError) -> Outcome:
        what = kind_of(error)
        if what == "not sent":
            # Whatever stands behind it would meet the same.
            self.stop()
        return Outcome(write.number, what, error=error)


def kind_of(error: OneRosterError | HttpError) -> What:
    """What an error says of a write."""
    if isinstance(error, HttpError):
        return "unknown" if error.sent else "not sent"
    if isinstance(error, CredentialsRejected) or error.status == TOO_MANY_REQUESTS:
        return "not sent"
    if isinstance(error, ProviderUnavailable) or not 400 <= error.status < 500:
        return "unknown"
    return "refused"

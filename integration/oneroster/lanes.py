"""How many requests to a provider may be under way at once; the number may change meanwhile."""

from __future__ import annotations

from concurrent.futures import CancelledError
from threading import Condition
from types import TracebackType


class Lanes:
    """Each request goes inside `with lanes`. Safe to share among threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy = 0
        self._is_closed = False
        self._changed = Condition()

    def limit(self, most: int) -> None:
        """Let at most so many go from now on, and at least one; those under way come to an end."""
        with self._changed:
            self._most = max(1, most)
            self._changed.notify_all()

    def settle(self, most: int, seconds: float) -> int:
        """Let so many go from now on, also none, and wait for those that are more than that.

        How many may be under way then: more than `most` where time was up.
        """
        with self._changed:
            self._most = most
            self._changed.wait_for(lambda: self._busy <= most, seconds)
            self._most = max(most, self._busy)
            return self._most

    def close(self) -> None:
        """Let nobody go any more. Who waits, perhaps for a turn that never comes, is turned away.

        A thread that waited on would keep its process from ending.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def __enter__(self) -> None:
        """Raises CancelledError, where nobody is to go any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._busy < self._most)
            if self._is_closed:
                raise CancelledError
            self._busy += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._busy -= 1
            # All: those in `settle` and those who want to go wait for different things.
            self._changed.notify_all()

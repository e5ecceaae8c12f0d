"""Ask again, or not: the waits, the budget and the breakers around the attempts at one request."""

import threading
from collections.abc import Callable
from datetime import datetime

from integration.http.call import Call
from integration.http.errors import CircuitOpen, HeaderRefused, HttpError, TlsFailed
from integration.http.retry import (
    MAX_ATTEMPTS,
    UNHEALTHY,
    Breaker,
    Budget,
    Pace,
    next_wait,
    parse_retry_after,
)
from integration.http.values import Response

Outcome = Response | HttpError


class Attempts:
    """Shared by all threads of one connection."""

    def __init__(
        self,
        *,
        requests_per_second: float | None,
        longest_wait: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._longest_wait = longest_wait
        self._clock, self._sleep, self._jitter, self._now = clock, sleep, jitter, now
        self._pace = Pace(requests_per_second)
        self._budget = Budget()
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def perform(self, call: Call, attempt_once: Callable[[Call, int], Outcome]) -> Response:
        """Raises the HttpError of the last attempt if that got no answer."""
        outcome = self._last(call, attempt_once)
        if isinstance(outcome, HttpError):
            raise outcome
        return outcome

    def _last(self, call: Call, attempt_once: Callable[[Call, int], Outcome]) -> Outcome:
        breaker = self._breaker(call.target.origin)
        self._budget.earn()
        outcome: Outcome | None = None
        for attempt in range(1, MAX_ATTEMPTS + 1):
            paused = breaker.wait(self._clock())
            if paused:
                return outcome or _paused(call.target.host, paused)
            self._wait_for_turn(is_first=attempt == 1)
            outcome = attempt_once(call, attempt)
            if not isinstance(outcome, HeaderRefused):  # never left us, so it says nothing
                breaker.record(is_healthy=_is_healthy(outcome), now=self._clock())
            wait = self._wait_after(call, outcome, attempt)
            if wait is None:
                return outcome
            self._sleep(wait)
        raise AssertionError("next_wait gives up before this")

    def _breaker(self, origin: str) -> Breaker:
        with self._lock:
            return self._breakers.setdefault(origin, Breaker())

    def _wait_for_turn(self, *, is_first: bool) -> None:
        now = self._clock()
        # Who was refused has waited already; the others learn of it here.
        held = self._pace.held_for(now) if is_first else 0.0
        wait = max(held, self._pace.reserve(now))
        if wait > 0:
            self._sleep(wait)

    def _wait_after(self, call: Call, outcome: Outcome, attempt: int) -> float | None:
        if not call.may_retry:
            return None
        status, asked, is_throttled = None, None, False
        if isinstance(outcome, Response):
            status = outcome.status
            asked = parse_retry_after(outcome.headers.get("Retry-After"), now=self._now())
            is_throttled = call.is_throttled is not None and call.is_throttled(outcome)
        elif not outcome.retryable:
            return None
        wait = next_wait(
            status,
            attempt=attempt,
            retry_after=asked,
            jitter=self._jitter(),
            is_throttled=is_throttled,
        )
        if wait is None or wait > self._longest_wait or not self._budget.spend():
            return None
        if asked or is_throttled:
            self._pace.hold(self._clock() + wait)
        return wait


def _is_healthy(outcome: Outcome) -> bool:
    if isinstance(outcome, Response):
        return outcome.status not in UNHEALTHY
    return not outcome.retryable and not isinstance(outcome, TlsFailed)


def _paused(host: str, seconds: float) -> CircuitOpen:
    text = f"{host} failed so often that requests to it are paused."
    return CircuitOpen(text, retry_after=seconds)

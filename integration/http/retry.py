"""Whether, when and how often to ask again. Pure: no I/O, the time is an argument."""

import threading
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_ATTEMPTS = 5
BASE_SECONDS = 1.0
CAP_SECONDS = 300.0
LONGEST_RETRY_AFTER = 3600.0
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
# 500 is left out: servers answer it for one bad record, and that must stop only itself.
UNHEALTHY = frozenset({502, 503, 504})


def next_wait(
    status: int | None,
    *,
    attempt: int,
    retry_after: float | None,
    jitter: float,
    is_throttled: bool = False,
) -> float | None:
    """Seconds to wait before attempt `attempt + 1` (they count from 1); None means give up.

    `status` is None when no answer came. `jitter` is 0 to 1 and spreads our own waits over their
    whole length, so that many callers do not come back at once. Retry-After wins over them
    (RFC 9110, 10.2.3).
    """
    is_final = status is not None and status not in RETRYABLE and not is_throttled
    if is_final or attempt >= MAX_ATTEMPTS:
        return None
    if retry_after is not None:
        return min(retry_after, LONGEST_RETRY_AFTER)
    return jitter * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** (attempt - 1))


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3). What is garbage, zero or past gives None."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
    else:
        date = parse_http_date(text)
        seconds = (date - now).total_seconds() if date else 0.0
    return seconds if seconds > 0 else None


def parse_http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


class Budget:
    """At most `share` more requests than asked for, plus `floor`: no storm prolongs an outage."""

    def __init__(self, *, share: float = 0.1, floor: float = 10.0, most: float = 100.0) -> None:
        self._share, self._most, self._left = share, most, floor
        self._lock = threading.Lock()

    def earn(self) -> None:
        with self._lock:
            self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Breaker:
    """Stop asking a host that fails; let one probe through each `probe_seconds` until one works."""

    def __init__(
        self,
        *,
        consecutive: int = 10,
        window: int = 40,
        share: float = 0.5,
        probe_seconds: float = 60.0,
    ) -> None:
        self._consecutive, self._share, self._probe_seconds = consecutive, share, probe_seconds
        self._recent: deque[bool] = deque(maxlen=window)
        self._failures_in_row = 0
        self._next_probe_at: float | None = None  # None while closed
        self._lock = threading.Lock()

    def wait(self, now: float) -> float:
        """0 if the caller may go now, else seconds until the next probe. Claims the probe."""
        with self._lock:
            if self._next_probe_at is None:
                return 0.0
            if now < self._next_probe_at:
                return self._next_probe_at - now
            # A probe that never reports (a killed thread) must not close the door for ever.
            self._next_probe_at = now + self._probe_seconds
            return 0.0

    def record(self, *, is_healthy: bool, now: float) -> None:
        with self._lock:
            if self._next_probe_at is not None:
                self._after_probe(is_healthy=is_healthy, now=now)
                return
            self._recent.append(is_healthy)
            self._failures_in_row = 0 if is_healthy else self._failures_in_row + 1
            if self._has_failed_enough():
                self._next_probe_at = now + self._probe_seconds

    def _after_probe(self, *, is_healthy: bool, now: float) -> None:
        if is_healthy:
            self._next_probe_at = None
            self._failures_in_row = 0
            self._recent.clear()
        else:
            self._next_probe_at = max(self._next_probe_at or 0.0, now + self._probe_seconds)

    def _has_failed_enough(self) -> bool:
        if self._failures_in_row >= self._consecutive:
            return True
        is_full = len(self._recent) == self._recent.maxlen
        return is_full and self._recent.count(False) >= self._share * len(self._recent)


class Pace:
    """Hands out moments to send at, evenly spaced, to however many threads ask."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._next_at = float("-inf")
        self._closed_until = float("-inf")
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Take the next free moment; the answer is the seconds until then."""
        with self._lock:
            at = max(now, self._next_at)
            self._next_at = at + self._gap
            return at - now

    def hold(self, until: float) -> None:
        """The server asked for a pause: whoever has not begun yet waits, too."""
        with self._lock:
            self._closed_until = max(self._closed_until, until)

    def held_for(self, now: float) -> float:
        return max(0.0, self._closed_until - now)

"""How fast Canvas may be asked. Pure: no I/O, no clock.

Canvas keeps a leaky bucket per token (600 units, 10 drain a second, 50 reserved per running
request) and says after each call how much is left. Slowing down in time costs nothing; running
into the limit costs the refused requests.
"""

import math

PARALLEL = 4
SLOW_BELOW = 300.0
PAUSE_BELOW = 100.0
RESUME_AT = 200.0
REFILL_PER_SECOND = 10.0
LONGEST_PAUSE = 30.0
MAX_ATTEMPTS = 8
FIRST_WAIT = 5.0
LONGEST_WAIT = 60.0
LONGEST_RETRY_AFTER = 3600.0


def pause(remaining: float | None) -> float:
    """Seconds to let pass before the next request, from X-Rate-Limit-Remaining."""
    if remaining is None or remaining >= SLOW_BELOW:
        return 0.0
    if remaining >= PAUSE_BELOW:
        return (SLOW_BELOW - remaining) / (SLOW_BELOW - PAUSE_BELOW)
    return min(LONGEST_PAUSE, (RESUME_AT - remaining) / REFILL_PER_SECOND)


def wait_when_throttled(attempt: int, *, retry_after: float | None, jitter: float) -> float | None:
    """Seconds before attempt `attempt + 1` of a refused request; None means give up.

    Never under five seconds: the bucket has to drain, and all threads come back together.
    `jitter` is 0 to 1.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    own = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)) * (1.0 + jitter / 2.0)
    return max(own, min(retry_after or 0.0, LONGEST_RETRY_AFTER))


def seconds(header: str | None) -> float | None:
    """A header that should hold a number; None for anything else."""
    try:
        value = float(header or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None

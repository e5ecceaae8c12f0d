"""Q's own clock, which a test may set ahead: tokens expire, time stamps grow old, nobody waits."""

import time
from datetime import UTC, datetime

from sandbox.q import quirks

_ahead = 0.0


def now() -> float:
    """Seconds since 1970, as Q sees them."""
    return time.time() + _ahead + (quirks.get("clock-skew") or 0)


def moment() -> datetime:
    """The same as a date and time in UTC."""
    return datetime.fromtimestamp(now(), UTC)


def set_ahead(seconds: float) -> None:
    """From now on Q's clock is this far ahead of the machine's; 0 puts it right."""
    global _ahead
    _ahead = seconds

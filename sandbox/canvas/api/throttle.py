"""Canvas's leaky bucket, a bucket for each token, with the numbers of the real one."""

import threading
import time
from dataclasses import dataclass

from sandbox.canvas.api.call import Refused
from sandbox.rules import on

HIGH_WATER = 600.0
MAXIMUM = 800.0
OUTFLOW_PER_SECOND = 10.0
UP_FRONT = 50.0


@dataclass
class Bucket:
    """What one caller has used up; `enter` and `leave` embrace a request."""

    count: float = 0.0
    at: float = 0.0

    def enter(self, now: float) -> None:
        """Reserve for a request. Raises Refused if the bucket is full."""
        self.count = max(0.0, self.count - (now - self.at) * OUTFLOW_PER_SECOND)
        self.at = now
        if self.count >= HIGH_WATER and on("canvas.throttle"):
            headers = {"X-Rate-Limit-Remaining": "0.0"}
            raise Refused(403, "403 Forbidden (Rate Limit Exceeded)", headers)
        self.count += UP_FRONT

    def leave(self, cost: float) -> dict[str, str]:
        """Give the reservation back, take the true cost; the headers that tell of both."""
        self.count = min(MAXIMUM, max(0.0, self.count - UP_FRONT + cost))
        if not on("canvas.throttle"):
            return {}
        return {"X-Request-Cost": str(cost), "X-Rate-Limit-Remaining": str(HIGH_WATER - self.count)}


_buckets: dict[str, Bucket] = {}
_lock = threading.Lock()


def enter(token: str) -> None:
    with _lock:
        _buckets.setdefault(token, Bucket()).enter(time.monotonic())


def leave(token: str, cost: float) -> dict[str, str]:
    with _lock:
        return _buckets.setdefault(token, Bucket()).leave(cost)

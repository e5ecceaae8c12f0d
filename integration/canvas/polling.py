"""Wait for something Canvas works on, by looking now and then.

Canvas runs one import per account at a time, first come first served, so a person's import may be
ahead of ours for hours. Giving up the waiting never stops the work.
"""

from collections.abc import Callable
from typing import TypeVar

from integration.errors import QSyncError

T = TypeVar("T")


def interval(waited: float) -> float:
    """Seconds to the next look, by how long was waited so far."""
    for until, seconds in ((60, 5.0), (600, 15.0), (3600, 30.0)):
        if waited < until:
            return seconds
    return 60.0


def wait(
    read: Callable[[], T],
    *,
    is_over: Callable[[T], bool],
    sleep: Callable[[float], None],
    give_up_after: float,
    gave_up: Callable[[T], QSyncError],
    on_progress: Callable[[T], None] | None = None,
    every: Callable[[float], float] = interval,
) -> T:
    """Look until it is over. A Canvas that is away for a while does not end the waiting.

    Time is counted in the pauses made, so the clock has no say.
    """
    waited = 0.0
    while True:
        try:
            seen = read()
        except QSyncError as error:
            if not error.retryable or waited >= give_up_after:
                raise
        else:
            if on_progress:
                on_progress(seen)
            if is_over(seen):
                return seen
            if waited >= give_up_after:
                raise gave_up(seen)
        pause = every(waited)
        sleep(pause)
        waited += pause

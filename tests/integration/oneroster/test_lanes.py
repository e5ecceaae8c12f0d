"""How many requests may be under way: whoever waits is woken, or turned away at the end."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from threading import Thread

import pytest

from integration.oneroster.lanes import Lanes

LONG = 10.0


def waits(lanes: Lanes, count: int) -> None:
    """Until so many wait."""
    until = time.monotonic() + LONG
    while len(lanes._changed._waiters) < count:  # type: ignore[attr-defined]
        assert time.monotonic() < until
        time.sleep(0.001)


def test_who_lets_others_in_is_woken_although_requests_wait_as_well():
    lanes, settled = Lanes(2), []
    lanes.__enter__()
    lanes.__enter__()

    def go() -> None:
        with lanes:
            pass

    request = Thread(target=go, daemon=True)
    sharer = Thread(target=lambda: settled.append(lanes.settle(1, 60 * LONG)), daemon=True)
    for number, thread in enumerate((request, sharer), 1):
        thread.start()
        waits(lanes, number)
    lanes.__exit__(None, None, None)
    sharer.join(LONG)
    assert settled == [1]
    lanes.__exit__(None, None, None)
    request.join(LONG)
    assert not request.is_alive()


def test_at_the_end_nobody_waits_for_a_turn_that_never_comes():
    lanes, turned_away = Lanes(1), []
    assert lanes.settle(0, 0.0) == 0

    def go() -> None:
        with pytest.raises(CancelledError), lanes:
            raise AssertionError
        turned_away.append(True)

    request = Thread(target=go, daemon=True)
    request.start()
    waits(lanes, 1)
    lanes.close()
    request.join(LONG)
    assert turned_away == [True]

"""How long to wait, as numbers."""

import pytest

from integration.canvas.throttle import MAX_ATTEMPTS, pause, seconds, wait_when_throttled


@pytest.mark.parametrize(
    ("remaining", "wait"),
    [(None, 0), (600, 0), (300, 0), (200, 0.5), (100, 1), (99, 10.1), (0, 20), (-500, 30)],
)
def test_the_less_is_left_the_longer_the_pause(remaining, wait):
    assert pause(remaining) == pytest.approx(wait)


def test_a_refused_request_waits_five_seconds_then_doubles_up_to_a_minute():
    waits = [wait_when_throttled(n, retry_after=None, jitter=0) for n in range(1, MAX_ATTEMPTS)]
    assert waits == [5, 10, 20, 40, 60, 60, 60]


def test_jitter_only_ever_makes_the_wait_longer():
    assert wait_when_throttled(1, retry_after=None, jitter=1.0) == 7.5


def test_it_gives_up_in_the_end():
    assert wait_when_throttled(MAX_ATTEMPTS, retry_after=None, jitter=0) is None


@pytest.mark.parametrize(("asked", "wait"), [(1, 5), (30, 30), (10**9, 3600)])
def test_canvas_may_ask_for_a_longer_wait_up_to_an_hour(asked, wait):
    assert wait_when_throttled(1, retry_after=asked, jitter=0) == wait


@pytest.mark.parametrize(
    ("header", "value"),
    [("12.5", 12.5), ("", None), (None, None), ("soon", None), ("nan", None), ("inf", None)],
)
def test_a_header_that_is_no_number_is_passed_over(header, value):
    assert seconds(header) == value

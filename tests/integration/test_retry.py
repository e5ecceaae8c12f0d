"""When to ask again: the decisions alone, no sockets."""

import itertools
import threading
from datetime import UTC, datetime

import pytest

from integration.http.retry import (
    CAP_SECONDS,
    LONGEST_RETRY_AFTER,
    MAX_ATTEMPTS,
    Breaker,
    Budget,
    Pace,
    next_wait,
    parse_retry_after,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def wait(status: int | None, attempt: int = 1, retry_after: float | None = None, jitter=1.0):
    return next_wait(status, attempt=attempt, retry_after=retry_after, jitter=jitter)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, None])
def test_what_may_pass_by_itself_is_asked_again(status):
    assert wait(status) == 1.0


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 409, 422, 501, 505])
def test_what_will_not_pass_by_itself_is_final(status):
    assert wait(status) is None


def test_a_403_that_means_too_fast_is_asked_again():
    assert next_wait(403, attempt=1, retry_after=None, jitter=1.0, is_throttled=True) == 1.0


def test_our_own_waits_double_and_are_spread_over_their_whole_length():
    assert [wait(503, attempt) for attempt in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, 8.0]
    assert [wait(503, attempt, jitter=0.5) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert wait(503, 1, jitter=0.0) == 0.0


def test_the_fifth_attempt_is_the_last_even_if_the_server_invites_another():
    assert wait(503, MAX_ATTEMPTS - 1) is not None
    assert wait(503, MAX_ATTEMPTS) is None
    assert wait(429, MAX_ATTEMPTS, retry_after=1.0) is None


def test_no_wait_of_our_own_is_longer_than_the_cap(monkeypatch):
    monkeypatch.setattr("integration.http.retry.MAX_ATTEMPTS", 50)
    assert wait(503, 30) == CAP_SECONDS


def test_retry_after_wins_over_our_own_wait_up_to_an_hour():
    assert wait(429, retry_after=7.0, jitter=0.1) == 7.0
    assert wait(429, retry_after=1e9) == LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("1000000000", 1e9),
        ("9" * 400, 999_999_999_999.0),
        ("Tue, 24 Nov 2026 02:00:30 GMT", 30.0),
        ("Tuesday, 24-Nov-26 02:00:30 GMT", 30.0),
        ("Tue Nov 24 02:00:30 2026", 30.0),
        ("0", None),
        ("-5", None),
        ("Tue, 24 Nov 2026 01:59:00 GMT", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Tue, 99 Nov 2026 02:00:30 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_garbage_is_ignored(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


@pytest.mark.fault("F30")
def test_retries_never_exceed_a_tenth_of_the_requests_beyond_the_floor():
    budget = Budget(share=0.1, floor=5)
    retries = 0
    for _ in range(1000):
        budget.earn()
        retries += budget.spend()
    assert 100 <= retries <= 105


def test_quiet_years_do_not_pile_up_retries():
    budget = Budget(share=0.1, floor=5, most=20)
    for _ in range(100_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(1000)) == 20


def opened(breaker: Breaker, now: float = 0.0) -> bool:
    return breaker.wait(now) > 0


def test_nine_failures_in_a_row_leave_the_breaker_closed_and_the_tenth_opens_it():
    breaker = Breaker()
    for _ in range(9):
        breaker.record(is_healthy=False, now=0.0)
    assert not opened(breaker)
    breaker.record(is_healthy=False, now=0.0)
    assert opened(breaker)


def test_half_of_the_last_forty_open_the_breaker_and_one_fewer_does_not():
    spared, broken = Breaker(), Breaker()
    for turn in range(40):
        spared.record(is_healthy=turn % 2 == 1 or turn == 0, now=0.0)
        broken.record(is_healthy=turn % 2 == 1, now=0.0)
    assert not opened(spared)
    assert opened(broken)


def test_one_probe_a_minute_passes_while_it_is_open():
    breaker = Breaker(consecutive=1)
    breaker.record(is_healthy=False, now=0.0)
    passed = []
    for second in range(3600):
        if breaker.wait(float(second)) == 0:
            passed.append(second)
            breaker.record(is_healthy=False, now=float(second))
    assert len(passed) == 59
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(passed))


def test_only_one_thread_gets_the_probe():
    breaker = Breaker(consecutive=1)
    breaker.record(is_healthy=False, now=0.0)
    assert [breaker.wait(60.0) == 0 for _ in range(4)] == [True, False, False, False]


def test_a_probe_that_works_closes_it_and_forgets_the_failures():
    breaker = Breaker()
    for _ in range(10):
        breaker.record(is_healthy=False, now=0.0)
    assert breaker.wait(60.0) == 0
    breaker.record(is_healthy=True, now=61.0)
    breaker.record(is_healthy=False, now=62.0)
    assert not opened(breaker, 62.0)


def test_a_late_failure_of_before_does_not_bring_the_probe_forward():
    breaker = Breaker(consecutive=1)
    breaker.record(is_healthy=False, now=0.0)
    breaker.record(is_healthy=False, now=50.0)
    assert breaker.wait(60.0) == 50.0


def test_threads_share_one_pace():
    pace, moments = Pace(10.0), []
    threads = [
        threading.Thread(target=lambda: moments.extend(pace.reserve(0.0) for _ in range(100)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(moments) == pytest.approx([turn / 10 for turn in range(800)])


def test_unused_moments_are_not_saved_up_for_a_burst():
    pace = Pace(1.0)
    assert pace.reserve(0.0) == 0.0
    assert [pace.reserve(100.0) for _ in range(3)] == [0.0, 1.0, 2.0]


def test_without_a_limit_nobody_waits():
    pace = Pace(None)
    assert [pace.reserve(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_pause_asked_for_holds_until_its_end_and_is_never_shortened():
    pace = Pace(None)
    pace.hold(30.0)
    pace.hold(10.0)
    assert (pace.held_for(20.0), pace.held_for(31.0)) == (10.0, 0.0)

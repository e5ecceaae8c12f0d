"""One holder a resource, by the database's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now

from integration.ledger.leases import (
    LEASE_SECONDS,
    AlreadyRunning,
    Fence,
    LeaseLost,
    acquire,
    held,
)
from integration.models import Lease
from tests.integration.ledger.conftest import RESOURCE, expire, in_workers

pytestmark = pytest.mark.django_db


def is_free(resource: str = RESOURCE) -> bool:
    return Lease.objects.filter(resource=resource, expires_at__lte=Now()).exists()


def seconds_left() -> float:
    (left,) = Lease.objects.values_list(F("expires_at") - Now(), flat=True)
    return left.total_seconds()


def test_a_second_holder_is_told_who_holds_it_and_that_it_may_try_again(fence):
    holder = Lease.objects.get().holder
    with pytest.raises(AlreadyRunning, match=f"{RESOURCE} is being worked on by {holder}") as told:
        acquire(RESOURCE)
    assert told.value.retryable
    assert Lease.objects.get().fence == fence.number


def test_two_resources_do_not_know_each_other(fence):
    assert acquire("provisioning of riverside").number == 1
    assert Lease.objects.count() == 2


def test_a_lease_lasts_its_seconds_by_the_clock_of_the_database(fence):
    assert LEASE_SECONDS - 60 < seconds_left() <= LEASE_SECONDS


@pytest.mark.fault("F78")
@pytest.mark.parametrize("hours", [-2, 2])
def test_whoever_has_another_clock_neither_takes_a_held_lease_nor_misses_one_that_ended(
    hours, fence, time_machine
):
    time_machine.move_to(datetime.now(UTC) + timedelta(hours=hours))
    with pytest.raises(AlreadyRunning):
        acquire(RESOURCE)
    expire()
    assert acquire(RESOURCE).number > fence.number


def test_an_expired_lease_goes_to_the_next_with_a_higher_number(fence):
    expire()
    assert acquire(RESOURCE).number > fence.number


def test_a_released_lease_goes_to_the_next_at_once_with_a_higher_number(fence):
    fence.release()
    assert Lease.objects.get().holder == ""
    assert acquire(RESOURCE).number > fence.number


def test_numbers_only_grow_however_a_lease_ends():
    numbers = []
    for end in (Fence.release, lambda _: expire(), Fence.release, lambda _: expire()):
        fence = acquire(RESOURCE)
        end(fence)
        numbers.append(fence.number)
    assert numbers == sorted(set(numbers))


def test_renewing_holds_on_for_the_whole_time_again(fence):
    expire()
    fence.renew()
    assert seconds_left() > LEASE_SECONDS - 60
    with pytest.raises(AlreadyRunning):
        acquire(RESOURCE)


def test_who_was_taken_over_can_neither_renew_nor_release(fence):
    expire()
    taker = acquire(RESOURCE)
    with pytest.raises(LeaseLost, match="taken over"):
        fence.renew()
    fence.release()
    assert not is_free()
    taker.renew()


def test_who_has_released_cannot_hold_on_any_more(fence):
    fence.release()
    with pytest.raises(LeaseLost):
        fence.renew()
    assert is_free()


def test_releasing_twice_takes_nothing_from_the_next(fence):
    fence.release()
    acquire(RESOURCE)
    fence.release()
    assert not is_free()


def test_a_fence_cannot_be_changed_after_the_fact(fence):
    with pytest.raises(AttributeError):
        fence.number = 99


def test_a_block_holds_the_lease_and_lets_go_at_its_end():
    with held(RESOURCE) as fence:
        assert not is_free()
        assert Lease.objects.get().fence == fence.number
    assert is_free()


def test_a_block_that_fails_lets_go_too():
    with pytest.raises(ZeroDivisionError), held(RESOURCE):
        _ = 1 / 0
    assert is_free()


# --- several at once ----------------------------------------------------------------------------


def try_to_acquire() -> int:
    try:
        return acquire(RESOURCE).number
    except AlreadyRunning:
        return 0


@pytest.mark.fault("F69")
@pytest.mark.parametrize(
    ("before", "number"),
    [
        (None, 1),
        (lambda: (acquire(RESOURCE), expire()), 2),
        (lambda: acquire(RESOURCE).release(), 3),
    ],
    ids=["never held", "expired", "released"],
)
def test_of_eight_at_once_exactly_one_gets_it(workers, before, number):
    if before:
        in_workers(before)
    assert sorted(in_workers(try_to_acquire, 8)) == [0] * 7 + [number]
    assert in_workers(lambda: Lease.objects.get().fence) == [number]


def interfere() -> str:
    """Try to take the lease over this instant."""
    try:
        with connection.cursor() as cursor:
            sqlite = connection.vendor == "sqlite"
            cursor.execute("PRAGMA busy_timeout = 0" if sqlite else "SET lock_timeout = '50ms'")
        Lease.objects.update(fence=F("fence") + 100, holder="somebody else")
    except DatabaseError:
        return "locked out"
    return "taken over"


def acquire_with_interference() -> tuple[list[str], int]:
    """Somebody tries to come between the claim and the look at its number."""
    tries: list[str] = []

    def after_the_claim(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.startswith("UPDATE"):
            tries.extend(in_workers(interfere))
        return answer

    with connection.execute_wrapper(after_the_claim):
        return tries, acquire(RESOURCE).number


def test_nobody_can_come_between_taking_a_lease_and_learning_its_number(workers):
    assert in_workers(acquire_with_interference) == [(["locked out"], 1)]

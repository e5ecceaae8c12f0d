"""Slots of a resource: over all workers never more than there are, whoever dies with some."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.ledger.leases import LEASE_SECONDS
from integration.ledger.slots import Slots
from integration.models import Lease

pytestmark = pytest.mark.django_db
MOST = 3
WORKERS = ("a", "b", "c")


def slots(most: int = MOST, sleep=None) -> Slots:
    return Slots("requests to Q of lakeside", most, sleep or (lambda _: None))


def time_passes(seconds: int) -> None:
    Lease.objects.update(expires_at=F("expires_at") - timedelta(seconds=seconds))


acts = st.lists(
    st.tuples(
        st.sampled_from(WORKERS), st.sampled_from(("take", "share", "give back", "die", "wait"))
    ),
    max_size=30,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=acts)
def test_never_more_are_held_than_there_are_and_all_come_back(acts):
    Lease.objects.all().delete()
    held = dict.fromkeys(WORKERS, 0)
    for worker, act in acts:
        match act:
            case "take":
                held[worker] = slots().take(worker)
            case "share":
                slots().give_back(worker, keep=held[worker] // 2)
                held[worker] //= 2
            case "give back":
                slots().give_back(worker)
                held[worker] = 0
            case "die":  # its requests died with it; what it held comes back in a while
                time_passes(LEASE_SECONDS + 1)
                held = dict.fromkeys(WORKERS, 0)
            case "wait":
                time_passes(1)
        assert sum(held.values()) <= MOST
    time_passes(LEASE_SECONDS + 1)
    assert slots().take("d") == MOST


def test_who_waits_is_let_in_by_whoever_holds_them_all():
    """The second worker looks again whenever the first one, or it itself, sleeps."""
    got: list[int] = []
    slept: list[float] = []

    def other_worker(seconds: float) -> None:
        slept.append(seconds)
        if not got:
            got.append(slots().take("b"))

    with slots(sleep=other_worker).taken(lambda: None) as count:
        assert (count, slots().take("b")) == (MOST, 0)
        Slots("requests to Q of lakeside", MOST, other_worker)._cry("b")
    assert got == [MOST]
    assert len(slept) == 1


def test_without_a_free_slot_one_is_waited_for():
    slots().take("a")
    looks: list[str] = []

    def wait() -> None:
        looks.append("looked")
        if len(looks) == 3:
            slots().give_back("a")

    with slots().taken(wait) as count:
        assert (count, len(looks)) == (MOST, 3)


def test_who_comes_late_gives_back_nothing_of_his_successor():
    assert slots().take("a") == MOST
    time_passes(LEASE_SECONDS + 1)
    assert slots().take("b") == MOST
    slots().give_back("a")
    assert slots().take("c") == 0


def test_a_lower_limit_holds_from_the_next_turn_on():
    slots().take("a")
    slots().give_back("a")
    assert slots(1).take("b") == 1


def test_a_higher_limit_holds_from_the_next_turn_on():
    slots(1).take("a")
    slots(1).give_back("a")
    assert slots().take("b") == MOST

"""A long reader holds its part of a limit, lets in who waits, and takes back what is free."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from integration.ledger.leases import LEASE_SECONDS
from integration.ledger.share import LOOK_SECONDS, MODEST_SECONDS, Share
from integration.ledger.slots import Slots
from integration.models import Lease

pytestmark = pytest.mark.django_db
MOST = 4


class Reader:
    """Somebody who asks; `busy` requests are under way and do not end."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.told: list[int] = []

    def limit(self, requests: int) -> None:
        self.told.append(requests)

    def settle(self, requests: int, seconds: float) -> int:
        self.told.append(max(requests, self.busy))
        return max(requests, self.busy)


class Room:
    def __init__(self, most: int = MOST, busy: int = 0) -> None:
        self.now = 0.0
        self.reader = Reader(busy)
        self.others = Slots("requests to Q of lakeside", most, self._sleep)
        self.waited = 0
        self.share = Share(self.others, self.reader, self._wait, clock=lambda: self.now)
        self.at_sleep = lambda: None

    def _sleep(self, seconds: float) -> None:
        self.at_sleep()

    def _wait(self) -> None:
        self.waited += 1

    def look(self, seconds: float = LOOK_SECONDS) -> int:
        """So much later, between two pages; how many it may ask at once then."""
        self.now += seconds
        self.share.look()
        return self.reader.told[-1]

    def cry(self) -> None:
        self.others._cry("other")


def test_alone_it_holds_everything_and_gives_it_back():
    room = Room()
    with room.share.taken():
        assert room.reader.told == [MOST]
        assert room.others.take("other") == 0
    assert room.others.take("other") == MOST


def test_between_pages_it_asks_the_database_nothing(django_assert_num_queries):
    room = Room()
    with room.share.taken():
        with django_assert_num_queries(0):
            for _ in range(100):
                room.look(LOOK_SECONDS / 200)
        with django_assert_num_queries(1):
            room.look()


def test_who_waits_gets_half_at_the_next_look_and_keeps_it_for_a_while():
    room = Room()
    with room.share.taken():
        room.cry()
        assert room.look() == 2
        assert room.others.take("other") == 2
        room.others.give_back("other")
        Lease.objects.filter(resource__endswith="waits").delete()
        assert room.look() == 2
        assert room.look(MODEST_SECONDS) == MOST
        assert room.others.take("other") == 0


def test_what_is_still_under_way_is_not_given_away():
    room = Room(busy=3)
    with room.share.taken():
        room.cry()
        assert room.look() == 3
        assert room.others.take("other") == 1


def test_of_a_single_slot_both_have_their_turn():
    room = Room(most=1)
    got: list[int] = []

    def other() -> None:
        if not got:
            got.append(room.others.take("other"))
            Lease.objects.filter(resource__endswith="waits").delete()
        else:
            room.others.give_back("other")

    with room.share.taken():
        room.at_sleep = other
        room.cry()
        assert room.look() == 1
    assert got == [1]
    assert room.reader.told == [1, 0, 1]
    assert room.waited == 1


def test_it_does_not_wait_for_itself():
    room = Room()
    assert room.others.take("other") == MOST
    room.at_sleep = lambda: room.others.give_back("other")
    with room.share.taken():
        assert room.look() == MOST


def test_it_holds_on_while_it_reads_for_longer_than_a_lease():
    room = Room()
    with room.share.taken():
        for _ in range(3):
            Lease.objects.update(expires_at=F("expires_at") - timedelta(seconds=LEASE_SECONDS - 60))
            room.look(LEASE_SECONDS - 60)
        assert room.others.take("other") == 0


def test_what_ran_out_and_went_to_others_it_does_not_use():
    room = Room()
    with room.share.taken():
        Lease.objects.update(expires_at=F("expires_at") - timedelta(seconds=LEASE_SECONDS + 1))
        assert Slots("requests to Q of lakeside", 3, room._sleep).take("other") == 3
        assert room.look(LEASE_SECONDS) == 1


def test_an_error_gives_everything_back():
    room = Room()
    with pytest.raises(ValueError, match="a page"), room.share.taken():
        raise ValueError("a page")
    assert room.others.take("other") == MOST

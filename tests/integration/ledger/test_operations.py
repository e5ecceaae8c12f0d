"""The outbox: written down first, counted before it is tried, moved by the holder only."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from integration.ledger.leases import LeaseLost, acquire
from integration.ledger.operations import State, move, prepare, start
from integration.models import Operation
from tests.integration.ledger.conftest import RESOURCE, expire, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation(ledger):
    return prepare(ledger.run, "import 1", body_digest="abc")


def test_an_operation_is_written_down_before_anything_is_tried(ledger, operation):
    assert (operation.state, operation.attempts) == (State.PENDING, 0)
    assert (operation.run, operation.body_digest) == (ledger.run, "abc")


def test_the_same_operation_of_a_run_is_made_once(ledger, operation):
    again = prepare(ledger.run, "import 1", body_digest="other")
    assert (again.pk, again.body_digest) == (operation.pk, "abc")


def test_another_name_or_another_run_is_another_operation(ledger, operation, district):
    other = taken(district, ledger.fence).run
    keys = {prepare(other, "import 1", body_digest="x").pk}
    keys.add(prepare(ledger.run, "import 2", body_digest="x").pk)
    assert len(keys | {operation.pk}) == 3


def test_the_database_refuses_a_second_operation_with_one_key(operation):
    with pytest.raises(IntegrityError):
        Operation.objects.create(
            run=operation.run, dedupe_key=operation.dedupe_key, body_digest="x"
        )


def test_an_attempt_is_counted_before_it_is_made(operation, fence):
    for attempts in (1, 2):
        start(operation, fence)
        assert (operation.state, operation.attempts) == (State.SENDING, attempts)


def test_a_move_takes_the_answer_along_and_names_its_fence(operation, fence):
    move(operation, State.DONE, fence, remote_id="812", answer={"state": "imported"})
    stored = Operation.objects.get()
    assert (stored.state, stored.remote_id, stored.fence) == (State.DONE, "812", fence.number)
    assert operation.answer == stored.answer == {"state": "imported"}


def test_a_move_leaves_its_time(operation, fence):
    Operation.objects.update(updated_at="2026-01-01T00:00:00Z")
    move(operation, State.SENDING, fence)
    assert operation.updated_at >= operation.created_at


def test_a_move_holds_the_lease(operation, fence):
    expire()
    start(operation, fence)
    with pytest.raises(LeaseLost):
        expire()
        acquire(RESOURCE)
        start(operation, fence)


@pytest.mark.fault("F67")
def test_who_lost_the_lease_moves_nothing(operation, fence):
    expire()
    taker = acquire(RESOURCE)
    with pytest.raises(LeaseLost):
        move(operation, State.DONE, fence)
    assert Operation.objects.get().state == State.PENDING
    start(operation, taker)
    assert Operation.objects.get().fence == taker.number


def test_what_a_later_holder_touched_is_not_moved_by_an_earlier_one(operation, fence):
    Operation.objects.update(fence=fence.number + 1, state=State.UNKNOWN)
    with pytest.raises(LeaseLost, match="taken over"):
        move(operation, State.DONE, fence)
    assert Operation.objects.get().state == State.UNKNOWN

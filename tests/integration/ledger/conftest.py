"""A district with a run in somebody's hands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from integration.ledger.leases import Fence, acquire
from integration.ledger.runs import Ledger
from integration.models import District, Lease, Run

RESOURCE = "provisioning of lakeside"

T = TypeVar("T")


def expire(resource: str = RESOURCE) -> None:
    """What waiting does, by the database's clock."""
    Lease.objects.filter(resource=resource).update(expires_at=Now() - timedelta(seconds=1))


@pytest.fixture
def district(db: None) -> District:
    return District.objects.create(slug="lakeside", name="Lakeside")


@pytest.fixture
def fence(db: None) -> Fence:
    return acquire(RESOURCE)


@pytest.fixture
def ledger(district: District, fence: Fence) -> Ledger:
    return taken(district, fence)


def taken(district: District, fence: Fence) -> Ledger:
    """A new run of Ada's, in the hands of whoever holds the fence."""
    kind = Run.Kind.PROVISIONING
    return Ledger.take(Run.objects.create(district=district, kind=kind, actor="Ada"), fence)


@pytest.fixture
def workers(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Threads that share the database as workers do; see `in_workers`.

    An in-memory SQLite database, where tests usually live, locks otherwise than a file does.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    file = tmp_path / "workers.sqlite3"
    with closing(sqlite3.connect(file)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    # Undone before the test's own database is cleared, whoever else asked for a monkeypatch.
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings["default"], "NAME", str(file))
        yield


def in_workers(work: Callable[[], T], count: int = 1) -> list[T]:
    """Do the same in `count` threads at one moment, each with a connection of its own."""
    barrier = Barrier(count)

    def one(_: int) -> T:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))

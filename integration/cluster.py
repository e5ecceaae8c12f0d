"""django-q's cluster under our supervision: a ticker beside it, an end that comes, no orphans.

    qcluster (this process) ── its own process group: Cluster → sentinel → workers, pusher, monitor
                            └─ ticker: each minute a bell for the sweeper, or the sweep itself

What django-q does by itself is in its place, and what it does not is here: a cluster whose queue
stands still is replaced, and whoever is left of a dead one is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import multiprocessing
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.db import Error as DatabaseProblem
from django.db import connection, connections
from django_q.cluster import Cluster
from django_q.models import Schedule

from integration.bells import ring, ringing
from integration.errors import QSyncError
from integration.health import queue_stands_still
from integration.ledger import stopping
from integration.models import Heartbeat
from integration.tasks import SWEEP, sweep

logger = logging.getLogger(__name__)

TICK_SECONDS = 60.0
LOOK_SECONDS = 0.2
# A run stops at its next sign of progress; one that gives none is killed, and gone on with later.
STOP_SECONDS = 60.0
RESTART_SECONDS = 5.0
# A queue that is old when a cluster begins has not been standing still.
SETTLED = timedelta(minutes=5)
STANDS_STILL = 3

_fork = multiprocessing.get_context("fork")


class SecondCluster(QSyncError):
    """SQLite serves one cluster."""

    code = "cluster.second-on-sqlite"
    remedy = "Stop the other one; or use PostgreSQL (DATABASE_URL), where any number may run."


def only_one() -> IO[str] | None:
    """Hold SQLite's place for a cluster until this process ends. Raises SecondCluster.

    The kernel frees the place, also after kill -9, and children do not inherit it.
    """
    if connection.vendor != "sqlite":
        return None
    place = Path(f"{connection.settings_dict['NAME']}.cluster").open("w")  # noqa: SIM115  kept open
    try:
        fcntl.lockf(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        place.close()
        raise SecondCluster("A cluster is running on this SQLite database already.") from error
    return place


def tick() -> None:
    """Have a sweep made: by a worker, or here where none has been made for too long."""
    if (SWEEP, ()) not in ringing():
        ring(SWEEP)
    if not Heartbeat.is_fresh():
        sweep()


class Supervisor:
    """Starts the cluster and the ticker, looks after both, and ends both."""

    def __init__(self) -> None:
        self.cluster = _fork.Process(target=_cluster)
        self.ticker = _fork.Process(target=_ticker, args=(0,))
        self._ticker_since = 0.0

    def run(self) -> bool:
        """Serve until SIGTERM or SIGINT; whether the end was asked for."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.ask_all())
        _tell_of_schedules()
        connections.close_all()
        self._start_cluster()
        while not stopping.is_asked() and self.cluster.is_alive():
            self._look_after_ticker()
            time.sleep(LOOK_SECONDS)
        asked = stopping.is_asked()
        if not asked:
            logger.critical("the cluster ended without being asked to")
        self._end()
        return asked

    def _start_cluster(self) -> None:
        self.cluster = _fork.Process(target=_cluster)
        self.cluster.start()
        # Also in the child: whoever is first, the group is there before it is needed.
        with contextlib.suppress(OSError):
            os.setpgid(self.cluster.pid or 0, 0)

    def _look_after_ticker(self) -> None:
        if self.ticker.is_alive() or time.monotonic() - self._ticker_since < RESTART_SECONDS:
            return
        if self.ticker.exitcode == STANDS_STILL:
            logger.critical("the queue stands still; the cluster is replaced")
            _kill(self.cluster.pid)
            self.cluster.join()
            self._start_cluster()
        self.ticker = _fork.Process(target=_ticker, args=(self.cluster.pid,))
        self.ticker.start()
        self._ticker_since = time.monotonic()

    def _end(self) -> None:
        if self.ticker.pid:
            self.ticker.terminate()
            self.ticker.join()
        if self.cluster.is_alive():
            self.cluster.terminate()
            self.cluster.join(STOP_SECONDS)
        _kill(self.cluster.pid)
        self.cluster.join()


def _cluster() -> None:
    """django-q's own cluster, leader of a process group, so that its end is the end of all."""
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    cluster = Cluster()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cluster.start()
    while cluster.sentinel.is_alive():
        time.sleep(LOOK_SECONDS)


def _ticker(cluster: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent, began, next_tick = os.getppid(), time.monotonic(), 0.0
    while True:
        if os.getppid() != parent:
            _kill(cluster)
            return
        if time.monotonic() >= next_tick:
            next_tick = time.monotonic() + TICK_SECONDS
            _tick_once(settled=time.monotonic() - began > SETTLED.total_seconds())
            connections.close_all()
        time.sleep(LOOK_SECONDS)


def _tick_once(*, settled: bool) -> None:
    try:
        tick()
        stands_still = settled and queue_stands_still()
    except DatabaseProblem:
        logger.exception("the database did not answer the ticker")
        return
    if stands_still:
        sys.exit(STANDS_STILL)


def _kill(group: int | None) -> None:
    if group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _tell_of_schedules() -> None:
    if rows := Schedule.objects.count():
        logger.warning(
            "django-q's schedule table has %d rows; nothing comes of them. "
            "Nights are kept by manage.py schedule.",
            rows,
        )

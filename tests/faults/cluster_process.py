"""Real `manage.py qcluster` processes on a database of their own, and a district beside them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests

from tests.canaries import found
from tests.integration.provisioning.records import small_district
from tests.sandbox_process import ROOT, Sandbox

PATIENCE_SECONDS = 120
# The same cluster in a hurry: a sweep each few seconds, and so many of patience with its queue.
HURRIED = """
from datetime import timedelta
from django.core.management import call_command
from integration import cluster, health
health.LONGEST_WAIT = cluster.SETTLED = timedelta(seconds={})
cluster.TICK_SECONDS = 5.0
call_command("qcluster")
"""
PATIENT = 300


class Installation:
    """One database, one district between a local Q and a local Canvas, any number of clusters."""

    def __init__(self, sandbox: Sandbox, database_url: str, log: Path, **environment: str) -> None:
        self.sandbox = sandbox
        self.log = log
        self.clusters: list[subprocess.Popen[bytes]] = []
        self.origins = [
            "{0.scheme}://{0.netloc}".format(urlsplit(server.url))
            for server in (sandbox.q, sandbox.canvas)
        ]
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "ALLOW_PRIVATE_ADDRESSES": ",".join(urlsplit(one).netloc for one in self.origins),
            "NIGHT_STAGGER_MINUTES": "0",
            "LOG_LEVEL": "INFO",
            **environment,
        }

    def prepare(self) -> None:
        """Tables, and a district whose night is due now.

        It is about noon where the district lies, and its hour was 02:00.
        """
        self.connect(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")
        self.manage("schedule", "lakeside", "--on")
        self.sql("UPDATE integration_provisioningpolicy SET nights_from = NULL")

    def connect(self, zone: str) -> None:
        """Tables, and a district in this time zone, without nights."""
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.manage("migrate", "--verbosity=0")
        self.manage(
            *("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
            f"--time-zone={zone}",
        )

    def refresh_servers(self) -> None:
        """A Q with a small district, and an empty Canvas."""
        self.let_go()
        requests.post(f"{self.origins[0]}/sandbox/reset?empty=1", timeout=60)
        requests.post(f"{self.origins[1]}/sandbox/reset?same=1", timeout=60)
        records = {"upsert": small_district(students=4)}
        requests.post(f"{self.origins[0]}/sandbox/records", json=records, timeout=60)

    def hold(self, server: str, path: str) -> None:
        """Let the next answer of this kind wait until `let_go`."""
        origin = self.origins[("q", "canvas").index(server)]
        fault = {"match": {"method": "GET", "path": path, "times": 1}, "do": {"hold": True}}
        requests.post(f"{origin}/sandbox/faults", json=fault, timeout=60).raise_for_status()

    def is_held(self) -> bool:
        """Whether somebody waits for such an answer."""
        told = [requests.get(f"{origin}/sandbox/faults", timeout=60) for origin in self.origins]
        return any(fault["holding"] for one in told for fault in one.json()["faults"])

    def let_go(self) -> None:
        for origin in self.origins:
            requests.delete(f"{origin}/sandbox/faults", timeout=60)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        ended = self.try_to_manage(*words)
        assert ended.returncode == 0, ended.stderr
        return ended

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement on the installation's database, beside the product."""
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as database:
                rows = database.execute(statement).fetchall()
                database.commit()
                return rows
        with psycopg.connect(url) as database:
            cursor = database.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def runs(self, state: str = "done") -> int:
        """How many nights' runs there are in this state; "" for any."""
        where = "WHERE kind = 'provisioning'" + (f" AND state = '{state}'" if state else "")
        return int(self.sql(f"SELECT count(*) FROM integration_run {where}")[0][0])

    def try_to_manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, *, patience: int | None = None) -> subprocess.Popen[bytes]:
        """A cluster as it is, or where `patience` is given (seconds) one in a hurry."""
        words = ["qcluster"]
        if patience is not None:
            words = ["shell", "--no-imports", "-c", HURRIED.format(patience)]
        with self.log.open("ab") as log:
            cluster = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.clusters.append(cluster)
        return cluster

    def until(
        self, what: str, is_so: Callable[[], Any], *, patience: float = PATIENCE_SECONDS
    ) -> Any:
        """Look now and then until it is so; the log of the clusters tells where it is not."""
        patience += time.monotonic()
        while not (found := is_so()):
            assert time.monotonic() < patience, f"never: {what}\n{self.log.read_text()[-6000:]}"
            time.sleep(0.2)
        return found


@contextmanager
def ending(installation: Installation) -> Iterator[Installation]:
    """Leave no process behind, whatever became of it."""
    try:
        yield installation
    finally:
        for cluster in installation.clusters:
            for process in [*family(cluster.pid), cluster.pid]:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            cluster.wait(30)
    if installation.log.exists():
        q, canvas = installation.sandbox.q, installation.sandbox.canvas
        assert found([q.secret, canvas.token], installation.log.read_bytes()) == []


def family(pid: int) -> list[int]:
    """All processes of this one's session but itself, also those that lost their parent."""
    return [process for process, _, _, session in _processes() if session == pid != process]


def ticker(cluster: int) -> int | None:
    """Our own process beside django-q's group, which has a sweep made each minute."""
    found = (one for one, parent, group, _ in _processes() if parent == cluster == group)
    return next(found, None)


def sentinel_and_workers(cluster: int) -> tuple[int, list[int]]:
    """django-q's, below our own two processes."""
    table = [one for one in _processes() if one[3] == cluster]
    (leader,) = [one for one, parent, group, _ in table if parent == cluster and group == one]
    (sentinel,) = [one for one, parent, _, _ in table if parent == leader]
    # It starts the two workers first, then the monitor and the pusher.
    return sentinel, [one for one, parent, _, _ in table if parent == sentinel][:2]


def _processes() -> list[tuple[int, int, int, int]]:
    """(pid, parent, group, session) of all that live, in the order of their pids."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, OSError):
            state, parent, group, session = _stat(entry)
            if state != "Z":
                found.append((int(entry.name), int(parent), int(group), int(session)))
    return sorted(found)


def _stat(entry: Path) -> list[str]:
    """What stands after the name, which is in brackets and may hold anything."""
    return (entry / "stat").read_text().rpartition(")")[2].split()[:4]

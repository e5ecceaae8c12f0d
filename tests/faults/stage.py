"""A small district between a local Q and an empty Canvas, and commands that can be killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.integration.provisioning.held_by_canvas import facts, imports
from tests.integration.provisioning.records import enrollment, small_district, user
from tests.sandbox_process import ROOT, Sandbox, running_sandbox

Commands = subprocess.Popen[str]
NIGHT = ("provision", "lakeside")


@dataclass(frozen=True)
class Ended:
    """A command that has ended; `points` is how many effects it had."""

    code: int
    out: str
    err: str
    effects: dict[str, int]
    traced: int
    last_send: int
    seconds: float

    @property
    def points(self) -> int:
        return sum(self.effects.values())


class Stage:
    """Two servers, and a database that is copied from a template before each act.

    `stands("first")` and the like bring database and Canvas to where an act begins.
    """

    def __init__(self, sandbox: Sandbox, directory: Path, runner: Commands) -> None:
        self.sandbox = sandbox
        self.directory = directory
        self.database = directory / "night.sqlite3"
        self._commands = runner
        self.origins = [_origin(server.url) for server in (sandbox.q, sandbox.canvas)]
        self.control("q", "reset?empty=1")
        self.q_holds(small_district(students=4, schools=("S1", "S2")))

    def build(self) -> None:
        """The template of each act: connected; after a first night; after a second one."""
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.must("migrate", "--verbosity=0")
        self.must(
            *("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
        )
        self._keep("connected")
        self.must(*NIGHT)
        self.q_holds(
            {
                "users": [user("NEW"), user("P1-1", givenName="Another")],
                "enrollments": [
                    enrollment("E-NEW", "NEW"),
                    enrollment("E-P1-0", "P1-0", status="tobedeleted"),
                ],
            }
        )
        self._keep("first night")
        self.must(*NIGHT)
        self._keep("second night")

    def begins(self, act: str) -> None:
        """Database and Canvas are where this act begins."""
        self.control("canvas", f"back?name={act}")
        self.restore(act)

    def restore(self, act: str) -> None:
        """The database alone is what it was then."""
        self.empty()
        shutil.copy(self.directory / f"{act}.sqlite3", self.database)

    def empty(self) -> None:
        """A database that holds nothing at all."""
        for leftover in self.directory.glob("night.sqlite3*"):
            leftover.unlink()

    def back_up(self, act: str) -> None:
        """Keep the database, to be restored."""
        with closing(sqlite3.connect(self.database)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.database, self.directory / f"{act}.sqlite3")

    def run(self, *words: str, **how: Any) -> Ended:
        """A command from beginning to end; `how`: what befalls it (killed_at.py)."""
        self._ask(self._commands, words, **how)
        return self._answer(self._commands)

    @contextmanager
    def beside(self, *words: str) -> Iterator[Callable[[], Ended]]:
        """The command runs in the background; what is given waits for its end."""
        with commands(self.directory, self.sandbox) as others:
            self._ask(others, words)
            yield lambda: self._answer(others)

    @staticmethod
    def _ask(of: Commands, words: Sequence[str], **how: Any) -> None:
        assert of.stdin
        nothing = {"kill_at": 0, "kill_after": 0.0, "now": "", "ails": "", "ails_at": 0}
        asked = {"words": words, **nothing, **how}
        of.stdin.write(json.dumps(asked) + "\n")
        of.stdin.flush()

    @staticmethod
    def _answer(of: Commands) -> Ended:
        assert of.stdout
        nothing = {"effects": {}, "traced": 0, "last_send": 0}
        return Ended(**(nothing | json.loads(of.stdout.readline())))

    def must(self, *words: str) -> Ended:
        ended = self.run(*words)
        assert ended.code == 0, (words, ended.out, ended.err)
        return ended

    def killed(self, *words: str, at: int) -> None:
        """Run it, let it be killed at this effect, and let its lease run out."""
        self.killed_without_lease(*words, at=at)
        self.expire_leases()

    def killed_without_lease(self, *words: str, at: int) -> None:
        """The same, of what needs no lease."""
        ended = self.run(*words, kill_at=at)
        # A fast run has fewer effects than a slow one: it says less often how far it is.
        was_over = ended.code == 0 and ended.points < at
        assert was_over or ended.code == -signal.SIGKILL, (at, ended.out, ended.err)

    def expire_leases(self) -> None:
        """What three minutes of waiting do."""
        self.sql("UPDATE integration_lease SET expires_at = '2000-01-01 00:00:00'")

    def stand_still(self, worker: int) -> None:
        """Stop the process until its leases are over; not while it writes, for then nobody can."""
        with closing(sqlite3.connect(self.database, timeout=20)) as database:
            database.execute("BEGIN IMMEDIATE")
            os.kill(worker, signal.SIGSTOP)
            database.commit()
        self.expire_leases()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=20)) as database:
            rows = database.execute(statement).fetchall()
            database.commit()
            return rows

    def control(self, server: str, path: str, body: Any = None) -> Any:
        origin = self.origins[("q", "canvas").index(server)]
        answer = requests.post(f"{origin}/sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer

    def q_holds(self, records: dict[str, Any]) -> None:
        self.control("q", "records", {"upsert": records})

    def sends(self) -> int:
        """Requests that are not reads, as the two servers have counted them since a reset."""
        logs = [requests.get(f"{one}/sandbox/log", timeout=60).json() for one in self.origins]
        return sum(one["method"] != "GET" for log in logs for one in log["requests"])

    def hold(self, server: str, path: str, method: str = "GET") -> str:
        """Let the next request of this kind wait at the server; the fault, to be let go."""
        fault = {"match": {"method": method, "path": path, "times": 1}, "do": {"hold": True}}
        told = self.control(server, "faults", fault).json()
        return f"faults/{told['id']}"

    def forget_log(self) -> None:
        for origin in self.origins:
            requests.delete(f"{origin}/sandbox/log", timeout=60)

    def canvas(self) -> tuple[dict[str, Any], int]:
        """What Canvas holds, and how many imports it was sent."""
        return facts(self.sandbox.canvas), len(imports(self.sandbox.canvas))

    def _keep(self, act: str) -> None:
        self.back_up(act)
        self.control("canvas", f"keep?name={act}")


def _origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


@contextmanager
def commands(directory: Path, sandbox: Sandbox, database: str = "") -> Iterator[Commands]:
    """A process that runs commands on this stage's database (its URL); ended on leaving."""
    allowed = ",".join(urlsplit(one.url).netloc for one in (sandbox.q, sandbox.canvas))
    environment = {
        "DATABASE_URL": database or f"sqlite:///{directory}/night.sqlite3",
        "ALLOW_PRIVATE_ADDRESSES": allowed,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.killed_at"],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=60)


@contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """Everything started, the templates built; ended on leaving."""
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        commands(directory, sandbox) as runner,
    ):
        made = Stage(sandbox, directory, runner)
        made.build()
        yield made

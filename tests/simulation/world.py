"""A local Q, a local Canvas and the product between them, all under one clock that is set."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from tests.faults.stage import Ended, Stage, commands
from tests.integration.provisioning.held_by_canvas import held, imports, signed_in
from tests.sandbox_process import Sandbox, running_sandbox

ZONE = "America/Chicago"
PAGE = 100
COLUMNS = {
    "accounts": ("account_id", "name"),
    "users": ("user_id", "login_id", "first_name", "last_name", "email"),
    "courses": ("course_id", "long_name"),
    "sections": ("section_id", "name"),
}
# How long until somebody else may go on with what a dead worker left, and until it is tried again.
LATER = timedelta(minutes=65)
# From one step down to the next.
STEP_DAYS = 10
TRIES = 6


class World(Stage):
    """One district. `now` is the only time there is."""

    def __init__(
        self, sandbox: Sandbox, directory: Path, runner: subprocess.Popen[str], now: datetime
    ) -> None:
        super().__init__(sandbox, directory, runner)
        self.now = now
        self.control("q", "reset?empty=1")

    def build(self) -> None:
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.set_clocks()
        self.at_work("migrate", "--verbosity=0")
        self.at_work(
            *("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}", f"--time-zone={ZONE}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
            *(f"--q-page-size={PAGE}", "--q-concurrency=2"),
        )
        self.at_work("schedule", "lakeside", "--on", "--at=02:00")
        self.sql(
            "UPDATE integration_provisioningpolicy"
            f" SET completed_after_days = {STEP_DAYS}, deleted_after_days = {STEP_DAYS}"
        )

    def at_work(self, *words: str, kill_at: int = 0) -> Ended:
        """A command, now."""
        self.said = self.run(*words, kill_at=kill_at, now=self.now.isoformat())
        return self.said

    def set_clocks(self) -> None:
        ahead = (self.now - datetime.now(UTC)).total_seconds()
        for server in ("q", "canvas"):
            self.control(server, "clock", {"ahead": ahead})

    def night(self, *, kill_at: int = 0) -> dict[str, Any]:
        """The night that is due, by itself; the run's row. Who is killed is followed by others."""
        last = self.last_run().get("id", 0)
        self.set_clocks()
        self.at_work("@worker", kill_at=kill_at)
        for _ in range(TRIES):
            run = self.last_run()
            if run.get("id", 0) > last and self.is_over(run):
                break
            self.now += LATER
            if run.get("state") == "failed":
                self.mend()
            self.set_clocks()
            self.at_work("@worker")
        return self.last_run()

    @staticmethod
    def is_over(run: dict[str, Any]) -> bool:
        """Done, held, or failed for a reason that will not pass."""
        code = run["error"].get("code", "")
        return run["state"] in ("done", "held") or (
            run["state"] == "failed" and code.startswith("provisioning.")
        )

    def story(self, key: Any) -> list[Any]:
        """What the product planned for a row, newest first; for the message of a failure."""
        told = "\x1f".join(key) if isinstance(key, tuple) else key
        return self.sql(
            "SELECT run_id, action, state, reason, before, after FROM integration_change"
            f" WHERE key = '{told}' ORDER BY id DESC LIMIT 4"
        )

    def approve(self, run: dict[str, Any], *words: str) -> dict[str, Any]:
        """An administrator has a look in the morning."""
        self.by_day("provision", "lakeside", "--approve", run["plan_digest"], *words)
        return self.last_run()

    def by_day(self, *words: str) -> Ended:
        """A person types a command, an hour after what was last."""
        self.now += timedelta(hours=1)
        self.set_clocks()
        ended = self.at_work(*words, "--json")
        assert ended.code in (0, 2), (words, ended)
        return ended

    def proposals(self, run: dict[str, Any]) -> list[tuple[str, str, str]]:
        """(old id, new id, type) of each changed id that this run's plan proposes."""
        rows = self.sql(
            "SELECT after FROM integration_change WHERE kind = 'change_sis_id'"
            f" AND state = 'proposed' AND run_id = {run['id']}"
        )
        return [tuple(json.loads(row)) for (row,) in rows]

    def has_others(self, run: dict[str, Any]) -> bool:
        """Does this run's plan hold anything but enrollments?"""
        return bool(
            self.sql(
                "SELECT 1 FROM integration_change WHERE state = 'planned' AND action <> 'equal'"
                f" AND kind <> 'enrollments' AND run_id = {run['id']} LIMIT 1"
            )
        )

    def last_run(self) -> dict[str, Any]:
        columns = ("id", "state", "error", "holds", "sent", "counts", "plan_digest", "attempts")
        rows = self.sql(
            f"SELECT {', '.join(columns)} FROM integration_run"
            " WHERE kind = 'provisioning' ORDER BY id DESC LIMIT 1"
        )
        if not rows:
            return {}
        row = dict(zip(columns, rows[0], strict=True))
        told = {name: json.loads(row[name]) for name in ("error", "holds", "sent", "counts")}
        return {**row, **told}

    def runs(self) -> list[Any]:
        """The latest runs of any kind; for the message of a failure."""
        return self.sql(
            "SELECT id, kind, trigger, state, attempts, night, created_at, ended_at, not_before,"
            " error FROM integration_run ORDER BY id DESC LIMIT 4"
        )

    def fault(self, server: str, do: dict[str, Any], **match: Any) -> None:
        self.control(server, "faults", {"match": match, "do": do})

    def mend(self) -> None:
        """Whatever went wrong goes right again."""
        for origin in self.origins:
            requests.delete(f"{origin}/sandbox/faults", timeout=60)
        requests.delete(f"{self.origins[0]}/sandbox/quirks", timeout=60)
        requests.delete(f"{self.origins[1]}/sandbox/imports/fail", timeout=60)

    def held(self) -> dict[str, dict[Any, tuple[str, ...]]]:
        """{kind: {key: what is compared}}, as Canvas reports it."""
        tables = held(self.sandbox.canvas)
        told: dict[str, dict[Any, tuple[str, ...]]] = {
            kind: {
                row[columns[0]]: tuple(row[name] for name in columns[1:])
                for row in tables[kind]
                if row[columns[0]]
            }
            for kind, columns in COLUMNS.items()
        }
        told["enrollments"] = {
            (row["section_id"], row["user_id"], row["role"]): ()
            for row in tables["enrollments"]
            if row["section_id"] and row["user_id"] and row["status"] == "active"
        }
        told["status"] = {
            (row["section_id"], row["user_id"], row["role"]): (row["status"],)
            for row in tables["enrollments"]
            if row["section_id"] and row["user_id"]
        }
        told["by hand"] = {
            row["canvas_enrollment_id"]: ()
            for row in tables["enrollments"]
            if not row["user_id"] and row["status"] == "active"
        }
        return told

    def newest_import(self) -> int:
        """Its id; 0 where there is none. Canvas lists the newest first, and few at a time."""
        return max((one["id"] for one in imports(self.sandbox.canvas)), default=0)

    def api(self, method: str, path: str, **form: str) -> Any:
        """What a person does in Canvas."""
        url = f"{self.sandbox.canvas.url}/api/v1{path}"
        answer = signed_in(self.sandbox.canvas).request(method, url, data=form, timeout=60)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def world(directory: Path, now: datetime) -> Iterator[World]:
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        commands(directory, sandbox) as runner,
    ):
        made = World(sandbox, directory, runner, now)
        made.build()
        yield made

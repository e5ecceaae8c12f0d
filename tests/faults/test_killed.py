"""kill -9 at any effect of a run, then start again: Canvas is as undisturbed (F63)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.integration.provisioning.held_by_canvas import facts, imports
from tests.integration.provisioning.records import small_district
from tests.sandbox_process import ROOT, Sandbox, running_sandbox

SLICE = 4


class Stage:
    """A small district in Q, an empty Canvas, and a database that knows both."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.template = directory / "template.sqlite3"
        self.database = directory / "night.sqlite3"
        self.origins = [_origin(server.url) for server in (sandbox.q, sandbox.canvas)]
        requests.post(f"{self.origins[0]}/sandbox/reset?empty=1", timeout=60)
        records = {"upsert": small_district(students=4, schools=("S1", "S2"))}
        requests.post(f"{self.origins[0]}/sandbox/records", json=records, timeout=60)
        self.run("migrate", "--verbosity=0")
        self.run(
            *("connect", "lakeside", f"--q-url={sandbox.q.url}", f"--q-key={sandbox.q.key}"),
            *(f"--q-secret={sandbox.q.secret}", f"--q-token-url={sandbox.q.token_url}"),
            *(f"--canvas-url={sandbox.canvas.url}", f"--canvas-token={sandbox.canvas.token}"),
        )
        shutil.move(self.database, self.template)

    def reset(self) -> None:
        requests.post(f"{self.origins[1]}/sandbox/reset?same=1", timeout=60)
        for leftover in self.database.parent.glob("night.sqlite3*"):
            leftover.unlink()
        shutil.copy(self.template, self.database)

    def run(self, *words: str, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
        environment = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "ALLOW_PRIVATE_ADDRESSES": ",".join(urlsplit(one).netloc for one in self.origins),
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.faults.killed_at", str(kill_at), *words],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def night(self, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run("provision", "lakeside", kill_at=kill_at)

    def expire_leases(self) -> None:
        """What three minutes of waiting do."""
        with closing(sqlite3.connect(self.database)) as database:
            database.execute("UPDATE integration_lease SET expires_at = '2000-01-01 00:00:00'")
            database.commit()


def _origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox:
        yield Stage(sandbox, tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> tuple[int, dict[str, Any]]:
    """How many effects a night has, and what Canvas holds after it."""
    stage.reset()
    ended = stage.night()
    assert ended.returncode == 0, ended.stderr
    return int(ended.stderr.split()[-1]), facts(stage.sandbox.canvas)


def killed_and_begun_again(stage: Stage, kill_at: int) -> dict[str, Any]:
    stage.reset()
    assert stage.night(kill_at).returncode == -signal.SIGKILL
    stage.expire_leases()
    again = stage.night()
    assert again.returncode == 0, (kill_at, again.stdout, again.stderr)
    return facts(stage.sandbox.canvas)


def test_a_run_killed_at_some_effects_of_the_day_leaves_the_same_canvas(stage, undisturbed):
    effects, wanted = undisturbed
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {SLICE} of {effects} effects")
    for kill_at in random.Random(seed).sample(range(1, effects + 1), SLICE):
        assert killed_and_begun_again(stage, kill_at) == wanted, kill_at
        assert len(imports(stage.sandbox.canvas)) == 1, kill_at


@pytest.mark.prove
def test_a_run_killed_at_any_effect_leaves_the_same_canvas(stage, undisturbed):
    effects, wanted = undisturbed
    assert effects > 40
    for kill_at in range(1, effects + 1):
        assert killed_and_begun_again(stage, kill_at) == wanted, kill_at
        assert len(imports(stage.sandbox.canvas)) == 1, kill_at

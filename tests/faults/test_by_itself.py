"""A night begins by itself, once, whatever becomes of queue, workers and hosts (F66-F73, F79)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster_process import Installation, ending, family
from tests.integration.provisioning.held_by_canvas import facts, imports
from tests.sandbox_process import Sandbox, running_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox:
        yield sandbox


@pytest.fixture
def here(sandbox: Sandbox, tmp_path: Path) -> Iterator[Installation]:
    """A district whose night is due now, on SQLite; no cluster yet."""
    url = f"sqlite:///{tmp_path}/qsync.sqlite3"
    with ending(Installation(sandbox, url, tmp_path / "clusters.log")) as installation:
        installation.prepare()
        installation.let_a_night_be_due()
        yield installation


def test_a_night_that_is_due_runs_by_itself_and_the_cluster_ends_when_told(here):
    cluster = here.start()
    here.until("the night is done", here.runs)
    assert here.sql('SELECT "trigger", actor FROM integration_run') == [("night", "schedule")]
    assert len(imports(here.sandbox.canvas)) == 1
    workers = family(cluster.pid)
    cluster.send_signal(signal.SIGTERM)
    assert cluster.wait(60) == 0
    assert len(workers) > 4
    assert family(cluster.pid) == []

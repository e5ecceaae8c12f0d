"""A proof that is cut short goes on where it stopped, and says what became of each module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import prove
from tests.record import Outcome, by_module, read

ROOT = Path(__file__).parents[1]
TESTS = """
import os, pytest
def test_good(): pass
def test_bad(): assert os.environ.get("MENDED")
@pytest.mark.skip
def test_left_out(): pass
@pytest.fixture
def broken():
    yield
    assert os.environ.get("MENDED")
def test_bad_at_its_end(broken): pass
"""


@pytest.fixture
def run(tmp_path: Path):
    """pytest, with a worker, on a few tests of which `record.jsonl` is kept."""
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def again(recorded: int, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "tests.record"]
        command += [f"--record={tmp_path / 'record.jsonl'}", f"--recorded={recorded}"]
        return subprocess.run(
            [*command, "-p", "no:cacheprovider", "-p", "no:django", "-p", "no:schemathesis"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return again


def outcomes(directory: Path) -> dict[str, str]:
    found = read(directory / "record.jsonl")
    return {test.partition("::")[2]: one.outcome for test, one in found.items()}


def test_what_passed_is_kept_and_only_the_rest_is_run_again(run, tmp_path):
    assert run(0).returncode == 1
    assert outcomes(tmp_path) == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_left_out": "skipped",
        "test_bad_at_its_end": "failed",
    }
    again = run(4, MENDED="1")
    assert "2 passed, 1 skipped in" in again.stdout
    assert set(outcomes(tmp_path).values()) == {"passed", "skipped"}
    (module,) = by_module(read(tmp_path / "record.jsonl").values())
    assert (module.name, module.passed, module.failed, module.skipped) == ("test_it.py", 3, 0, 1)


def test_what_became_of_the_test_of_a_worker_that_died_is_kept(run, tmp_path):
    (tmp_path / "test_it.py").write_text("import os\ndef test_ends_it_all(): os._exit(3)\n")
    assert run(0).returncode == 1
    assert outcomes(tmp_path) == {"test_ends_it_all": "failed"}


def test_a_summary_names_the_slow_modules_and_what_failed(tmp_path):
    lines = [
        Outcome("tests/test_slow.py::test_one", "passed", 61.2),
        Outcome("tests/test_slow.py::test_two", "failed", 2.0),
        Outcome("tests/test_quick.py::test_one", "passed", 0.5),
        Outcome("tests/test_fast.py::test_one", "skipped", 0.1),
    ]
    kept = "".join(json.dumps(one._asdict()) + "\n" for one in lines)
    (tmp_path / "SQLite.jsonl").write_text(kept)
    ran = [prove.Part("./run lint", is_broken=False, seconds=3.2)]
    told = prove.text(
        datetime(2026, 11, 28, tzinfo=UTC), "abc", ran, tmp_path, is_measured=False
    ).splitlines()
    assert "| ./run lint | ok | 3 s |" in told
    assert "| tests/test_slow.py | 1 | 1 | 0 | 63 |" in told
    assert "| 2 shorter modules | 1 | 0 | 1 | 1 |" in told
    assert "- tests/test_slow.py::test_two" in told

"""`./run test`: the tests, on every database this machine has, said plainly.

In at most five minutes; with --ci all that each change is held to, in at most twenty.
SQLite always. PostgreSQL where TEST_POSTGRESQL_URL (or a server on this machine's standard port)
answers: then every test that uses the database runs once more on it. Where REQUIRE_POSTGRESQL is
set, a missing PostgreSQL is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[1]
POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"
WORKERS = str(min(4, os.cpu_count() or 1))


def main(words: list[str]) -> int:
    size = "not prove" if "--ci" in words else "not prove and not ci"
    failed, summary = run_all(["-m", size, *(word for word in words if word != "--ci")])
    print(f"\n{summary}")
    return int(failed)


def run_all(words: list[str], record: Path | None = None) -> tuple[bool, str]:
    """Run the tests on each database; whether they failed, and what was used."""
    started = time.monotonic()
    used = ["SQLite"]
    failed = run("SQLite", words, {}, record)
    url = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    missing = unreachable(url)
    if missing:
        print(f"\nPostgreSQL was left out: {missing}")
        print("Set TEST_POSTGRESQL_URL=postgres://user:password@host:port/name to include it.")
        failed = failed or bool(os.environ.get("REQUIRE_POSTGRESQL"))
    else:
        used.append("PostgreSQL")
        here = {"DATABASE_URL": url}
        failed = run("PostgreSQL", postgresql(words), here, record) or failed
    left_out = "; PostgreSQL was left out" if missing else ""
    seconds = time.monotonic() - started
    return failed, f"Databases used: {' and '.join(used)}{left_out}. {seconds:.0f} seconds in all."


def postgresql(words: list[str]) -> list[str]:
    """The second pass: all that uses the database, but for `./run prove` not what one proves."""
    hurried = [word.replace("not prove", "not prove and not one_database") for word in words]
    return ["--database-only", *hurried]


def run(
    name: str, words: list[str], environment: dict[str, str], record: Path | None = None
) -> bool:
    """Run the tests once; say whether they failed.

    In the directory `record` is kept how each one ended; what has passed there is not run again.
    """
    print(f"\n== {name} ==", flush=True)
    recorded = 0
    if record:
        file = record / f"{name}.jsonl"
        recorded = len(file.read_text().splitlines()) if file.exists() else 0
        words = [*("-p", "tests.record", f"--record={file}", f"--recorded={recorded}"), *words]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "worksteal", *words],
        env=_compiling(os.environ | environment),
        check=False,
    )
    nothing_left = {pytest.ExitCode.NO_TESTS_COLLECTED} if recorded else set()
    return ended.returncode not in {pytest.ExitCode.OK, *nothing_left}


def _compiling(environment: dict[str, str]) -> dict[str, str]:
    """Many tests start processes of their own: let them find their modules compiled."""
    compiled = {"PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache")}
    kept = {name: text for name, text in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | compiled


def unreachable(url: str) -> str:
    """Why PostgreSQL cannot be used, or ""."""
    try:
        with psycopg.connect(url.replace("postgres://", "postgresql://", 1), connect_timeout=3):
            return ""
    except psycopg.OperationalError as error:
        return str(error).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

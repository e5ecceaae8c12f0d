"""`./run test` and `./run prove`: the tests, on every database this machine has, said plainly.

SQLite always. PostgreSQL where TEST_POSTGRESQL_URL (or a server on this machine's standard port)
answers: then every test that uses the database runs once more on it. Where REQUIRE_POSTGRESQL is
set, a missing PostgreSQL is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psycopg

POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"
WORKERS = str(min(4, os.cpu_count() or 1))


def main(words: list[str]) -> int:
    prove = "--prove" in words
    words = [word for word in words if word != "--prove"]
    if not prove:
        words = ["-m", "not prove", *words]
    started = time.monotonic()
    used = ["SQLite"]
    failed = run("SQLite", [*words], {})
    url = os.environ.get("TEST_POSTGRESQL_URL", POSTGRESQL)
    missing = unreachable(url)
    if missing:
        print(f"\nPostgreSQL was left out: {missing}")
        print("Set TEST_POSTGRESQL_URL=postgres://user:password@host:port/name to include it.")
        failed = failed or bool(os.environ.get("REQUIRE_POSTGRESQL"))
    else:
        used.append("PostgreSQL")
        failed = run("PostgreSQL", ["--database-only", *words], {"DATABASE_URL": url}) or failed
    seconds = time.monotonic() - started
    print(f"\nDatabases used: {' and '.join(used)}. {seconds:.0f} seconds in all.")
    return int(failed)


def run(name: str, words: list[str], environment: dict[str, str]) -> bool:
    """Run the tests once; say whether they failed."""
    print(f"\n== {name} ==", flush=True)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, *words],
        env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING"} | environment,
        check=False,
    )
    return ended.returncode != 0


def unreachable(url: str) -> str:
    """Why PostgreSQL cannot be used, or ""."""
    try:
        with psycopg.connect(url.replace("postgres://", "postgresql://", 1), connect_timeout=3):
            return ""
    except psycopg.OperationalError as error:
        return str(error).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Server time of the teacher's pages: a course of 150 students and 40 assignments.

    python -m tests.bench.screens

Asked through all of the middleware, in one process, on a database of its own. Prints one line of
JSON: milliseconds, the middle of the rounds and the slowest of twenty, and the queries of a page.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests.sandbox_process import ROOT

Figures = dict[str, float]
STUDENTS, ASSIGNMENTS, ROUNDS = 150, 40, 20


def measure() -> Figures:
    """In a process of its own."""
    print(f"Screens: {STUDENTS} students, {ASSIGNMENTS} assignments", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite:///{directory}/screens.sqlite3"
        ended = subprocess.run(
            [sys.executable, "-m", "tests.bench.screens"],
            cwd=ROOT,
            env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING", "DATABASE_URL": database},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    told: Figures = json.loads(ended.stdout)
    for page in ("home", "preview", "result"):
        middle, slowest = told[f"{page}_ms"], told[f"{page}_slowest_ms"]
        queries = told[f"{page}_queries"]
        print(
            f"  {page:<14} {middle:>9.0f} ms (aim: 200)  slowest of {ROUNDS}: {slowest:.0f} ms"
            f"  processor {told[f'{page}_cpu_ms']:.0f} ms  {queries:.0f} queries"
        )
    return told


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(_figures()) + "\n")
    return 0


def _figures() -> Figures:
    from tests.gradesync.screens.conftest import district
    from tests.gradesync.screens.stage import room

    stage = district("bench")
    run = stage.plan(room(ASSIGNMENTS, STUDENTS))
    visit = stage.visit()
    figures = _measured(visit, "home", "") | _measured(visit, "preview", f"previews/{run.pk}/")
    stage.carry_out(run)
    return figures | _measured(visit, "result", f"runs/{run.pk}/")


def _measured(visit: Any, name: str, path: str) -> Figures:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as queries:
        visit.page(path)
    took = []
    began = time.process_time()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        visit.get(path)
        took.append(1000 * (time.perf_counter() - started))
    cpu = 1000 * (time.process_time() - began) / ROUNDS
    return {
        f"{name}_ms": round(statistics.median(took), 1),
        f"{name}_slowest_ms": round(max(took), 1),
        f"{name}_cpu_ms": round(cpu, 1),
        f"{name}_queries": len(queries),
    }


if __name__ == "__main__":
    sys.exit(main())

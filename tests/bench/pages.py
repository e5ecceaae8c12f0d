"""Server time of pages: asked through all of the middleware, in a process of its own.

The database is one of its own, too. Milliseconds are the middle of the rounds; beside it stand the
slowest, the processor's share, and the queries of a page.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.sandbox_process import ROOT

Figures = dict[str, float]


def measured_by(module: str, names: Iterable[str], *, rounds: int, aim: int) -> Figures:
    """The figures that `module` prints when it is run by itself; shown, a line for each name."""
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite:///{directory}/pages.sqlite3"
        ended = subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING", "DATABASE_URL": database},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    told: Figures = json.loads(ended.stdout)
    for name in names:
        print(
            f"  {name:<14} {told[f'{name}_ms']:>9.0f} ms (aim: {aim})  slowest of {rounds}: "
            f"{told[f'{name}_slowest_ms']:.0f} ms  processor {told[f'{name}_cpu_ms']:.0f} ms  "
            f"{told[f'{name}_queries']:.0f} queries"
        )
    return told


def by_itself(figures: Callable[[], Figures]) -> int:
    """The whole of such a module, run by itself: one line of JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(figures()) + "\n")
    return 0


def measured(name: str, ask: Callable[[], Any], *, rounds: int) -> Figures:
    """`ask` gets one page; the first time is not timed."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = ask()
    assert answer.status_code == 200, (name, answer.status_code)
    took = []
    began = time.process_time()
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - started))
    cpu = 1000 * (time.process_time() - began) / rounds
    return {
        f"{name}_ms": round(statistics.median(took), 1),
        f"{name}_slowest_ms": round(max(took), 1),
        f"{name}_cpu_ms": round(cpu, 1),
        f"{name}_queries": len(queries),
    }

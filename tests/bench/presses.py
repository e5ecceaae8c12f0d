"""Five hundred presses within a minute, each for another course, while the workers work.

    DEBUG=1 python -m tests.bench.presses

Each press asks for a preview as a page does, and for its place in the queue. Prints one line of
JSON: how long the slowest took, how many were told a place, how many came to nothing, and when
the last one was worked off.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import requests

from tests.bench.stage import Stage
from tests.integration.provisioning.records import class_, enrollment, small_district
from tests.sandbox_process import ROOT, running_sandbox

COURSES, SECONDS, AT_ONCE, PATIENCE = 500, 60.0, 8, 900


def district() -> dict[str, list[Any]]:
    """A class of one student for each course."""
    records = small_district(students=1)
    for number in range(2, COURSES + 1):
        name = f"K{number}"
        records["classes"].append(class_(name))
        records["enrollments"] += [
            enrollment(f"E-T-{name}", "TEACHER1", name, role="teacher", primary="true"),
            enrollment(f"E-P-{name}", "P1-0", name),
        ]
    return records


def measure() -> dict[str, float]:
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        tempfile.TemporaryDirectory() as directory,
    ):
        stage = Stage(sandbox, Path(directory))
        stage.provision(district())
        os.environ |= stage.environment
        with _workers(stage.environment):
            return _pressed(_courses(sandbox))


def _courses(sandbox: Any) -> list[str]:
    url = f"{sandbox.canvas.url}/api/v1/accounts/1/courses?per_page=100"
    headers = {"Authorization": f"Bearer {sandbox.canvas.token}"}
    found: list[str] = []
    while url:
        answer = requests.get(url, headers=headers, timeout=60)
        found += [str(one["id"]) for one in answer.json() if one["sis_course_id"]]
        url = answer.links.get("next", {}).get("url", "")
    assert len(found) == COURSES, len(found)
    return found


@contextmanager
def _workers(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "manage.py", "qcluster"]
    with Popen(command, cwd=ROOT, env=environment, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _pressed(courses: list[str]) -> dict[str, float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration.settings")
    import django

    django.setup()
    from django.db import connection

    from gradesync import sync
    from gradesync.actions.plans import preview
    from gradesync.push import UNFINISHED
    from gradesync.selectors.progress import progress
    from integration.models import District, Run

    bench = District.objects.get(slug="bench")
    taken: list[float] = []
    places: list[int] = []
    runs: list[int] = []
    lock = threading.Lock()
    began = time.monotonic()

    def press(number: int) -> None:
        time.sleep(max(0.0, began + number * SECONDS / COURSES - time.monotonic()))
        start = time.perf_counter()
        run = preview(sync.course_of(bench, courses[number]), by="a teacher")
        place = progress(run).ahead
        seconds = time.perf_counter() - start
        connection.close()
        with lock:
            taken.append(seconds)
            places.append(place)
            runs.append(run.pk)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(press, range(COURSES)))
    pressed = time.monotonic() - began
    until = time.monotonic() + PATIENCE
    kept = Run.objects.filter(pk__in=runs)
    while (left := kept.filter(state__in=UNFINISHED).count()) and time.monotonic() < until:
        time.sleep(1)
    failed = kept.filter(state=Run.State.FAILED).count()
    taken.sort()
    return {
        "presses": len(set(runs)),
        "presses_seconds": pressed,
        "press_slowest_ms": taken[-1] * 1000,
        "press_median_ms": taken[len(taken) // 2] * 1000,
        "press_over_300_ms": sum(one > 0.3 for one in taken),
        "press_furthest_place": max(places),
        "presses_lost": COURSES - kept.count() + failed + left,
        "presses_worked_off_seconds": time.monotonic() - began,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()) + "\n")

"""A course of 150 students and 40 assignments between a local Canvas and a Q that takes 50 ms.

    DEBUG=1 python -m tests.bench.grades

Prints how many requests each sync costs, and the push rate beside bare PUTs of as many bodies to
the same Q with the same number of connections.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.integration.provisioning.records import small_district
from tests.sandbox_process import ROOT, Sandbox, running_sandbox

STUDENTS, ASSIGNMENTS, CONCURRENCY, DELAY = 150, 40, 4, 0.05


def measure() -> dict[str, float]:
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        tempfile.TemporaryDirectory() as directory,
    ):
        return _measure(sandbox, Path(directory))


def _measure(sandbox: Sandbox, directory: Path) -> dict[str, float]:
    bench = _Bench(sandbox, directory)
    course = bench.begin()
    figures: dict[str, float] = {}
    course.control("q", "POST", "faults", {"match": {"path": "/ims/"}, "do": {"delay": DELAY}})
    first = bench.sync(course, "first", figures)
    bench.sync(course, "nothing_new", figures)
    for number in range(5):
        course.grade(bench.assignments[0], f"P1-{number}", 3)
    bench.sync(course, "five_changed", figures)
    writes = first["sent"]["results"]
    figures["writes"] = writes
    figures["push_rate"] = writes / first["push_seconds"]
    figures["bare_rate"] = bench.bare_rate(course, writes)
    figures["push_ratio"] = figures["push_rate"] / figures["bare_rate"]
    return figures


class _Bench:
    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        hosts = ",".join(urlsplit(one.url).netloc for one in (sandbox.q, sandbox.canvas))
        self.environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{directory}/bench.sqlite3",
            "ALLOW_PRIVATE_ADDRESSES": hosts,
            "LOG_LEVEL": "WARNING",
        }
        self.database = directory / "bench.sqlite3"
        self.assignments: list[str] = []

    def manage(self, *words: str) -> dict[str, Any]:
        command = [sys.executable, "manage.py", *words]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
        return json.loads(ended.stdout) if "--json" in words else {}

    def begin(self) -> Course:
        q, canvas = self.sandbox.q, self.sandbox.canvas
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(q.url))
        records = {"upsert": small_district(students=STUDENTS) | gradebook_of()}
        requests.post(f"{origin}/sandbox/records", json=records, timeout=60).raise_for_status()
        self.manage("migrate", "--verbosity=0")
        self.manage(
            *("connect", "bench", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
        )
        self.manage("provision", "bench")
        course = Course(self.sandbox, CLASS)
        course.publish()
        for number in range(ASSIGNMENTS):
            self.assignments.append(course.make(f"Work {number}"))
            grades = {
                f"sis_user_id:P1-{who}": {"posted_grade": (who + number) % 20 + 1}
                for who in range(STUDENTS)
            }
            path = f"assignments/{self.assignments[-1]}/submissions/update_grades"
            course.in_canvas("POST", path, grade_data=grades)
        wanted = STUDENTS * ASSIGNMENTS
        while sum(one["score"] is not None for one in course.submissions()) < wanted:
            time.sleep(0.5)
        return course

    def sync(self, course: Course, name: str, figures: dict[str, float]) -> dict[str, Any]:
        course.forget()
        told = self.manage("sync_grades", "bench", f"--course={course.canvas_id}", "--json")
        q, canvas = course.requests("q"), course.requests("canvas")
        puts = [one["at"] for one in q if one["method"] == "PUT" and "/results/" in one["path"]]
        figures |= {
            f"{name}_seconds": told["seconds"],
            f"{name}_canvas_reads": len(canvas),
            f"{name}_q_reads": sum(one["method"] == "GET" for one in q),
            f"{name}_q_writes": sum(one["method"] == "PUT" for one in q),
        }
        return told | {"push_seconds": max(puts) - min(puts) + DELAY if puts else 0.0}

    def bare_rate(self, course: Course, writes: int) -> float:
        """The same results once more, by as many plain connections."""
        bodies = [({"result": one}, f"results/{one['sourcedId']}") for one in _plain(course)]
        bodies = bodies[:writes]
        began = time.perf_counter()
        sessions = [Course(self.sandbox, CLASS) for _ in range(CONCURRENCY)]
        numbers = count()
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            began = time.perf_counter()
            list(pool.map(lambda one: _put(sessions[next(numbers) % CONCURRENCY], *one), bodies))
        return len(bodies) / (time.perf_counter() - began)


def _plain(course: Course) -> list[dict[str, Any]]:
    return list(course.q("GET", f"classes/{CLASS}/results?limit=10000").json()["results"])


def _put(course: Course, body: dict[str, Any], path: str) -> None:
    assert course.q("PUT", path, body).ok


def main() -> int:
    figures = measure()
    for name, figure in figures.items():
        print(f"{name:<28}{figure:>12,.2f}")
    target = ROOT / "var" / "bench-grades.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

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

from tests.bench.stage import Stage
from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.integration.provisioning.records import small_district
from tests.sandbox_process import ROOT, Sandbox, running_sandbox

Figures = dict[str, float]
STUDENTS, ASSIGNMENTS, CONCURRENCY, DELAY = 150, 40, 4, 0.05


def measure_course() -> Figures:
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as sandbox,
        tempfile.TemporaryDirectory() as directory,
    ):
        return _measure(sandbox, Path(directory))


def _measure(sandbox: Sandbox, directory: Path) -> Figures:
    bench = _Bench(sandbox, directory)
    course = bench.begin()
    figures: Figures = {}
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
        self.stage = Stage(sandbox, directory)
        self.assignments: list[str] = []

    def begin(self) -> Course:
        self.stage.provision(small_district(students=STUDENTS) | gradebook_of())
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

    def sync(self, course: Course, name: str, figures: Figures) -> dict[str, Any]:
        course.forget()
        told = self.stage.manage("sync_grades", "bench", f"--course={course.canvas_id}", "--json")
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


def tell(figures: Figures) -> None:
    print(f"Grades: {STUDENTS} students, {ASSIGNMENTS} assignments, Q after {DELAY * 1000:.0f} ms")
    for name in ("first", "nothing_new", "five_changed"):
        reads = [figures[f"grades_{name}_{of}"] for of in ("canvas_reads", "q_reads", "q_writes")]
        canvas, q, writes = (f"{one:,.0f}" for one in reads)
        seconds = figures[f"grades_{name}_seconds"]
        print(
            f"  {name:<16}{canvas} requests to Canvas, {q} to Q, {writes} writes; {seconds:.1f} s"
        )
    rate, bare = figures["grades_push_rate"], figures["grades_bare_rate"]
    ratio = figures["grades_push_ratio"]
    print(f"  push            {rate:.0f} a second of {bare:.0f} bare  ratio {ratio:.2f} (aim: 0.9)")


def tell_presses(figures: Figures) -> None:
    count, seconds = figures["presses"], figures["presses_seconds"]
    print(f"Presses: {count:.0f} courses within {seconds:.0f} s, workers working")
    slowest, over = figures["press_slowest_ms"], figures["press_over_300_ms"]
    print(f"  accepted        {slowest:.0f} ms the slowest; {over:.0f} over 300 ms")
    print(f"  place told      up to {figures['press_furthest_place']:.0f} before it")
    lost, done = figures["presses_lost"], figures["presses_worked_off_seconds"]
    print(f"  lost            {lost:.0f}; the last worked off after {done:.0f} s", flush=True)


def measure() -> Figures:
    """Requests of each sync, the push rate beside bare PUTs, and a crowd of presses."""
    figures = {f"grades_{name}": figure for name, figure in measure_course().items()}
    tell(figures)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.presses"],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    presses: Figures = json.loads(ended.stdout)
    tell_presses(presses)
    return figures | presses


if __name__ == "__main__":
    measure()

"""Several workers, one Q: together they never ask for more at once than it allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stage import NIGHT, Stage, commands
from tests.gradesync.shell.course import Course, gradebook_of
from tests.gradesync.shell.recorder import Recorder, recorded
from tests.integration.provisioning.records import small_district, user
from tests.sandbox_process import running_sandbox

AT_ONCE = 3
WAITS = "SELECT 1 FROM integration_lease WHERE resource LIKE 'requests to Q of % waits'"
ESSAYS = 12
STUDENTS = 6


class TwoCourses(Stage):
    """Both graded, with a Q that allows three requests at once."""

    recorder: Recorder

    def build(self) -> None:
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.control("q", "reset?empty=1")
        self.q_holds(small_district(students=STUDENTS, schools=("S1", "S2")) | gradebook_of())
        self.must("migrate", "--verbosity=0")
        self.must(
            *("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
            f"--q-concurrency={AT_ONCE}",
        )
        self.must(*NIGHT)
        self.courses = [Course(self.sandbox, class_id) for class_id in ("K1", "K2")]
        for number, course in enumerate(self.courses, start=1):
            course.publish()
            for essay in range(ESSAYS):
                made = course.make(f"Essay {essay}")
                for student in range(STUDENTS):
                    course.grade(made, f"P{number}-{student}", essay)


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[TwoCourses]:
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as plain,
        recorded(plain) as (sandbox, recorder),
        commands(tmp_path, sandbox) as runner,
    ):
        TwoCourses.recorder = recorder
        made = TwoCourses(sandbox, tmp_path, runner)
        made.build()
        yield made


@pytest.mark.prove
def test_a_night_waits_for_a_sync_and_together_they_keep_to_the_limit(theatre):
    theatre.q_holds({"users": [user(f"NEW-{number}") for number in range(60)]})
    theatre.sql("UPDATE integration_qconnection SET page_size = 5")
    course = theatre.courses[0]
    fault = theatre.hold("q", "/results/", "PUT")
    with theatre.beside("sync_grades", "lakeside", f"--course={course.canvas_id}") as sync:
        theatre.control("q", f"{fault}/wait", {"holding": 1})
        theatre.recorder.slowly(0.2)
        with theatre.beside(*NIGHT) as night:
            until(lambda: theatre.sql(WAITS))
            theatre.control("q", f"{fault}/release")
            synced, provisioned = sync(), night()
    assert (synced.code, provisioned.code) == (0, 0), (synced.out, provisioned.out)
    assert len(course.scores()) == ESSAYS * STUDENTS
    assert theatre.recorder.most == AT_ONCE


def until(happens: Callable[[], Any]) -> None:
    for _ in range(600):
        if happens():
            return
        time.sleep(0.2)
    pytest.fail("two minutes went by")


@pytest.mark.prove
def test_two_workers_together_keep_to_the_limit_of_the_connection(theatre):
    first, second = (
        ("sync_grades", "lakeside", f"--course={one.canvas_id}") for one in theatre.courses
    )
    theatre.recorder.slowly(0.02)
    with theatre.beside(*second) as other:
        mine, theirs = theatre.run(*first), other()
    assert (mine.code, theirs.code) == (0, 0), (mine.out, theirs.out)
    assert [len(one.scores()) for one in theatre.courses] == [ESSAYS * STUDENTS] * 2
    assert theatre.recorder.most == AT_ONCE

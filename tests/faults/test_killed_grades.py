"""kill -9 at any effect of a sync of grades, then start again: Q is as undisturbed (F64)."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.faults.stage import NIGHT, Ended, Stage, commands
from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.gradesync.shell.recorder import Recorder, recorded
from tests.integration.provisioning.records import small_district
from tests.sandbox_process import running_sandbox

SLICE = 5
PROFILE = '{"deletes_results": true, "deletes_line_items": true}'
PEOPLE = [f"P1-{number}" for number in range(4)]


class Act(NamedTuple):
    """Where it begins, and the command that is killed and typed again."""

    begins: str
    command: tuple[str, ...]


class GradesStage(Stage):
    """The stage with a graded course, and a Q whose gradebook goes back as well."""

    recorder: Recorder

    def build(self) -> None:
        q, canvas = self.sandbox.q, self.sandbox.canvas
        self.books: dict[str, dict[str, list[Any]]] = {}
        self.roster = small_district(students=4) | gradebook_of()
        self.control("q", "reset?empty=1")
        self.q_holds(self.roster)
        self.must("migrate", "--verbosity=0")
        self.must(
            *("connect", "lakeside", f"--q-url={q.url}", f"--q-key={q.key}"),
            *(f"--q-secret={q.secret}", f"--q-token-url={q.token_url}"),
            *(f"--canvas-url={canvas.url}", f"--canvas-token={canvas.token}"),
        )
        self.must(*NIGHT)
        self.sql(f"UPDATE integration_qconnection SET profile = '{PROFILE}'")
        course = Course(self.sandbox, CLASS)
        self.sync = ("sync_grades", "lakeside", f"--course={course.canvas_id}")
        course.publish()
        essay, lab = course.make("Essay"), course.make("Lab", points_possible=10)
        for number, student in enumerate(PEOPLE):
            course.grade(essay, student, number)
            course.grade(lab, student, number + 1)
        self._keep("graded")
        self.must(*self.sync)
        course.grade(essay, PEOPLE[0], 12.5)
        course.mark(essay, PEOPLE[1], excuse=True)
        course.grade(lab, PEOPLE[2], "")
        course.change(lab, name="Laboratory")
        self._keep("graded again")
        self.must(*self.sync)
        self._keep("synced again")

    def acts(self) -> dict[str, Act]:
        return {
            "first sync": Act("graded", self.sync),
            "second sync": Act("graded again", self.sync),
            "undo": Act("synced again", ("undo", "3")),
        }

    def begins(self, act: str) -> None:
        super().begins(act)
        self.control("q", "reset?empty=1")
        self.q_holds(self.roster | self.books[act])
        self.forget_log()

    def _keep(self, act: str) -> None:
        super()._keep(act)
        course = Course(self.sandbox, CLASS)
        self.books[act] = {
            name: course.q("GET", f"classes/{CLASS}/{name}?limit=1000").json()[name]
            for name in ("lineItems", "results")
        }

    def killed_without_lease(self, *words: str, at: int) -> None:
        super().killed_without_lease(*words, at=at)
        self.recorder.until_quiet()

    def q_book(self) -> Any:
        """What Q holds, without its own time stamps."""
        course = Course(self.sandbox, CLASS)
        return sorted(course.scores().items()), sorted(
            (one["sourcedId"], one["title"]) for one in course.in_q("lineItems")
        )

    def bodies(self) -> dict[str, set[bytes]]:
        """What was sent to each object of Q, as it went over the wire."""
        found: dict[str, set[bytes]] = defaultdict(set)
        for one in self.recorder.sent:
            found[one.path].add(one.method.encode() + b" " + one.body)
        return found

    def forget_log(self) -> None:
        super().forget_log()
        self.recorder.sent.clear()


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradesStage]:
    directory: Path = tmp_path_factory.mktemp("killed-grades")
    with (
        running_sandbox("--students=0", "--q-port=0", "--canvas-port=0") as plain,
        recorded(plain) as (sandbox, recorder),
        commands(directory, sandbox) as runner,
    ):
        GradesStage.recorder = recorder
        made = GradesStage(sandbox, directory, runner)
        made.build()
        yield made


@pytest.fixture(scope="module")
def undisturbed(theatre: GradesStage) -> Callable[[str], tuple[Ended, Any]]:
    known: dict[str, tuple[Ended, Any]] = {}

    def run(name: str) -> tuple[Ended, Any]:
        if name not in known:
            act = theatre.acts()[name]
            theatre.begins(act.begins)
            known[name] = theatre.must(*act.command), theatre.q_book()
        return known[name]

    return run


ACTS = ("first sync", "second sync", "undo")


def killed_and_begun_again(theatre: GradesStage, name: str, kill_at: int) -> Any:
    act = theatre.acts()[name]
    theatre.begins(act.begins)
    theatre.killed(*act.command, at=kill_at)
    again = theatre.run(*act.command)
    # What was killed after its last word has nothing left to undo.
    assert again.code == 0 or name == "undo", (kill_at, again.out, again.err)
    twice = [sorted(sent) for sent in theatre.bodies().values() if len(sent) > 1]
    assert not twice, f"killed at {kill_at}, sent with more than one body: {twice}"
    left = theatre.q_book()
    theatre.forget_log()
    assert theatre.must(*theatre.sync)
    assert theatre.bodies() == {}, kill_at
    return left


@pytest.mark.fault("F64")
@pytest.mark.parametrize("name", ACTS)
def test_a_sync_killed_at_some_effects_of_the_day_leaves_the_same_q(name, theatre, undisturbed):
    ended, wanted = undisturbed(name)
    seed = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"seed {seed}: {SLICE} of {ended.points} effects")
    for kill_at in random.Random(seed).sample(range(1, ended.points + 1), SLICE):
        assert killed_and_begun_again(theatre, name, kill_at) == wanted, kill_at


@pytest.mark.fault("F64")
def test_a_sync_killed_among_its_scores_finds_out_which_of_them_arrived(theatre, undisturbed):
    ended, wanted = undisturbed("first sync")
    assert killed_and_begun_again(theatre, "first sync", ended.last_send) == wanted


@pytest.mark.fault("F64")
def test_a_write_that_was_cut_short_with_its_sender_is_none(theatre):
    theatre.forget_log()
    q = urlsplit(theatre.sandbox.q.url)
    with socket.create_connection((q.hostname, q.port)) as cut_short:
        head = f"PUT {q.path}/results/cut-short HTTP/1.1\r\nHost: {q.netloc}\r\n"
        cut_short.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    theatre.recorder.until_quiet()
    assert theatre.recorder.sent == []


@pytest.mark.prove
@pytest.mark.fault("F64")
@pytest.mark.parametrize("name", ACTS)
def test_a_sync_killed_at_any_effect_leaves_the_same_q(name, theatre, undisturbed):
    ended, wanted = undisturbed(name)
    print(f"{name}: killed at each of {ended.points} effects ({ended.effects})")
    differing = [
        kill_at
        for kill_at in range(1, ended.points + 1)
        if killed_and_begun_again(theatre, name, kill_at) != wanted
    ]
    assert differing == []


@pytest.fixture
def stopped(theatre: GradesStage) -> Callable[[], Any]:
    """Let whoever holds the course's lease stand still until its lease is over."""

    def run() -> Callable[[], None]:
        of_course = "SELECT holder FROM integration_lease WHERE resource LIKE 'grades of %'"
        ((holder,),) = theatre.sql(of_course)
        worker = int(holder.rpartition(":")[2])
        theatre.stand_still(worker)
        return lambda: os.kill(worker, signal.SIGCONT)

    return run


@pytest.mark.parametrize(
    ("server", "method", "path"),
    [("canvas", "GET", "/students/submissions"), ("q", "PUT", "/results/")],
    ids=["reading", "in the middle of a PUT"],
)
def test_a_worker_stopped_past_its_lease_sends_nothing_more(
    theatre, undisturbed, stopped, server, method, path
):
    _, wanted = undisturbed("second sync")
    theatre.begins("graded again")
    fault = theatre.hold(server, path, method)
    with theatre.beside(*theatre.sync) as end_of_it:
        theatre.control(server, f"{fault}/wait", {"holding": 1})
        wakes = stopped()
        theatre.must(*theatre.sync)
        book, bodies = theatre.q_book(), theatre.bodies()
        theatre.control(server, f"{fault}/release")
        wakes()
        end_of_it()
    assert theatre.bodies() == bodies
    assert all(len(sent) == 1 for sent in bodies.values()), bodies
    assert theatre.q_book() == book == wanted


def test_one_task_delivered_three_times_at_once_is_done_once(theatre, undisturbed):
    ended, wanted = undisturbed("second sync")
    theatre.begins("graded again")
    theatre.killed(*theatre.sync, at=ended.points // 2)
    ((run,),) = theatre.sql("SELECT max(id) FROM integration_run")
    task = ("@task", "gradesync.tasks.advance_sync", str(run))
    fault = theatre.hold("canvas", "/api/v1/courses/")
    with theatre.beside(*task) as end_of_it:
        theatre.control("canvas", f"{fault}/wait", {"holding": 1})
        assert [theatre.run(*task).effects["send"] for _ in range(2)] == [0, 0]
        theatre.control("canvas", f"{fault}/release")
        assert end_of_it().code == 0
    assert theatre.q_book() == wanted
    assert all(len(sent) == 1 for sent in theatre.bodies().values())
    assert theatre.run(*task).effects["send"] == 0

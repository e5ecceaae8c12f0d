"""An invented district through the days on which its Q gives people, a class and a term new ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.invented.year import Year
from tests.integration.provisioning.held_by_canvas import held, sis
from tests.sandbox_process import Sandbox, running_sandbox

STUDENTS, SEED = 80, 6
DAYS = {"user": "persons-rekeyed", "class": "class-rekeyed", "academicSession": "term-rekeyed"}
KINDS = {"user": "users", "class": "sections", "academicSession": "terms"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ports = ("--q-port=0", "--canvas-port=0")
    with running_sandbox("--students", str(STUDENTS), "--seed", str(SEED), *ports) as started:
        yield started


def known(sandbox: Sandbox, kind: str) -> dict[str, str]:
    """SIS ID to Canvas's own id."""
    name = kind[:-1]
    return {row[f"{name}_id"]: row[f"canvas_{name}_id"] for row in sis(held(sandbox.canvas), kind)}


@pytest.mark.fault("F12")
@pytest.mark.prove
@pytest.mark.parametrize("what", DAYS)
def test_whatever_an_invented_q_gives_another_id_is_the_same_in_canvas(
    what, sandbox, connect, provision
):
    year, kind = Year(STUDENTS, SEED), KINDS[what]
    day = year.when(DAYS[what])

    def pass_by(days: int) -> None:
        url = f"{sandbox.q.pages}sandbox/next-day?days={days}"
        requests.post(url, timeout=120).raise_for_status()

    def night() -> dict:
        code, answer = provision()
        if code == 2:
            code, answer = provision("--approve", answer["digest"])
        assert code == 0, answer
        return answer

    connect()
    pass_by(day - 1)
    night()
    before, courses = known(sandbox, kind), known(sandbox, "courses")
    seats = {row["canvas_user_id"] for row in held(sandbox.canvas)["enrollments"]}
    pass_by(1)
    digest = night()["digest"]
    renamed = [one for one in year.truth(day).renames if one.day == day and one.kind == what]
    assert renamed
    provision("--approve", digest, "--kind", "change_sis_id")
    night()
    after = known(sandbox, kind)
    moved = {one.old: one.new for one in renamed if one.old in before}
    # A term that several schools share keeps its id while one of them calls it so.
    kept = {old for old, new in moved.items() if what == "academicSession" and new not in after}
    assert moved or what == "academicSession"
    assert {old: after[old if old in kept else new] for old, new in moved.items()} == {
        old: before[old] for old in moved
    }
    assert not {new for old, new in moved.items() if old in kept} & after.keys()
    assert set(courses.values()) <= set(known(sandbox, "courses").values())
    assert seats <= {row["canvas_user_id"] for row in held(sandbox.canvas)["enrollments"]}

"""What a person leaves out of a plan, and options that do not go together."""

from __future__ import annotations

import pytest

from integration.models import Finding, Run
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import small_district, user

# --- options that do not go together ------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--approve", ""],
        ["--approve", "abc", "--plan-only"],
        ["--school", "S1"],
        ["--approve", "abc", "--take-up"],
    ],
)
def test_options_that_do_not_go_together_are_refused_and_send_nothing(
    words, q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    assert provision(*words)[0] == 64
    assert imports(sandbox.canvas) == []


# --- a part of a plan ---------------------------------------------------------------------------


@pytest.fixture
def bad_night(q_holds, change_q, connect, provision):
    """20 of 99 students of one school are gone, and somebody has a new name in the other."""
    q_holds(small_district(students=99, schools=("S1", "S2")))
    connect()
    provision()
    change_q(
        upsert={"users": [user("P2-5", school="S2", givenName="Newname")]},
        delete={"enrollments": [f"E-P1-{index}" for index in range(20)]},
    )
    return provision()[1]


def statuses(sandbox) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in held(sandbox.canvas)["enrollments"]:
        found[row["status"]] = found.get(row["status"], 0) + 1
    return found


def test_a_school_is_approved_and_the_other_is_set_aside_on_later_nights(
    bad_night, provision, sandbox
):
    assert bad_night["state"] == "held"
    code, answer = provision("--approve", bad_night["digest"], "--school", "S2")
    assert (code, answer["sent"]["imports"][0]["rows"]) == (0, 1)
    assert statuses(sandbox) == {"active": 200}
    code, answer = provision()
    assert (code, answer["state"], answer["sent"]) == (0, "done", {})
    assert answer["counts"]["enrollments"]["set_aside"] == 20
    reminder = Finding.objects.filter(run=answer["run"], code="roster.set-aside").get()
    assert "20 of school S1" in reminder.reason


def test_what_was_set_aside_is_held_again_once_it_is_taken_up(bad_night, provision, sandbox):
    provision("--approve", bad_night["digest"], "--school", "S2")
    code, answer = provision("--take-up")
    assert (code, answer["holds"][0]["school"]) == (2, "S1")
    assert provision("--approve", answer["digest"])[0] == 0
    assert statuses(sandbox) == {"active": 180, "inactive": 20}


def test_what_was_set_aside_is_forgotten_where_q_says_something_else(
    bad_night, change_q, provision
):
    provision("--approve", bad_night["digest"], "--school", "S2")
    records = small_district(students=99, schools=("S1", "S2"))
    change_q(upsert={"enrollments": records["enrollments"]})
    _, answer = provision()
    assert "set_aside" not in answer["counts"]["enrollments"]
    assert Run.objects.get(pk=answer["run"]).state == Run.State.DONE

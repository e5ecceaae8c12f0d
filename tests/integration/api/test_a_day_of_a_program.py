"""One program runs a district over the API alone: from the first look to taking everything back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration.models import AuditEvent, District, QConnection
from tests.integration.api.program import Program
from tests.integration.provisioning.held_by_canvas import held, imports, sis
from tests.integration.provisioning.records import small_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture
def program(q_holds: Callable[..., None], connect: Callable[..., None]) -> Program:
    q_holds(small_district(students=3, schools=("S1", "S2")))
    connect()
    return Program(District.objects.get())


def test_a_program_verifies_plans_approves_explains_and_takes_back(program, sandbox):
    steps = program.done("verifications/", {})["steps"]
    assert len(steps) > 10
    assert all(step["ok"] for step in steps if step["needed"])

    evaluation = program.done("evaluation/", {})
    assert evaluation["state"] == "done"
    assert program.get("evaluation/")["verdict"].startswith("Ready to convert")

    plan = program.done("runs/", {"plan_only": True})
    assert (plan["state"], imports(sandbox.canvas)) == ("held", [])
    assert [one["id"] for one in program.get("plans/")["results"]] == [plan["id"]]
    told = program.get(f"plans/{plan['id']}/")
    assert told["is_waiting"]
    rows = sum(one["rows"] for one in told["parts"])
    changes = program.get(told["changes_url"])["results"]
    assert (len(changes), {one["school"] for one in changes} >= {"S1", "S2"}) == (rows, True)

    approvals = f"plans/{plan['id']}/approvals/"
    refused = program.post(approvals, {"digest": "another"})
    assert (refused.status_code, refused.json()["code"]) == (409, "provisioning.plan-refused")
    part = {"digest": plan["digest"], "schools": ["S1"], "reason": "one school first"}
    sent = program.done(approvals, part)
    assert sent["state"] == "done"
    assert {row["section_id"] for row in sis(held(sandbox.canvas), "sections")} == {"K1"}
    number = len(imports(sandbox.canvas))
    assert program.done(approvals, part)["id"] == sent["id"]
    assert len(imports(sandbox.canvas)) == number
    (approval,) = program.get(approvals)["results"]
    assert (approval["reason"], approval["part"]["schools"]) == ("one school first", ["S1"])

    explained = program.get("explain/", kind="class", sourced_id="K1")
    assert explained["verdict"] == "in Canvas"

    preview = program.done(f"runs/{sent['id']}/undo-preview/", {})
    assert preview["state"] == "held"
    undo = {"digest": preview["digest"], "reason": "a mistake"}
    assert program.done(f"runs/{sent['id']}/undo/", undo)["state"] == "done"
    assert sis(held(sandbox.canvas), "sections") == []
    assert program.done(f"runs/{sent['id']}/undo/", undo)["id"] == preview["id"]

    told = [(one["action"], one["actor"]) for one in program.get("history/")["results"]]
    assert ("run.undone", "nightly script (API)") in told
    assert ("plan.approved", "nightly script (API)") in told
    assert AuditEvent.objects.filter(action="run.undone").count() == 1


def test_a_q_that_does_not_answer_is_said_with_what_to_do(program):
    QConnection.objects.update(base_url="http://127.0.0.1:9/x")
    answer = program.ask("explain/", kind="class", sourced_id="K1")
    assert answer.status_code == 502
    assert answer.json()["remedy"]

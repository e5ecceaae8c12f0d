"""What is started from a page or the API: written down at once, done when the bell is heard."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from integration import actions, tasks
from integration.models import AuditEvent, District, Run
from integration.provisioning.errors import NothingToUndo, PlanRefused
from integration.provisioning.part import Part
from tests.integration.provisioning.held_by_canvas import held, imports, sis
from tests.integration.provisioning.records import small_district

DANA = "Dana Whitfield"


@pytest.fixture
def district(q_holds, connect) -> District:
    q_holds(small_district(students=3, schools=("S1", "S2")))
    connect()
    return District.objects.get()


def heard(run: Run) -> Run:
    """A worker hears the bell."""
    assert any(bell.task["args"] == (run.pk,) for bell in OrmQ.objects.all())
    tasks.advance_run(run.pk)
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
def test_a_plan_is_made_approved_in_part_and_taken_back_without_a_terminal(district, sandbox):
    run = actions.run_now(district, by=DANA, plan_only=True)
    assert (run.state, run.trigger, run.actor) == (Run.State.QUEUED, "person", DANA)
    assert actions.run_now(district, by="somebody else").pk == run.pk
    assert heard(run).state == Run.State.HELD
    assert imports(sandbox.canvas) == []

    part = Part(schools=frozenset({"S1"}))
    with pytest.raises(PlanRefused):
        actions.approve_now(district, "another", by=DANA)
    approved = actions.approve_now(
        district, run.plan_digest, by=DANA, part=part, reason="only one school"
    )
    assert heard(approved).state == Run.State.DONE
    assert {row["section_id"] for row in sis(held(sandbox.canvas), "sections")} == {"K1"}
    told = AuditEvent.objects.get(action="plan.approved")
    assert (told.actor, told.reason) == (DANA, "only one school")

    undoing = heard(actions.undo_now(approved, by=DANA))
    assert undoing.state == Run.State.HELD
    assert heard(actions.confirm_undo(undoing, by=DANA, reason="a mistake")).state == Run.State.DONE
    assert sis(held(sandbox.canvas), "sections") == []
    with pytest.raises(PlanRefused):
        actions.confirm_undo(undoing, by=DANA)


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_was_discarded_is_never_sent(district, sandbox):
    run = heard(actions.run_now(district, by=DANA, plan_only=True))
    actions.discard(district, run.plan_digest, by=DANA, reason="not today")
    with pytest.raises(PlanRefused):
        actions.approve_now(district, run.plan_digest, by=DANA)
    with pytest.raises(PlanRefused):
        actions.discard(district, run.plan_digest, by=DANA)
    assert imports(sandbox.canvas) == []
    assert AuditEvent.objects.get(action="plan.discarded").reason == "not today"


@pytest.mark.django_db(transaction=True)
def test_an_evaluation_and_a_drift_check_are_started_and_cannot_be_taken_back(district):
    evaluation = heard(actions.evaluate_now(district, by=DANA))
    check = heard(actions.check_drift_now(district, by=DANA))
    assert {evaluation.state, check.state} == {Run.State.DONE}
    for run in (evaluation, check):
        with pytest.raises(NothingToUndo):
            actions.undo_now(run, by=DANA)

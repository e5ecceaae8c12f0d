"""What an admin does about a run: start it, approve, discard, decline, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integration import actions
from integration.account import lines
from integration.account.gate import actor, district_action, run_of, to
from integration.account.screens import runs
from integration.account.screens.deciding_form import DecisionForm
from integration.errors import QSyncError
from integration.models import Run
from integration.provisioning.approval import decline
from integration.provisioning.aside import take_up
from integration.provisioning.errors import PlanRefused
from integration.provisioning.part import Part
from integration.provisioning.rows import CHANGE_SIS_ID
from integration.provisioning.run import stale

# Of a plan only the changed ids.
IDS = Part(kinds=frozenset({CHANGE_SIS_ID.name}))


@district_action
def start(request: Any) -> HttpResponse:
    """Begin a run: `what` is "run", "plan", "evaluation" or "drift"."""
    by, district = actor(request.launch), request.district
    starters: dict[str, Callable[[], Run]] = {
        "run": lambda: actions.run_now(district, by=by),
        "plan": lambda: actions.run_now(district, by=by, plan_only=True),
        "evaluation": lambda: actions.evaluate_now(district, by=by),
        "drift": lambda: actions.check_drift_now(district, by=by),
        "repair": lambda: actions.check_drift_now(district, by=by, repair=True),
    }
    starter = starters.get(request.POST.get("what", ""))
    if starter is None:
        return to(request, "account:runs")
    begun = starter()
    if begun.kind == Run.Kind.EVALUATION:
        return to(request, "account:evaluation")
    return to(request, "account:run", begun.pk)


@district_action
def decide(request: Any, run_id: int) -> HttpResponse:
    """A person's word on a plan that waits: all of it, a part, the ids, or none."""
    run = run_of(request, run_id)
    try:
        done = _decide(request, run)
    except QSyncError as error:
        return _refused(request, run, error)
    if isinstance(done, DecisionForm):
        return runs.page(request, run, decision=done)
    return to(request, "account:run", done.pk)


def _decide(request: Any, run: Run) -> Run | DecisionForm:
    """The run that was decided on, or what is wrong. Raises PlanRefused, AlreadyRunning."""
    post, by, district = request.POST, actor(request.launch), request.district
    digest, scope = post.get("digest", ""), post.get("scope", "")
    if digest != run.plan_digest:
        raise PlanRefused("This plan is another one than the page showed.")
    if scope == "ids":
        return actions.approve_now(district, digest, by=by, part=IDS)
    if scope == "not-ids":
        return decline(district, digest, old_ids=(), actor=by)
    form = DecisionForm(run, [school for school, _ in lines.by_school(run) if school], post)
    if not form.is_valid():
        if run.kind != Run.Kind.UNDO and (why_not := stale(run)):
            raise PlanRefused(f"This plan is out of date: {why_not}.")
        if run.state != Run.State.HELD:
            raise PlanRefused(f"Run {run.pk} does not wait for anybody.")
        return form
    reason = form.cleaned_data["reason"]
    if scope == "none":
        return actions.discard(district, digest, by=by, reason=reason)
    if run.kind == Run.Kind.UNDO:
        return actions.confirm_undo(run, by=by, reason=reason)
    return actions.approve_now(district, digest, by=by, part=form.part(), reason=reason)


@district_action
def undo(request: Any, run_id: int) -> HttpResponse:
    """Plan the inverse of a run; its page then shows it before anything is sent."""
    run = run_of(request, run_id)
    try:
        return to(request, "account:run", actions.undo_now(run, by=actor(request.launch)).pk)
    except QSyncError as error:
        return _refused(request, run, error)


@district_action
def plan_again(request: Any) -> HttpResponse:
    """Let what was set aside be planned again, from the next run on."""
    take_up(request.district, by=actor(request.launch))
    return to(request, "account:runs")


def _refused(request: Any, run: Run, error: QSyncError) -> HttpResponse:
    context = {"tab": "runs", "run": run, "error": error}
    return render(request, "account/not_done.html", context, status=409)

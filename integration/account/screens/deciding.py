"""What an admin does about a run: start it, approve, discard, decline, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integration import actions
from integration.account.gate import actor, district_action, run_of, to
from integration.errors import QSyncError
from integration.models import Run
from integration.provisioning.approval import decline
from integration.provisioning.aside import take_up
from integration.provisioning.errors import PlanRefused
from integration.provisioning.part import Part
from integration.provisioning.rows import CHANGE_SIS_ID

REASON_LENGTH = 1000


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
    return to(request, "account:run", done.pk)


def _decide(request: Any, run: Run) -> Run:
    """Raises PlanRefused, AlreadyRunning."""
    post, by = request.POST, actor(request.launch)
    digest, reason = post.get("digest", ""), post.get("reason", "").strip()[:REASON_LENGTH]
    district = request.district
    if digest != run.plan_digest:
        raise PlanRefused("This plan is another one than the page showed.")
    scope = post.get("scope", "")
    if scope == "none":
        return actions.discard(district, digest, by=by, reason=reason)
    if scope == "not-ids":
        return decline(district, digest, old_ids=(), actor=by, reason=reason)
    if scope == "all" and run.kind == Run.Kind.UNDO:
        return actions.confirm_undo(run, by=by, reason=reason)
    if scope == "all":
        _check_number(run, post.get("number", ""))
    part = _part(scope, post)
    return actions.approve_now(district, digest, by=by, part=part, reason=reason)


def _part(scope: str, post: Any) -> Part | None:
    """Which part of the plan goes; None: all of it. Raises PlanRefused."""
    ids = CHANGE_SIS_ID.name
    parts = {
        "schools": Part(schools=frozenset(post.getlist("school"))),
        "kinds": Part(kinds=frozenset(post.getlist("kind")) - {ids}),
        "ids": Part(kinds=frozenset({ids})),
        "except-removals": Part(removals=False),
    }
    part = parts.get(scope)
    if part == Part() or (part is None and scope != "all"):
        raise PlanRefused("Nothing was chosen of this plan.")
    return part


def _check_number(run: Run, typed: str) -> None:
    """Whoever lets removals go types how many they are. Raises PlanRefused."""
    removed = sum(int(count.get("removed", 0)) for count in run.counts.values())
    digits = "".join(letter for letter in typed if letter.isdecimal())
    if removed and digits != str(removed):
        raise PlanRefused(f"To let {removed:,} removals go, type their number.")


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

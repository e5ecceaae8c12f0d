"""Runs: the list, and one run with its plan, its progress and its result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Max, Min, Sum
from django.http import HttpResponse
from django.shortcuts import render

from integration.account import causes, lines, words
from integration.account.gate import district_page, run_of
from integration.account.paging import page_of
from integration.account.removals import near_limits
from integration.account.screens.deciding_form import DecisionForm
from integration.models import Approval, Finding, RosterRow, Run
from integration.phrases import Phrase
from integration.provisioning.history import came
from integration.provisioning.holds import IDS_CHANGED, Hold, sentence
from integration.provisioning.proposed import proposals
from integration.provisioning.rows import ACCOUNTS
from integration.provisioning.run import UNFINISHED, stale

# Runs whose pages are the course's own.
OF_COURSES = (Run.Kind.GRADES, Run.Kind.GRADES_UNDO)
MOST_SCHOOLS = 200
# Held for what is missing in Q alone, so that all that is new may be right. Where all came back
# under other ids it is not: it would stand there twice.
OF_REMOVALS = frozenset({"too-many-removed", "short-feed", "empty-feed", IDS_CHANGED})


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one sort: how many, and what one of them says."""

    code: str
    kind: str
    count: int
    reason: str
    remedy: str
    example: str


@district_page
def show_list(request: Any) -> HttpResponse:
    """Every run of the district, newest first."""
    kind = request.GET.get("kind", "")
    runs = request.district.runs.exclude(kind__in=OF_COURSES).order_by("-pk")
    if kind in words.RUNS:
        runs = runs.filter(kind=kind)
    page = page_of(runs, request.GET.get("page", ""))
    kinds = [(key, name) for key, name in words.RUNS.items() if key not in OF_COURSES]
    return render(
        request,
        "account/runs.html",
        {"tab": "runs", "page": page, "kind": kind, "kinds": kinds},
    )


@district_page
def show(request: Any, run_id: int) -> HttpResponse:
    """One run, wherever it is: under way, waiting for a person, or ended."""
    run = run_of(request, run_id)
    if run.state in UNFINISHED:
        part = "account/_going.html" if request.headers.get("HX-Request") else "account/going.html"
        return render(request, part, {"tab": "runs", "run": run})
    if request.headers.get("HX-Request"):  # it has ended since: the whole page is another one
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return page(request, run)


def page(request: Any, run: Run, decision: DecisionForm | None = None) -> HttpResponse:
    """A run that waits or has ended. `decision`: what was sent about it and is not right yet."""
    context = _told(request, run)
    if decision is None and context["waits"]:
        within = [one["id"] for one in context["schools"] if not one["is_held"]]
        asked = {"scope": context["first"], "school": within}
        decision = DecisionForm(run, within, initial=asked)
    context["decision"] = decision
    is_wrong = decision is not None and decision.errors
    return render(request, "account/run.html", context, status=400 if is_wrong else 200)


def _told(request: Any, run: Run) -> dict[str, Any]:
    waits = run.state == Run.State.HELD
    schools = lines.by_school(run) if waits else []
    names = lines.school_names(run.district, (school for school, _ in schools))
    holds = [Hold(**hold) for hold in run.holds]
    held_schools = {hold.school for hold in holds if hold.school}
    proposed = proposals(run).count()
    return {
        "tab": "evaluation" if run.kind == Run.Kind.EVALUATION else "runs",
        "run": run,
        "waits": waits,
        "out_of_date": stale(run) if (waits or proposed) and run.kind != Run.Kind.UNDO else "",
        "holds": [
            sentence(replace(hold, school=names.get(hold.school, hold.school)))
            for hold in holds
            if hold.code != IDS_CHANGED
        ],
        "causes": _causes(run, holds, names, held_schools) if waits else [],
        "near": near_limits(run) if waits and run.kind == Run.Kind.PROVISIONING else {},
        "first": _first(run, holds, [school for school, _ in schools if school]),
        "schools": [
            {
                "id": school,
                "name": names.get(school, school),
                "counts": counts,
                "is_held": school in held_schools,
            }
            for school, counts in schools[:MOST_SCHOOLS]
            if school
        ],
        "proposed": proposed,
        "findings": groups(run),
        "approvals": Approval.objects.filter(run=run).order_by("pk"),
        "undos": run.undos.order_by("pk"),
        "may_undo": _may_undo(run),
        "sends": _sends(run),
        "removes": words.total(run, "removed"),
        "goes": _sends(run) - words.total(run, "removed"),
    }


def _causes(
    run: Run, holds: Sequence[Hold], names: Mapping[str, str], held: Collection[str]
) -> list[Phrase]:
    """What is missing in Q has in common, where that is why the plan waits."""
    if not OF_REMOVALS & {hold.code for hold in holds}:
        return []
    accounts = RosterRow.objects.filter(district=run.district, kind=ACCOUNTS.name, removed_at=None)
    return causes.in_common(lines.missing(run), names=names, schools=accounts.count(), held=held)


def _first(run: Run, holds: list[Hold], schools: Sequence[str]) -> str:
    """The choice that is ticked when the page comes; "" where none is to be taken unread."""
    codes = {hold.code for hold in holds}
    is_missing = bool(codes - {IDS_CHANGED}) and codes <= OF_REMOVALS
    removes = words.total(run, "removed")
    is_both = 0 < removes < _sends(run)
    if run.kind == Run.Kind.PROVISIONING and is_missing and is_both:
        return "except-removals"
    if not any(hold.school for hold in holds):
        return "all"
    return "schools" if len(schools) > 1 else ""


def _sends(run: Run) -> int:
    return sum(words.total(run, what) for what in ("added", "changed", "removed"))


def groups(run: Run) -> list[Group]:
    """The run's findings by sort, the largest first."""
    found = Finding.objects.filter(run=run).values("code", "kind")
    sorts = found.annotate(
        count=Count("pk"),
        more=Sum("more"),
        reason=Min("reason"),
        remedy=Min("remedy"),
        example=Max("sourced_id"),
    )
    told = [
        Group(
            one["code"],
            one["kind"],
            # The line that tells how many more there are is none of them itself.
            one["count"] + one["more"] - bool(one["more"]),
            one["reason"],
            one["remedy"],
            one["example"],
        )
        for one in sorts
    ]
    return sorted(told, key=lambda one: (-one.count, one.code, one.kind))


def _may_undo(run: Run) -> bool:
    ended = run.state in (Run.State.DONE, Run.State.FAILED)
    sends = run.kind in (Run.Kind.PROVISIONING, Run.Kind.RENAMES)
    return ended and sends and run.pruned_at is None and came(run)

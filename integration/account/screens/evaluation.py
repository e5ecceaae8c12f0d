"""The evaluation before a conversion: its verdict, what to fix, decide and know, every line."""

from __future__ import annotations

from io import StringIO
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integration.account.gate import district_page, run_of
from integration.account.screens.runs import groups
from integration.evaluation.files import changed_ids
from integration.evaluation.verdict import WEIGHTS, headline, kept_share, weight_of
from integration.models import Run
from integration.provisioning import csv
from integration.provisioning.rows import CHANGE_SIS_ID


@district_page
def show(request: Any) -> HttpResponse:
    """The last evaluation, or how to make the first."""
    runs = request.district.runs.filter(kind=Run.Kind.EVALUATION).order_by("-pk")
    run = runs.first()
    context: dict[str, Any] = {"tab": "evaluation", "run": run, "earlier": runs[1:6]}
    if run is not None and run.state == Run.State.DONE:
        found = groups(run)
        points = [one for one in found if weight_of(one.code)]
        context |= {
            "verdict": headline(weight_of(one.code) for one in points),
            "users": kept_share(run.counts, "users") * 100,
            "sections": kept_share(run.counts, "sections") * 100,
            "sets": [
                (weight, [one for one in points if weight_of(one.code) == weight])
                for weight in WEIGHTS
            ],
            "others": sum(one.count for one in found if not weight_of(one.code)),
        }
    return render(request, "account/evaluation.html", context)


@district_page
def ids(request: Any, run_id: int) -> HttpResponse:
    """The changed ids as the file that Canvas imports, exact."""
    run = run_of(request, run_id)
    text = StringIO(newline="")
    csv.write(CHANGE_SIS_ID, changed_ids(run), text)
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="change_sis_id.csv"'
    return answer

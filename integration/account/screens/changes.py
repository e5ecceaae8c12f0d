"""The lines of one run: leafed through, searched, and as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from integration import spreadsheets
from integration.account import lines, words
from integration.account.gate import district_page, run_of
from integration.account.lines import Wanted
from integration.account.paging import page_of


def wanted_of(request: Any) -> Wanted:
    """Which lines the address asks for; what it cannot ask for is ignored."""
    asked = {name: request.GET.get(name, "")[:100].strip() for name in Wanted.__slots__}
    if asked["kind"] not in lines.KINDS:
        asked["kind"] = ""
    if asked["action"] not in words.ACTIONS:
        asked["action"] = ""
    if asked["state"] not in words.STATES:
        asked["state"] = ""
    return Wanted(**asked)


@district_page
def show(request: Any, run_id: int) -> HttpResponse:
    run, wanted = run_of(request, run_id), wanted_of(request)
    counts = lines.counts(run)
    narrowed = any((wanted.school, wanted.state, wanted.text))
    page = page_of(
        lines.chosen(run, wanted),
        request.GET.get("page", ""),
        None if narrowed else _total(counts, wanted),
        counts=False,
    )
    return render(
        request,
        "account/changes.html",
        {
            "tab": "evaluation" if run.kind == run.Kind.EVALUATION else "runs",
            "run": run,
            "wanted": wanted,
            "page": page,
            "lines": lines.told(run.district, page.rows),
            "kinds": _named(words.KINDS, {kind for kind, _ in counts}),
            "actions": _named(words.ACTIONS, {action for _, action in counts}),
            "states": words.STATES.items(),
        },
    )


def _total(counts: dict[tuple[str, str], int], wanted: Wanted) -> int:
    """From the counts by kind and action, which an index gives without reading the lines."""
    return sum(
        count
        for (kind, action), count in counts.items()
        if wanted.kind in ("", kind)
        and (wanted.action == action or (not wanted.action and action != "equal"))
    )


def _named(names: dict[str, Any], there: set[str]) -> list[tuple[str, Any]]:
    return [(key, name) for key, name in names.items() if key in there]


@district_page
def download(request: Any, run_id: int) -> Any:
    """The wanted lines, field by field, for a spreadsheet."""
    run, wanted = run_of(request, run_id), wanted_of(request)
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    answer = StreamingHttpResponse(
        spreadsheets.stream(lines.COLUMNS, lines.cells_of(run, wanted)),
        content_type="text/csv; charset=utf-8",
    )
    name = f"qsync-run-{run.pk}-{stamp}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

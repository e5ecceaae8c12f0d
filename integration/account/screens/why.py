"""Search for a record, and why it is, or is not, in Canvas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from integration.account.gate import district_page
from integration.account.lines import Field
from integration.connections import q_client
from integration.errors import QSyncError
from integration.models import RosterRow
from integration.provisioning.explain import COLLECTIONS, Explanation
from integration.provisioning.rows import BY_NAME, SEPARATOR
from integration.provisioning.why import why

MOST = 50
# Further pages that answer “why?”, of the rooms above: the name of the address, and its words.
FURTHER: list[tuple[str, Any]] = []
# What Q calls the rows of a kind. Enrollments are found by their own sourcedId only.
KIND_IN_Q = {"accounts": "org", "terms": "term", "sections": "class", "users": "user"}


@dataclass(frozen=True, slots=True)
class Found:
    """A row that Canvas has from us. `kind` and `sourced_id`: how Q calls it; "" if unknown."""

    row: RosterRow
    name: str
    kind: str
    sourced_id: str
    fields: list[Field]


@district_page
def show(request: Any) -> HttpResponse:
    """Without `id` a search; with it the story of that one record, for which Q is asked."""
    text = request.GET.get("q", "").strip()[:100]
    kind, sourced_id = request.GET.get("kind", ""), request.GET.get("id", "").strip()[:255]
    told: Explanation | None = None
    error: QSyncError | None = None
    if sourced_id and kind in COLLECTIONS:
        try:
            with q_client(request.district, is_hurried=True) as q:
                told = why(request.district, COLLECTIONS[kind], sourced_id, q)
        except QSyncError as failed:
            error = failed
    return render(
        request,
        "account/why.html",
        {
            "tab": "why",
            "q": text,
            "kind": kind,
            "kinds": sorted(COLLECTIONS),
            "sourced_id": sourced_id,
            "told": told,
            "error": error,
            "found": search(request.district, text) if text else [],
            "most": MOST,
            "further": FURTHER,
        },
        status=502 if error else 200,
    )


def search(district: Any, text: str) -> list[Found]:
    """Rows whose id or content holds the text; people, classes and their enrollments."""
    stored = json.dumps(text, ensure_ascii=False)[1:-1]
    rows = RosterRow.objects.filter(
        Q(key__icontains=text) | Q(row__icontains=stored), district=district, origin="ours"
    )
    prefix = district.policy.sis_id_prefix if hasattr(district, "policy") else ""
    return [_found(row, prefix) for row in rows.order_by("kind", "key")[:MOST]]


def _found(row: RosterRow, prefix: str) -> Found:
    kind = BY_NAME[row.kind]
    cells = json.loads(row.row)
    by_name = dict(zip(kind.columns, cells, strict=True))
    name = by_name.get("long_name") or by_name.get("name") or ""
    if row.kind == "users":
        name = f"{by_name['first_name']} {by_name['last_name']}"
    if kind.key_columns > 1:
        name = row.key.replace(SEPARATOR, " · ")
    in_q = KIND_IN_Q.get(row.kind, "")
    key = row.key if row.kind == "users" else row.key.removeprefix(prefix)
    fields = [Field(column, None, value) for column, value in by_name.items() if value]
    return Found(row, name, in_q, key if in_q else "", fields)

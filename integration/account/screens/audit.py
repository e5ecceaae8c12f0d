"""Who did what, when, before, after, and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integration.account.gate import district_page
from integration.account.paging import page_of
from integration.models import AuditEvent


@district_page
def show(request: Any) -> HttpResponse:
    """The district's events, newest first."""
    by, action = request.GET.get("by", "")[:255], request.GET.get("action", "")[:64]
    of_district = AuditEvent.objects.filter(district=request.district.slug)
    events = of_district
    if by:
        events = events.filter(actor=by)
    if action:
        events = events.filter(action=action)
    return render(
        request,
        "account/audit.html",
        {
            "tab": "audit",
            "page": page_of(events.order_by("-at", "-pk"), request.GET.get("page", "")),
            "by": by,
            "action": action,
            "actors": _known(of_district, "actor"),
            "actions": _known(of_district, "action"),
        },
    )


def _known(events: Any, name: str) -> list[str]:
    return list(events.order_by(name).values_list(name, flat=True).distinct()[:200])

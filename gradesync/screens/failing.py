"""The courses of a district whose grade sync needs a look."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gradesync.catalogue import CATALOGUE
from gradesync.selectors.failing import SORTS, courses
from integration.account.gate import district_page
from integration.account.paging import page_of
from integration.models import CanvasConnection

WORDS = {
    "failed": _("Failed, or not all arrived"),
    "asks": _("Wait for their teacher"),
    "rests": _("Wait for the first sync"),
}


@district_page
def show(request: Any) -> HttpResponse:
    """All of them, those of one sort, or of one reason; each leads into its course in Canvas."""
    sort, reason = request.GET.get("sort", ""), request.GET.get("reason", "")
    entry = CATALOGUE.get(reason)
    canvas = CanvasConnection.objects.filter(district=request.district).first()
    context = {
        "tab": "grades",
        "page": page_of(
            courses(request.district, sort, reason if entry else ""), request.GET.get("page", "")
        ),
        "sort": sort if sort in SORTS else "",
        "sorts": WORDS.items(),
        "entry": entry,
        "canvas": canvas.base_url.rstrip("/") if canvas else "",
    }
    return render(request, "account/grades_courses.html", context)

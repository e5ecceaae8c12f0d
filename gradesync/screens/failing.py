"""The courses of a district whose grade sync needs a look."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

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
    """All of them, or those of one sort; each leads into its course in Canvas."""
    sort = request.GET.get("sort", "")
    canvas = CanvasConnection.objects.filter(district=request.district).first()
    context = {
        "tab": "grades",
        "page": page_of(courses(request.district, sort), request.GET.get("page", "")),
        "sort": sort if sort in SORTS else "",
        "sorts": WORDS.items(),
        "canvas": canvas.base_url.rstrip("/") if canvas else "",
    }
    return render(request, "account/grades_courses.html", context)

"""Help for an administrator: questions that come up, each answered in a few sentences."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from integration.account.gate import district_page


@district_page
def show(request: Any) -> HttpResponse:
    return render(request, "account/help.html", {"tab": "help"})

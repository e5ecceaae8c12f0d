"""The page on what is supported, also for an admin whose Canvas is nobody's yet."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integration.account.gate import sees_all, show_tabs
from integration.account.supported import tables
from lti.audience import require_launch
from lti.claims import ACCOUNT
from lti.roles import ACCOUNT_OPEN


@require_launch(placement=ACCOUNT, right=ACCOUNT_OPEN, needs_district=False)
@require_safe
def show(request: Any) -> HttpResponse:
    """With the district's own facts for whoever sees all of it."""
    district = request.district if request.district and sees_all(request.launch) else None
    if district is not None:
        show_tabs(request)
    context = {"tab": "supported", "tables": tables(district), "district": district}
    return render(request, "account/supported.html", context)

"""The page of whoever runs the server, from the first check to the first launch.

It stands outside Canvas, so its address is the right to see it; it is in English, as commands are.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integration import invitations
from integration.installation import link
from integration.installation.checks import State, findings
from lti import audience, configuration
from lti.own_urls import absolute

BY = "set-up page"
_LAUNCH = "install/_launch.html"


@audience.public
@csrf_exempt  # There is no session: the address itself is the right, and no other site knows it.
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, word: str) -> HttpResponse:
    """The checks, what Canvas is given, and whether it has opened Q Sync yet.

    A POST makes a registration address, shown on that one answer.
    """
    is_watching = request.headers.get("HX-Request") == "true"
    try:
        link.check(word)
    except link.Closed as closed:
        if is_watching:
            # htmx asks no more.
            return audience.by_address(
                render(request, _LAUNCH, {"launched": closed.by_launch}, status=286)
            )
        told = {"by_launch": closed.by_launch}
        return audience.by_address(render(request, "install/closed.html", told, status=404))
    if is_watching:
        return audience.by_address(render(request, _LAUNCH))
    found = findings()
    context: dict[str, Any] = {
        "findings": found,
        "columns": ["State", "Check", "Finding"],
        "well": sum(one.state == State.OK for one in found),
        "config": json.dumps(configuration.canvas_json(), indent=2),
        "config_url": absolute("lti:config"),
        "redirect_url": absolute("account:canvas-callback"),
    }
    if request.method == "POST":
        code, invitation = invitations.invite(by=BY)
        context["register_url"] = f"{absolute('lti:register')}?{urlencode({'invite': code})}"
        context["expires_at"] = invitation.expires_at
    return audience.by_address(render(request, "install/page.html", context))

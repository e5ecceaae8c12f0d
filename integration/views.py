"""Pages of the whole installation: is it alive, can it work."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from integration.health import checks
from lti.audience import machine


@machine
def healthz(request: HttpRequest) -> JsonResponse:
    """Tell that the web process is alive; asks nothing of anybody."""
    return JsonResponse({"alive": True})


@machine
def readyz(request: HttpRequest) -> JsonResponse:
    """Tell whether this installation can do its work; 503 where it cannot, with what to do."""
    found = checks()
    ready = all(check.ok for check in found)
    answer = JsonResponse(
        {"ready": ready, "checks": [check.as_dict() for check in found]},
        status=200 if ready else 503,
    )
    answer["Cache-Control"] = "no-store"
    return answer

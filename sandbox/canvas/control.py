"""Test control of the local Canvas beside the common one; no part of what Canvas offers."""

import json
import secrets

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.canvas import store
from sandbox.canvas.jobs import AccessToken, SisImport
from sandbox.canvas.sis import worker


@require_http_methods(["PUT"])
def imports(request: HttpRequest) -> HttpResponse:
    """`{"held": true}` leaves imports waiting until `{"held": false}`."""
    if json.loads(request.body)["held"]:
        worker.held.set()
    else:
        worker.held.clear()
        worker.ring()
    return HttpResponse(status=204)


@require_POST
def stick(request: HttpRequest) -> HttpResponse:
    """Let the import that waits longest stay in `initializing` for good."""
    with store.writing():
        waiting = SisImport.objects.filter(workflow_state="created").order_by("id")
        number = waiting.values_list("pk", flat=True).first()
        SisImport.objects.filter(pk=number).update(workflow_state="initializing")
    return JsonResponse({"id": number})


@require_http_methods(["POST", "DELETE"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Make a token (`user_id`, `scopes`, `expires_at`: all optional), or take one away."""
    asked = json.loads(request.body or b"{}")
    with store.writing():
        if request.method == "DELETE":
            AccessToken.objects.filter(token=asked["token"]).delete()
            return HttpResponse(status=204)
        made = AccessToken.objects.create(
            token=secrets.token_urlsafe(32),
            user_id=asked.get("user_id", store.ADMIN_ID),
            scopes=asked.get("scopes", []),
            expires_at=asked.get("expires_at", 0),
        )
    return JsonResponse({"token": made.token})


urlpatterns = [path("imports", imports), path("imports/stick", stick), path("tokens", tokens)]

"""Test control of the local Canvas beside the common one; no part of what Canvas offers."""

import json
import secrets
import sqlite3
from datetime import timedelta

from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.canvas import mishaps, store
from sandbox.canvas.jobs import AccessToken, DeveloperKey, SisImport
from sandbox.canvas.models import User
from sandbox.canvas.sis import worker

VENDOR = "Other Vendor"
# All that Canvas held when a test asked for it to be kept, by the name the test gave it.
_kept: dict[str, sqlite3.Connection] = {}


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Remember all that Canvas holds under `?name`, so that `back` finds it again."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with worker.at_rest():
        _database().backup(copy)
    _kept[request.GET.get("name", "")] = copy
    return HttpResponse(status=204)


@require_POST
def back(request: HttpRequest) -> HttpResponse:
    """Canvas holds what was kept under `?name`; 409 where nothing was."""
    copy = _kept.get(request.GET.get("name", ""))
    if copy is None:
        return JsonResponse({"error": "nothing was kept under this name"}, status=409)
    with worker.at_rest():
        mishaps.clear()
        worker.release_foreign()
        copy.backup(_database())
        store.replaced()
    return HttpResponse(status=204)


def _database() -> sqlite3.Connection:
    connections[store.DATABASE].ensure_connection()
    opened: sqlite3.Connection = connections[store.DATABASE].connection
    return opened


@require_POST
def clock(request: HttpRequest) -> HttpResponse:
    """`{"ahead": seconds}` sets the clock by which imports and objects are dated."""
    store.ahead = timedelta(seconds=json.loads(request.body)["ahead"])
    return HttpResponse(status=204)


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
def fail_import(request: HttpRequest) -> HttpResponse:
    """How the next import that begins ends badly; DELETE: nothing goes wrong any more."""
    if request.method == "DELETE":
        mishaps.clear()
        return HttpResponse(status=204)
    try:
        mishaps.plan_import(json.loads(request.body))
    except mishaps.Senseless as error:
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=204)


@require_POST
def fail_report(request: HttpRequest) -> HttpResponse:
    """`{"how": "error" | "endless"}`: so the next report."""
    try:
        mishaps.plan_report(json.loads(request.body))
    except mishaps.Senseless as error:
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=204)


@require_POST
def foreign(request: HttpRequest) -> HttpResponse:
    """Another vendor's import, before those to come, that runs until it is released."""
    return JsonResponse({"id": worker.add_foreign(_of_another_vendor)})


def _of_another_vendor() -> int:
    with store.writing():
        vendor = User.objects.filter(name=VENDOR).first()
        vendor = vendor or store.create(User, name=VENDOR, workflow_state="registered")
        made = store.create(
            SisImport,
            filename="other_vendor.zip",
            upload=b"",
            data={"import_type": "instructure_csv", "supplied_batches": ["user"]},
            user_id=vendor.pk,
        )
    return int(made.pk)


@require_POST
def release_foreign(request: HttpRequest) -> HttpResponse:
    """Another vendor's imports end well."""
    return JsonResponse({"released": worker.release_foreign()})


@require_http_methods(["PUT"])
def sis(request: HttpRequest) -> HttpResponse:
    """`{"allowed": false}`: nobody may import, as when the permission was taken away."""
    if json.loads(request.body)["allowed"]:
        mishaps.sis_allowed.set()
    else:
        mishaps.sis_allowed.clear()
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
def developer_key(request: HttpRequest) -> HttpResponse:
    """`{"on": false}`: no token by this key, nor by one that it gave. `{"redirect_uri"}`: changed
    in the key, as an admin does."""
    asked = json.loads(request.body)
    changed = {"redirect_uri": asked["redirect_uri"]} if "redirect_uri" in asked else {}
    if "on" in asked:
        changed["workflow_state"] = "on" if asked["on"] else "off"
    with store.writing():
        DeveloperKey.objects.filter(pk=store.DEVELOPER_KEY).update(**changed)
    return HttpResponse(status=204)


@require_http_methods(["POST", "PUT", "DELETE"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Make a token (`user_id`, `scopes`, `expires_at`: all optional), change or take one away."""
    asked = json.loads(request.body or b"{}")
    known = AccessToken.objects.filter(token=asked.get("token", ""))
    with store.writing():
        if request.method == "DELETE":
            known.delete()
            return HttpResponse(status=204)
        if request.method == "PUT":
            known.update(
                **{name: asked[name] for name in ("scopes", "expires_at") if name in asked}
            )
            return HttpResponse(status=204)
        made = AccessToken.objects.create(
            token=secrets.token_urlsafe(32),
            user_id=asked.get("user_id", store.ADMIN_ID),
            scopes=asked.get("scopes", []),
            expires_at=asked.get("expires_at", 0),
        )
    return JsonResponse({"token": made.token})


urlpatterns = [
    path("clock", clock),
    path("keep", keep),
    path("back", back),
    path("imports", imports),
    path("imports/stick", stick),
    path("imports/fail", fail_import),
    path("imports/foreign", foreign),
    path("imports/foreign/release", release_foreign),
    path("reports/fail", fail_report),
    path("sis", sis),
    path("developer-key", developer_key),
    path("tokens", tokens),
]

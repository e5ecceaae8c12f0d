"""Test control of the platform; no part of what Canvas offers."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.canvas import store
from sandbox.canvas.lti import cast, configuration, keys, registration
from sandbox.canvas.lti.models import Deployment, LtiKey, Registration
from sandbox.canvas.lti.placements import deployment_id
from sandbox.canvas.lti.platform import STORAGE_MODES, here
from sandbox.canvas.lti.registration import new_key
from sandbox.canvas.lti.session import Acting, cookie_name
from sandbox.canvas.models import Account, User

# Names for what can be done to a launch; anything else goes by `claims`, `shift`, `header`, `key`.
SPOILED: dict[str, dict[str, Any]] = {
    "expired": {"shift": {"iat": -7200, "exp": -7200}},
    "early": {"shift": {"iat": 3600, "exp": 3600}},
    "wrong-audience": {"claims": {"aud": "10000000009999", "azp": "10000000009999"}},
    "wrong-issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "wrong-nonce": {"claims": {"nonce": "not the one that was sent"}},
    "no-expiry": {"claims": {"exp": None}},
    "unknown-key": {"key": "unknown"},
    "unknown-kid": {"header": {"kid": "nobody-knows-me"}},
}


@require_POST
def people(request: HttpRequest) -> HttpResponse:
    """Everybody to act as, made where missing: `{key: {user_id, name, where, cookie}}`."""
    return JsonResponse(
        {
            part.key: {
                "user_id": part.user.pk,
                "name": part.user.name,
                "where": part.where,
                "cookie": {"name": cookie_name(request), "value": Acting(part.user).words},
            }
            for part in cast.parts()
        }
    )


@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """The next key signs; `{"times": 3}`: and none is left of those before."""
    times = int(json.loads(request.body or b"{}").get("times", 1))
    return JsonResponse({"kid": keys.rotate(times)})


@require_POST
def spoil(request: HttpRequest) -> HttpResponse:
    """`{"how": name}`, or `claims`, `shift`, `header`, `key`; `times`: so the next launches."""
    asked = json.loads(request.body)
    name = asked.pop("how", "")
    if name and name not in SPOILED:
        return JsonResponse({"error": f"how is one of: {', '.join(SPOILED)}"}, status=400)
    here.spoil({**SPOILED.get(name, {}), **asked})
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
def storage(request: HttpRequest) -> HttpResponse:
    """`{"mode"}`: how platform storage is offered."""
    mode = json.loads(request.body)["mode"]
    if mode not in STORAGE_MODES:
        return JsonResponse({"error": f"mode is one of: {', '.join(STORAGE_MODES)}"}, status=400)
    here.storage = mode
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
def issuer(request: HttpRequest) -> HttpResponse:
    """`{"issuer"}`: what launches and the configuration say; "" for Canvas's own address."""
    here.issuer = json.loads(request.body)["issuer"]
    return HttpResponse(status=204)


@require_http_methods(["POST", "PUT", "DELETE"])
def developer_keys(request: HttpRequest) -> HttpResponse:
    """A manual key (`configuration`, `redirect_uris`, `account_id`: 0 for all), on or off, away."""
    asked = json.loads(request.body)
    if request.method == "POST":
        try:
            configuration.check(asked["configuration"])
        except configuration.Unusable as error:
            return JsonResponse({"error": str(error)}, status=400)
        with store.writing():
            made = new_key(
                account_id=asked.get("account_id", store.ROOT_ACCOUNT_ID),
                name=asked["configuration"]["title"],
                redirect_uris=asked["redirect_uris"],
                configuration=asked["configuration"],
                workflow_state="on",
            )
        return JsonResponse({"client_id": str(made.pk)})
    known = LtiKey.objects.filter(pk=int(asked["client_id"]))
    with store.writing():
        if request.method == "DELETE":
            Deployment.objects.filter(key_id=int(asked["client_id"])).delete()
            known.delete()
        if "on" in asked:
            known.update(workflow_state="on" if asked["on"] else "off")
        if "overlay" in asked:
            known.update(overlay=asked["overlay"])
    return HttpResponse(status=204)


@require_http_methods(["POST", "PUT", "DELETE"])
def deployments(request: HttpRequest) -> HttpResponse:
    """Add a key to an account or course (`client_id`, `account_id` or `course_id`); on; away."""
    asked = json.loads(request.body)
    if request.method == "POST":
        kind = "Course" if "course_id" in asked else "Account"
        with store.writing():
            made = store.create(
                Deployment,
                key_id=int(asked["client_id"]),
                context_type=kind,
                context_id=asked.get(f"{kind.lower()}_id", store.ROOT_ACCOUNT_ID),
            )
        return JsonResponse({"id": made.pk, "deployment_id": deployment_id(made)})
    known = Deployment.objects.filter(pk=asked["id"])
    with store.writing():
        if request.method == "DELETE":
            known.delete()
        else:
            known.update(workflow_state="active" if asked["on"] else "disabled")
    return HttpResponse(status=204)


@require_http_methods(["POST", "PUT"])
def registrations(request: HttpRequest) -> HttpResponse:
    """POST `{"url"}`: begin one, as the admin does; what to open. PUT `{"guid"}`: enable it all."""
    asked = json.loads(request.body)
    root = Account.objects.get(pk=store.ROOT_ACCOUNT_ID)
    if request.method == "POST":
        admin = User.objects.get(pk=store.ADMIN_ID)
        guid, address = registration.begin(root, admin, asked["url"])
        return JsonResponse({"guid": guid, "address": address})
    found = Registration.objects.filter(guid=asked["guid"]).first()
    key = LtiKey.objects.filter(pk=found.key_id).first() if found else None
    if key is None:
        return JsonResponse({"error": "The tool has not registered."}, status=404)
    with store.writing():
        LtiKey.objects.filter(pk=key.pk).update(workflow_state="on")
        made = store.create(Deployment, key_id=key.pk, context_id=root.pk)
    return JsonResponse({"client_id": str(key.pk), "deployment_id": deployment_id(made)})


urlpatterns = [
    path("registrations", registrations),
    path("people", people),
    path("keys/rotate", rotate),
    path("launches/spoil", spoil),
    path("storage", storage),
    path("issuer", issuer),
    path("developer-keys", developer_keys),
    path("deployments", deployments),
]

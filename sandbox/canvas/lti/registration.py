"""Dynamic registration: the token, the platform's configuration, and what a tool may post."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import jwt
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_http_methods

from sandbox.canvas import store
from sandbox.canvas.lti import ids, schema
from sandbox.canvas.lti.configuration import PLACEMENTS, PLATFORM, SCOPES
from sandbox.canvas.lti.models import LtiKey, Registration
from sandbox.canvas.lti.platform import here, seal, unseal
from sandbox.canvas.lti.variables import VARIABLES
from sandbox.canvas.models import Account, User
from sandbox.rules import on

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_EXTENSION = f"https://{PLATFORM}/lti"
TOKEN_SECONDS = 3600
_TOKEN_CLAIMS = {"user_id", "initiated_at", "root_account_global_id", "uuid", "registration_url"}
_FIRST_KEY = ids.SHARD + 60


def begin(account: Account, user: User, registration_url: str) -> tuple[str, str]:
    """A new registration: its uuid, and the address that opens in the frame."""
    guid = str(uuid.uuid4())
    token = {
        "user_id": user.pk,
        "initiated_at": store.now(),
        "root_account_global_id": ids.global_id(account.pk),
        "uuid": guid,
        "unified_tool_id": None,
        "registration_url": registration_url,
        "exp": int(time.time()) + TOKEN_SECONDS,
    }
    with store.writing():
        number = Registration.objects.count() + 1
        Registration.objects.create(guid=guid, number=number, account_id=account.pk)
    added = {
        "openid_configuration": f"{here.canvas_origin}/api/lti/security/openid-configuration",
        "registration_token": seal(token),
    }
    parts = urlsplit(registration_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added.items()])
    return guid, urlunsplit(parts._replace(query=query))


class Unauthorized(Exception):
    """The registration token is of no use."""


def _registration(request: HttpRequest) -> Registration:
    """The registration that the bearer token is for."""
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = unseal(shown.strip() if kind.lower() == "bearer" else "")
    except jwt.PyJWTError:
        if on("canvas.registration-token"):
            raise Unauthorized("Invalid or expired token") from None
        claims = {}
    if on("canvas.registration-token") and not claims.keys() >= _TOKEN_CLAIMS:
        raise Unauthorized("JWT did not include expected contents")
    found = Registration.objects.filter(guid=claims.get("uuid", "")).first()
    found = found or Registration.objects.order_by("-number").first()
    if found is None:
        raise Unauthorized("Invalid or expired token")
    return found


def openid_configuration(request: HttpRequest) -> HttpResponse:
    """What the platform is; told to whoever has a registration token."""
    try:
        registration = _registration(request)
    except Unauthorized as error:
        return JsonResponse({"errorMessage": str(error)}, status=401)
    account = Account.objects.get(pk=registration.account_id)
    origin = here.canvas_origin
    return JsonResponse(
        {
            "issuer": here.issuer,
            "authorization_endpoint": f"{here.sso_origin}/api/lti/authorize_redirect",
            "registration_endpoint": f"{origin}/api/lti/registrations",
            "jwks_uri": f"{here.sso_origin}/api/lti/security/jwks",
            "token_endpoint": f"{here.sso_origin}/login/oauth2/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", *SCOPES],
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "picture", "email", "name", "given_name", "family_name"],
            "subject_types_supported": ["public"],
            "authorization_server": urlsplit(here.sso_origin).hostname,
            _PLATFORM: {
                "product_family_code": "canvas",
                "version": "cloud",
                "messages_supported": _messages(),
                "variables": sorted(name.removeprefix("$") for name in VARIABLES),
                f"{_EXTENSION}/account_name": account.name,
                f"{_EXTENSION}/account_lti_guid": ids.guid(account),
            },
        }
    )


def _messages() -> list[dict[str, Any]]:
    by_type: dict[str, list[str]] = {}
    for name, kinds in PLACEMENTS.items():
        for kind in kinds:
            by_type.setdefault(kind, []).append(name)
    return [{"type": kind, "placements": names} for kind, names in by_type.items()]


@require_http_methods(["POST"])
def create(request: HttpRequest) -> HttpResponse:
    """`POST /api/lti/registrations`: the document comes back with a client id, or with errors."""
    try:
        registration = _registration(request)
    except Unauthorized as error:
        return JsonResponse({"errorMessage": str(error)}, status=401)
    try:
        document = json.loads(request.body)
    except ValueError:
        document = None
    errors = schema.errors(document)
    if errors and (on("canvas.registration-checked") or not isinstance(document, dict)):
        return JsonResponse({"errors": errors}, status=422)
    key = _make_key(registration, document)
    return JsonResponse(_told(registration, key, document))


def _make_key(registration: Registration, document: dict[str, Any]) -> LtiKey:
    """A developer key, off until the admin has looked at it."""
    with store.writing():
        key = new_key(
            account_id=registration.account_id,
            name=document.get("client_name", ""),
            redirect_uris=document.get("redirect_uris", []),
            configuration=schema.as_manual(document),
        )
        Registration.objects.filter(pk=registration.pk).update(key_id=key.pk, document=document)
    return key


def new_key(**values: Any) -> LtiKey:
    """A developer key under the next client id. Call it inside `writing()`."""
    number = store.next_id(LtiKey) + _FIRST_KEY
    made: LtiKey = LtiKey.objects.create(id=number, created_at=store.now(), **values)
    return made


def _told(registration: Registration, key: LtiKey, document: Mapping[str, Any]) -> dict[str, Any]:
    address = f"{here.canvas_origin}/api/lti/registrations/{registration.number}/view"
    tool = {**document.get(TOOL, {}), f"{_EXTENSION}/registration_config_url": address}
    return {**document, "client_id": str(key.pk), "scope": document.get("scope", ""), TOOL: tool}


def view(request: HttpRequest, number: str) -> HttpResponse:
    """Where the registration's configuration is looked at: the review page."""
    rows = Registration.objects.filter(number=int(number) if number.isdigit() else 0)
    found = rows.first()
    if found is None:
        return JsonResponse({"errorMessage": "Specified registration does not exist"}, status=404)
    return HttpResponseRedirect(f"/accounts/{found.account_id}/registrations/{found.guid}")

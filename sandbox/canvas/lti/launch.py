"""A launch: login initiation, the authentication request's checks, the ID token posted."""

import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.canvas import store
from sandbox.canvas.lti import ids, keys
from sandbox.canvas.lti.claims import Launching, id_token
from sandbox.canvas.lti.models import LtiKey, PendingLaunch
from sandbox.canvas.lti.placements import deployment_id, is_usable
from sandbox.canvas.lti.platform import here, seal, unseal
from sandbox.canvas.lti.session import acting
from sandbox.canvas.models import Account, Course
from sandbox.rules import on

HINT_SECONDS = 300
REQUIRED = (
    "client_id",
    "login_hint",
    "lti_message_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
)

Fields = dict[str, str]


class BadRequest(Exception):
    """Said on a page of Canvas's own, for want of an address that could be trusted with it."""


class Declined(Exception):
    """Said to the tool, as an OpenID error."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.fields = {"error": error, "error_description": description}


def login(launching: Launching) -> tuple[str, Fields]:
    """Where the login is initiated, and with what; the launch waits for the tool's answer."""
    facts = launching.facts
    verifier = secrets.token_hex(32)
    with store.writing():
        PendingLaunch.objects.filter(made_at__lt=time.time() - HINT_SECONDS).delete()
        PendingLaunch.objects.create(
            verifier=verifier,
            user_id=facts.acting.user.pk,
            claims=id_token(launching),
            made_at=time.time(),
        )
    hint = {
        "verifier": verifier,
        "canvas_domain": facts.domain,
        "context_type": type(facts.context).__name__,
        "context_id": facts.context.pk,
        "include_storage_target": _storage_target() is not None,
        "parent_frame_context": None,
        "exp": int(time.time()) + HINT_SECONDS,
    }
    fields = {
        "iss": launching.issuer,
        "login_hint": ids.subject(facts.acting.user),
        "client_id": launching.tool.client_id,
        "deployment_id": deployment_id(launching.deployment),
        "target_link_uri": launching.placement.target_link_uri,
        "lti_message_hint": seal(hint),
        "canvas_region": "unknown",
        "canvas_environment": _environment(launching.issuer),
    }
    return launching.tool.login_url, fields | _with_storage()


def _environment(issuer: str) -> str:
    host = urlsplit(issuer).hostname or ""
    return next((name for name in ("beta", "test") if f".{name}." in host), "production")


def _storage_target() -> str | None:
    if here.storage == "absent":
        return None
    return "post_message_forwarding" if here.storage == "silent" else here.storage


def _with_storage() -> Fields:
    target = _storage_target()
    return {"lti_storage_target": target} if target else {}


def authorize_redirect(request: HttpRequest) -> HttpResponse:
    """The address that all tools are told: passes the request on to the institution's host."""
    asked = _asked(request)
    try:
        domain = _hint(asked)["canvas_domain"]
    except BadRequest as error:
        return _refused(request, error)
    query = urlencode({name: text for name, text in asked.items() if name in (*REQUIRED, "state")})
    return HttpResponseRedirect(f"{request.scheme}://{domain}/api/lti/authorize?{query}")


def authorize(request: HttpRequest) -> HttpResponse:
    """Post the ID token, or what is wrong, to the tool."""
    asked = _asked(request)
    try:
        hint = _hint(asked)
        target = _redirect_uri(asked)
    except BadRequest as error:
        return _refused(request, error)
    try:
        _check_fields(asked)
        _check_user(request, asked)
        _check_key(asked, hint)
        fields = {"id_token": _signed(_taken(hint), asked["nonce"])}
        if hint.get("include_storage_target"):
            fields |= _with_storage()
    except Declined as declined:
        fields = declined.fields
    if "state" in asked:
        fields["state"] = asked["state"]
    fields |= {"utf8": "✓", "authenticity_token": secrets.token_urlsafe(32)}
    page = {"title": "Opening the tool", "target": target, "fields": fields}
    return render(request, "canvas/post.html", page)


def _asked(request: HttpRequest) -> Fields:
    return {**request.GET.dict(), **request.POST.dict()}


def _refused(request: HttpRequest, error: BadRequest) -> HttpResponse:
    page = {"title": "Cannot open the tool", "error": str(error)}
    return render(request, "canvas/problem.html", page, status=400)


def _hint(asked: Mapping[str, str]) -> dict[str, Any]:
    try:
        return unseal(asked.get("lti_message_hint", ""))
    except jwt.PyJWTError:
        raise BadRequest("Invalid lti_message_hint") from None


def _key(asked: Mapping[str, str]) -> LtiKey | None:
    text = asked.get("client_id", "")
    number = int(text) if text.isdigit() and len(text) < 19 else 0
    return LtiKey.objects.filter(pk=number).first()


def _redirect_uri(asked: Mapping[str, str]) -> str:
    """The address to answer to, which has to be one the key registered."""
    wanted = asked.get("redirect_uri", "")
    key = _key(asked)
    if not wanted or key is None:
        raise BadRequest("Invalid redirect_uri")
    if on("canvas.lti-redirect-uri") and not any(
        _fits(wanted, registered) for registered in key.redirect_uris
    ):
        raise BadRequest("Invalid redirect_uri")
    return wanted


def _fits(wanted: str, registered: str) -> bool:
    """Equal up to the query, which may hold more than was registered and no less."""
    base, _, query = wanted.partition("?")
    own_base, _, own_query = registered.partition("?")
    own = parse_qsl(own_query, keep_blank_values=True)
    return base == own_base and set(own) <= set(parse_qsl(query, keep_blank_values=True))


def _check_fields(asked: Mapping[str, str]) -> None:
    missing = [name for name in REQUIRED if name not in asked]
    if missing:
        text = f"The following parameters are missing: {','.join(missing)}"
        raise Declined("invalid_request_object", text)
    if asked["scope"] != "openid":
        raise Declined("invalid_request_object", "The 'scope' must be 'openid'")


def _check_user(request: HttpRequest, asked: Mapping[str, str]) -> None:
    who = acting(request)
    is_same = who and ids.subject(who.user) == asked["login_hint"]
    if not is_same and on("canvas.lti-login-hint"):
        raise Declined("login_required", "Must have an active user session")


def _check_key(asked: Mapping[str, str], hint: Mapping[str, Any]) -> None:
    model = Course if hint["context_type"] == "Course" else Account
    context = model.objects.filter(pk=hint["context_id"]).first()
    usable = context is not None and is_usable(_key(asked), context)
    if not usable and on("canvas.lti-key-on"):
        raise Declined("unauthorized_client", "Client not authorized in requested context")


def _taken(hint: Mapping[str, Any]) -> dict[str, Any]:
    """The waiting launch, which nobody can fetch a second time."""
    with store.writing():
        found = PendingLaunch.objects.filter(
            verifier=hint["verifier"], made_at__gt=time.time() - HINT_SECONDS
        )
        launch = found.first()
        if on("canvas.lti-once"):
            found.delete()
    if launch is None:
        text = "The launch has either expired or already been consumed"
        raise Declined("launch_no_longer_valid", text)
    return dict(launch.claims)


def _signed(claims: dict[str, Any], nonce: str) -> str:
    claims["nonce"] = nonce
    spoiled = here.next_spoiled()
    for name, value in spoiled.get("claims", {}).items():
        if value is None:
            claims.pop(name, None)
        else:
            claims[name] = value
    for name, seconds in spoiled.get("shift", {}).items():
        claims[name] += seconds
    if spoiled.get("key") == "unknown":
        return keys.sign_with_unknown(claims)
    return keys.sign(claims, spoiled.get("header"))

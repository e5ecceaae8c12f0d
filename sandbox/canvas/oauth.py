"""OAuth 2 with an API developer key: consent page, codes, tokens, refresh, revocation."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from sandbox.canvas import store
from sandbox.canvas.api.gate import REALM
from sandbox.canvas.jobs import AccessToken, AuthorizationCode, DeveloperKey
from sandbox.canvas.lti import tokens
from sandbox.canvas.models import User

TOKEN_SECONDS = 3600
CODE_SECONDS = 600


class Failed(Exception):
    """The token endpoint's refusal."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def auth(request: HttpRequest) -> HttpResponse:
    """Ask a person whether the application may act for them; pass their answer on."""
    asked = request.GET
    key = DeveloperKey.objects.filter(pk=_number(asked.get("client_id", ""))).first()
    target = asked.get("redirect_uri", "")
    if key is None or not _may_redirect(key, target):
        error = "unknown client" if key is None else "redirect_uri does not match client settings"
        page = {"title": "Cannot authorize", "error": error}
        return render(request, "canvas/consent.html", page, status=401 if key is None else 400)
    if error := _refusal(key, asked.get("response_type", ""), asked.get("scope", "")):
        return _back(target, asked.get("state"), error=error)
    if request.method != "POST":
        people = User.objects.filter(pk=store.ADMIN_ID)
        page = {"title": f"Authorize {key.name}", "key": key, "people": people}
        return render(request, "canvas/consent.html", page)
    if request.POST.get("answer") != "authorize":
        return _back(target, asked.get("state"), error="access_denied")
    code = secrets.token_hex(32)
    with store.writing():
        AuthorizationCode.objects.create(
            code=code,
            developer_key_id=key.pk,
            user_id=store.ADMIN_ID,
            redirect_uri=target,
            scopes=asked.get("scope", "").split(),
            expires_at=time.time() + CODE_SECONDS,
        )
    return _back(target, asked.get("state"), code=code)


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _may_redirect(key: DeveloperKey, target: str) -> bool:
    wanted = urlsplit(key.redirect_uri).hostname or ""
    host = urlsplit(target).hostname or ""
    return bool(host) and (host == wanted or host.endswith(f".{wanted}"))


def _refusal(key: DeveloperKey, response_type: str, scope: str) -> str:
    if key.workflow_state != "on":
        return "unauthorized_client"
    if response_type != "code":
        return "unsupported_response_type"
    asked = set(scope.split())
    if key.scopes and (not asked or not asked <= set(key.scopes)):
        return "invalid_scope"
    return ""


def _back(target: str, state: str | None, **answer: str) -> HttpResponseRedirect:
    if state:
        answer["state"] = state
    joint = "&" if urlsplit(target).query else "?"
    return HttpResponseRedirect(f"{target}{joint}{urlencode(answer)}")


def token(request: HttpRequest) -> HttpResponse:
    """`POST /login/oauth2/token`, and DELETE to revoke."""
    try:
        if request.method == "DELETE":
            return _revoke(request)
        if request.POST.get("grant_type") == "client_credentials":
            return JsonResponse(tokens.by_assertion(request))
        key = _client(request)
        grants = {"authorization_code": _by_code, "refresh_token": _by_refresh}
        grant = grants.get(request.POST.get("grant_type", ""))
        if grant is None:
            raise Failed(
                400, "unsupported_grant_type", "The grant_type you requested is not supported"
            )
        return JsonResponse(grant(request, key))
    except Failed as failure:
        return JsonResponse(failure.body, status=failure.status)
    except tokens.Refused as refused:
        body = {"error": refused.error, "error_description": refused.description}
        return JsonResponse(body, status=refused.status)


def _client(request: HttpRequest) -> DeveloperKey:
    key = DeveloperKey.objects.filter(pk=_number(request.POST.get("client_id", ""))).first()
    if key is None:
        raise Failed(401, "invalid_client", "unknown client")
    if not secrets.compare_digest(request.POST.get("client_secret", ""), key.secret):
        raise Failed(401, "invalid_client", "invalid client")
    if key.workflow_state != "on":
        raise Failed(401, "unauthorized_client", "Client not authorized in requested context")
    return key


def _by_code(request: HttpRequest, key: DeveloperKey) -> dict[str, Any]:
    code = request.POST.get("code", "")
    if not code:
        raise Failed(
            400,
            "invalid_request",
            "You must provide the code parameter when using the authorization_code grant type",
        )
    with store.writing():
        found = AuthorizationCode.objects.filter(code=code, expires_at__gt=time.time()).first()
        if found is None:
            raise Failed(400, "invalid_grant", "authorization_code not found")
        if found.developer_key_id != key.pk:
            raise Failed(400, "invalid_grant", "incorrect client")
        if request.POST.get("redirect_uri", found.redirect_uri) != found.redirect_uri:
            raise Failed(400, "invalid_request", "redirect_uri does not match client settings")
        found.delete()
        if request.POST.get("replace_tokens") in {"1", "true"}:
            AccessToken.objects.filter(user_id=found.user_id, developer_key_id=key.pk).delete()
        refresh = secrets.token_urlsafe(48)
        made = _issue(key, found.user_id, refresh, found.scopes)
    return _told(made) | {"refresh_token": refresh}


def _by_refresh(request: HttpRequest, key: DeveloperKey) -> dict[str, Any]:
    refresh = request.POST.get("refresh_token", "")
    if not refresh:
        raise Failed(
            400,
            "invalid_request",
            "You must provide the refresh_token parameter when using the refresh_token grant type",
        )
    with store.writing():
        found = AccessToken.objects.filter(refresh_token=refresh).first()
        if found is None:
            raise Failed(400, "invalid_request", "refresh_token not found")
        if found.developer_key_id != key.pk:
            raise Failed(400, "invalid_grant", "incorrect client")
        # One access token lives for each refresh token; the one before is worth nothing now.
        AccessToken.objects.filter(refresh_token=refresh).delete()
        made = _issue(key, found.user_id, refresh, found.scopes)
    return _told(made)


def _issue(key: DeveloperKey, user_id: int, refresh: str, scopes: list[str]) -> AccessToken:
    return AccessToken.objects.create(
        token=secrets.token_urlsafe(48),
        user_id=user_id,
        developer_key_id=key.pk,
        refresh_token=refresh,
        scopes=scopes,
        expires_at=time.time() + TOKEN_SECONDS,
    )


def _told(made: AccessToken) -> dict[str, Any]:
    user = User.objects.get(pk=made.user_id)
    about = {"id": user.pk, "name": user.name, "global_id": str(user.pk + 10**13)}
    return {
        "access_token": made.token,
        "token_type": "Bearer",
        "user": about | {"effective_locale": "en"},
        "expires_in": TOKEN_SECONDS,
    }


def _revoke(request: HttpRequest) -> HttpResponse:
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with store.writing():
        gone, _ = AccessToken.objects.filter(token=shown).delete()
    if gone:
        return JsonResponse({})
    body = {"errors": [{"message": "Invalid access token."}]}
    return JsonResponse(body, status=401, headers=REALM)

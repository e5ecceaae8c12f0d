"""OAuth 2 client credentials (RFC 6749, 4.4): the token endpoint, and the tokens it gave."""

import base64
import binascii
import hmac
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from sandbox.q import clock, quirks
from sandbox.q.credentials import KEY, SECRET
from sandbox.q.errors import Unauthorized
from sandbox.q.operations import SCOPE, SCOPES
from sandbox.rules import on

LIFETIME: Final = 3600


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer may do, and how long."""

    scopes: frozenset[str]
    expires_at: float
    uses: Iterator[int] = field(default_factory=lambda: count(1))


class Denied(Exception):
    """The token endpoint says no, in the words of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, status: int = 400):
        super().__init__(description)
        self.error = error
        self.status = status


_tokens: dict[str, Token] = {}
_lock = threading.Lock()


@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Give a token."""
    try:
        _authenticate(request)
        if request.POST.get("grant_type") != "client_credentials" and on("q.token-request"):
            raise Denied("unsupported_grant_type", "grant_type is client_credentials")
        scopes = _scopes(request.POST.get("scope", ""))
    except Denied as no:
        answer = {"error": no.error, "error_description": str(no)}
        headers = {"WWW-Authenticate": 'Basic realm="Q"'} if no.status == 401 else {}
        return JsonResponse(answer, status=no.status, headers=_uncached(headers))
    given: dict[str, str | int] = {"access_token": _issue(scopes)}
    if on("q.token-answer"):
        granted = " ".join(SCOPE + each for each in sorted(scopes))
        given |= {"token_type": "bearer", "expires_in": _lifetime(), "scope": granted}
    return JsonResponse(given, headers=_uncached({}))


def bearer(value: str) -> frozenset[str]:
    """The scopes of a presented token. Raises Unauthorized."""
    held = _tokens.get(value)
    if held is None:
        if not on("q.token-known"):
            return frozenset(SCOPES)
        raise Unauthorized("this token was not given by this server", headers=challenge())
    if held.expires_at <= clock.now() and on("q.token-expires"):
        raise Unauthorized("this token has expired", headers=challenge("invalid_token"))
    if next(held.uses) > (quirks.get("token-uses") or float("inf")):
        raise Unauthorized("this token has expired", headers=challenge("invalid_token"))
    return held.scopes


def challenge(error: str = "") -> dict[str, str]:
    """How to authenticate; both ways are open on every path."""
    if not on("q.challenge"):
        return {}
    detail = f', error="{error}"' if error else ""
    return {"WWW-Authenticate": f'Bearer realm="Q"{detail}, OAuth realm="Q"'}


def forget() -> None:
    """No token given so far is good any more."""
    with _lock:
        _tokens.clear()


def _authenticate(request: HttpRequest) -> None:
    header = request.headers.get("Authorization", "")
    if header and "client_secret" in request.POST:
        raise Denied("invalid_request", "the client authenticates twice")
    key, secret = _basic(header) if header else _in_body(request)
    known = hmac.compare_digest(key.encode(), KEY.encode())
    proved = hmac.compare_digest(secret.encode(), SECRET.encode()) or not on("q.client-secret")
    if not (known and proved):
        raise Denied("invalid_client", "unknown client or wrong secret", 401)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    key, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Denied("invalid_client", "the Authorization header is not Basic", 401)
    return unquote_plus(key), unquote_plus(secret)


def _in_body(request: HttpRequest) -> tuple[str, str]:
    if not on("q.body-credentials"):
        raise Denied("invalid_client", "the client authenticates in the header", 401)
    return request.POST.get("client_id", ""), request.POST.get("client_secret", "")


def _scopes(asked: str) -> frozenset[str]:
    """All where none is asked for, as RFC 6749 (3.3) lets a server choose."""
    names = [each.removeprefix(SCOPE) for each in asked.split()]
    if quirks.get("scope-required") and not names:
        raise Denied("invalid_scope", "a scope is needed")
    if unknown := [name for name in names if name not in SCOPES]:
        if on("q.token-request"):
            raise Denied("invalid_scope", f"unknown scope: {' '.join(unknown)}")
        names = []
    return frozenset(names or SCOPES)


def _issue(scopes: frozenset[str]) -> str:
    value = secrets.token_urlsafe(32)
    with _lock:
        if len(_tokens) > 10_000:
            _tokens.clear()
        _tokens[value] = Token(scopes, clock.now() + _lifetime())
    return value


def _lifetime() -> int:
    return quirks.get("token-lifetime") or LIFETIME


def _uncached(headers: dict[str, str]) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Pragma": "no-cache", **headers}

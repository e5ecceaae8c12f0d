"""The server's look at itself from outside: what it answers, and what arrives of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from integration.connections import HURRIED
from integration.http import Http, HttpError, Response
from lti import audience, cookies, frames
from lti.own_urls import absolute, domain

_SALT = "integration.installation.probe"
_COOKIE = "__Host-qsync-probe"
_MOST_BYTES = 64 * 1024


@audience.machine
@require_safe
def answer(request: HttpRequest) -> HttpResponse:
    """As a page of a launch is answered, with what was understood of the request.

    Only whoever has our SECRET_KEY can sign the caller's word; nothing else is told by it.
    """
    told = {
        "signed": signing.Signer(salt=_SALT).signature(request.GET.get("word", "")[:64]),
        "is_secure": request.is_secure(),
    }
    response = JsonResponse(told)
    response["Cache-Control"] = "no-store"
    cookies.keep(response, _COOKIE, "seen", seconds=1)
    # A launch names its Canvas; here it matters only that the header arrives.
    return frames.allow(response, [domain()])


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back. `lost` names what did not arrive of a page for a frame."""

    error: HttpError | None = None
    is_us: bool = False
    is_secure: bool = False
    lost: str = ""
    certificate_ends: datetime | None = None
    published_keys: Collection[str] = ()


def look() -> Seen:
    """Ask ourselves by the public address; it may be private, for it is our own."""
    parts = urlsplit(settings.BASE_URL)
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    http = Http(
        allow_private=[*settings.ALLOW_PRIVATE_ADDRESSES, f"{parts.hostname}:{port}"],
        ca_bundle=settings.CA_BUNDLE or None,
        timeouts=HURRIED,
        longest_wait=0.0,
        max_bytes=_MOST_BYTES,
    )
    word, address = secrets.token_urlsafe(16), absolute("install-probe")
    with closing(http):
        try:
            came = http.request("GET", address, params=[("word", word)], retry=False)
            keys = http.request("GET", absolute("lti:jwks"), retry=False)
        except HttpError as error:
            return Seen(error=error)
        told = _json(came)
        return Seen(
            is_us=told.get("signed") == signing.Signer(salt=_SALT).signature(word),
            is_secure=told.get("is_secure") is True,
            lost=_lost(came),
            certificate_ends=http.certificate_ends(address),
            published_keys={str(key.get("kid")) for key in _json(keys).get("keys", [])},
        )


def _json(came: Response) -> dict[str, Any]:
    try:
        found = came.json() if came.is_ok else {}
    except HttpError:
        found = {}
    return found if isinstance(found, dict) else {}


def _lost(came: Response) -> str:
    """What of the frame and the cookie did not arrive; the first of it."""
    cookie = came.headers.get("Set-Cookie", "").lower()
    policy = came.headers.get("Content-Security-Policy", "")
    arrived = {
        "the cookie": _COOKIE.lower() in cookie,
        "“Partitioned” of the cookie": "; partitioned" in cookie,
        "“Secure” of the cookie": "; secure" in cookie,
        "who may show our pages in a frame (frame-ancestors)": "frame-ancestors" in policy,
        "that frames are allowed (it adds X-Frame-Options)": "X-Frame-Options" not in came.headers,
    }
    return next((name for name, is_there in arrived.items() if not is_there), "")

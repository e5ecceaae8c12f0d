"""Whose word about a request counts: forwarding headers are kept only from a trusted proxy.

REMOTE_ADDR is the client's from there on: the last one that no trusted proxy has.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP", "HTTP_X_ORIGINAL_")


class TrustedProxyMiddleware:
    """First of all: drop what a client says of itself (S41). The host is never taken from it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_trusted(request.META.get("REMOTE_ADDR", "")):
            for name in [name for name in request.META if name.startswith(_FORWARDING)]:
                del request.META[name]
        else:
            request.META["REMOTE_ADDR"] = client_of(request)
        return self.get_response(request)


def client_of(request: HttpRequest) -> str:
    """Whose request a trusted proxy has passed on; what comes before is only what they say."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    for said in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_trusted(peer):
            break
        try:
            peer = str(ip_address(said.strip()))
        except ValueError:
            break
    return peer


def is_trusted(remote: str) -> bool:
    """Whether this peer is one of TRUSTED_PROXIES; a Unix socket's peer has no address."""
    if not remote:
        return "unix" in settings.TRUSTED_PROXIES
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    return any(
        address in ip_network(one, strict=False)
        for one in settings.TRUSTED_PROXIES
        if one != "unix"
    )

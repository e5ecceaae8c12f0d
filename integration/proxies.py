"""Whose word about a request counts: forwarding headers are kept only from a trusted proxy."""

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
        return self.get_response(request)


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

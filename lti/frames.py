"""Who may show our pages in a frame: the Canvas of the launch, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lti.models import Deployment, Platform

_LOCAL = ("localhost", "127.0.0.1")


def allow(response: HttpResponse, hosts: Iterable[str]) -> HttpResponse:
    """Let pages of these hosts frame this answer; with none, nobody may."""
    origins = [origin(host) for host in hosts]
    if not origins:
        return response
    framed: Any = response
    framed.xframe_options_exempt = True

    def same(_: HttpRequest) -> HttpResponse:
        return response

    csp_replace({"frame-ancestors": origins})(same)(HttpRequest())
    return response


def before_launch(platform: Platform, *, origin: str) -> list[str] | None:
    """Who may frame the page that begins a sign-in; None where its framer is not known yet.

    Which hosts an installation has is not told to whoever asks: only its own is confirmed.
    """
    hosts = [
        *(urlsplit(url).netloc for url in (platform.auth_url, platform.issuer)),
        *settings.REGISTRATION_HOSTS,
    ]
    framer = urlsplit(origin).netloc if origin not in ("", "null") else ""
    if not framer or is_listed(framer, hosts):
        return hosts
    seen = Deployment.objects.filter(platform=platform).values_list("hosts", flat=True)
    return [*hosts, framer] if any(framer in one for one in seen) else None


def is_listed(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host (with its port, if any) is one of these, or below a `*.` of these."""
    return any(
        host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for pattern in patterns
    )


def origin(host: str) -> str:
    is_local = urlsplit(f"//{host}").hostname in _LOCAL
    return f"http://{host}" if is_local else f"https://{host}"

"""Addresses of this tool as platforms know them: from BASE_URL, never from a request."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse


def absolute(name: str, *args: object) -> str:
    """The address of one of our pages."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def launch_url() -> str:
    """Where platforms send launches; the one target_link_uri and redirect_uri of this tool."""
    return absolute("lti:launch")


def domain() -> str:
    """Host, and port where it is not the scheme's own."""
    return urlsplit(settings.BASE_URL).netloc

"""Django's CSRF protection, with its secret kept in the launch session instead of a cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CSRF_SESSION_KEY

from lti import sessions


class SessionSecret:
    """What `CsrfViewMiddleware` reads of `request.session`: the secret, and nothing else.

    Without a launch session there is no secret, so every unsafe request is refused (S55).
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def get(self, name: str, default: Any = None) -> Any:
        session = sessions.find(self._request) if name == CSRF_SESSION_KEY else None
        return session.csrf_secret if session else default

    def __setitem__(self, name: str, value: Any) -> None:
        """The secret was made at the launch, and stays."""


class SessionSecretMiddleware:
    """Stands where Django's SessionMiddleware would. Looks nothing up until it is asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.session = SessionSecret(request)  # type: ignore[assignment]
        return self.get_response(request)

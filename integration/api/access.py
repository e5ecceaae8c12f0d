"""Who asks, with which right, and how often."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from integration import tokens
from integration.api.problems import CHALLENGE, NoRight
from integration.models import ApiToken
from integration.tokens import TokenUnknown
from lti import rates

SAFE = ("GET", "HEAD")


class Bearer(BaseAuthentication):
    """`Authorization: Bearer …` and nothing else: no cookie opens the API, so none is abused."""

    def authenticate(self, request: Request) -> tuple[ApiToken, ApiToken]:
        """Raises TokenRefused."""
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise TokenUnknown("No token was sent.")
        token = tokens.recognised(secret.strip())
        return token, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def token_of(request: Request) -> ApiToken:
    """Who asks."""
    return request.user  # type: ignore[return-value]  # Bearer lets nobody else in


class HasRight(BasePermission):
    """The token has the right that the operation names."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises NoRight."""
        handler = getattr(view, (request.method or "").lower(), None)
        right = getattr(handler, "right", None)
        if right is not None and right not in token_of(request).rights:
            raise NoRight(right)
        # What has no handler is refused as a method that is not there.
        return True


class PerToken(SimpleRateThrottle):
    """So many requests a minute for each token.

    Reads are counted in each web process; what changes something in all of them together.
    """

    def get_rate(self) -> str:
        return ""

    def parse_rate(self, rate: str | None) -> tuple[int, int]:
        return 0, 60

    def allow_request(self, request: Request, view: Any) -> bool:
        self.is_safe = request.method in SAFE
        self.num_requests = settings.API_READS_PER_MINUTE
        if self.is_safe:
            return super().allow_request(request, view)
        token = f"{token_of(request).pk}"
        return not rates.is_too_often("api write", token, settings.API_WRITES_PER_MINUTE)

    def wait(self) -> float | None:
        return super().wait() if self.is_safe else rates.seconds_left()

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"api-read-{token_of(request).pk}"

"""Who we are for Canvas: a pasted access token, or OAuth 2 with a refresh token.

A refresh happens once however many threads need it: the first one asks, the others wait and use
its answer. Canvas keeps the refresh token valid, so the same one serves for ever, until an admin
deletes it: then only a person can help (NeedsConsent).
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from integration.canvas.errors import (
    CanvasError,
    DeveloperKeyRejected,
    NeedsConsent,
    ProtocolError,
    TokenRejected,
)
from integration.canvas.parse import mapping, text
from integration.canvas.refusals import refusal, request_id
from integration.http import Http, HttpError, Response

TOKEN_PATH = "/login/oauth2/token"  # noqa: S105  a path
EARLY_SECONDS = 60.0

AskForToken = Callable[[Mapping[str, str]], Response]


@dataclass(frozen=True, slots=True)
class Grant:
    """`refresh_token` is the one to keep: a new one, or the one that was used."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float | None
    user_id: str


class Auth(Protocol):
    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a text."""

    def token(self, ask: AskForToken) -> str:
        """The access token to send now."""

    def renew(self, rejected: str, ask: AskForToken) -> None:
        """Replace a token that Canvas refused; raises when that is not possible."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token an admin made by hand in Canvas."""

    value: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.value,)

    def token(self, ask: AskForToken) -> str:
        return self.value

    def renew(self, rejected: str, ask: AskForToken) -> None:
        raise TokenRejected("Canvas no longer accepts the access token", status=401)


class RefreshToken:
    """OAuth 2 with an API developer key. `on_refresh` is told each new grant, to store it."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        on_refresh: Callable[[Grant], None] | None = None,
        access_token: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._on_refresh = on_refresh
        self._access_token = access_token
        self._clock = clock
        self._renew_at = float("inf")
        self._lost: CanvasError | None = None
        self._lock = threading.Lock()

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._client_secret, self._refresh_token, self._access_token)

    def token(self, ask: AskForToken) -> str:
        with self._lock:
            if not self._access_token or self._clock() >= self._renew_at:
                self._refresh(ask)
            return self._access_token

    def renew(self, rejected: str, ask: AskForToken) -> None:
        with self._lock:
            # Another thread may have renewed it while this one waited for the lock.
            if self._access_token == rejected:
                self._refresh(ask)

    def _refresh(self, ask: AskForToken) -> None:
        if self._lost:
            raise type(self._lost)(str(self._lost), status=self._lost.status)
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "refresh_token": self._refresh_token,
        }
        try:
            grant = grant_from(ask(form), refresh_token=self._refresh_token, secrets=self.secrets)
        except (NeedsConsent, DeveloperKeyRejected) as error:
            # Asking again with the same key gets the same answer, and locks the key in the end.
            self._lost = error
            raise
        self._access_token = grant.access_token
        self._refresh_token = grant.refresh_token
        if grant.expires_in is not None:
            early = min(EARLY_SECONDS, grant.expires_in / 2)
            self._renew_at = self._clock() + grant.expires_in - early
        if self._on_refresh:
            self._on_refresh(grant)


def grant_from(
    response: Response, *, refresh_token: str = "", secrets: tuple[str, ...] = ()
) -> Grant:
    """What the token endpoint said; raises NeedsConsent where only a person can help."""
    try:
        data = response.json()
    except HttpError:
        data = None
    answer: Mapping[str, Any] = mapping(data)
    if response.status != 200:
        raise _token_refusal(response, answer, secrets)
    access_token = text(answer, "access_token")
    if not access_token:
        raise ProtocolError("Canvas answered the token request without a token", status=200)
    expires = answer.get("expires_in")
    return Grant(
        access_token=access_token,
        refresh_token=text(answer, "refresh_token") or refresh_token,
        expires_in=float(expires) if isinstance(expires, int | float) and expires > 0 else None,
        user_id=text(mapping(answer.get("user")), "id"),
    )


def _token_refusal(
    response: Response, answer: Mapping[str, Any], secrets: tuple[str, ...]
) -> CanvasError:
    error = text(answer, "error")
    description = text(answer, "error_description").lower()
    kind: type[CanvasError] | None = None
    if error in ("invalid_client", "unauthorized_client"):
        kind, message = DeveloperKeyRejected, "Canvas does not accept the API developer key"
    # Canvas says invalid_request, where the standard says invalid_grant, for a deleted token.
    elif "code not found" in description:
        kind, message = NeedsConsent, "The authorization code was already used or is too old"
    elif error == "invalid_grant" or "refresh_token not found" in description:
        kind, message = NeedsConsent, "Canvas no longer knows our authorization"
    if kind:
        return kind(message, status=response.status, request_id=request_id(response.headers))
    return refusal(
        response.status,
        response.headers,
        response.body,
        asked=f"POST {TOKEN_PATH}",
        secrets=secrets,
    )


def authorize_url(
    base_url: str, *, client_id: str, redirect_uri: str, state: str, scopes: tuple[str, ...] = ()
) -> str:
    """Where an admin's browser goes to agree."""
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if scopes:
        query["scope"] = " ".join(scopes)
    return f"{canvas_root(base_url)}/login/oauth2/auth?{urlencode(query)}"


def exchange_code(
    http: Http,
    base_url: str,
    *,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    code: str,
) -> Grant:
    """The refresh token for a code; a code works once, so this is not retried."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uri": redirect_uri,
        "code": code,
    }
    response = http.request("POST", canvas_root(base_url) + TOKEN_PATH, form=form, retry=False)
    grant = grant_from(response, secrets=(client_secret, code))
    if not grant.refresh_token:
        raise ProtocolError("Canvas gave no refresh token for the authorization code", status=200)
    return grant


def canvas_root(base_url: str) -> str:
    """The address without what admins paste along with it."""
    return base_url.strip().rstrip("/").removesuffix("/api/v1").rstrip("/")

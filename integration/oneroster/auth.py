"""Who we are, to a provider: bearer tokens (OAuth 2.0) and signatures (OAuth 1.0a).

Our credentials go to the service root, to the token URL as configured and, where none is, to
guesses on the service root's own origin. No answer can lead them elsewhere.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol, cast
from urllib.parse import quote

from oauthlib import oauth1

from integration.http import Http
from integration.oneroster.settings import Settings
from integration.oneroster.tokens import Token, TokenSource

_SIGNATURES = {
    "oauth1-sha1": oauth1.SIGNATURE_HMAC_SHA1,
    "oauth1-sha256": oauth1.SIGNATURE_HMAC_SHA256,
}


class Auth(Protocol):
    """One way to sign in. Safe to share among threads."""

    def ready(self) -> str:
        """Have a credential at hand; its name, for `accepted` and `renew`."""

    def header(self, credential: str, method: str, url: str, body: bytes | None) -> str:
        """The Authorization header for one attempt."""

    def accepted(self, credential: str) -> None:
        """The provider took the credential."""

    def renew(self, credential: str) -> bool:
        """The provider refused the credential: is another one worth a try?"""

    def secrets(self) -> list[str]:
        """What no text that we show or keep may hold."""


def make_auth(http: Http, settings: Settings, now: Callable[[], float] = time.time) -> Auth:
    if settings.auth == "oauth2":
        return Bearer(TokenSource(http, settings, now=now))
    if settings.auth == "bearer":
        return StandingToken(settings)
    return Signature(settings, now=now)


class Bearer:
    """OAuth 2.0: one token for all threads, renewed once however many of them find it expired."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    @property
    def token(self) -> Token:
        """The token in use, fetched if there is none."""
        return self._source.token()

    def ready(self) -> str:
        return self._source.token().value

    def header(self, credential: str, method: str, url: str, body: bytes | None) -> str:
        return f"Bearer {credential}"

    def accepted(self, credential: str) -> None:
        self._source.accepted(credential)

    def renew(self, credential: str) -> bool:
        return self._source.renew(credential)

    def secrets(self) -> list[str]:
        return self._source.secrets()


class StandingToken:
    """A token that was handed over once and does not expire; there is nowhere to fetch another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ready(self) -> str:
        return self._settings.auth

    def header(self, credential: str, method: str, url: str, body: bytes | None) -> str:
        return f"Bearer {self._settings.secret}"

    def accepted(self, credential: str) -> None:
        pass

    def renew(self, credential: str) -> bool:
        return False

    def secrets(self) -> list[str]:
        return [self._settings.secret]


class Signature:
    """OAuth 1.0a without a token. If the chosen method is refused from the start, the other one is
    tried once: administrators are seldom told which it is."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now = now
        self._method: str = settings.auth
        self._is_proven = False

    def ready(self) -> str:
        return self._method

    def header(self, credential: str, method: str, url: str, body: bytes | None) -> str:
        return sign(
            method,
            url,
            self._settings,
            signature=credential,
            timestamp=str(int(self._now())),
            body=body if self._settings.body_hash else None,
        )

    def accepted(self, credential: str) -> None:
        self._method, self._is_proven = credential, True

    def renew(self, credential: str) -> bool:
        if self._is_proven or credential != self._settings.auth:
            return False
        self._method = next(name for name in _SIGNATURES if name != credential)
        return True

    def secrets(self) -> list[str]:
        secret = self._settings.secret
        return [secret, quote(secret, safe="")]


def sign(
    method: str,
    url: str,
    settings: Settings,
    *,
    signature: str,
    timestamp: str,
    nonce: str | None = None,
    body: bytes | None = None,
) -> str:
    """The Authorization header of OAuth 1.0a (RFC 5849) for `url` exactly as it will be sent.

    A JSON body is no part of the signature; given one, its hash is added as `oauth_body_hash`.
    """
    client = oauth1.Client(
        settings.key,
        client_secret=settings.secret,
        signature_method=_SIGNATURES[signature],
        timestamp=timestamp,
        nonce=nonce,
    )
    headers = {} if body is None else {"Content-Type": "application/json"}
    text = body.decode() if body is not None else None
    _, signed, _ = client.sign(url, http_method=cast(Any, method), body=text, headers=headers)
    return str(signed["Authorization"])

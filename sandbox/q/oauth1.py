"""OAuth 1.0a without a token (RFC 5849): the signature of a request, its time, its nonce."""

import base64
import hashlib
import hmac
import threading
from typing import Any, Final

from django.http import HttpRequest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from sandbox.q import clock
from sandbox.q.answers import origin
from sandbox.q.credentials import KEY, SECRET
from sandbox.q.errors import Unauthorized
from sandbox.q.oauth2 import challenge
from sandbox.q.operations import SCOPES
from sandbox.rules import on

OLDEST: Final = 600
NEWEST: Final = 300


class _Validator(RequestValidator):  # type: ignore[misc]  # oauthlib is untyped
    """Answers oauthlib's questions about the client, its time stamps and nonces."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256")
    # The window is not the same on both sides, so it is looked at below.
    timestamp_lifetime = 10**12
    dummy_client = "nobody"

    def __init__(self) -> None:
        super().__init__()
        self._used: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_nonce(self, nonce: str) -> bool:
        return 0 < len(nonce) <= 255

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return hmac.compare_digest(client_key.encode(), KEY.encode())

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return SECRET if client_key == KEY else "no secret of anybody's"

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **_: Any
    ) -> bool:
        now = clock.now()
        if on("q.oauth1-timestamp") and not now - OLDEST <= int(timestamp) <= now + NEWEST:
            return False
        return self._first_use((client_key, timestamp, nonce), now) or not on("q.oauth1-nonce")

    def _first_use(self, name: tuple[str, str, str], now: float) -> bool:
        with self._lock:
            if name in self._used:
                return False
            if len(self._used) > 100_000:
                recent = now - OLDEST - NEWEST
                self._used = {k: used for k, used in self._used.items() if used > recent}
            self._used[name] = now
            return True


_endpoint = SignatureOnlyEndpoint(_Validator())


def signed(request: HttpRequest, body: bytes) -> frozenset[str]:
    """The scopes of a rightly signed request: all. Raises Unauthorized."""
    target = request.META["REQUEST_URI"]
    if not on("q.oauth1-query-signed"):
        target = target.partition("?")[0]
    headers = {"Authorization": request.headers["Authorization"]}
    try:
        valid, _ = _endpoint.validate_request(
            origin(request) + target, str(request.method), headers=headers
        )
    except ValueError:
        valid = False  # a query that is not percent-encoded cannot have been signed
    if not (valid or not on("q.oauth1-signature")):
        raise Unauthorized("the OAuth 1.0 signature does not hold", headers=challenge())
    _check_body_hash(headers["Authorization"], body)
    return frozenset(SCOPES)


def _check_body_hash(header: str, body: bytes) -> None:
    """An extension that some clients add on their own; where it is sent it has to be right."""
    told = dict(parse_authorization_header(header)).get("oauth_body_hash")
    right = {
        base64.b64encode(make(body).digest()).decode() for make in (hashlib.sha1, hashlib.sha256)
    }
    if told is not None and told not in right:
        raise Unauthorized("oauth_body_hash is not that of the body", headers=challenge())

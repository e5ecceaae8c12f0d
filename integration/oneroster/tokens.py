"""OAuth 2.0 client credentials: one token, fetched by one thread while the others wait.

OneRoster 1.1 has no discovery, so much is tried: the usual token URLs where none is configured, the
secret in the header and in the body, fewer scopes where one is unknown. What worked is remembered.
"""

import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from integration.http import Http, HttpError, NotJson, Response
from integration.oneroster.envelope import as_text, read_info, scrub
from integration.oneroster.errors import (
    CredentialsRejected,
    OneRosterError,
    ProtocolError,
    ProviderUnavailable,
    TokenUrlUnknown,
)
from integration.oneroster.settings import Settings

_SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
ROSTER_SCOPES = f"{_SCOPE}roster-core.readonly {_SCOPE}roster.readonly"
_WITHOUT_DELETE = f"{ROSTER_SCOPES} {_SCOPE}gradebook.readonly {_SCOPE}gradebook.createput"
ALL_SCOPES = f"{_WITHOUT_DELETE} {_SCOPE}gradebook.delete"
# Where one of them is not known, the next is asked for: Aeries, for one, offers no DELETE.
_FEWER = (_WITHOUT_DELETE, ROSTER_SCOPES, "")
DEFAULT_SECONDS = 300.0
EARLY_SECONDS = 60.0  # renewed so long before the end, or a tenth of the lifetime if that is less
_GUESSES = ("/token", "/oauth/token", "/oauth2/token")
_REFUSALS = (400, 401, 403)
_SCOPE_FAULTS = ("invalid_scope", "invalid scope", "unknown scope")


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and what `manage.py verify` shows of it."""

    value: str = field(repr=False)
    url: str
    scopes: frozenset[str]
    expires_at: float
    renew_at: float


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to ask for a token."""

    url: str
    in_body: bool
    scope: str


class TokenSource:
    """Hands out the current token. Safe to share among threads."""

    def __init__(
        self, http: Http, settings: Settings, *, now: Callable[[], float] = time.time
    ) -> None:
        self._http = http
        self._settings = settings
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._given: deque[str] = deque(maxlen=5)  # an answer may echo one that has been replaced
        self._way: _Way | None = None
        self._is_unproven = False  # a renewed token that no request has been accepted with
        self._failures = 0
        self._failure: OneRosterError | HttpError | None = None

    def token(self) -> Token:
        """The current token; a new one if there is none, or it is about to end.

        Raises:
            CredentialsRejected: now, or at any time before: a refused key is not tried again.
            TokenUrlUnknown, ProviderUnavailable, ProtocolError, HttpError: no token came.
        """
        failures_before = self._failures
        with self._lock:
            token = self._token
            if token and self._now() < token.renew_at:
                return token
            return self._replace(failures_before)

    def renew(self, value: str) -> bool:
        """The provider refused the token `value`: is there another one to try, or can there be?

        Raises as `token` does.
        """
        failures_before = self._failures
        with self._lock:
            if self._token and self._token.value != value:
                return True
            # A second new token that nobody accepts would not be the last: a retry storm.
            if self._is_unproven:
                return False
            self._replace(failures_before)
            self._is_unproven = True
            return True

    def accepted(self, value: str) -> None:
        """The provider took the token `value`."""
        if self._token and self._token.value == value:
            self._is_unproven = False

    def _replace(self, failures_before: int) -> Token:
        is_final = isinstance(self._failure, CredentialsRejected)
        if self._failure and (is_final or self._failures > failures_before):
            raise self._failure  # somebody asked while we waited; asking again is a storm
        try:
            self._token = token = self._fetch()
            self._given.append(token.value)
        except (OneRosterError, HttpError) as error:
            self._failures += 1
            self._failure = error
            raise
        self._failure = None
        return token

    def secrets(self) -> list[str]:
        secret = self._settings.secret
        return [secret, quote(secret, safe=""), _basic(self._settings)[6:], *self._given]

    def _fetch(self) -> Token:
        if self._way:
            return self._from(self._way.url, [self._way.scope])
        scopes = list(dict.fromkeys([self._settings.scope or ALL_SCOPES, *_FEWER]))
        if self._settings.token_url:
            return self._from(self._settings.token_url, scopes)
        problem: OneRosterError = TokenUrlUnknown("Q gave no token at any of the usual addresses.")
        for url in guesses(self._settings.base_url):
            try:
                return self._from(url, scopes)
            except CredentialsRejected:
                raise
            except OneRosterError as error:
                problem = error if isinstance(error, ProviderUnavailable) else problem
        raise problem

    def _from(self, url: str, scopes: list[str]) -> Token:
        """Ask one URL, in the ways that its answers suggest."""
        in_body = self._way.in_body if self._way else False
        may_move = self._way is None
        asked = list(scopes)
        while True:
            way = _Way(url, in_body, asked[0])
            response = self._post(way)
            if response.is_ok:
                token = self._read(response, way)
                self._way = way
                return token
            refusal = self._refusal(response)
            if not isinstance(refusal, CredentialsRejected):
                raise refusal
            if len(asked) > 1 and _is_about_scope(response):
                asked = asked[1:]
            elif may_move and not in_body:
                in_body = True
            else:
                raise refusal

    def _post(self, way: _Way) -> Response:
        form = {"grant_type": "client_credentials"}
        headers = {"Accept": "application/json"}
        if way.scope:
            form["scope"] = way.scope
        if way.in_body:
            form |= {"client_id": self._settings.key, "client_secret": self._settings.secret}
        else:
            headers["Authorization"] = _basic(self._settings)
        # Asking twice does no harm here, although it is a POST.
        return self._http.request("POST", way.url, headers=headers, form=form, retry=True)

    def _read(self, response: Response, way: _Way) -> Token:
        answer = _object(response)
        value = answer.get("access_token")
        if not isinstance(value, str) or not value.strip():
            raise ProtocolError("Q answered the sign-in without a token.", status=200)
        seconds = _seconds(answer.get("expires_in"))
        granted = answer.get("scope")
        scope = granted if isinstance(granted, str) and granted.strip() else way.scope
        now = self._now()
        return Token(
            value=value.strip(),
            url=way.url,
            scopes=frozenset(scope.replace(",", " ").split()),
            expires_at=now + seconds,
            renew_at=now + seconds - min(EARLY_SECONDS, seconds / 10),
        )

    def _refusal(self, response: Response) -> OneRosterError:
        status = response.status
        answer = _object(response)
        info = read_info(answer)
        said = (info.description or info.minor) if info else as_text(response.body)
        description = scrub(said, self.secrets())
        if status in (408, 425, 429) or status >= 500:
            return ProviderUnavailable(
                f"Q answered the sign-in with {status}.", description=description, status=status
            )
        # A guess may lead to a gate that refuses everything; an OAuth error marks the real one.
        is_certain = bool(self._settings.token_url or self._way or "error" in answer)
        if status in _REFUSALS and is_certain:
            return CredentialsRejected(
                f"Q refused our key ({status}).",
                description=description,
                status=status,
            )
        return TokenUrlUnknown(
            f"What is at the token URL gives no tokens (it answered {status}).",
            description=description if answer else "",
            status=status,
        )


def guesses(base_url: str) -> list[str]:
    """Where a token endpoint may be, on the service root's own origin and nowhere else."""
    parts = urlsplit(base_url.rstrip("/"))
    origin = f"{parts.scheme}://{parts.netloc}"
    prefix = parts.path.partition("/ims/oneroster")[0]
    # A part of the prefix may be the service's alone: /campus/api has its tokens at /campus.
    places = ["", prefix, prefix.rpartition("/")[0]]
    paths = [*(place + path for place in places for path in _GUESSES), f"{parts.path}/token"]
    return list(dict.fromkeys(origin + path for path in paths))


def _basic(settings: Settings) -> str:
    """RFC 6749, 2.3.1: both parts are percent-encoded first."""
    pair = f"{quote(settings.key, safe='')}:{quote(settings.secret, safe='')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _object(response: Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except NotJson:
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _is_about_scope(response: Response) -> bool:
    text = response.body[:2000].decode("utf-8", "replace").lower()
    return any(fault in text for fault in _SCOPE_FAULTS)


def _seconds(raw: object) -> float:
    try:
        seconds = float(raw)  # type: ignore[arg-type]  # some send it as a string, some not at all
    except (TypeError, ValueError):
        return DEFAULT_SECONDS
    return seconds if 0 < seconds < float("inf") else DEFAULT_SECONDS

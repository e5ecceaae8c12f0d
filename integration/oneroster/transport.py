"""One signed request to a provider, and what its refusals mean.

Reading stands on this, and so may anything else that speaks to a provider.
"""

import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

from integration.http import Http, NotJson, Response
from integration.oneroster.auth import Bearer, make_auth
from integration.oneroster.envelope import Info, as_text, read_info, scrub
from integration.oneroster.errors import (
    BadRequest,
    CredentialsRejected,
    Forbidden,
    NotOffered,
    OneRosterError,
    ProtocolError,
    ProviderUnavailable,
)
from integration.oneroster.lanes import Lanes
from integration.oneroster.settings import Settings
from integration.oneroster.tokens import Token

_UNAVAILABLE = (408, 425, 429)


class Transport:
    """Sends requests below the service root. Safe to share among threads."""

    def __init__(
        self, http: Http, settings: Settings, now: Callable[[], float] = time.time
    ) -> None:
        self.http = http
        self.settings = settings
        self.root = settings.base_url.strip().rstrip("/")
        self.lanes = Lanes(max(1, settings.concurrency))
        self._auth = make_auth(http, settings, now)

    def token(self) -> Token | None:
        """The bearer token in use, fetched if need be; None with OAuth 1.0a."""
        return self._auth.token if isinstance(self._auth, Bearer) else None

    def exchange(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        retry: bool | None = None,
    ) -> Response:
        """Send, with one new credential if the first is refused. An answer of any status."""
        url = f"{self.root}/{path.lstrip('/')}"
        headers = {"Accept": "application/json", **self.settings.extra_headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        while True:
            with self.lanes:
                credential = self._auth.ready()
                response = self.http.request(
                    method,
                    url,
                    params=params,
                    headers=headers,
                    body=body,
                    retry=retry,
                    sign=self._signer(credential),
                )
            if response.status != 401:
                self._auth.accepted(credential)
                return response
            if not self._auth.renew(credential):
                return response

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        retry: bool | None = None,
    ) -> Response:
        """As `exchange`; an answer other than 2xx is raised as the error that it means."""
        response = self.exchange(method, path, params=params, body=body, retry=retry)
        if not response.is_ok:
            raise self.refusal(response, method, path)
        return response

    def refusal(self, response: Response, method: str, path: str) -> OneRosterError:
        """What an answer other than 2xx means."""
        status = response.status
        what = f"{method} {route(path)} was answered with {status}."
        return error_for(status)(what, description=self.description(response), status=status)

    def description(self, response: Response) -> str:
        """The provider's own words, at most 500 characters, without our secrets."""
        info = self.info(response)
        said = (info.description or info.minor) if info else as_text(response.body)
        return self.scrub(said)

    def info(self, response: Response) -> Info | None:
        """The status information in an answer, if it has any."""
        answer = _json(response)
        return read_info(answer) if isinstance(answer, dict) else None

    def is_answer(self, response: Response) -> bool:
        """Is it of a service? A web page has a status of 200 as well."""
        return response.is_ok and (not response.body or isinstance(_json(response), dict | list))

    def scrub(self, text: str) -> str:
        extra = list(self.settings.extra_headers.values())
        return scrub(text, [*self._auth.secrets(), *extra])

    def _signer(
        self, credential: str
    ) -> Callable[[str, str, dict[str, str], bytes | None], dict[str, str]]:
        def sign(
            method: str,
            url: str,
            headers: dict[str, str],
            body: bytes | None,
        ) -> dict[str, str]:
            return {"Authorization": self._auth.header(credential, method, url, body)}

        return sign


def error_for(status: int) -> type[OneRosterError]:
    named: dict[int, type[OneRosterError]] = {
        401: CredentialsRejected,
        403: Forbidden,
        404: NotOffered,
    }
    if status in named:
        return named[status]
    if status in _UNAVAILABLE or status >= 500:
        return ProviderUnavailable
    return BadRequest if status >= 400 else ProtocolError


def segment(sourced_id: str) -> str:
    """An id as one segment of a path; ids hold slashes, spaces, plus and percent signs."""
    return quote(sourced_id, safe="")


def route(path: str) -> str:
    """A path without its ids: `schools/…/classes`."""
    parts = path.strip("/").split("/")
    return "/".join(part if i % 2 == 0 else "…" for i, part in enumerate(parts))


def _json(response: Response) -> object:
    try:
        return response.json()
    except NotJson:
        return None

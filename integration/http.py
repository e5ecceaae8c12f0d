"""The one door out: every request of the product leaves through here, guarded, bounded, logged.

Nothing else imports requests or urllib3. Where a request may go is decided in `addresses`, when to
ask again in `retry`; this module sends, reads and reports.
"""

import logging
import random
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from integration.addresses import Target
from integration.http_attempts import Attempts
from integration.http_body import CHUNK, Upload, read_pieces, refuse_cut_json
from integration.http_call import Call, prepare
from integration.http_errors import (
    AddressRefused,
    BodyCut,
    CircuitOpen,
    ConnectFailed,
    HeaderRefused,
    HttpError,
    NotJson,
    TimedOut,
    TlsFailed,
    TooLarge,
    tls_failure,
    unreachable,
)
from integration.http_sockets import Deadline, Dialer, PlainSocket, Resolve, TlsSocket, tls_context
from integration.http_values import (
    CaseInsensitiveMapping,
    Response,
    Sign,
    Timeouts,
)

__all__ = [
    "AddressRefused",
    "BodyCut",
    "CaseInsensitiveMapping",
    "CircuitOpen",
    "ConnectFailed",
    "HeaderRefused",
    "Http",
    "HttpError",
    "NotJson",
    "Response",
    "Sign",
    "TimedOut",
    "Timeouts",
    "TlsFailed",
    "TooLarge",
    "check_address",
]

logger = logging.getLogger(__name__)
# Its lines hold whole URLs, and a query may hold a token or a name.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_MOST_OF_AN_ERROR = 1 << 20
# A server may close an idle connection just as we send; a request that must not be sent twice
# therefore gets a fresh one.
_STALE_SECONDS = 2.0
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


def check_address(
    url: str, allow_private: Collection[str] = (), *, resolve: Resolve = socket.getaddrinfo
) -> None:
    """Refuse, when it is entered, what would be refused when it is used.

    Raises:
        AddressRefused: spelled oddly, not https, or leading into a private network.
        ConnectFailed: nobody knows the name.
    """
    dialer = Dialer(allow_private=allow_private, resolve=resolve)
    dialer.addresses(dialer.target(url))


class Http:
    """Sends requests to the servers of one connection; safe to share between threads.

    An answer of any status is returned, redirects too; `HttpError` is raised where there is none.
    `longest_wait`: where the server asks for more, its answer is returned instead of waiting.
    """

    def __init__(
        self,
        *,
        allow_private: Collection[str] = (),
        ca_bundle: str | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  frozen
        max_bytes: int = 64 * 2**20,
        requests_per_second: float | None = None,
        longest_wait: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        resolve: Resolve = socket.getaddrinfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dialer = Dialer(
            allow_private=allow_private, resolve=resolve, clock=clock, sleep=sleep
        )
        self._tls = tls_context(ca_bundle)
        self._timeouts, self._max_bytes = timeouts, max_bytes
        self._clock = clock
        self._attempts = Attempts(
            requests_per_second=requests_per_second,
            longest_wait=longest_wait,
            clock=clock,
            sleep=sleep,
            jitter=jitter,
            now=now,
        )
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        files: Mapping[str, Upload] | None = None,
        form: Mapping[str, str] | None = None,
        sign: Sign | None = None,
        retry: bool | None = None,
        is_throttled: Callable[[Response], bool] | None = None,
        max_bytes: int | None = None,
        total_seconds: float | None = None,
    ) -> Response:
        """Send, and send again as `retry` allows (by default where sending twice does no harm).

        `sign` sees the URL exactly as it is sent. `is_throttled` recognises a server that says
        “too fast” in other words than 429.
        """
        call = prepare(
            method,
            self._dialer.target(url),
            params=params,
            headers=headers,
            body=body,
            files=files,
            form=form,
            sign=sign,
            retry=retry,
            is_throttled=is_throttled,
            max_bytes=max_bytes or self._max_bytes,
            timeouts=self._timeouts_for(total_seconds),
        )
        return self._perform(call)

    def download(
        self,
        url: str,
        to: IO[bytes],
        *,
        max_bytes: int,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        sign: Sign | None = None,
        total_seconds: float | None = None,
    ) -> Response:
        """GET into a file, which must be seekable; the body of the returned response is empty.

        An answer that is not 2xx leaves the file as it was and carries its body as usual.
        """
        call = prepare(
            "GET",
            self._dialer.target(url),
            params=params,
            headers=headers,
            sign=sign,
            max_bytes=max_bytes,
            timeouts=self._timeouts_for(total_seconds),
            to=to,
        )
        return self._perform(call)

    def close(self) -> None:
        """Close the idle connections of all threads; the next request opens new ones."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _timeouts_for(self, total_seconds: float | None) -> Timeouts:
        return replace(self._timeouts, total=total_seconds) if total_seconds else self._timeouts

    def _perform(self, call: Call) -> Response:
        outcome = self._attempts.perform(call, self._attempt)
        if isinstance(outcome, Response):
            return outcome
        raise outcome

    def _attempt(self, call: Call, attempt: int) -> Response | HttpError:
        started = self._clock()
        outcome: Response | HttpError
        try:
            outcome = self._send(call, started)
        except HttpError as error:
            outcome = error
        except _FAILURES as error:
            outcome = _translated(error, call.target)
        logger.info(
            "%s %s%s %s ms=%d attempt=%d",
            call.method,
            call.target.host,
            call.target.path.partition("?")[0],
            outcome.status if isinstance(outcome, Response) else outcome.code,
            (self._clock() - started) * 1000,
            attempt,
        )
        return outcome

    def _send(self, call: Call, started: float) -> Response:
        lane = self._lane()
        if not call.may_retry and started - lane.used_at > _STALE_SECONDS:
            lane.session.close()
        request = _prepared(call)
        lane.deadline.start(call.timeouts)
        answer = lane.session.send(
            request, stream=True, allow_redirects=False, timeout=call.timeouts.read
        )
        raw: urllib3.HTTPResponse = answer.raw
        try:
            body = _read(call, raw)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        lane.used_at = self._clock()
        headers = CaseInsensitiveMapping(raw.headers.iteritems())
        return Response(raw.status, headers, body, call.target.url, self._clock() - started)

    def _lane(self) -> "_Lane":
        lane: _Lane | None = getattr(self._local, "lane", None)
        if lane is None:
            deadline = Deadline(self._clock)
            session = _Session(_Adapter(self._dialer, deadline, self._tls))
            lane = self._local.lane = _Lane(session, deadline)
            with self._lock:
                self._sessions.add(session)
        return lane


@dataclass(slots=True)
class _Lane:
    """What one thread sends through: its connections, and the deadline that they obey."""

    session: requests.Session
    deadline: Deadline
    used_at: float = float("-inf")


class _Session(requests.Session):
    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.trust_env = False  # no proxies, no .netrc
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[requests.Response]:
        return iter(())  # even a redirect not followed would be read whole, whatever its size


class _Adapter(HTTPAdapter):
    def __init__(self, dialer: Dialer, deadline: Deadline, tls: ssl.SSLContext) -> None:
        super().__init__(max_retries=0)
        self._dialer, self._deadline, self._tls = dialer, deadline, tls
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> urllib3.HTTPConnectionPool:
        target = self._dialer.target(request.url or "")
        pool = self._pools.get(target.origin)
        if pool is None:
            how: dict[str, Any] = {"dial": partial(self._dialer.dial, target, self._deadline)}
            how["blocksize"] = CHUNK
            if target.scheme == "https":
                pool = _TlsPool(
                    target.host, target.port, ssl_context=self._tls, deadline=self._deadline, **how
                )
            else:
                pool = _PlainPool(target.host, target.port, **how)
            self._pools[target.origin] = pool
        return pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The context knows whom to trust; here another list would be added at each connection."""

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        super().close()


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, dial: Callable[[], PlainSocket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dial = dial

    def _new_conn(self) -> PlainSocket:
        return self._dial()


class _TlsConnection(HTTPSConnection):
    def __init__(
        self, *args: Any, dial: Callable[[], PlainSocket], deadline: Deadline, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._dial, self._deadline = dial, deadline

    def _new_conn(self) -> PlainSocket:
        return self._dial()

    def connect(self) -> None:
        failure: HttpError | None = None
        try:
            super().connect()
        except TimeoutError:
            failure = TimedOut(f"{self.host} did not answer in time.", sent=False)
        except ssl.SSLError as error:
            failure = tls_failure(error, self.host)
        except OSError:
            failure = ConnectFailed(unreachable(self.host))
        if failure:
            raise failure
        if isinstance(self.sock, TlsSocket):
            self.sock.deadline = self._deadline


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _prepared(call: Call) -> requests.PreparedRequest:
    # Filled in by hand: its own `prepare` would spell the URL anew after it was signed.
    request = requests.PreparedRequest()
    request.method, request.url = call.method, call.target.url
    request.headers = requests.structures.CaseInsensitiveDict(call.signed_headers())
    request.body = call.body  # type: ignore[assignment]  # the stubs know no iterables
    return request


def _read(call: Call, raw: urllib3.HTTPResponse) -> bytes:
    is_file = call.to is not None and 200 <= raw.status < 300
    most = call.max_bytes if is_file or call.to is None else _MOST_OF_AN_ERROR
    pieces = read_pieces(
        lambda size: raw.read(size, decode_content=False),
        length=raw.length_remaining,
        encoding=raw.headers.get("Content-Encoding", ""),
        max_bytes=most,
        step=4 * CHUNK if is_file else None,
    )
    if call.to is not None and is_file:
        call.to.seek(call.to_start)
        call.to.truncate()
        for piece in pieces:
            call.to.write(piece)
        return b""
    body = b"".join(pieces)
    if raw.length_remaining is None and not _is_chunked(raw):
        refuse_cut_json(body, raw.headers.get("Content-Type", ""))
    return body


def _is_chunked(raw: urllib3.HTTPResponse) -> bool:
    return "chunked" in raw.headers.get("Transfer-Encoding", "").lower()


def _translated(error: BaseException, target: Target) -> HttpError:
    """Say in our words what a library says in words that may hold a whole URL."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError | urllib3.exceptions.ReadTimeoutError):
            return TimedOut(f"{target.host} did not answer in time.", sent=True)
        seen = seen.__cause__ or seen.__context__
    return BodyCut(f"{target.host} ended the connection before its answer was complete.")

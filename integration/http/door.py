"""Sends, reads and reports: the inside of the one door out.

Nothing else imports requests or urllib3. `addresses` decides where, `retry` when to ask again.
"""

import http.client
import logging
import random
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from integration.http.addresses import Target
from integration.http.attempts import Attempts
from integration.http.body import CHUNK, LastLine, Upload
from integration.http.call import Call, prepare, read_body
from integration.http.errors import (
    ConnectFailed,
    HttpError,
    TimedOut,
    tls_failure,
    translated,
    unreachable,
)
from integration.http.sockets import (
    Deadline,
    Dialer,
    PlainSocket,
    Resolve,
    TlsSocket,
)
from integration.http.values import (
    CaseInsensitiveMapping,
    Response,
    Sign,
    Timeouts,
)

logger = logging.getLogger(__name__)
# Its lines hold whole URLs, and a query may hold a token or a name.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

# A server may close an idle connection just as we send: what must not be sent twice gets a new one.
_STALE_SECONDS = 2.0
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError)


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
            allow_private=allow_private,
            resolve=resolve,
            clock=clock,
            sleep=sleep,
            ca_bundle=ca_bundle,
        )
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
        self._sessions: weakref.WeakSet[_Session] = weakref.WeakSet()

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
            timeouts=self._timeouts.within(total_seconds),
        )
        return self._attempts.perform(call, self._attempt)

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
            timeouts=self._timeouts.within(total_seconds),
            to=to,
        )
        return self._attempts.perform(call, self._attempt)

    def certificate_ends(self, url: str) -> datetime | None:
        """When the certificate ends that this server last showed; None where none was seen."""
        return self._dialer.certificate_ends.get(self._dialer.target(url).origin)

    def close(self) -> None:
        """Close the idle connections of all threads; the next request opens new ones."""
        with self._lock:
            for session in list(self._sessions):
                session.close()

    def _attempt(self, call: Call, attempt: int) -> Response | HttpError:
        started = self._clock()
        try:
            outcome: Response | HttpError = self._send(call, started)
        except HttpError as error:
            outcome = error
        except _FAILURES as error:
            outcome = translated(error, call.target.host)
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
        session = self._session()
        if not call.may_retry and started - session.used_at > _STALE_SECONDS:
            session.close()
        request = _prepared(call)
        session.deadline.start(call.timeouts)
        how: dict[str, Any] = {"stream": True, "allow_redirects": False}
        raw: urllib3.HTTPResponse = session.send(request, timeout=call.timeouts.read, **how).raw
        try:
            body = read_body(call, raw)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        session.used_at = self._clock()
        headers = CaseInsensitiveMapping(raw.headers.iteritems())
        return Response(raw.status, headers, body, call.target.url, self._clock() - started)

    def _session(self) -> "_Session":
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            session = _Session(self._dialer, Deadline(self._clock))
            self._local.session = session
            with self._lock:
                self._sessions.add(session)
        return session


class _Session(requests.Session):
    """What one thread sends through: its connections, and the deadline that they obey."""

    def __init__(self, dialer: Dialer, deadline: Deadline) -> None:
        super().__init__()
        self.deadline = deadline
        self.used_at = float("-inf")
        self.trust_env = False  # no proxies, no .netrc
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for prefix in ("https://", "http://"):
            self.mount(prefix, _Adapter(dialer, deadline))

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[requests.Response]:
        return iter(())  # a redirect not followed would be read whole all the same, uncapped


class _Adapter(HTTPAdapter):
    def __init__(self, dialer: Dialer, deadline: Deadline) -> None:
        super().__init__(max_retries=0)
        self._dialer, self._deadline = dialer, deadline
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> urllib3.HTTPConnectionPool:
        target = self._dialer.target(request.url or "")
        if target.origin not in self._pools:
            self._pools[target.origin] = self._pool(target)
        return self._pools[target.origin]

    def _pool(self, target: Target) -> urllib3.HTTPConnectionPool:
        how: dict[str, Any] = {"dialer": self._dialer, "target": target, "blocksize": CHUNK}
        how["deadline"] = self._deadline
        if target.scheme == "http":
            return _PlainPool(target.host, target.port, **how)
        return _TlsPool(target.host, target.port, ssl_context=self._dialer.tls, **how)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The context knows whom to trust; here another list would be added at each connection."""

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        super().close()


class _WholeHead(http.client.HTTPResponse):
    """Python takes headers that end with the connection for complete ones; we do not."""

    def begin(self) -> None:
        stream, lines = self.fp, LastLine(self.fp)
        self.fp = lines  # type: ignore[assignment]  # it is read by line only, up to the body
        super().begin()
        self.fp = stream
        if not lines.last:
            raise http.client.IncompleteRead(b"")


class _PlainConnection(HTTPConnection):
    response_class = _WholeHead

    def __init__(
        self, *args: Any, dialer: Dialer, target: Target, deadline: Deadline, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._dialer, self._target, self._deadline = dialer, target, deadline

    def _new_conn(self) -> PlainSocket:
        return self._dialer.dial(self._target, self._deadline)


class _TlsConnection(_PlainConnection, HTTPSConnection):
    def connect(self) -> None:
        failure: HttpError
        try:
            super().connect()
        except TimeoutError:
            failure = TimedOut(f"{self.host} did not answer in time.", sent=False)
        except ssl.SSLError as error:
            failure = tls_failure(error, self.host)
        except OSError:
            failure = ConnectFailed(unreachable(self.host))
        else:
            if isinstance(self.sock, TlsSocket):
                self.sock.deadline = self._deadline
                self._dialer.note_certificate(self._target, self.sock)
            return
        raise failure


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

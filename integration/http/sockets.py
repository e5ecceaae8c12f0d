"""Sockets that go only where the guard allows and never outlive their deadline. Knows no HTTP."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi

from integration.http.addresses import Target, parse_target, refuse_unless_global
from integration.http.errors import (
    AddressRefused,
    ConnectFailed,
    unreachable,
    unreachable_by_policy,
)
from integration.http.values import Timeouts

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Resolve = Callable[..., Sequence[tuple[Any, ...]]]

_SHORTEST_WAIT = 0.001  # 0 would make a socket non-blocking


class Deadline:
    """When the attempt that a thread is at must be over; all sockets of that thread look here."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.timeouts = Timeouts()
        self._at = float("inf")

    def start(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._at = self._clock() + timeouts.total

    def left(self, at_most: float) -> float:
        """How many seconds to wait for the next byte.

        Raises:
            TimeoutError: the time is up.
        """
        left = self._at - self._clock()
        if left <= 0:
            raise TimeoutError("The deadline has passed.")
        return max(_SHORTEST_WAIT, min(left, at_most))


# A timeout of a socket counts from byte to byte, so a server that drips could hold us for ever.
class PlainSocket(socket.socket):
    deadline: Deadline | None = None

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        _shorten(self)
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        _shorten(self)
        super().sendall(data, flags)


class TlsSocket(ssl.SSLSocket):
    deadline: Deadline | None = None

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        _shorten(self)
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        _shorten(self)
        return super().send(data, flags)


def _shorten(sock: PlainSocket | TlsSocket) -> None:
    if sock.deadline is None:
        return
    now = sock.gettimeout()
    allowed = sock.deadline.left(sock.deadline.timeouts.read)
    if now is None or allowed < now:
        sock.settimeout(allowed)


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Trust the system's authorities and, beside them, those of `ca_bundle`."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = TlsSocket
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or (paths.capath and any(Path(paths.capath).iterdir()))):
        context.load_verify_locations(certifi.where())  # a slim image has no authorities
    if ca_bundle:
        context.load_verify_locations(ca_bundle)
    return context


class Dialer:
    """Resolve a name once, refuse unless every answer is public, connect to those answers only."""

    def __init__(
        self,
        *,
        allow_private: Collection[str],
        resolve: Resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        ca_bundle: str | None = None,
    ) -> None:
        self._allow_private = frozenset(allow_private)
        self._resolve, self._clock, self._sleep = resolve, clock, sleep
        self._ca_bundle = ca_bundle
        # Origin to the end of the certificate that was last seen there.
        self.certificate_ends: dict[str, datetime] = {}

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return tls_context(self._ca_bundle)

    def target(self, url: str) -> Target:
        return parse_target(url, self._allow_private)

    def note_certificate(self, target: Target, sock: TlsSocket) -> None:
        """Keep when the certificate of a connection that was believed ends."""
        seen = sock.getpeercert() or {}
        if ends := seen.get("notAfter"):
            at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC)
            self.certificate_ends[target.origin] = at

    def dial(self, target: Target, deadline: Deadline) -> PlainSocket:
        """Raises ConnectFailed or AddressRefused, in the same words and after the same time."""
        budget = deadline.left(deadline.timeouts.connect)
        gives_up_at = self._clock() + budget
        try:
            return self._first_open(target, gives_up_at, deadline)
        except (AddressRefused, ConnectFailed):
            # Closed answers at once and filtered never; waiting hides which one it was.
            if not target.is_listed and (rest := gives_up_at - self._clock()) > 0:
                self._sleep(rest)
            raise

    def addresses(self, target: Target) -> list[tuple[Any, ...]]:
        """What `socket` needs to connect: family, kind, protocol, name, address."""
        try:
            found = list(self._resolve(target.host, target.port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise ConnectFailed(unreachable(target.host))
        if not target.is_listed:
            try:
                refuse_unless_global(str(answer[4][0]) for answer in found)
            except AddressRefused:
                raise unreachable_by_policy(target.host) from None
        return found

    def _first_open(self, target: Target, gives_up_at: float, deadline: Deadline) -> PlainSocket:
        found = self.addresses(target)
        for index, (family, kind, protocol, _name, address) in enumerate(found):
            share = (gives_up_at - self._clock()) / (len(found) - index)
            if share <= 0:
                break
            sock = PlainSocket(family, kind, protocol)
            try:
                sock.settimeout(share)
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                sock.close()
                continue
            except BaseException:
                sock.close()
                raise
            sock.deadline = deadline
            sock.settimeout(deadline.timeouts.read)
            return sock
        raise ConnectFailed(unreachable(target.host))


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

"""A small server for tests that answers with exactly the bytes it is told, faults included."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Pieces sent one after the other, `gate` awaited before each but the first."""

    pieces: Iterable[bytes]
    closes: bool = False
    gate: Callable[[], object] = field(default=lambda: None)


def answer(
    status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer([raw(status, body, headers)])


def raw(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    fields = {"Content-Length": str(len(body))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    return answer(
        status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers}
    )


def cut(message: bytes, at: int) -> Answer:
    """The first `at` bytes, then the end of the connection."""
    return Answer([message[:at]], closes=True)


def chunked(body: bytes, size: int, headers: str = "") -> bytes:
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    head = f"HTTP/1.1 200 OK\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
    return head.encode() + framed + b"0\r\n\r\n"


class FaultServer:
    """Listens on 127.0.0.1; `script` decides the answer to each request.

    With a `greeting` it says that to whoever connects, and hangs up.
    """

    def __init__(
        self,
        script: Callable[[Received], Answer],
        *,
        tls: ssl.SSLContext | None = None,
        greeting: bytes = b"",
    ) -> None:
        self._script, self._tls, self._greeting = script, tls, greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self.received: list[Received] = []
        self.connections = 0
        self.errors: list[BaseException] = []

    @property
    def host_port(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host_port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
                thread = threading.Thread(target=self._serve, args=[connection, self.connections])
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        sock = connection
        try:
            if self._tls:
                sock = self._wrapped(connection)
            if self._greeting:
                sock.sendall(self._greeting)
                return
            with sock, sock.makefile("rb") as stream:
                while (request := _read(stream, number)) and self._answer(sock, request):
                    pass
        except OSError as error:
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(connection)
                self._open.discard(sock)
            connection.close()

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        assert self._tls
        sock = self._tls.wrap_socket(connection, server_side=True)
        with self._lock:
            self._open.discard(connection)
            self._open.add(sock)
        return sock

    def _answer(self, sock: socket.socket, request: Received) -> bool:
        with self._lock:
            self.received.append(request)
        reply = self._script(request)
        for index, piece in enumerate(reply.pieces):
            if index:
                reply.gate()
            sock.sendall(piece)
        return not reply.closes


def _read(stream: Any, number: int) -> Received | None:
    line = stream.readline()
    if not line.strip():
        return None
    words = line.decode("latin-1").split(" ")
    if len(words) != 3:
        return None
    headers = {}
    while (field_line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = field_line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(words[0], words[1], headers, body, number)


def script(*answers: Answer) -> Callable[[Received], Answer]:
    """One answer after the other, the last one for ever."""
    left = list(answers)

    def next_answer(_: Received) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return next_answer


class Clock:
    """A clock that moves only when somebody sleeps, and remembers for how long."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

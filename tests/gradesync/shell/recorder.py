"""Stands between the product and Q, and remembers each write with its body."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.sandbox_process import Sandbox

_HOPS = {"connection", "transfer-encoding", "content-length", "keep-alive", "content-encoding"}


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    body: bytes


class Recorder:
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.sent: list[Sent] = []
        # How many requests were under way at once, and how long each is kept.
        self.most = 0
        self._now = 0
        self._seconds = 0.0
        self._lock = threading.Lock()
        self._open = 0

    def slowly(self, seconds: float) -> None:
        """From now on Q takes so much longer, and requests at once are counted anew."""
        self._seconds, self.most = seconds, 0

    @contextmanager
    def counted(self, path: str) -> Iterator[None]:
        """One request under way; those for a token are another server's affair."""
        if "/ims/" not in path:
            yield
            return
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._seconds)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    @contextmanager
    def connected(self) -> Iterator[None]:
        """One connection, from its first byte to its end."""
        with self._lock:
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def until_quiet(self, seconds: float = 60.0) -> None:
        """Wait until nobody is connected: of whoever was killed, the last bytes are on the way."""
        until = time.monotonic() + seconds
        while self._open:
            assert time.monotonic() < until, f"{self._open} connections stay open"
            time.sleep(0.005)

    def note(self, one: Sent) -> None:
        if one.method in ("PUT", "DELETE", "POST") and "/ims/" in one.path:
            with self._lock:
                self.sent.append(one)


@contextmanager
def recorded(sandbox: Sandbox) -> Iterator[tuple[Sandbox, Recorder]]:
    """The same sandbox, its Q reached by way of a recorder."""
    parts = urlsplit(sandbox.q.url)
    recorder = Recorder(f"{parts.scheme}://{parts.netloc}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(recorder))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    q = replace(
        sandbox.q,
        url=sandbox.q.url.replace(recorder.origin, here),
        token_url=sandbox.q.token_url.replace(recorder.origin, here),
    )
    try:
        yield replace(sandbox, q=q), recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with recorder.connected(), suppress(ConnectionError):
                super().handle()

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                # Whoever sent it died in the middle: that is no request, to no server.
                self.close_connection = True
                return
            recorder.note(Sent(self.command, self.path, body))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOPS}
            headers["Accept-Encoding"] = "identity"
            try:
                with recorder.counted(self.path):
                    answer = requests.request(
                        self.command, recorder.origin + self.path, data=body, headers=headers,
                        timeout=120, allow_redirects=False,
                    )  # fmt: skip
                self._answer(answer)
            except (requests.ConnectionError, OSError):
                self.close_connection = True

        def _answer(self, answer: requests.Response) -> None:
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _HOPS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815  the base's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base names it
            pass

    return Handler

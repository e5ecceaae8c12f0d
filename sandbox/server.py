"""The HTTP/1.1 server under both apps: keep-alive, a thread for each connection, no Nagle.

It adds three things to Django's own: one send for an ordinary answer, chunked request bodies,
and the path as it was sent (see `sandbox.paths`).
"""

import socketserver
import ssl
import sys
import tempfile
import threading
from typing import IO, Any
from urllib.parse import urlsplit

from django.core.servers.basehttp import ServerHandler, ThreadedWSGIServer, WSGIRequestHandler

from sandbox import wire
from sandbox.paths import normal

LONGEST_LINE = 65536
IN_MEMORY = 4_000_000


class BadChunk(ValueError):
    """The body says it is chunked, and is not."""


def dechunk(stream: IO[bytes], body: IO[bytes]) -> int:
    """Copy a chunked body to its end into `body`; its length."""
    while size := _chunk_size(stream.readline(LONGEST_LINE)):
        data = stream.read(size)
        if len(data) < size:
            raise BadChunk("the body ends inside a chunk")
        body.write(data)
        stream.readline(LONGEST_LINE)
    while stream.readline(LONGEST_LINE).strip():
        pass  # trailers
    length = body.tell()
    body.seek(0)
    return length


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise BadChunk("a chunk begins without its size") from None


class _OneRequest(ServerHandler):
    request_handler: "Handler"  # whom Django tells that the connection ends

    def finish_response(self) -> None:
        under_way: wire.Wire | None = self.environ.get(wire.KEY)
        if under_way is None:
            super().finish_response()
            return
        self.request_handler.close_connection = True
        try:
            self._send(under_way)
        finally:
            self.close()
        if under_way.reset:
            wire.break_off(self.request_handler.connection)

    def _send(self, under_way: wire.Wire) -> None:
        if under_way.is_silent:
            return
        assert self.headers is not None
        self.headers["Connection"] = "close"
        if under_way.chunked:
            self.headers["Transfer-Encoding"] = "chunked"
        self.send_headers()
        self._flush()
        for piece in under_way.pieces(self.result or ()):
            self._write(piece)
            self._flush()

    def set_content_length(self) -> None:
        # A fault that took the header away does not want it back.
        if wire.KEY not in self.environ:
            super().set_content_length()


class Handler(WSGIRequestHandler):
    """Requests of one connection, one after the other."""

    wbufsize = 1 << 18
    disable_nagle_algorithm = True
    server: "Server"

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
        if len(self.raw_requestline) > LONGEST_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if not self.parse_request():
            return
        environ = self.get_environ()
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            self._answer(self.rfile, environ)
            return
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                environ["CONTENT_LENGTH"] = str(dechunk(self.rfile, body))
            except BadChunk as error:
                self.close_connection = True
                self.send_error(400, str(error))
                return
            self._answer(body, environ)

    def _answer(self, body: IO[bytes], environ: dict[str, Any]) -> None:
        application = self.server.get_app()
        assert application is not None
        one = _OneRequest(body, self.wfile, self.get_stderr(), environ)
        one.request_handler = self
        one.run(application)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        super().send_error(code, message, explain)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        target = self.path
        if "://" in target.partition("?")[0]:  # absolute form, as sent to a proxy
            parts = urlsplit(target)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        environ["REQUEST_URI"] = target
        environ["PATH_INFO"] = normal(target.partition("?")[0])
        environ["sandbox.app"] = self.server.name
        if self.server.is_secure:
            environ["HTTPS"] = "on"
        return environ

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it
        """Nothing: requests are kept by the middleware, and shown at /sandbox/log."""


class Server(ThreadedWSGIServer):
    """One port of an app, called by `host`; with a certificate (a PEM file with its key), TLS."""

    request_queue_size = 256
    server_port: int

    def __init__(
        self, name: str, port: int, certificate: str = "", host: str = "127.0.0.1"
    ) -> None:
        self.name, self.host, self.is_secure = name, host, bool(certificate)
        super().__init__(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # Shaking hands is left to the connection's own thread: it may never end.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def server_bind(self) -> None:
        # HTTPServer would look up the address's name, which can hang without a resolver.
        socketserver.TCPServer.server_bind(self)
        self.server_name = "127.0.0.1"
        self.server_port = self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who does not like the certificate hangs up, and that is no error of ours.
        if not isinstance(sys.exception(), ssl.SSLError):
            super().handle_error(request, client_address)

    @property
    def origin(self) -> str:
        return f"{'https' if self.is_secure else 'http'}://{self.host}:{self.server_port}"

    def serve(self) -> None:
        """Answer requests from now on, in the background."""
        threading.Thread(
            target=self.serve_forever, args=(0.05,), name=self.name, daemon=True
        ).start()

"""A scripted Canvas on loopback, and a time that only passes when somebody sleeps."""

import io
import json
import re
import socket
import threading
import zipfile
from collections import defaultdict

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from integration.canvas.auth import AccessToken
from integration.canvas.client import CanvasClient
from integration.http import Http


class Time:
    """A clock that stands still until somebody sleeps; threads share it."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self._lock = threading.Lock()

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


class ScriptedCanvas:
    """Answers each path with what was scripted for it, in turn; the last answer stays."""

    def __init__(self, server):
        self.url = server.url_for("").rstrip("/")
        self.host = f"{server.host}:{server.port}"
        self.requests = []
        self._scripts = defaultdict(list)
        self._lock = threading.Lock()
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def on(self, path, *answers, method="GET"):
        """`path` with a query answers only that query, and comes before the one without."""
        self._scripts[method, path].extend(answers)

    def json(self, data, status=200, **headers):
        return self.bytes(json.dumps(data).encode(), status, "application/json", **headers)

    def bytes(self, body, status=200, kind="text/plain", **headers):
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda request: Response(body, status, spelled, content_type=kind)

    def error(self, status, message, **headers):
        return self.json({"errors": [{"message": message}]}, status, **headers)

    def expired(self):
        realm = 'Bearer realm="canvas-lms"'
        return self.error(401, "Invalid access token.", WWW_Authenticate=realm)

    def too_fast(self, **headers):
        return self.bytes(b"403 Forbidden (Rate Limit Exceeded)\n", 403, **headers)

    def hang_up(self):
        """The connection ends where the answer should begin."""

        def answer(request):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Response()

        return answer

    def page(self, records, following=None):
        link = {"Link": f'<{self.url}{following}>; rel="next"'} if following else {}
        return self.json(records, **link)

    def asked(self, path):
        return [request for request in self.requests if request.path == path]

    def _answer(self, request):
        request.get_data()
        with self._lock:
            self.requests.append(request)
            full = f"{request.path}?{request.query_string.decode()}"
            script = self._scripts.get((request.method, full))
            script = script or self._scripts.get((request.method, request.path))
            if not script:
                return self.error(404, "The specified resource does not exist.")(request)
            answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(request)


@pytest.fixture(scope="session")
def two_servers():
    with (
        HTTPServer("127.0.0.1", threaded=True) as one,
        HTTPServer("127.0.0.1", threaded=True) as other,
    ):
        yield one, other


@pytest.fixture
def canvas(two_servers):
    yield from scripted(two_servers[0])


@pytest.fixture
def elsewhere(two_servers):
    """A second host: a storage, or a trap."""
    yield from scripted(two_servers[1])


def scripted(server):
    server.clear()
    canvas = ScriptedCanvas(server)
    yield canvas
    for request in canvas.requests:
        request.close()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def http(canvas, elsewhere, time):
    http = Http(
        allow_private=[canvas.host, elsewhere.host],
        clock=time,
        sleep=time.sleep,
        jitter=lambda: 0.0,
    )
    yield http
    http.close()


@pytest.fixture
def client(canvas, http, time):
    return client_with(AccessToken("t0ken-1"), canvas, http, time)


@pytest.fixture
def as_client(canvas, http, time):
    """A client with another way to sign in."""
    return lambda auth: client_with(auth, canvas, http, time)


def client_with(auth, canvas, http, time):
    return CanvasClient(http, canvas.url, auth, sleep=time.sleep, clock=time, jitter=lambda: 0.0)


@pytest.fixture
def zipped():
    def make(files):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return packed.getvalue()

    return make

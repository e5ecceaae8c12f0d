"""What the tests of the Canvas client share."""

import io
import zipfile

import pytest
from pytest_httpserver import HTTPServer

from integration.canvas.auth import AccessToken
from integration.canvas.client import CanvasClient
from integration.http import Http
from tests.integration.canvas.scripted import ScriptedCanvas, Time


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

"""One sandbox for the tests that only ask; those that need another start it themselves."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.sandbox.ports import canvas_port, q_port
from tests.sandbox_process import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--students", "20", "--seed", "3") as started:
        yield started


@pytest.fixture
def connect():
    """A plain HTTP/1.1 connection to the server of a URL."""
    opened = []

    def to(url: str) -> HTTPConnection:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        opened.append(connection)
        return connection

    yield to
    for connection in opened:
        connection.close()


@pytest.fixture
def q(sandbox):
    port = q_port(sandbox.q)
    yield port
    port.control("DELETE", "faults")


@pytest.fixture
def canvas(sandbox):
    port = canvas_port(sandbox.canvas)
    yield port
    port.control("DELETE", "faults")

"""What the tests count as sent is what a server would take for a request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.gradesync.shell.recorder import Recorder, recorded
from tests.integration.conftest import sandbox, sandboxes  # noqa: F401  # fixtures

BODY = b'{"result":{}}'


@pytest.fixture
def between(sandbox) -> Iterator[tuple[tuple[str, int], Recorder]]:  # noqa: F811
    with recorded(sandbox) as (behind, recorder):
        parts = urlsplit(behind.q.url)
        yield (parts.hostname or "", parts.port or 0), recorder


def sent(address: tuple[str, int], body: bytes) -> bytes:
    """The answer to a PUT whose sender ends after this part of its body."""
    head = b"PUT /ims/oneroster/v1p1/results/R1 HTTP/1.1\r\nHost: q\r\nConnection: close\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(BODY)
    with socket.create_connection(address, timeout=60) as line:
        line.sendall(head + length + body)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize("part", [b"", BODY[:5]], ids=["no body", "half a body"])
def test_a_request_that_was_cut_off_in_its_body_was_not_sent(between, part):
    address, recorder = between
    assert sent(address, part) == b""
    assert recorder.sent == []
    assert sent(address, BODY).startswith(b"HTTP/1.1 4")
    assert [one.body for one in recorder.sent] == [BODY]

"""The HTTP server under the sandbox, with an application of a few lines on top."""

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from sandbox.server import Server

AT_ONCE = 32


def echo(environ, start_response):
    """What arrived, as JSON; at /together only when AT_ONCE requests are there."""
    if environ["PATH_INFO"] == "/together":
        environ["test.barrier"].wait(30)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length).decode()
    told = {"path": environ["PATH_INFO"], "uri": environ["REQUEST_URI"], "body": body}
    answer = json.dumps(told).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


@pytest.fixture
def server() -> Iterator[Server]:
    barrier = threading.Barrier(AT_ONCE)
    made = Server("q", 0)
    made.set_app(lambda environ, start: echo({**environ, "test.barrier": barrier}, start))
    made.serve()
    yield made
    made.shutdown()
    made.server_close()


def ask(server: Server, path: str, **more) -> dict:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(more.pop("method", "GET"), path, **more)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as plain:
        plain.sendall(request)
        plain.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: plain.recv(65536), b""))


def test_one_connection_carries_many_requests(server):
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    used = set()
    for _ in range(3):
        connection.request("GET", "/")
        connection.getresponse().read()
        used.add(connection.sock)
    connection.close()
    assert len(used) == 1
    assert None not in used


def test_thirty_two_requests_are_answered_at_once(server):
    threads = [threading.Thread(target=ask, args=(server, "/together")) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_a_chunked_body_arrives_whole(server):
    headers = {"Transfer-Encoding": "chunked"}
    pieces = iter([b"one ", b"two ", b"three"])
    answer = ask(server, "/", method="PUT", body=pieces, headers=headers, encode_chunked=True)
    assert answer["body"] == "one two three"


@pytest.mark.parametrize("body", [b"not a size\r\n", b"ff\r\ntoo short"])
def test_a_body_that_is_not_chunked_as_announced_is_refused(server, body):
    head = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(server, head + body).startswith(b"HTTP/1.1 400 ")


def test_a_slash_inside_an_id_stays_encoded_until_the_view(server):
    assert ask(server, "/users/a%2Fb%41?x=%27")["path"] == "/users/a%2FbA"


def test_the_request_line_is_kept_for_whoever_must_check_a_signature(server):
    assert ask(server, "/users/%41?filter=a%3D%27b%27")["uri"] == "/users/%41?filter=a%3D%27b%27"


def test_a_request_as_sent_to_a_proxy_is_understood(server):
    request = b"GET http://q.test/users?limit=1 HTTP/1.1\r\nHost: q.test\r\n\r\n"
    assert b'"uri": "/users?limit=1"' in raw(server, request)


def test_who_expects_to_be_asked_for_the_body_is_asked(server):
    request = b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"
    assert raw(server, request).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_a_head_request_is_answered_at_once(server):
    request = b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as plain:
        plain.sendall(request)
        assert plain.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_request_line_without_end_is_refused(server):
    assert raw(server, b"GET /" + b"x" * 70_000).startswith(b"HTTP/1.1 414 ")

"""What leaves through the door and what comes back: spelling, signing, uploads, secrets, pace."""

import gzip
import io
import logging
import socket
import threading
import traceback

import pytest

from integration.http import Http, HttpError, NotJson, Response
from tests.integration.servers import (
    Answer,
    Clock,
    FaultServer,
    answer,
    chunked,
    json_answer,
    raw,
    script,
)

CANARY = "c4nary-s3cret"


def door(server: FaultServer, **how) -> Http:
    return Http(allow_private=[server.host_port], **how)


def got(server: FaultServer, method: str = "GET", path: str = "/", http=None, **how) -> Response:
    own = http or door(server)
    try:
        return own.request(method, server.url + path, **how)
    finally:
        own.close()


def test_parameters_arrive_exactly_as_they_were_signed():
    signed = []

    def sign(method, url, headers, body):
        signed.append((method, url, body))
        return {"Authorization": "OAuth x"}

    with FaultServer(script(answer())) as server:
        got(
            server,
            path="/us%c3%a9rs/a b?x=[1]".replace(" ", "%20"),
            params=[("f", "a='b c'")],
            sign=sign,
        )
    assert signed == [("GET", server.url + server.received[0].target, None)]
    assert server.received[0].target == "/us%C3%A9rs/a%20b?x=%5B1%5D&f=a%3D%27b%20c%27"
    assert server.received[0].headers["authorization"] == "OAuth x"


def test_each_attempt_is_signed_anew():
    nonces = iter("12")
    with FaultServer(script(answer(503), answer())) as server:
        http = door(server, sleep=lambda _: None)
        got(server, http=http, sign=lambda *_: {"Authorization": next(nonces)})
    assert [request.headers["authorization"] for request in server.received] == ["1", "2"]


def test_a_form_is_signed_and_sent_as_the_same_bytes():
    bodies = []

    def sign(method, url, headers, body):
        bodies.append((headers["Content-Type"], body))
        return {}

    with FaultServer(script(answer())) as server:
        got(server, "POST", form={"grant_type": "client_credentials", "scope": "a b"}, sign=sign)
    assert bodies == [("application/x-www-form-urlencoded", server.received[0].body)]
    assert server.received[0].body == b"grant_type=client_credentials&scope=a%20b"


def test_a_file_is_uploaded_whole_and_again_from_its_beginning_after_a_failure():
    content = bytes(range(256)) * 12_000
    with (
        FaultServer(script(answer(503), answer(200))) as server,
        io.BytesIO(b"??" + content) as file,
    ):
        file.seek(2)
        files = {"attachment": ('a"b.zip', file, "application/zip")}
        http = door(server, sleep=lambda _: None)
        got(server, "PUT", http=http, files=files, form={"import_type": "instructure_csv"})
    first, second = (request.body for request in server.received)
    assert first == second
    assert content in first
    assert b'name="import_type"\r\n\r\ninstructure_csv\r\n' in first
    assert b'filename="a%22b.zip"\r\nContent-Type: application/zip\r\n' in first


def test_a_post_without_a_body_says_that_it_has_none():
    with FaultServer(script(answer())) as server:
        got(server, "POST")
    assert server.received[0].headers["content-length"] == "0"


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_comes_out_unpacked(packing):
    packed = answer(200, gzip.compress(b'{"a":1}'), {"Content-Encoding": packing})
    with FaultServer(script(packed)) as server:
        assert got(server).json() == {"a": 1}
    assert server.received[0].headers["accept-encoding"] == "gzip"


def test_a_body_packed_in_two_members_comes_out_whole():
    packed = gzip.compress(b"[1,") + gzip.compress(b"2]")
    with FaultServer(script(answer(200, packed, {"Content-Encoding": "gzip"}))) as server:
        assert got(server).json() == [1, 2]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_chunked_body_comes_out_whole(size):
    body = b"0123456789" * (1 if size == 1 else 20_000)
    with FaultServer(script(Answer([chunked(body, size)]))) as server:
        assert got(server).body == body


def test_headers_are_found_in_any_case_and_several_are_joined():
    message = (
        b"HTTP/1.1 200 OK\r\nLink: <a>; rel=x\r\nlink: <b>; rel=y\r\nContent-Length: 0\r\n\r\n"
    )
    with FaultServer(script(Answer([message]))) as server:
        headers = got(server).headers
    assert headers["LINK"] == "<a>; rel=x, <b>; rel=y"
    assert "link" in headers and "nothing" not in headers and len(headers) == 2


def test_one_thread_keeps_its_connection_and_each_thread_has_its_own():
    with FaultServer(script(json_answer({}))) as server:
        http = door(server)
        for _ in range(3):
            http.request("GET", server.url)
        thread = threading.Thread(target=http.request, args=("GET", server.url))
        thread.start()
        thread.join()
        http.close()
    assert [request.connection for request in server.received] == [1, 1, 1, 2]


def test_a_post_after_a_rest_gets_a_fresh_connection_because_it_cannot_be_repeated():
    clock = Clock()
    with FaultServer(script(answer())) as server:
        http = door(server, clock=clock, sleep=clock.sleep)
        http.request("POST", server.url)
        http.request("POST", server.url)
        clock.now += 3
        http.request("POST", server.url)
        http.close()
    assert [request.connection for request in server.received] == [1, 1, 2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_handed_back_and_never_followed(status):
    with FaultServer(script(answer())) as trap:
        moved = answer(status, headers={"Location": trap.url + "/steal"})
        with FaultServer(script(moved)) as server:
            response = got(server, headers={"Authorization": f"Bearer {CANARY}"})
    assert (response.status, response.headers["Location"]) == (status, trap.url + "/steal")
    assert trap.connections == 0


def test_the_surroundings_of_the_process_are_ignored(monkeypatch, tmp_path):
    with FaultServer(script(answer())) as trap, FaultServer(script(answer())) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, trap.url)
        (tmp_path / ".netrc").write_text(f"default login rosa password {CANARY}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("no_proxy", "")
        assert got(server).status == 200
    assert trap.connections == 0
    assert "authorization" not in server.received[0].headers


def test_cookies_are_neither_kept_nor_sent():
    with FaultServer(script(answer(headers={"Set-Cookie": "a=b; Path=/"}))) as server:
        http = door(server)
        http.request("GET", server.url)
        http.request("GET", server.url)
        http.close()
    assert ["cookie" in request.headers for request in server.received] == [False, False]


@pytest.mark.parametrize("value", [f"Bearer {CANARY}\r\nX: y", f"{CANARY}\n", f"{CANARY} ✓"])
def test_a_header_that_would_split_the_request_is_refused_without_repeating_it(value):
    with FaultServer(script(answer())) as server, pytest.raises(HttpError) as refused:
        got(server, headers={"Authorization": value})
    assert refused.value.code == "http.header-refused"
    assert CANARY not in "".join(traceback.format_exception(refused.value))
    assert server.received == []


def echo(request):
    """A server that shows the caller its own secrets, as some do in their error pages."""
    return answer(500, f"<h1>{request.headers['authorization']}</h1>".encode())


def test_a_secret_that_the_server_echoes_is_neither_logged_nor_shown(caplog):
    caplog.set_level(logging.DEBUG)
    with FaultServer(echo) as server:
        how = {"headers": {"Authorization": CANARY}, "params": [("token", CANARY)]}
        response = got(server, http=door(server, sleep=lambda _: None), **how)
    with pytest.raises(NotJson) as error:
        response.json()
    shown = f"{response!r} {response.headers!r} {caplog.text} {error.value!r}"
    assert CANARY in response.body.decode()
    assert CANARY not in shown + "".join(traceback.format_exception(error.value))


def test_a_failing_request_with_secrets_leaves_none_in_the_error(caplog):
    caplog.set_level(logging.DEBUG)
    with FaultServer(script(Answer([b"HTTP/1.1 200 OK\r\nCont"], closes=True))) as server:
        http = door(server, sleep=lambda _: None)
        with pytest.raises(HttpError) as error:
            got(server, http=http, path=f"/?t={CANARY}", headers={"Authorization": CANARY})
    assert CANARY not in caplog.text + "".join(traceback.format_exception(error.value))


def test_the_log_says_what_was_asked_and_how_it_went(caplog):
    caplog.set_level(logging.INFO, logger="integration.http")
    with FaultServer(script(answer(503), answer(204))) as server:
        got(server, path="/users?filter=x", http=door(server, sleep=lambda _: None))
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(" ms=")[0] for line in lines] == [
        "GET 127.0.0.1/users 503",
        "GET 127.0.0.1/users 204",
    ]
    assert [line.rpartition(" ")[2] for line in lines] == ["attempt=1", "attempt=2"]


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', "application/json", {"a": 1}),
        ('{"a":"é"}'.encode("latin-1"), "application/json; charset=ISO-8859-1", {"a": "é"}),
        (b'{"a":1}', "text/html; charset=nonsense", {"a": 1}),
        (b'{"a":1}', "", {"a": 1}),
    ],
)
def test_json_is_read_however_it_is_labelled(body, kind, value):
    with FaultServer(script(answer(200, body, {"Content-Type": kind}))) as server:
        assert got(server).json() == value


@pytest.mark.parametrize(
    ("body", "seems_cut"),
    [
        (b"<html>", False),
        (b"", False),
        (b'{"a":', True),
        (b'[{"a":1}', True),
        (b"NaN", False),
        (b'{"a":"\xff"}', True),
        (b"[" * 10_000 + b"]" * 10_000, False),
    ],
)
def test_what_is_not_json_is_named_by_kind_and_size_only(body, seems_cut):
    page = answer(200, body, {"Content-Type": "text/html; charset=utf-8"})
    with FaultServer(script(page)) as server, pytest.raises(NotJson) as error:
        got(server).json()
    assert error.value.retryable is seems_cut
    assert f"(status 200, text/html, {len(body)} bytes)" in str(error.value)


def test_a_file_is_downloaded_unpacked_and_the_body_stays_empty(tmp_path):
    content = b"user_id,login_id\n" * 500_000
    packed = answer(200, gzip.compress(content), {"Content-Encoding": "gzip"})
    with FaultServer(script(packed)) as server, (tmp_path / "report.csv").open("w+b") as file:
        http = door(server)
        response = http.download(server.url, file, max_bytes=len(content))
        http.close()
        file.seek(0)
        assert (response.body, file.read()) == (b"", content)


def test_a_download_cut_and_tried_again_leaves_one_whole_file():
    whole = raw(200, b"0123456789")
    answers = script(Answer([whole[:-4]], closes=True), Answer([whole]))
    file = io.BytesIO(b"header\n")
    file.seek(7)
    with FaultServer(answers) as server:
        http = door(server, sleep=lambda _: None)
        http.download(server.url, file, max_bytes=10)
        http.close()
    assert file.getvalue() == b"header\n0123456789"


def test_a_refused_download_leaves_the_file_alone_and_says_why():
    file = io.BytesIO(b"before")
    with FaultServer(script(json_answer({"error": "gone"}, 404))) as server:
        http = door(server)
        response = http.download(server.url, file, max_bytes=5)
        http.close()
    assert (response.status, response.json(), file.getvalue()) == (
        404,
        {"error": "gone"},
        b"before",
    )


def test_a_full_disk_is_reported_as_such_and_not_tried_again():
    class FullDisk(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    with FaultServer(script(answer(200, b"x"))) as server:
        http = door(server)
        with pytest.raises(OSError, match="No space left"):
            http.download(server.url, FullDisk(), max_bytes=5)
        http.close()
    assert len(server.received) == 1


def test_the_name_travels_as_host_while_the_address_is_the_pinned_one():
    asked = []

    def resolve(host, port, *_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with FaultServer(script(answer())) as server:
        http = Http(allow_private=[f"q.example:{server.port}"], resolve=resolve)
        for _ in range(3):
            http.request("GET", f"http://q.example:{server.port}/")
        http.close()
    assert asked == ["q.example"]
    assert server.received[0].headers["host"] == f"q.example:{server.port}"


def test_an_address_that_does_not_answer_gives_way_to_the_next_one():
    with socket.socket() as unheard, FaultServer(script(answer())) as server:
        unheard.bind(("127.0.0.1", 0))
        places = [unheard.getsockname(), ("127.0.0.1", server.port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        http = Http(allow_private=["q.example:80"], resolve=lambda *_: found)
        assert http.request("GET", "http://q.example/").status == 200
        http.close()


def test_threads_together_keep_to_the_requests_per_second():
    clock = Clock()
    with FaultServer(script(answer())) as server:
        http = door(server, requests_per_second=10, clock=lambda: 0.0, sleep=clock.sleep)
        threads = [
            threading.Thread(target=lambda: [http.request("GET", server.url) for _ in range(5)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        http.close()
    assert sorted(clock.slept) == pytest.approx([turn / 10 for turn in range(1, 20)])

"""Servers that cut, drip, flood, refuse and fail, on real sockets (F2, F25, F26, F30, F31, S75)."""

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest

from integration.http import (
    AddressRefused,
    BodyCut,
    CircuitOpen,
    ConnectFailed,
    HeaderRefused,
    Http,
    HttpError,
    NotJson,
    TimedOut,
    Timeouts,
    TooLarge,
)
from integration.http.addresses import Target
from integration.http.sockets import Deadline, Dialer
from tests.integration.servers import (
    Answer,
    Clock,
    FaultServer,
    answer,
    chunked,
    cut,
    json_answer,
    raw,
    script,
)

PAGE = b'{"users":[{"sourcedId":"a1","givenName":"Sam"},{"sourcedId":"a2"}]}'
JSON = {"Content-Type": "application/json"}
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

FRAMINGS = {
    "with a length": raw(200, PAGE, JSON),
    "in chunks": chunked(PAGE, 16, "Content-Type: application/json\r\n"),
    "up to the end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + PAGE,
    "packed": raw(200, gzip.compress(PAGE), JSON | {"Content-Encoding": "gzip"}),
    "packed up to the end": b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    + gzip.compress(PAGE),
}


def door(server: FaultServer, clock: Clock | None = None, **how) -> Http:
    own = clock or Clock()
    usual = {"clock": own, "sleep": own.sleep, "jitter": lambda: 1.0, "now": lambda: NOW}
    return Http(allow_private=[server.host_port], **(usual | how))


@pytest.fixture
def ask():
    """Ask a server once through a door of its own; the door is closed afterwards."""
    doors = []

    def asking(server: FaultServer, method: str = "GET", clock=None, **how):
        http = door(server, clock)
        doors.append(http)
        return http.request(method, server.url, **how)

    yield asking
    for http in doors:
        http.close()


@pytest.mark.fault("F2")
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_page_cut_anywhere_is_asked_for_again_and_never_half_believed(framing):
    message = FRAMINGS[framing]
    # A last chunk is complete once its zero has come; what follows carries nothing.
    last = len(message) - (5 if framing == "in chunks" else 0)
    cuts = iter(range(last))

    def every_cut(_):
        return cut(message, at) if flip() and (at := next(cuts, None)) is not None else whole

    whole = Answer([message], closes=True)
    turns = itertools.cycle([True, False])
    flip = turns.__next__
    with FaultServer(every_cut) as server:
        for _ in range(last):
            http = door(server)
            assert http.request("GET", server.url).body == PAGE
            http.close()
    assert len(server.received) == 2 * last


@pytest.mark.parametrize("body", [b"", b"plain words"])
def test_a_body_without_length_that_is_not_json_is_taken_as_it_is(body, ask):
    message = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body
    with FaultServer(script(Answer([message], closes=True))) as server:
        assert ask(server).body == body


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]),
        ("br", b"x"),
        ("deflate", b""),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_a_transport_error(encoding, body, ask):
    broken = answer(200, body, {"Content-Encoding": encoding})
    with FaultServer(script(broken, answer(200, b"ok"))) as server:
        if body:
            assert ask(server).body == b"ok"
        else:
            assert ask(server).body == b""


@pytest.mark.parametrize(
    "body",
    [b'{"name": "Sa\tm"}', b'{"name": "Zo\xeb\t"}', b'{"gpa": NaN}', b'\xef\xbb\xbf{"a": "\x01"}'],
)
def test_json_without_length_that_ends_is_whole_whatever_else_is_wrong_with_it(body, ask):
    message = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body
    with FaultServer(script(Answer([message], closes=True))) as server:
        assert ask(server).body == body


@pytest.mark.fault("F2")
@pytest.mark.parametrize(
    "body", [b'{"name": "Sa\tm', b'{"name": "Sa\tm"', b'{"gpa": Na', b'{"a": "\x01"']
)
def test_json_without_length_that_does_not_end_is_cut_whatever_else_is_wrong_with_it(body, ask):
    message = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body
    whole = answer(200, b"{}")
    with FaultServer(script(Answer([message], closes=True), whole)) as server:
        assert ask(server).body == b"{}"


@pytest.mark.fault("F26")
def test_json_nested_beyond_reason_and_without_length_is_left_to_its_reader(ask):
    deep = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"[" * 10_000
    endless = script(Answer([deep], closes=True))
    with FaultServer(endless) as server, pytest.raises(NotJson, match="nested too deeply"):
        ask(server).json()
    assert len(server.received) == 1


def test_a_put_answered_without_length_or_body_is_done(ask):
    bare = Answer([b"HTTP/1.0 201 Created\r\nContent-Type: application/json\r\n\r\n"], closes=True)
    with FaultServer(script(bare)) as server:
        assert ask(server, "PUT", body=b"{}").status == 201


def test_a_header_that_cannot_be_sent_says_nothing_about_the_server():
    with FaultServer(script(answer(503))) as server:
        http = door(server)
        for _ in range(9):
            http.request("GET", server.url, retry=False)
        with pytest.raises(HeaderRefused):
            http.request("GET", server.url, sign=lambda *_: {"Authorization": "a\nb"})
        http.request("GET", server.url, retry=False)
        with pytest.raises(CircuitOpen):
            http.request("GET", server.url)
        http.close()


def test_zlib_is_unpacked_as_deflate(ask):
    packed = answer(200, zlib.compress(PAGE), {"Content-Encoding": "deflate"})
    with FaultServer(script(packed)) as server:
        assert ask(server).body == PAGE


def drip(message: bytes) -> Answer:
    pieces = (bytes([byte]) for byte in message)
    endless = itertools.chain(pieces, itertools.repeat(b"x"))
    return Answer(endless, closes=True, gate=lambda: time.sleep(0.002))


@pytest.mark.fault("F25")
@pytest.mark.parametrize(
    "message",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 2",
    ],
)
def test_a_server_that_drips_is_left_when_the_deadline_passes(message):
    ticks = itertools.count()  # each look at the clock is a second later
    with FaultServer(lambda _: drip(message)) as server:
        http = Http(allow_private=[server.host_port], clock=ticks.__next__, max_bytes=2**30)
        with pytest.raises(TimedOut) as late:
            http.request("GET", server.url, retry=False)
        http.close()
    assert late.value.sent


def test_a_server_that_says_nothing_is_left_after_the_read_timeout():
    done = threading.Event()
    silent = Answer([b"", b"late"], closes=True, gate=done.wait)
    with FaultServer(lambda _: silent) as server:
        http = door(server, timeouts=Timeouts(read=0.05))
        with pytest.raises(TimedOut) as late:
            http.request("POST", server.url, body=b"x")
        http.close()
        done.set()
    assert (late.value.sent, len(server.received)) == (True, 1)


def test_an_upload_that_nobody_reads_ends_with_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        place = f"127.0.0.1:{deaf.getsockname()[1]}"
        http = Http(allow_private=[place], timeouts=Timeouts(read=30.0, total=0.2))
        with pytest.raises(TimedOut):
            http.request("POST", f"http://{place}/", body=b"x" * 2**25)
        http.close()


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


FLOODS = {
    "a bomb": answer(200, bomb(2**28), {"Content-Encoding": "gzip"}),
    "an announcement": Answer(
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n"], closes=True
    ),
    "endless chunks": Answer(
        itertools.chain(
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
            itertools.repeat(b"10000\r\n" + bytes(2**16) + b"\r\n"),
        ),
    ),
    "no end": Answer(itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(bytes(2**16)))),
}


@pytest.mark.fault("F26")
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_at_the_cap_without_holding_it(flood, ask):
    with FaultServer(lambda _: FLOODS[flood]) as server:
        tracemalloc.start()
        with pytest.raises(TooLarge) as refused:
            ask(server, max_bytes=2**20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 * 2**20
    assert not refused.value.retryable
    assert len(server.received) == 1


def test_a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not(ask):
    for body, encoding in ((b"x" * 1000, ""), (gzip.compress(b"x" * 1000), "gzip")):
        full = answer(200, body, {"Content-Encoding": encoding})
        with FaultServer(script(full)) as server:
            assert len(ask(server, max_bytes=1000).body) == 1000
            with pytest.raises(TooLarge):
                ask(server, max_bytes=999)


@pytest.mark.fault("F30")
@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("7", [7.0]),
        ("Tue, 24 Nov 2026 02:00:30 GMT", [30.0]),
        ("1000000000", [3600.0]),
        ("-1", [1.0]),
        ("0", [1.0]),
        ("soon", [1.0]),
        (None, [1.0]),
    ],
)
def test_a_429_is_waited_out_exactly_as_long_as_asked(retry_after, waits, ask):
    clock = Clock()
    headers = {"Retry-After": retry_after} if retry_after else {}
    with FaultServer(script(answer(429, headers=headers), answer(200))) as server:
        assert ask(server, clock=clock).status == 200
    assert clock.slept == waits


def test_an_outage_is_met_with_five_attempts_and_the_last_answer_is_returned(ask):
    clock = Clock()
    with FaultServer(script(answer(503, b"down"))) as server:
        response = ask(server, clock=clock)
    assert (response.status, response.body, len(server.received)) == (503, b"down", 5)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("method", "retry", "attempts"),
    [
        ("GET", None, 2),
        ("HEAD", None, 2),
        ("PUT", None, 2),
        ("DELETE", None, 2),
        ("POST", None, 1),
        ("PATCH", None, 1),
        ("POST", True, 2),
        ("GET", False, 1),
    ],
)
def test_only_what_may_be_done_twice_is_sent_twice(method, retry, attempts, ask):
    with FaultServer(script(answer(503), answer(200))) as server:
        ask(server, method, retry=retry)
    assert len(server.received) == attempts


def test_a_post_whose_answer_is_lost_may_have_been_carried_out(ask):
    hangs_up = script(Answer([b""], closes=True))
    with FaultServer(hangs_up) as server, pytest.raises(BodyCut) as lost:
        ask(server, "POST")
    assert lost.value.sent
    assert len(server.received) == 1


def test_a_server_that_says_too_fast_in_other_words_is_recognised(ask):
    clock = Clock()
    busy = answer(403, b"403 Forbidden (Rate Limit Exceeded)")
    with FaultServer(script(busy, answer(200))) as server:
        response = ask(server, clock=clock, is_throttled=lambda r: b"Rate Limit" in r.body)
    assert (response.status, clock.slept) == (200, [1.0])


def test_when_one_request_is_told_to_wait_the_others_wait_with_it():
    clock, held = Clock(), []

    def sleep(seconds: float) -> None:
        clock.sleep(0)
        held.append(seconds)
        if len(held) == 1:
            threading.Thread(target=other).start()
            finished.wait()

    def other() -> None:
        http.request("GET", server.url + "/other")
        finished.set()

    finished = threading.Event()
    with FaultServer(script(answer(429, headers={"Retry-After": "9"}), answer())) as server:
        http = door(server, clock, sleep=sleep)
        http.request("GET", server.url)
        http.close()
    assert held == [9.0, 9.0]


def test_a_wait_longer_than_we_can_afford_is_left_to_the_caller():
    clock = Clock()
    with FaultServer(script(answer(429, headers={"Retry-After": "61"}))) as server:
        http = door(server, clock, longest_wait=60)
        response = http.request("GET", server.url)
        http.close()
    assert (response.status, response.headers["Retry-After"], clock.slept) == (429, "61", [])


def test_a_long_outage_costs_a_tenth_more_requests_and_no_storm():
    with FaultServer(script(answer(500))) as server:
        http = door(server)
        for _ in range(200):
            http.request("GET", server.url)
        http.close()
    assert 220 <= len(server.received) <= 230


def test_nobody_there_is_tried_again_and_then_said_without_a_reason():
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        place, clock = f"127.0.0.1:{unheard.getsockname()[1]}", Clock()
        http = Http(allow_private=[place], clock=clock, sleep=clock.sleep, jitter=lambda: 1.0)
        with pytest.raises(
            ConnectFailed, match=r"^The server 127\.0\.0\.1 could not be reached\.$"
        ):
            http.request("GET", f"http://{place}/")
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("failure", [answer(503), Answer([b"HTTP"], closes=True)])
def test_ten_failures_in_a_row_close_the_door_to_that_server_only(failure):
    with FaultServer(script(failure)) as server, FaultServer(script(answer())) as healthy:
        clock = Clock()
        places = [server.host_port, healthy.host_port]
        http = Http(allow_private=places, clock=clock, sleep=clock.sleep, jitter=lambda: 0.0)
        for _ in range(2):
            with_any_outcome(http, server.url)
        with pytest.raises(CircuitOpen) as paused:
            http.request("GET", server.url)
        assert http.request("GET", healthy.url).status == 200
        http.close()
    assert (len(server.received), paused.value.retry_after) == (10, 60.0)


def with_any_outcome(http: Http, url: str) -> None:
    try:
        http.request("GET", url)
    except HttpError as error:
        assert isinstance(error, BodyCut)


def test_a_record_that_always_ends_in_500_does_not_close_the_door():
    with FaultServer(script(answer(500))) as server:
        http = door(server)
        statuses = {http.request("PUT", server.url, retry=False).status for _ in range(60)}
        http.close()
    assert statuses == {500}


@pytest.mark.fault("F31")
def test_twenty_districts_probe_a_dead_host_once_a_minute_each_and_all_come_back():
    clock, is_up = Clock(0.0), threading.Event()
    tenants = []

    def round_of_requests() -> int:
        clock.now += 30
        return sum(reached(http, server.url) for http in tenants)

    with FaultServer(lambda _: answer(200 if is_up.is_set() else 503)) as server:
        tenants += [door(server, clock) for _ in range(20)]
        for _ in range(120):  # an hour
            round_of_requests()
        assert len(server.received) <= 20 * (10 + 60)
        is_up.set()
        recovered = [round_of_requests() for _ in range(4)]
        for http in tenants:
            http.close()
    assert recovered[-1] == 20


def reached(http: Http, url: str) -> bool:
    try:
        return http.request("GET", url, retry=False).status == 200
    except CircuitOpen:
        return False


class Loopback(Dialer):
    """Pretends that a port of this machine is one of the public internet."""

    def addresses(self, target):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", target.port))]


def dial(dialer_class, resolve, port: int) -> tuple[HttpError, float]:
    clock = Clock()
    dialer = dialer_class(allow_private=[], resolve=resolve, clock=clock, sleep=clock.sleep)
    deadline = Deadline(clock)
    deadline.start(Timeouts())
    with pytest.raises(HttpError) as refused:
        dialer.dial(Target("https", "q.example", port, "/", is_listed=False), deadline)
    return refused.value, sum(clock.slept)


def unknown(*_):
    raise socket.gaierror("no such name")


def private(_host, port, *_):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]


def test_closed_private_and_unknown_are_told_in_the_same_words_after_the_same_time():
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        outcomes = [
            dial(Loopback, None, port),
            dial(Dialer, private, 443),
            dial(Dialer, unknown, 443),
        ]
    assert [type(error) for error, _ in outcomes] == [ConnectFailed, AddressRefused, ConnectFailed]
    assert len({str(error.as_dict()) for error, _ in outcomes}) == 1
    assert [waited for _, waited in outcomes] == pytest.approx([3.05] * 3)


def test_a_body_of_json_survives_when_the_server_pauses_in_it(ask):
    message = raw(200, PAGE, JSON)
    paused = Answer([message[:60], message[60:]], gate=lambda: time.sleep(0.01))
    with FaultServer(script(paused)) as server:
        assert ask(server).body == PAGE


def test_a_closed_door_opens_again_when_asked(ask):
    with FaultServer(script(json_answer([]))) as server:
        http = door(server)
        http.request("GET", server.url)
        http.close()
        assert http.request("GET", server.url).json() == []
        http.close()
    assert server.connections == 2

"""Certificates over real TLS sockets: whom we believe, and what an admin is told (F27)."""

import itertools
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from integration.http import ConnectFailed, Http, HttpError, TimedOut, Timeouts, TlsFailed
from integration.http.sockets import tls_context
from tests.integration.servers import Answer, FaultServer, answer, json_answer, script

NAME = "q.example"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def secured(authority: trustme.CA, *names: str, **how) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **how).configure_cert(context)
    return context


def door(server: FaultServer, bundle: str | None, name: str = NAME, **how) -> Http:
    def resolve(_host, port, *_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    place = f"{name}:{server.port}"
    return Http(
        allow_private=[place], ca_bundle=bundle, resolve=resolve, sleep=lambda _: None, **how
    )


def ask(server: FaultServer, bundle: str | None, name: str = NAME, method: str = "GET", **how):
    http = door(server, bundle, name, **how)
    try:
        return http.request(method, f"https://{name}:{server.port}/")
    finally:
        http.close()


def test_a_districts_own_authority_is_believed_beside_the_systems(authority, bundle):
    with FaultServer(script(json_answer({"a": 1})), tls=secured(authority, NAME)) as server:
        assert ask(server, bundle).json() == {"a": 1}
    context = tls_context(bundle)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_when_a_certificate_ends_is_known_once_it_was_seen(authority, bundle):
    ends = datetime.now(UTC).replace(microsecond=0) + 20 * DAY
    with FaultServer(script(answer()), tls=secured(authority, NAME, not_after=ends)) as server:
        http = door(server, bundle)
        url = f"https://{NAME}:{server.port}/"
        assert http.certificate_ends(url) is None
        http.request("GET", url)
        assert http.certificate_ends(f"{url}orgs") == ends
        http.close()


def test_the_name_and_not_the_pinned_address_is_asked_for(authority, bundle):
    asked = []
    tls = secured(authority, NAME)
    tls.sni_callback = lambda _sock, name, _context: asked.append(name)
    with FaultServer(script(answer()), tls=tls) as server:
        ask(server, bundle)
    assert asked == [NAME]


@pytest.mark.fault("F27")
@pytest.mark.parametrize(
    ("names", "how", "fault"),
    [
        (["other.example"], {}, "is for another name"),
        (["127.0.0.1"], {}, "is for another name"),
        (["*.q.example"], {}, "is for another name"),
        (
            [NAME],
            {"not_before": datetime.now(UTC) - 9 * DAY, "not_after": datetime.now(UTC) - DAY},
            "has expired",
        ),
        ([NAME], {"not_before": datetime.now(UTC) + DAY}, "is not valid yet"),
    ],
)
def test_a_wrong_certificate_is_refused_and_the_reason_named(authority, bundle, names, how, fault):
    tls = secured(authority, *names, **how)
    with FaultServer(script(answer()), tls=tls) as server, pytest.raises(TlsFailed) as refused:
        ask(server, bundle)
    assert str(refused.value) == f"The certificate of {NAME} {fault}."
    assert (server.received, server.connections) == ([], 1)


def test_an_unknown_authority_is_refused_and_the_way_out_named(authority):
    tls = secured(authority, NAME)
    with FaultServer(script(answer()), tls=tls) as server, pytest.raises(TlsFailed) as refused:
        ask(server, None)
    assert "authority that we do not know" in str(refused.value)
    assert "whoever operates Q Sync can let it be trusted" in refused.value.remedy
    assert server.received == []


def test_another_authority_of_the_same_words_is_not_believed(authority, bundle):
    tls = secured(trustme.CA(), NAME)
    with FaultServer(script(answer()), tls=tls) as server, pytest.raises(TlsFailed):
        ask(server, bundle)


def test_a_name_ending_in_an_address_must_be_in_the_certificate_as_one(authority, bundle):
    with FaultServer(script(answer()), tls=secured(authority, "127.0.0.1")) as server:
        assert ask(server, bundle, "127.0.0.1").status == 200


def test_a_machine_without_authorities_uses_the_packaged_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert ssl.create_default_context().cert_store_stats()["x509_ca"] == 0
    assert tls_context(None).cert_store_stats()["x509_ca"] > 50


def test_an_old_protocol_is_not_spoken(authority, bundle):
    tls = secured(authority, NAME)
    with pytest.warns(DeprecationWarning):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with FaultServer(script(answer()), tls=tls) as server, pytest.raises(HttpError) as refused:
        ask(server, bundle)
    assert isinstance(refused.value, TlsFailed | ConnectFailed)
    assert server.received == []


def test_a_server_without_tls_on_the_port_is_refused(bundle):
    plain = FaultServer(script(), greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with plain as server, pytest.raises(HttpError) as refused:
        ask(server, bundle)
    assert refused.value.code in {"http.certificate-refused", "http.unreachable"}


def test_a_handshake_that_never_ends_is_left_and_nothing_was_sent(bundle):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        http = Http(
            allow_private=[f"127.0.0.1:{port}"], ca_bundle=bundle, timeouts=Timeouts(read=0.05)
        )
        with pytest.raises(TimedOut) as late:
            http.request("POST", f"https://127.0.0.1:{port}/")
        http.close()
    assert not late.value.sent


def test_large_bodies_come_whole_in_both_directions(authority, bundle):
    body = bytes(range(256)) * 20_000
    with FaultServer(
        lambda request: answer(200, request.body), tls=secured(authority, NAME)
    ) as server:
        http = door(server, bundle)
        assert http.request("PUT", f"https://{NAME}:{server.port}/", body=body).body == body
        http.close()


def test_a_server_that_drips_over_tls_is_left_when_the_deadline_passes(authority, bundle):
    ticks = itertools.count()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

    def dripping(_):
        return Answer(iter([head, *[b"x"] * 1000]), closes=True)

    with FaultServer(dripping, tls=secured(authority, NAME)) as server:
        http = door(server, bundle, clock=lambda: float(next(ticks)))
        with pytest.raises(TimedOut):
            http.request("GET", f"https://{NAME}:{server.port}/", retry=False)
        http.close()

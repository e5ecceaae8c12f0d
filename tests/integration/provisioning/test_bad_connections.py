"""A connection that cannot work: said once, with what is wrong, where, and what to do."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import trustme

from tests.integration.provisioning.records import small_district
from tests.integration.servers import FaultServer, answer

pytestmark = pytest.mark.one_database

PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in."


@pytest.fixture
def web_page() -> Iterator[str]:
    """A server that answers everything with 200 and an HTML page."""
    with FaultServer(lambda _: answer(body=PAGE, headers={"Content-Type": "text/html"})) as server:
        yield server.url.rstrip("/")


@pytest.fixture
def stranger() -> Iterator[str]:
    """An https server whose certificate nobody vouches for."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with FaultServer(lambda _: answer(body=PAGE), tls=tls) as server:
        yield f"https://127.0.0.1:{server.port}"


def failure(provision, code: str) -> str:
    """The message of the run that failed with this code."""
    exit_code, answered = provision()
    assert (exit_code, answered["error"]["code"]) == (1, code), answered["error"]
    assert answered["error"]["remedy"]
    assert answered.get("sent", {}) == {}
    return str(answered["error"]["message"])


def allow(settings, url: str) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES.append(urlsplit(url).netloc)


def test_a_wrong_secret_is_said(q_holds, connect, provision):
    q_holds(small_district())
    connect(q_secret="wrong")
    assert "wrong" not in failure(provision, "oneroster.credentials-rejected")


def test_a_wrong_key_is_said(q_holds, connect, provision):
    q_holds(small_district())
    connect(q_key="nobody")
    failure(provision, "oneroster.credentials-rejected")


def test_a_wrong_canvas_token_is_said(q_holds, connect, provision):
    q_holds(small_district())
    connect(canvas_token="planted-secret")
    assert "planted-secret" not in failure(provision, "canvas.token-rejected")


def test_a_wrong_path_of_q_is_said(q_holds, connect, provision, sandbox):
    q_holds(small_district())
    connect(q_url=f"{sandbox.q.url}/nowhere")
    assert "orgs" in failure(provision, "oneroster.not-offered")


def test_html_where_q_was_expected_is_said_without_the_page(
    connect, provision, web_page, settings, q_holds
):
    q_holds(small_district())
    allow(settings, web_page)
    connect(q_url=web_page)
    message = failure(provision, "oneroster.protocol")
    assert "JSON" in message
    assert "sign in" not in message


def test_html_where_canvas_was_expected_is_said(connect, provision, web_page, settings):
    allow(settings, web_page)
    connect(canvas_url=web_page)
    failure(provision, "canvas.protocol")


@pytest.mark.fault("F27")
@pytest.mark.parametrize("option", ["q_url", "canvas_url"])
def test_a_certificate_that_does_not_fit_is_said(option, connect, provision, stranger, settings):
    allow(settings, stranger)
    connect(**{option: stranger})
    assert "certificate" in failure(provision, "http.certificate-refused").lower()


def test_a_server_that_is_not_there_is_said(connect, provision, settings):
    allow(settings, "http://127.0.0.1:9")
    connect(canvas_url="http://127.0.0.1:9")
    failure(provision, "http.unreachable")

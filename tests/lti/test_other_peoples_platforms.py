"""Launches by two LTI platforms that are not ours, from PyPI: somebody else's reading of LTI 1.3.

`lti-provider-mock` is a server; `lti1p3platform` is a library, so its few lines of HTTP are here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration

from integration.models import District, Installation
from lti import services
from lti.models import Deployment
from lti.models import Platform as PlatformRow
from tests.integration.servers import Answer, FaultServer, Received, answer, json_answer
from tests.lti import people
from tests.lti.browser import Browser, Page
from tests.lti.platform import LTI, Key

LAUNCH = "/lti/launch/"


def claimed(issuer: str, client_id: str, deployment_id: str, url: str, auth: str) -> Deployment:
    """Registered, and Lakeside's."""
    platform = PlatformRow.objects.create(
        issuer=issuer,
        client_id=client_id,
        auth_url=f"{url}{auth}",
        token_url=f"{url}/token",
        jwks_url=f"{url}/jwks",
    )
    deployment = Deployment.objects.create(platform=platform, deployment_id=deployment_id)
    district = District.objects.create(slug="lakeside", name="Lakeside Unified")
    Installation.objects.create(
        district=district, deployment=deployment, canvas="x", claimed_by="the test"
    )
    return deployment


@pytest.fixture
def mock(tool: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """lti-provider-mock, served."""
    told = {
        "LTI": {
            "iss": "https://mock.example",
            "login_url": f"{tool}/lti/login/",
            "launch_url": f"{tool}{LAUNCH}",
        },
        "USERS": [{"id": "rosa", "given_name": "Rosa", "family_name": "Nguyen", "email": "r@x"}],
        "COURSES": [{"id": "alg1", "name": "Algebra 1"}],
    }
    for name, value in told.items():
        monkeypatch.setenv(f"LTI_PROVIDER_MOCK__{name}", json.dumps(value))
    from lti_provider_mock import server
    from lti_provider_mock import settings as its

    # It reads them when it is imported, which an earlier test may have done.
    monkeypatch.setattr(server, "settings", its.Settings())
    with FaultServer(lambda request: asyncio.run(asked(server.app, request))) as served:
        settings.ALLOW_PRIVATE_ADDRESSES = [served.host_port]
        yield served.url


async def asked(app: Any, request: Received) -> Answer:
    """One request to an ASGI application."""
    path, _, query = request.target.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in request.headers.items()],
        "server": tuple(request.headers["host"].split(":")),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent)
    lines = b"".join(b"%s: %s\r\n" % pair for pair in sent[0]["headers"])
    return Answer([b"HTTP/1.1 %d X\r\n%s\r\n%s" % (sent[0]["status"], lines, body)])


def form(page: Page) -> tuple[str, dict[str, str]]:
    found = re.search(r'<form[^>]*action="([^"]*)"', page.text)
    assert found, page.text
    return found[1], page.fields


@pytest.mark.filterwarnings("ignore::DeprecationWarning:lti_provider_mock")
def test_lti_provider_mock_launches_us(mock: str, browser: Browser):
    claimed("https://mock.example", "lti-provider-mock", "1", mock, "/authorize")
    platform = Browser(mock)
    platform.post("/login", {"userid": "rosa"})
    url, fields = form(platform.get("/courses/alg1"))
    sent_back = browser.post(url, fields)
    assert sent_back.status == 302, sent_back.text
    url, fields = form(platform.get(sent_back.location))
    page = browser.follow(browser.post(url, fields))
    assert page.status == 200
    assert page.heading == "Open Q Sync from a Canvas course or account"
    assert "Rosa Nguyen" in page.text


class Conf(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs: Any) -> None:
        self._registration = kwargs["registration"]

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        return self._registration


class Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = "hint"

    def get_redirect(self, url: str) -> str:
        return url


class Preflight:
    """What the tool asked the platform for."""

    def __init__(self, query: dict[str, str]) -> None:
        self.get_data, self.form_data = query, {}


class Launch(LTIAdvantageMessageLaunchAbstract):
    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return launch_data


@pytest.fixture
def library(tool: str, settings: Any) -> Iterator[tuple[Conf, FaultServer]]:
    """lti1p3platform behind a server of a few lines: its keys, and its token endpoint."""
    key = Key()
    public = key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    registration = (
        Registration()
        .set_iss("https://library.example")
        .set_client_id("client-7")
        .set_deployment_id("deployment-7")
        .set_launch_url(f"{tool}{LAUNCH}")
        .set_oidc_login_url(f"{tool}/lti/login/")
        .set_platform_public_key(pem)
        .set_platform_private_key(key.pem)
        .set_tool_key_set_url(f"{tool}/lti/jwks.json")
    )
    conf = Conf(registration=registration)

    def respond(request: Received) -> Answer:
        if request.target == "/jwks":
            return json_answer(conf.get_jwks())
        if request.target == "/token":
            asked = dict(parse_qsl(request.body.decode()))
            return json_answer(conf.get_access_token(asked))
        if request.headers.get("authorization"):
            person = {"user_id": "rosa", "roles": [people.INSTRUCTOR], "name": "Rosa"}
            return json_answer({"members": [person]})
        return answer(401)

    with FaultServer(respond) as server:
        settings.ALLOW_PRIVATE_ADDRESSES = [server.host_port]
        yield conf, server


def launched(conf: Conf, browser: Browser, custom: dict[str, str], roles: list[str]) -> Page:
    login = Login(None, conf)
    login.set_lti_message_hint()
    sent_back = browser.get(login.prepare_preflight_url("user-7"))
    assert sent_back.status == 302, sent_back.text
    launch = Launch(Preflight(sent_back.query), conf)
    launch.set_user_data("rosa", roles, full_name="Rosa Nguyen")
    launch.set_resource_link_claim("link-7")
    launch.set_launch_context_claim("ctx", context_title="Algebra 1")
    launch.set_custom_parameters_claim(custom)
    data = launch.lti_launch()
    assert data["launch_url"] == f"{browser.url}{LAUNCH}"
    fields = {name: data[name] for name in ("id_token", "state")}
    return browser.follow(browser.post(LAUNCH, fields))


def test_lti1p3platform_launches_us_into_a_course(
    library: tuple[Conf, FaultServer], browser: Browser
):
    conf, server = library
    claimed("https://library.example", "client-7", "deployment-7", server.url, "/authorize")
    page = launched(conf, browser, people.rosa()[f"{LTI}custom"], [people.INSTRUCTOR])
    assert (page.status, page.heading) == (200, "Grade sync to Q")


def test_lti1p3platform_takes_our_client_assertion(
    library: tuple[Conf, FaultServer], browser: Browser
):
    _, server = library
    services.forget_tokens()
    deployment = claimed(
        "https://library.example", "client-7", "deployment-7", server.url, "/authorize"
    )
    (member,) = services.members(deployment, f"{server.url}/members")
    assert (member.subject, member.is_active) == ("rosa", True)

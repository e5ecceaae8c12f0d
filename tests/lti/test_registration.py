"""Dynamic registration, from the frame in Canvas to the platform row (canvas.md 1.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from integration import invitations
from integration.models import AuditEvent, Invitation
from lti.models import Platform as PlatformRow
from tests.integration.servers import Answer, FaultServer, Received, answer, json_answer
from tests.lti.browser import Browser, Page
from tests.lti.conftest import Launch
from tests.lti.people import ada
from tests.lti.platform import KeyServer, Platform

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


class Canvas:
    """Offers a registration and takes one, as canvas.md 1.7 tells."""

    def __init__(self, keys: KeyServer) -> None:
        self.server = FaultServer(self._answer)
        self.jwks_url = keys.url
        self.changes: dict[str, Any] = {}
        self.status = 200

    @property
    def configuration_url(self) -> str:
        return f"{self.server.url}/api/lti/security/openid-configuration"

    @property
    def registrations(self) -> list[dict[str, Any]]:
        posted = (one for one in self.server.received if one.method == "POST")
        return [json.loads(one.body) for one in posted]

    def _answer(self, request: Received) -> Answer:
        if request.headers.get("authorization") != "Bearer r3gistration":
            return answer(401)
        if request.method == "POST":
            if self.status != 200:
                return json_answer({"errors": [{"message": "no"}]}, self.status)
            return json_answer(json.loads(request.body) | {"client_id": "10000000000068"})
        url = self.server.url
        offered = {
            "issuer": "https://canvas.instructure.com",
            "authorization_endpoint": f"{url}/api/lti/authorize_redirect",
            "token_endpoint": f"{url}/login/oauth2/token",
            "jwks_uri": self.jwks_url,
            "registration_endpoint": f"{url}/api/lti/registrations",
            PLATFORM: {
                "product_family_code": "canvas",
                "https://canvas.instructure.com/lti/account_name": "Lake & <b>side</b>",
            },
        }
        return json_answer(offered | self.changes)


@pytest.fixture
def canvas_offer(tool: str, published: KeyServer, settings: Any) -> Iterator[Canvas]:
    offer = Canvas(published)
    with offer.server:
        settings.ALLOW_PRIVATE_ADDRESSES = [offer.server.host_port, published.server.host_port]
        settings.REGISTRATION_HOSTS = settings.ALLOW_PRIVATE_ADDRESSES
        yield offer


@pytest.fixture
def code(db: None) -> str:
    return invitations.invite(by="the operator")[0]


def open_page(browser: Browser, offer: Canvas, code: str, **changes: str) -> Page:
    query = {
        "invite": code,
        "openid_configuration": offer.configuration_url,
        "registration_token": "r3gistration",
    } | changes
    return browser.get(f"/lti/register/?{urlencode(query)}")


def test_from_the_link_to_the_first_launch(
    browser: Browser,
    canvas_offer: Canvas,
    code: str,
    launch: Launch,
    published: KeyServer,
    key: Any,
):
    page = open_page(browser, canvas_offer, code)
    assert page.heading == "Install Q Sync in “Lake & <b>side</b>”"
    assert "r3gistration" not in page.text
    done = browser.post("/lti/register/", page.fields)
    assert done.status == 200
    assert 'data-step="close"' in done.text
    row = PlatformRow.objects.get(client_id="10000000000068")
    assert row.jwks_url == canvas_offer.jwks_url
    platform = Platform(published, browser.url, key, client_id=row.client_id, guid="brand:new")
    assert launch(ada(), platform=platform).heading == "Which district is this Canvas?"


def test_what_is_registered_is_what_canvas_demands(
    browser: Browser, canvas_offer: Canvas, code: str
):
    browser.post("/lti/register/", open_page(browser, canvas_offer, code).fields)
    (sent,) = canvas_offer.registrations
    assert sent["application_type"] == "web"
    assert {"client_credentials", "implicit"} <= set(sent["grant_types"])
    assert sent["redirect_uris"] == [f"{browser.url}/lti/launch/"]
    assert sent["token_endpoint_auth_method"] == "private_key_jwt"
    asked = {one["placements"][0]: one for one in sent[TOOL]["messages"]}
    assert set(asked) == {"course_navigation", "account_navigation", "post_grades"}
    visibility = "https://canvas.instructure.com/lti/visibility"
    assert asked["course_navigation"][visibility] == "admins"
    assert all(isinstance(value, str) for value in sent[TOOL]["custom_parameters"].values())


def test_a_link_registers_one_canvas(browser: Browser, canvas_offer: Canvas, code: str):
    first, second = (open_page(browser, canvas_offer, code) for _ in range(2))
    assert browser.post("/lti/register/", first.fields).status == 200
    assert browser.post("/lti/register/", second.fields).status == 400
    assert open_page(browser, canvas_offer, code).status == 400
    assert len(canvas_offer.registrations) == 1


def test_without_an_open_invite_nobody_is_asked(browser: Browser, canvas_offer: Canvas, code: str):
    claim = Invitation.objects.create(
        purpose="claim", code_hash="x", made_by="x", expires_at="2099-01-01T00:00:00Z"
    )
    assert claim.pk
    for wrong in ("", "x", "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE"):
        assert open_page(browser, canvas_offer, wrong).status == 400
    assert canvas_offer.server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/lti/security/openid-configuration",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "https://[::1",
        "//evil.example",
        "",
        "https://evil.example#.instructure.com",
        "https://xinstructure.com/",
    ],
)
def test_only_hosts_on_the_list_may_register(
    browser: Browser, canvas_offer: Canvas, code: str, url: str, settings: Any
):
    settings.REGISTRATION_HOSTS = ["*.instructure.com", canvas_offer.server.host_port]
    assert open_page(browser, canvas_offer, code, openid_configuration=url).status == 400
    assert canvas_offer.server.connections == 0


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"]
)
@pytest.mark.parametrize("value", ["https://evil.example/x", None, 7, ""])
def test_an_endpoint_elsewhere_is_refused(
    browser: Browser, canvas_offer: Canvas, code: str, name: str, value: Any
):
    canvas_offer.changes = {name: value}
    assert open_page(browser, canvas_offer, code).status == 400


@pytest.mark.parametrize("status", [401, 422, 500, 302])
def test_a_refusal_of_canvas_leaves_the_link_open(
    browser: Browser, canvas_offer: Canvas, code: str, status: int
):
    page = open_page(browser, canvas_offer, code)
    canvas_offer.status = status
    refused = browser.post("/lti/register/", page.fields)
    assert refused.status == 400
    assert PlatformRow.objects.count() == 0
    canvas_offer.status = 200
    assert browser.post("/lti/register/", page.fields).status == 200


def test_a_form_that_is_not_ours_registers_nothing(browser: Browser, canvas_offer: Canvas):
    for sealed in ("", "x", "gAAAAA"):
        assert browser.post("/lti/register/", {"registration": sealed}).status == 400
    assert canvas_offer.registrations == []


def test_a_registration_is_in_the_audit_log_without_its_token(
    browser: Browser, canvas_offer: Canvas, code: str
):
    browser.post("/lti/register/", open_page(browser, canvas_offer, code).fields)
    event = AuditEvent.objects.get(action="platform.registered")
    assert event.after == {
        "issuer": "https://canvas.instructure.com",
        "client_id": "10000000000068",
    }


def test_the_page_may_be_framed_by_those_hosts_only(
    browser: Browser, canvas_offer: Canvas, code: str
):
    policy = open_page(browser, canvas_offer, code).header("content-security-policy")
    (ancestors,) = (part for part in policy.split("; ") if part.startswith("frame-ancestors"))
    assert ancestors.split()[1:] == [
        f"http://{host}"
        for host in (canvas_offer.server.host_port, canvas_offer.jwks_url.split("/")[2])
    ]

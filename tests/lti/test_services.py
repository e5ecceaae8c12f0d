"""Our keys, and the platform's services that we call with them (G23, G24, S78)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine

from integration.secrets import SecretUnreadable
from lti import services, tool_keys
from lti.models import Deployment, ToolKey
from lti.models import Platform as PlatformRow
from tests.integration.servers import Answer, FaultServer, Received, answer, json_answer
from tests.lti.browser import Browser

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Canvas:
    """Gives a token for a good assertion, and two pages of people."""

    def __init__(self) -> None:
        self.server = FaultServer(self._answer)
        self.scope = services.MEMBERSHIPS_SCOPE
        self.next_page = "{url}/api/lti/courses/5/names_and_roles?page=bookmark:WyJBQmNE"

    def _answer(self, request: Received) -> Answer:
        if request.target == "/login/oauth2/token":
            return json_answer({"access_token": "t0ken", "expires_in": 3600, "scope": self.scope})
        if request.headers.get("authorization") != "Bearer t0ken":
            return answer(401)
        person = {"status": "Active", "user_id": request.target, "name": "Ana", "roles": ["r"]}
        page = {"members": [person, {"user_id": 7}, "x"]}
        if "page=" in request.target:
            return json_answer(page)
        link = f'<{self.next_page.format(url=self.server.url)}>; rel="next", <x>; rel="last"'
        return json_answer(page, Link=link)


@pytest.fixture
def canvas(settings: Any) -> Any:
    fake = Canvas()
    services.forget_tokens()
    with fake.server:
        settings.ALLOW_PRIVATE_ADDRESSES = [fake.server.host_port]
        yield fake


@pytest.fixture
def deployment(db: None, canvas: Canvas) -> Deployment:
    platform = PlatformRow.objects.create(
        issuer="https://canvas.instructure.com",
        client_id="1",
        auth_url=f"{canvas.server.url}/auth",
        token_url=f"{canvas.server.url}/login/oauth2/token",
        jwks_url=f"{canvas.server.url}/jwks",
    )
    return Deployment.objects.create(platform=platform, deployment_id="7:x")


def people(canvas: Canvas, deployment: Deployment) -> list[services.Member]:
    return list(
        services.members(deployment, f"{canvas.server.url}/api/lti/courses/5/names_and_roles")
    )


def test_the_list_of_people_is_read_to_its_end_as_its_links_are_spelled(
    canvas: Canvas, deployment: Deployment
):
    found = people(canvas, deployment)
    assert [one.subject.partition("?")[2] for one in found] == ["", "page=bookmark:WyJBQmNE"]
    assert found[0].is_active


def test_a_token_is_asked_for_once_while_it_counts(canvas: Canvas, deployment: Deployment):
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            people(canvas, deployment)
        assert asked(canvas) == 1
        clock.shift(timedelta(hours=1))
        people(canvas, deployment)
        assert asked(canvas) == 2


def asked(canvas: Canvas) -> int:
    return len([one for one in canvas.server.received if one.target == "/login/oauth2/token"])


def test_our_assertion_can_be_verified_with_our_published_key(
    canvas: Canvas, deployment: Deployment, client: Any
):
    people(canvas, deployment)
    (request,) = (one for one in canvas.server.received if "token" in one.target)
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assert form["grant_type"] == "client_credentials"
    published = client.get("/lti/jwks.json").json()["keys"]
    header = jwt.get_unverified_header(form["client_assertion"])
    (jwk,) = (key for key in published if key["kid"] == header["kid"])
    assert not {"d", "p", "q"} & jwk.keys()
    token_url = deployment.platform.token_url
    claims = jwt.decode(
        form["client_assertion"], jwt.PyJWK(jwk).key, algorithms=["RS256"], audience=token_url
    )
    assert claims["sub"] == claims["iss"] == "1"
    assert 0 < claims["exp"] - claims["iat"] <= 3600


@pytest.mark.parametrize("link", ["https://evil.example/x?page=2", "http://127.0.0.1:1/x?page=2"])
def test_our_token_goes_to_no_other_host(canvas: Canvas, deployment: Deployment, link: str):
    canvas.next_page = link
    with pytest.raises(services.ForeignLink):
        people(canvas, deployment)
    with pytest.raises(services.ForeignLink):
        list(services.members(deployment, link))


def test_a_list_that_goes_round_in_circles_ends(canvas: Canvas, deployment: Deployment):
    canvas.next_page = "{url}/api/lti/courses/5/names_and_roles"
    with pytest.raises(services.ServiceError):
        people(canvas, deployment)


def test_a_scope_that_was_taken_away_is_said(canvas: Canvas, deployment: Deployment):
    canvas.scope = "https://another.example/scope"
    with pytest.raises(services.Denied) as caught:
        people(canvas, deployment)
    assert "scope" in caught.value.remedy


def test_a_rotated_key_overlaps_with_the_old_one(db: None):
    with time_machine.travel(NOW, tick=False) as clock:
        old = tool_keys.signing_key().kid
        new = tool_keys.rotate()[0].kid
        assert kids() == {old, new}
        assert tool_keys.signing_key().kid == old
        clock.shift(timedelta(hours=1))
        assert tool_keys.signing_key().kid == new
        assert kids() == {old, new}
        clock.shift(timedelta(days=1))
        assert kids() == {new}


def kids() -> set[str]:
    return {key["kid"] for key in tool_keys.published()}


def test_the_private_key_is_not_in_the_database(db: None, client: Any):
    key = tool_keys.signing_key()
    row = ToolKey.objects.values().get()
    assert "PRIVATE" not in json.dumps(row, default=str)
    assert client.get("/lti/jwks.json").json()["keys"][0]["kid"] == key.kid


def test_a_private_key_moved_to_another_row_opens_nothing(deployment: Deployment):
    first, second = tool_keys.signing_key(), tool_keys.rotate()[0]
    second.sealed_private_key, second.signs_from = first.sealed_private_key, first.signs_from
    second.save()
    with pytest.raises(SecretUnreadable):
        tool_keys.client_assertion(deployment.platform)


def test_a_key_is_of_2048_bits(db: None):
    tool_keys.signing_key()
    n = ToolKey.objects.get().public_jwk["n"]
    assert len(n) == 342


def test_a_token_of_one_registration_is_not_used_for_another(
    canvas: Canvas, deployment: Deployment
):
    """Hosted Canvas has one issuer for all (pylti1p3next's hazard)."""
    services.access_token(deployment.platform, services.MEMBERSHIPS_SCOPE)
    other = PlatformRow.objects.create(
        issuer=deployment.platform.issuer,
        client_id="2",
        auth_url=deployment.platform.auth_url,
        token_url=deployment.platform.token_url,
        jwks_url=deployment.platform.jwks_url,
    )
    services.access_token(other, services.MEMBERSHIPS_SCOPE)
    assert asked(canvas) == 2


def test_the_configuration_names_our_addresses(tool: str, browser: Browser):
    config = json.loads(browser.get("/lti/config.json").text)
    assert config["target_link_uri"] == f"{tool}/lti/launch/"
    assert urlsplit(config["public_jwk_url"]).path == "/lti/jwks.json"
    placements = config["extensions"][0]["settings"]["placements"]
    assert {one["placement"]: one.get("visibility") for one in placements} == {
        "course_navigation": "admins",
        "account_navigation": None,
        "post_grades": None,
    }

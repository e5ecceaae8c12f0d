"""A running tool, two districts, and browsers to launch it from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from integration.models import District, Installation
from lti import keys
from lti.models import Deployment
from lti.models import Platform as PlatformRow
from tests.lti.browser import Browser, Page
from tests.lti.people import rosa
from tests.lti.platform import Key, KeyServer, Platform, key_server

Launch = Callable[..., Page]


@pytest.fixture(scope="session")
def key() -> Key:
    return Key(kid="2026-11-24T00:00:00Z_1")


@pytest.fixture
def published(key: Key) -> Iterator[KeyServer]:
    """The platform's key server, with one key."""
    keys.forget_remembered()
    with key_server() as server:
        server.keys.append(key)
        yield server


@pytest.fixture
def tool(live_server: Any, settings: Any, published: KeyServer) -> str:
    """The running tool's address; its settings fit where it runs."""
    settings.BASE_URL = live_server.url
    settings.ALLOW_PRIVATE_ADDRESSES = [urlsplit(published.url).netloc]
    settings.DEBUG = False
    # All browsers of these tests have one address.
    settings.LOGINS_PER_MINUTE = settings.REFUSED_LAUNCHES_PER_MINUTE = 10_000
    return str(live_server.url)


@pytest.fixture
def canvas(tool: str, published: KeyServer, key: Key) -> Platform:
    """Lakeside's Canvas: registered, and claimed by the district."""
    platform = Platform(published, tool, key)
    install(platform, "lakeside", "Lakeside Unified")
    return platform


@pytest.fixture
def neighbour(tool: str, canvas: Platform) -> Platform:
    """Hillside's Canvas: the same issuer, the same keys, another client id and deployment."""
    platform = Platform(
        canvas.key_server,
        tool,
        canvas.key,
        client_id="10000000000002",
        deployment_id="9:4dde05e8ca1973bcca9bffc13e1548820eee93a3",
        guid="xyz:canvas-lms",
        host="hillside.instructure.com",
    )
    install(platform, "hillside", "Hillside Schools")
    return platform


def install(platform: Platform, slug: str = "", name: str = "") -> Deployment:
    """Register it, and with a slug make it that district's."""
    row, _ = PlatformRow.objects.get_or_create(
        issuer=platform.issuer,
        client_id=platform.client_id,
        defaults={
            "auth_url": platform.auth_url,
            "token_url": platform.token_url,
            "jwks_url": platform.jwks_url,
        },
    )
    deployment = Deployment.objects.create(
        platform=row, deployment_id=platform.deployment_id, guid=platform.guid
    )
    if slug:
        district, _ = District.objects.get_or_create(slug=slug, defaults={"name": name})
        Installation.objects.create(
            district=district, deployment=deployment, canvas=slug, claimed_by="the test"
        )
    return deployment


@pytest.fixture
def browser(tool: str) -> Browser:
    return Browser(tool)


@pytest.fixture
def launch(browser: Browser, canvas: Platform) -> Launch:
    """Launch as somebody, in a browser; gives the page after the last redirect."""

    def go(
        person: dict[str, Any] | None = None,
        *,
        platform: Platform = canvas,
        using: Browser = browser,
        **changes: Any,
    ) -> Page:
        return using.follow(post_launch(using, platform, person, **changes))

    return go


def post_launch(
    browser: Browser, platform: Platform, person: dict[str, Any] | None = None, **changes: Any
) -> Page:
    """Login and launch; gives the answer to the launch itself."""
    asked = browser.get_login(platform)
    claims = platform.claims(asked["nonce"], person or rosa(), **changes)
    return browser.post(
        "/lti/launch/", {"id_token": platform.sign(claims), "state": asked["state"]}
    )

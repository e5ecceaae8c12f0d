"""Both under names of their own, behind TLS, the product in production settings.

Canvas, its sign-in host (by number, for the product has to reach it) and the product are three
sites. Only the browser can look the names up.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from playwright.sync_api import Playwright

from tests.contracts.lti_tool import Platform
from tests.journeys.browsers import POLICIES, browser, executable
from tests.journeys.installing import addresses
from tests.journeys.servers import Product, free_port, running_product
from tests.journeys.walking import COURSE_PAGE, TOOL, Walk, heading
from tests.sandbox_process import Sandbox, running_sandbox

NAMES = ("canvas.test", "tool.test", "127.0.0.1")
RULES = "--host-resolver-rules=MAP *.test 127.0.0.1"


def by_number(url: str) -> str:
    """The same server without its name."""
    return url.replace(urlsplit(url).hostname or "", "127.0.0.1", 1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate with its key for all names, and the authority that made it."""
    home = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "authority.pem")
    authority.issue_cert(*NAMES).private_key_and_cert_chain_pem.write_to_path(home / "all.pem")
    return str(home / "all.pem"), str(home / "authority.pem")


@pytest.fixture(scope="module")
def secure_sandbox(certificate: tuple[str, str]) -> Iterator[Sandbox]:
    executable()
    names = ("--canvas-host", "canvas.test", "--sso-host", "127.0.0.1")
    with running_sandbox("--students", "0", "--certificate", certificate[0], *names) as started:
        yield started


@pytest.fixture(scope="module")
def secure_product(
    secure_sandbox: Sandbox, certificate: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    port = free_port()
    canvas = secure_sandbox.canvas
    settings = {
        "DEBUG": "0",
        "SECRET_KEY": "a secret for one run of one test, long enough to be one",
        "ENCRYPTION_KEYS": "another secret for one run of one test and long enough",
        "TRUSTED_PROXIES": "none",
        "CA_BUNDLE": certificate[1],
    }
    with running_product(
        tmp_path_factory.mktemp("secure"),
        [by_number(canvas.url), canvas.url, canvas.sso],
        port=port,
        url=f"https://tool.test:{port}",
        certificate=certificate[0],
        **settings,
    ) as started:
        yield started


@pytest.fixture
def secure_walk(
    secure_sandbox: Sandbox,
    secure_product: Product,
    certificate: tuple[str, str],
    playwright: Playwright,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Walk]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[1])
    canvas = secure_sandbox.canvas
    reached = dataclasses.replace(canvas, url=by_number(canvas.url))
    platform = Platform(reached)
    told = secure_product.configuration()
    key = {"configuration": told, "redirect_uris": told["redirect_uris"], "account_id": 1}
    client_id = platform.control("POST", "developer-keys", key)["client_id"]
    asked = {"client_id": client_id, "account_id": 1}
    deployed = platform.control("POST", "deployments", asked)
    secure_product.register("named", addresses(platform, client_id, deployed))
    seen = copy.copy(platform)
    seen.canvas = canvas
    with browser(playwright, tmp_path, POLICIES["blocked"], RULES) as context:
        yield Walk(context, seen, secure_product)


def test_names_of_their_own_behind_tls_in_production_settings(secure_walk: Walk):
    walk = secure_walk
    walk.act_as("teacher")
    assert walk.page.url.startswith("https://canvas.test:")
    heading(walk.open("Q Grade Sync"), COURSE_PAGE)
    assert walk.frame().url.startswith("https://tool.test:")
    walk.look("behind-tls")
    assert {each["forwarded"] for each in walk.messages()} == {True}
    ours = [each for each in walk.context.cookies() if each["name"].startswith("__Host-qsync")]
    assert {each["partitionKey"] for each in ours} == {"https://canvas.test"}
    assert all(each["secure"] and each["httpOnly"] for each in ours)
    walk.frame().evaluate("location.reload()")
    heading(walk.page.frame_locator(TOOL), COURSE_PAGE)
    assert walk.complaints == []

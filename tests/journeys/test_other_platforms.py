"""Platforms that are not ours launch the product, in the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.journeys.other_platforms import Other, lti1p3platform, lti_provider_mock
from tests.journeys.servers import Product, free_port, running_product
from tests.journeys.walking import heading, violations
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, Other, Other]]:
    """The product with both registered, each for a district of its own."""
    port = free_port()
    url = f"http://localhost:{port}"
    addresses = (f"{url}/lti/login/", f"{url}/lti/launch/")
    with lti_provider_mock(*addresses) as mock, lti1p3platform(*addresses) as other:
        home = tmp_path_factory.mktemp("others")
        with running_product(home, [mock.url, other.url], port=port) as product:
            product.register("mock", mock.addresses())
            product.register("other", other.addresses())
            yield product, mock, other


def test_lti_provider_mock_launches(others, browsers: dict[str, BrowserContext]):
    _, mock, _ = others
    page = browsers["blocked"].new_page()
    page.goto(f"{mock.url}/login")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Botany").click()
    heading(page, "Open Q Sync from a Canvas course or account")
    expect(page.get_by_text("You are signed in as Ada Moss")).to_be_visible()
    assert violations(page.main_frame) == []
    page.close()


def test_lti1p3platform_launches(others, browsers: dict[str, BrowserContext]):
    _, _, other = others
    page = browsers["blocked"].new_page()
    page.goto(f"{other.url}/start")
    heading(page, "Grade sync to Q")
    expect(page.get_by_text("Ben Hale")).to_be_visible()
    page.close()


def test_a_platform_that_is_not_registered_is_refused(
    others, sandbox: Sandbox, browsers: dict[str, BrowserContext]
):
    product, _, _ = others
    addresses = (f"{product.url}/lti/login/", f"{product.url}/lti/launch/")
    with lti1p3platform(*addresses) as stranger:
        page = browsers["blocked"].new_page()
        page.goto(f"{stranger.url}/start")
        heading(page, "Q Sync could not open this page")
        page.close()

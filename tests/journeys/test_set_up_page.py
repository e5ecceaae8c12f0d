"""The set-up page in a browser: what it makes, how it looks, that it notices the launch."""

from __future__ import annotations

from typing import Any

import pytest

from integration.installation import link
from lti.models import Deployment, Platform
from tests.journeys.test_every_screen import Screen, look

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_makes_the_registration_address_and_closes_with_the_first_launch(
    live_server: Any, settings: Any, chromium: Any
):
    settings.BASE_URL = live_server.url
    settings.DEBUG = True
    page = chromium.new_page(viewport={"width": 1180, "height": 800})
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text))
    page.goto(link.make())
    page.get_by_role("button", name="Make a registration address").click()
    address = page.locator("#register").inner_text()
    assert address.startswith(f"{live_server.url}/lti/register/?invite=")
    page.get_by_text("show the LTI key as JSON").click()

    problems = look(page, Screen("install", lambda _stage: "", "Install Q Sync"))
    assert problems == [], "\n".join(map(str, problems))

    platform = Platform.objects.create(issuer="https://canvas.example", client_id="1")
    Deployment.objects.create(platform=platform, deployment_id="1:a", hosts=["canvas.example"])
    page.get_by_text("Q Sync was opened from Canvas").wait_for()
    page.close()

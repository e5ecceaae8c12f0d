"""Sign in to Canvas by OAuth in a tab of its own: bound to the visit, the tab, and one answer."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django.utils import timezone

from integration.account.screens.signing_in import COOKIE
from integration.connections import canvas_client
from integration.models import AuditEvent, CanvasConnection, CanvasConsent, District
from lti.models import LaunchSession
from tests.integration.account.visiting import Visit, installed, visit, words

pytestmark = pytest.mark.django_db(transaction=True)
KEY = {"client_id": "10000000000001", "client_secret": "canvas-developer-secret"}


@pytest.fixture
def admin(manage, settings) -> Visit:
    settings.BASE_URL = "http://127.0.0.1"
    return visit(installed(District.objects.create(slug="lakeside", name="Lakeside Unified")))


@pytest.fixture
def key(sandbox) -> dict[str, Any]:
    scoped = {"asks_for_scopes": "on"}
    return {"base_url": sandbox.canvas.url, "root_account_id": "self", **KEY, **scoped}


def word_of(admin: Visit, key: dict[str, Any]) -> str:
    page = admin.post("connections/canvas/sign-in/", **key)
    assert page.status_code == 200, words(page)
    return re.search(r'name="word" value="([^"]+)"', page.content.decode())[1]  # type: ignore[index]


def opened(word: str) -> tuple[Client, str]:
    """A tab of its own, and where it is sent."""
    tab = Client()
    answer = tab.post("/account/canvas/authorize/", {"word": word})
    assert answer.status_code == 200, words(answer)
    cookie = answer.cookies[COOKIE]
    assert (cookie["samesite"], bool(cookie["httponly"]), bool(cookie["secure"])) == (
        *("Lax", True, True),
    )
    url = re.search(r'<a class="btn p" href="([^"]+)"', answer.content.decode())
    assert url
    assert f"0;url={url[1]}" in answer.content.decode()
    return tab, html.unescape(url[1])


def agreed(url: str, answer: str = "authorize") -> str:
    """What Canvas sends the tab back with, once the admin has answered there."""
    page = requests.post(url, data={"answer": answer}, allow_redirects=False, timeout=30)
    assert page.status_code == 302, page.text
    return urlsplit(page.headers["Location"]).query


def back(tab: Client, query: str) -> Any:
    return tab.get(f"/account/canvas/callback/?{query}")


def test_an_admin_signs_in_and_the_page_in_the_frame_notices(admin, key):
    tab, url = opened(word_of(admin, key))
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1/account/canvas/callback/"]
    assert "url:GET|/api/v1/accounts/:id" in asked["scope"][0].split()
    assert "Waiting for your answer" in admin.page("connections/canvas/consent/")
    done = back(tab, agreed(url))
    assert (done.status_code, "You can close this tab" in words(done)) == (200, True)
    assert "Canvas is connected." in admin.page("connections/canvas/consent/")
    with canvas_client(District.objects.get()) as canvas:
        assert canvas.account().is_root
    row = CanvasConnection.objects.get()
    assert (row.client_secret, row.access_token) == (KEY["client_secret"], "")
    assert CanvasConsent.objects.get().sealed_client_secret == ""
    assert KEY["client_secret"] not in str(list(AuditEvent.objects.values()))


def test_a_word_opens_one_tab_and_an_answer_counts_once(admin, key):
    word = word_of(admin, key)
    tab, url = opened(word)
    assert Client().post("/account/canvas/authorize/", {"word": word}).status_code == 400
    query = agreed(url)
    stranger = back(Client(), query)
    assert (stranger.status_code, "was not asked for here" in words(stranger)) == (400, True)
    assert not CanvasConnection.objects.exists()
    assert back(tab, query).status_code == 200
    assert back(tab, query).status_code == 400


@pytest.mark.parametrize("query", ["", "code=x", "state=", "state=x&code=y", "error=access_denied"])
def test_an_answer_that_nobody_asked_for_changes_nothing(admin, key, query):
    tab, _ = opened(word_of(admin, key))
    assert back(tab, query).status_code == 400
    assert not CanvasConnection.objects.exists()


def test_whoever_says_no_in_canvas_is_told_and_what_was_there_holds(admin, key, connect):
    connect()
    before = CanvasConnection.objects.values().get()
    tab, url = opened(word_of(admin, key))
    refused = back(tab, agreed(url, "cancel"))
    assert (refused.status_code, "access_denied" in words(refused)) == (400, True)
    assert CanvasConnection.objects.values().get() == before
    assert "access_denied" in admin.page("connections/canvas/consent/")


def test_a_wrong_key_is_told_and_what_was_there_holds(admin, key, connect):
    connect()
    before = CanvasConnection.objects.values().get()
    tab, url = opened(word_of(admin, key | {"client_secret": "wr0ng"}))
    refused = back(tab, agreed(url))
    assert "does not accept the API developer key" in words(refused)
    assert CanvasConnection.objects.values().get() == before


@pytest.mark.parametrize("what", ["session", "late", "off"])
def test_an_answer_that_comes_after_the_visit_has_ended_changes_nothing(admin, key, what):
    tab, url = opened(word_of(admin, key))
    past = timezone.now() - timedelta(hours=9)
    if what == "session":
        LaunchSession.objects.update(created_at=past)
    elif what == "late":
        CanvasConsent.objects.update(expires_at=past)
    else:
        District.objects.get().installations.get().deployment.platform.__class__.objects.update(
            is_enabled=False
        )
    assert back(tab, agreed(url)).status_code == 400
    assert not CanvasConnection.objects.exists()


def test_another_canvas_than_the_one_provisioned_is_refused(admin, key, connect):
    connect()
    District.objects.update(provisioned_at=timezone.now())
    CanvasConnection.objects.update(account_uuid="another")
    tab, url = opened(word_of(admin, key))
    assert "is another Canvas than the one" in words(back(tab, agreed(url)))
    assert CanvasConnection.objects.get().access_token

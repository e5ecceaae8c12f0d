"""The set-up page: its address is the right to see it, and the first launch closes it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from integration.installation import link
from integration.models import AuditEvent, Invitation
from lti.models import Deployment, Platform
from tests.integration.account.visiting import words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(settings) -> str:
    settings.BASE_URL = "http://127.0.0.1:9"
    return urlsplit(link.make()).path


def a_launch() -> None:
    platform = Platform.objects.create(issuer="https://canvas.example", client_id="1")
    Deployment.objects.create(platform=platform, deployment_id="1:a", hosts=["canvas.example"])


def test_it_tells_each_check_and_what_canvas_is_given(path):
    answer = Client().get(path)
    page = words(answer)
    for name in ("Public address", "Database", "Worker", "Clock", "Encryption key", "Signing key"):
        assert name in page
    assert "http://127.0.0.1:9/lti/config.json" in page
    assert "http://127.0.0.1:9/account/canvas/callback/" in page
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_a_registration_address_is_made_by_a_press_and_shown_once(path):
    assert "invite=" not in words(Client().get(path))
    for _ in range(3):
        Client().head(path)
    assert not Invitation.objects.exists()
    page = Client().post(path).content.decode()
    code = re.search(r"/lti/register/\?invite=([\w-]+)<", page)
    assert code
    assert Invitation.objects.get().purpose == Invitation.Purpose.REGISTRATION
    assert AuditEvent.objects.get().actor == "set-up page"
    assert code[1] not in words(Client().get(path))


def test_the_first_launch_closes_it_for_good(path):
    watching = Client(headers={"HX-Request": "true"})
    waits = watching.get(path)
    assert (waits.status_code, "Waiting for a launch" in words(waits)) == (200, True)
    a_launch()
    done = watching.get(path)
    assert (done.status_code, "was opened from Canvas" in words(done)) == (286, True)
    for method in ("get", "post"):
        closed = getattr(Client(), method)(path)
        assert closed.status_code == 404
        assert "Public address" not in words(closed)
    assert not Invitation.objects.exists()


def test_a_server_that_has_a_canvas_is_set_up_for_another_one(path):
    a_launch()
    assert Client().get(path).status_code == 404
    assert Client().get(urlsplit(link.make()).path).status_code == 200


def test_a_registration_by_hand_that_nobody_opened_does_not_close_it(path):
    platform = Platform.objects.create(issuer="https://canvas.example", client_id="1")
    Deployment.objects.create(platform=platform, deployment_id="1:a")
    assert Client().get(path).status_code == 200


def test_after_a_day_or_with_another_word_it_does_not_work(path, monkeypatch):
    for wrong in ("/setup/x/", path[:-2] + "/", f"/setup/{signing.dumps(0)}/"):
        answer = Client().get(wrong)
        assert (answer.status_code, "does not work" in words(answer)) == (404, True)
    monkeypatch.setattr(link, "LIFE", timedelta(seconds=-1))
    assert Client().get(path).status_code == 404

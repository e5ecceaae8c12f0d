"""A one-time link for Q's credentials: scanners do not burn it, and it is good once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integration.models import AuditEvent, ConnectionCheck, District, Invitation, QConnection
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.integration.ledger.conftest import in_workers, workers

__all__ = ["workers"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(manage) -> Visit:
    return visit(installed(District.objects.create(slug="lakeside", name="Lakeside Unified")))


@pytest.fixture
def typed(sandbox) -> dict[str, Any]:
    return {
        "base_url": sandbox.q.url,
        "token_url": sandbox.q.token_url,
        "key": sandbox.q.key,
        "secret": sandbox.q.secret,
        "auth": "oauth2",
    }


@pytest.fixture
def link(admin) -> tuple[str, str]:
    return invited(admin)


def invited(admin: Visit) -> tuple[str, str]:
    """(path, word) as the admin's page shows them, once."""
    page = admin.post("connections/q/invite/").content.decode()
    path = re.search(r"https?://[^/]+(/invitations/[^<]+)<", page)
    word = re.search(r'class="fig">([\d ]+)<', page)
    assert path and word
    return path[1], word[1]


def test_s79_opening_it_many_times_leaves_it_good_once(admin, link, typed):
    path, word = link
    assert "Not opened yet" in admin.page("connections/")
    for _ in range(20):
        for method in ("get", "head"):
            assert getattr(Client(), method)(path).status_code == 200
        assert Client().options(path).status_code == 405
    assert "not used yet" in admin.page("connections/")
    page = Client().get(path)
    assert "Connect Q to Canvas for Lakeside Unified" in words(page)
    assert page["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]

    done = Client().post(path, typed | {"word": word})
    assert (done.status_code, "Thank you" in words(done)) == (200, True)
    saved = QConnection.objects.get()
    assert (saved.base_url, saved.secret) == (typed["base_url"], typed["secret"])
    assert ConnectionCheck.objects.count() == 1
    assert "Used " in admin.page("connections/")
    for method in ("get", "post"):
        assert getattr(Client(), method)(path, typed | {"word": word}).status_code == 404
    assert typed["secret"] not in str(list(AuditEvent.objects.values()))


def test_s80_used_late_cancelled_guessed_and_unknown_look_the_same(admin, link, typed):
    path, word = link
    unknown = words(Client().get("/invitations/AAAAA-BBBBB-CCCCC-DDDDD-EEEEE/"))
    for _ in range(4):
        answer = Client().post(path, typed | {"word": "000000"})
        assert (answer.status_code, "This is not the code" in words(answer)) == (400, True)
    assert words(Client().post(path, typed | {"word": "000000"})) == unknown
    assert words(Client().post(path, typed | {"word": word})) == unknown
    assert "Shut after five wrong codes" in admin.page("connections/")

    for close in ("late", "cancelled"):
        page = admin.post("connections/q/invite/").content.decode()
        path = re.search(r"https?://[^/]+(/invitations/[^<]+)<", page)[1]  # type: ignore[index]
        assert Client().get(path).status_code == 200
        made = Invitation.objects.latest("pk")
        if close == "late":
            Invitation.objects.filter(pk=made.pk).update(
                expires_at=timezone.now() - timedelta(seconds=1)
            )
        else:
            admin.post(f"connections/q/invite/{made.pk}/cancel/")
        assert words(Client().get(path)) == unknown
    assert not QConnection.objects.exists()


def test_a_new_link_closes_the_one_before(admin, link):
    admin.post("connections/q/invite/")
    assert Client().get(link[0]).status_code == 404


def test_what_q_refuses_keeps_the_link_alive(link, typed):
    path, word = link
    answer = Client().post(path, typed | {"word": word, "secret": "m1styped"})
    assert answer.status_code == 400
    assert "The test failed, so nothing was saved" in words(answer)
    assert "m1styped" not in answer.content.decode()
    assert not QConnection.objects.exists()
    wrong = Client().post(path, typed | {"word": word, "base_url": "https://10.0.0.1/x"})
    assert 'id="id_base_url_error"' in wrong.content.decode()
    assert Client().post(path, typed | {"word": word.replace(" ", "")}).status_code == 200


def test_s79_of_two_who_send_it_at_once_one_is_too_late(link, typed, workers):
    path, word = link
    sent = in_workers(lambda: Client().post(path, typed | {"word": word}).status_code, 2)
    assert sorted(sent) == [200, 404]
    (count,) = in_workers(lambda: QConnection.objects.count())
    assert count == 1


def test_the_code_and_the_word_are_not_in_the_database(link):
    path, word = link
    code = path.split("/")[2]
    kept = str(list(Invitation.objects.values())) + str(list(AuditEvent.objects.values()))
    assert code not in kept
    assert word.replace(" ", "") not in kept

"""How often launches may be begun and refused from one address, over all processes (S63)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from integration import settings as written
from integration.models import AuditEvent
from integration.proxies import TrustedProxyMiddleware
from lti import rates
from lti.models import Tally
from tests.integration.ledger.conftest import in_workers, workers
from tests.lti.browser import Browser
from tests.lti.conftest import Launch
from tests.lti.platform import Platform

__all__ = ["workers"]

NOW = datetime(2026, 11, 27, 9, 30, 12, tzinfo=UTC)


@pytest.fixture
def clock(settings: Any) -> Iterator[time_machine.Coordinates]:
    """It stands still: no minute ends in the middle of a test."""
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def limited(tool: str, settings: Any) -> None:
    settings.LOGINS_PER_MINUTE = settings.REFUSED_LAUNCHES_PER_MINUTE = 5


def login(browser: Browser, canvas: Platform) -> int:
    return browser.post("/lti/login/", canvas.login()).status


def test_s63_the_limits_are_on_unless_somebody_changes_them():
    assert written.LOGINS_PER_MINUTE == written.REFUSED_LAUNCHES_PER_MINUTE == 60
    assert written.CONNECTION_TESTS_PER_MINUTE == 6


@pytest.mark.django_db(transaction=True)
def test_s63_sign_ins_that_are_begun_and_left_end_for_a_minute(browser, canvas, clock, limited):
    assert [login(browser, canvas) for _ in range(6)] == [302] * 5 + [429]
    answer = browser.post("/lti/login/", canvas.login())
    assert answer.header("Retry-After") == "48"
    assert "launch.too-often" in answer.text
    assert not AuditEvent.objects.filter(action="launch.refused").exists()
    clock.shift(timedelta(minutes=1))
    assert login(browser, canvas) == 302


@pytest.mark.django_db(transaction=True)
def test_s63_a_school_behind_one_address_launches_as_often_as_it_likes(launch, clock, limited):
    for _ in range(12):
        assert launch().status == 200


@pytest.mark.django_db(transaction=True)
def test_s63_refused_launches_end_for_a_minute_and_good_ones_go_on(
    browser, launch: Launch, clock, limited
):
    bad = {"id_token": "a.b.c", "state": "x"}
    answers = [browser.post("/lti/launch/", bad).status for _ in range(7)]
    assert answers[5:] == [429, 429]
    assert 429 not in answers[:5]
    assert AuditEvent.objects.filter(action="launch.refused").count() == 5
    assert launch().status == 200


@pytest.mark.django_db(transaction=True)
def test_s63_all_processes_count_together(workers, clock):
    asked = in_workers(lambda: rates.is_too_often("login", "192.0.2.7", 4), 8)
    assert sorted(asked) == [False] * 4 + [True] * 4


@pytest.mark.django_db
def test_s63_no_address_is_kept_in_plain_words_and_none_for_long(clock):
    rates.is_too_often("login", "192.0.2.7", 4)
    assert "192.0.2" not in str(list(Tally.objects.values()))
    clock.shift(timedelta(minutes=7))
    rates.forget_old()
    assert not Tally.objects.exists()


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.1.2.3", "1.2.3.4", "1.2.3.4"),
        ("10.1.2.3", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.1.2.3", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
        ("10.1.2.3", "nonsense", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("", "1.2.3.4", ""),
    ],
)
def test_s63_whoever_says_other_addresses_is_counted_by_their_own(settings, peer, said, client):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    seen: list[HttpRequest] = []
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=said)
    TrustedProxyMiddleware(lambda got: seen.append(got) or HttpResponse())(request)
    assert seen[0].META["REMOTE_ADDR"] == client


@pytest.mark.django_db
def test_s63_one_count_is_one_statement(django_assert_num_queries, clock):
    with django_assert_num_queries(1):
        rates.is_too_often("login", "192.0.2.7", 4)

"""The platform's keys: rotated, away, junk, and asked for by forgers (S15, S17-S20, G14-G19)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from lti.errors import KeysUnavailable, NotFromPlatform
from lti.keys import public_key
from tests.integration.ledger.conftest import in_workers, workers
from tests.integration.servers import Answer, answer, json_answer
from tests.lti.browser import Browser
from tests.lti.conftest import Launch
from tests.lti.people import rosa
from tests.lti.platform import Key, KeyServer, Platform

__all__ = ["workers"]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def keys(published: KeyServer, db: None, settings: Any) -> KeyServer:
    settings.ALLOW_PRIVATE_ADDRESSES = [published.server.host_port]
    return published


def test_s17_a_new_key_is_asked_for_once_and_the_launch_goes_on(launch: Launch, canvas: Platform):
    with time_machine.travel(NOW, tick=True) as clock:
        assert launch().status == 200
        canvas.key = Key()
        canvas.key_server.keys.append(canvas.key)
        clock.shift(61)
        assert launch().status == 200
        assert launch().status == 200
    assert canvas.key_server.asked == 2


def test_s18_a_hundred_unknown_keys_a_second_ask_at_most_once_a_minute(
    browser: Browser, canvas: Platform, launch: Launch
):
    asked = browser.get_login(canvas)
    with time_machine.travel(NOW, tick=False) as clock:
        assert launch().status == 200
        for minute, forged in ((1, 100), (2, 5)):
            clock.shift(60)
            for at in range(forged):
                token = canvas.sign(canvas.claims(asked["nonce"], rosa()), kid=f"{minute}-{at}")
                fields = {"id_token": token, "state": asked["state"]}
                assert browser.post("/lti/launch/", fields).status == 403
            assert canvas.key_server.asked == 1 + minute
            assert launch().status == 200


def test_s17_launches_side_by_side_wait_for_the_one_that_asks(keys: KeyServer, workers: None):
    assert len(in_workers(lambda: public_key(keys.url, keys.keys[0].kid), 20)) == 20
    assert keys.asked == 1


def test_s18_unknown_keys_from_many_threads_ask_once(keys: KeyServer, workers: None):
    def forge() -> str:
        try:
            public_key(keys.url, "unknown")
        except NotFromPlatform as error:
            return error.code
        return "found"

    assert in_workers(forge, 20) == [NotFromPlatform.code] * 20
    assert keys.asked == 1


def test_s19_keys_that_are_known_go_on_while_the_platform_is_away(launch: Launch, canvas: Platform):
    with time_machine.travel(NOW, tick=False) as clock:
        assert launch().status == 200
        canvas.key_server.answers = lambda: answer(503)
        for _ in range(26):
            clock.shift(timedelta(hours=1))
            assert launch().status == 200
        clock.shift(timedelta(hours=72))
        assert launch().status == 503


JUNK: dict[str, Answer] = {
    "an error": answer(500),
    "a page": answer(200, b"<html>maintenance</html>"),
    "no keys": json_answer({"key": []}),
    "an empty set": json_answer({"keys": []}),
    "a list": json_answer([1, 2]),
    "keys that are none": json_answer({"keys": ["a", None, {"kid": 7}, {"kid": "x", "n": "?"}]}),
    "a short key": json_answer({"keys": [{"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"}]}),
    "a secret key": json_answer({"keys": [{"kty": "oct", "kid": "x", "k": "AQAB"}]}),
    "nested": answer(200, b'{"keys": ' + b"[" * 100_000),
    "a redirect": answer(302, headers={"Location": "http://127.0.0.1:1/jwks"}),
    "a flood": answer(200, b'{"keys": [' + b" " * 300_000 + b"]}"),
}


@pytest.mark.parametrize("name", JUNK)
def test_s20_junk_leaves_the_last_good_keys(keys: KeyServer, name: str):
    with time_machine.travel(NOW, tick=False) as clock:
        known = public_key(keys.url, keys.keys[0].kid)
        keys.answers = lambda: JUNK[name]
        clock.shift(timedelta(hours=2))
        assert public_key(keys.url, keys.keys[0].kid) == known
        assert keys.asked == 2


@pytest.mark.parametrize("name", JUNK)
def test_junk_from_the_start_is_no_key_set(keys: KeyServer, name: str):
    keys.answers = lambda: JUNK[name]
    with pytest.raises(KeysUnavailable) as caught:
        public_key(keys.url, "x")
    assert "maintenance" not in str(caught.value)


def test_a_key_that_is_withdrawn_counts_no_more_after_an_hour(keys: KeyServer):
    old = keys.keys[0]
    with time_machine.travel(NOW, tick=False) as clock:
        public_key(keys.url, old.kid)
        keys.keys[:] = [Key()]
        clock.shift(timedelta(hours=1))
        with pytest.raises(NotFromPlatform):
            public_key(keys.url, old.kid)


def test_g14_keys_are_not_fetched_from_a_private_address(keys: KeyServer, settings: Any):
    settings.ALLOW_PRIVATE_ADDRESSES = []
    with pytest.raises(KeysUnavailable):
        public_key(keys.url, keys.keys[0].kid)
    assert keys.server.connections == 0


def test_s15_a_key_address_in_the_token_is_not_asked(
    browser: Browser, canvas: Platform, published: KeyServer
):
    asked = browser.get_login(canvas)
    trap = f"{published.server.url}/trap"
    token = canvas.sign(canvas.claims(asked["nonce"], rosa()), jku=trap, x5u=trap)
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert page.status == 400
    assert published.server.received == []

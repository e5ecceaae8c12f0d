"""What a fault can make of an answer: its status, its headers, its body, and how the bytes come."""

import gzip
import json
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest
import requests

from tests.sandbox.ports import ORGS, body_of, statuses

LOGIN_PAGE = "<!DOCTYPE html><title>Sign in</title>"


@pytest.mark.parametrize("value", ["30", "-1", "1000000000", "soon"])
def test_a_wait_may_be_anything(q, value):
    q.fault({"status": 429, "headers": {"Retry-After": value}})
    assert q.ask(ORGS).headers["Retry-After"] == value


def test_a_wait_may_be_a_date_and_may_be_missing(q):
    number = q.fault({"status": 429, "headers": {"Retry-After": {"in_seconds": 30}}})
    answer = q.ask(ORGS)
    sent, until = (parsedate_to_datetime(answer.headers[n]) for n in ("Date", "Retry-After"))
    assert 29 <= (until - sent).total_seconds() <= 31
    q.control("DELETE", f"faults/{number}")
    q.fault({"status": 429})
    assert "Retry-After" not in q.ask(ORGS).headers


def test_a_status_without_a_body_may_stand_for_one_with(q):
    q.fault({"status": 204})
    answer = q.ask(ORGS)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_web_page_may_be_sent_with_200(q):
    q.fault({"body": LOGIN_PAGE})
    answer = q.ask(ORGS)
    assert (answer.status_code, answer.text) == (200, LOGIN_PAGE)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_error_may_be_sent_with_200(q):
    q.fault({"body": {"statusInfoSet": [{"imsx_codeMajor": "failure"}]}})
    assert q.ask(ORGS).json()["statusInfoSet"][0]["imsx_codeMajor"] == "failure"


@pytest.mark.parametrize(("kept", "length"), [(20, 20), (0, 0), (-1, -1)])
def test_json_may_end_early_with_the_right_length(q, kept, length):
    whole = q.ask(ORGS).content
    q.fault({"truncate": kept})
    answer = q.ask(ORGS)
    assert answer.content == whole[:length]
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_json_may_end_half_way(q):
    whole = q.ask(ORGS).content
    q.fault({"truncate": 0.5})
    assert q.ask(ORGS).content == whole[: len(whole) // 2]


def test_json_may_begin_with_a_mark_of_byte_order(q):
    q.fault({"bom": True})
    assert q.ask(ORGS).content.startswith(b"\xef\xbb\xbf{")


def test_an_answer_may_be_packed_unasked(q):
    q.fault({"gzip": True})
    connection = q.raw(ORGS)
    answer = connection.getresponse()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.read()))["orgs"]
    connection.close()


def test_a_length_may_promise_more_than_comes(q):
    q.fault({"length": 10})
    with pytest.raises(IncompleteRead):
        body_of(q)


def test_a_length_may_promise_less_than_comes(q):
    whole = len(q.ask(ORGS).content)
    q.fault({"length": -10})
    assert len(body_of(q)) == whole - 10


def test_an_answer_without_length_may_be_cut_where_nobody_can_tell(q):
    whole = body_of(q)
    q.fault({"headers": {"Content-Length": None}, "cut": 15})
    assert body_of(q) == whole[:15]


def test_an_answer_may_be_cut_at_every_byte(q):
    whole = body_of(q, "/orgs?limit=1&fields=status")
    for length in range(len(whole)):
        number = q.fault({"cut": length}, times=1)
        with pytest.raises(IncompleteRead) as cut:
            body_of(q, "/orgs?limit=1&fields=status")
        assert cut.value.partial == whole[:length]
        q.control("DELETE", f"faults/{number}")


def test_an_answer_in_chunks_is_whole_and_one_that_is_cut_is_not(q):
    whole = body_of(q)
    q.fault({"chunked": True}, times=1)
    assert body_of(q) == whole
    q.fault({"chunked": True, "cut": 60})
    with pytest.raises(HTTPException):
        body_of(q)


def test_a_connection_may_be_reset_before_the_answer_or_in_it(q):
    q.fault({"reset": True}, times=1)
    with pytest.raises(ConnectionResetError):
        body_of(q)
    q.fault({"reset": True, "cut": 30})
    with pytest.raises((ConnectionResetError, IncompleteRead)):
        body_of(q)


def test_a_connection_may_end_without_a_word(q):
    q.fault({"drop": True})
    with pytest.raises(RemoteDisconnected):
        body_of(q)


def test_an_answer_that_drips_is_whole_in_the_end(q):
    whole = body_of(q)
    q.fault({"drip": 50_000})
    assert body_of(q) == whole


def test_a_client_that_gives_up_on_a_drip_leaves_the_server_well(q):
    q.fault({"drip": 0.001}, times=1)
    connection = q.raw(ORGS)
    assert connection.getresponse().read1(100_000) == b"{"
    connection.close()
    assert statuses(q, 1) == [200]


def test_an_answer_that_is_late_comes_after_a_client_has_given_up(q):
    q.fault({"delay": 3600}, times=1)
    with pytest.raises(requests.ReadTimeout):
        q.session.get(q.root + ORGS, timeout=0.2)
    assert statuses(q, 1) == [200]


@pytest.mark.parametrize("monster", ["nested", "long", "bomb"])
def test_an_answer_may_be_a_monster(q, monster):
    q.fault({"monster": {monster: 300_000}})
    answer = q.ask(ORGS)
    opened = "[" if monster == "nested" else "x"
    assert answer.text.startswith('{"data":')
    assert answer.text.count(opened) == 300_000


def test_a_bomb_is_small_on_the_wire(q):
    q.fault({"monster": {"bomb": 10_000_000}})
    assert len(body_of(q)) < 20_000

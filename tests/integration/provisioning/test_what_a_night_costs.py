"""What a night may cost (design section 10), counted and never timed: requests, queries, rows."""

import json
from urllib.request import urlopen

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration.oneroster import decoder
from integration.oneroster.decoder import Decoder
from tests.bench.baseline import page_server
from tests.bench.night import night

# A slow machine has more of them: they go by the clock.
BY_THE_CLOCK = ('"integration_lease"', 'UPDATE "integration_run"')

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def q():
    with page_server(enrollments=2_100, page_size=1_000) as ready:
        yield ready


def ask(q: dict, path: str) -> dict:
    data = None if path == "stats" else b""
    with urlopen(q["stats_url"].removesuffix("stats") + path, data=data, timeout=30) as answer:
        return json.load(answer)


def a_night(q: dict, page_size: int, *, first: bool = False, **how) -> dict:
    """What `night` tells, and how many requests and queries it took."""
    ask(q, "reset")
    with CaptureQueriesContext(connection) as captured:
        told = night(q["url"], q["token_url"], page_size=page_size, first=first, **how)
    every = [query["sql"] for query in captured]
    asked = [sql for sql in every if not any(one in sql for one in BY_THE_CLOCK)]
    lookups = [sql for sql in asked if '"integration_rosterrow"."key" IN' in sql]
    return told | {
        "requests": ask(q, "stats")["requests"],
        "queries": len(asked),
        "lookups": len(lookups),
    }


def pages(q: dict, size: int) -> int:
    """All pages of a night; behind a last page that proves nothing, one empty page is asked for."""
    return sum(
        -(-count // size) + (count % size == 0 or count < size) for count in q["counts"].values()
    )


def test_a_first_night_looks_nothing_up_that_cannot_be_there(q):
    assert a_night(q, 1_000, first=True)["lookups"] < 10


@pytest.fixture
def provisioned(q):
    first = a_night(q, 1_000, first=True)
    assert first["planned"] > q["counts"]["enrollments"]
    return q


@pytest.mark.parametrize("size", [100, 300])
def test_a_night_asks_for_every_page_once_and_for_nothing_else(provisioned, size):
    assert a_night(provisioned, size)["requests"] == pages(provisioned, size)


def test_a_night_without_changes_plans_nothing_and_its_queries_do_not_grow_with_the_pages(
    provisioned,
):
    many, few = a_night(provisioned, 50), a_night(provisioned, 1_000)
    assert (many["planned"], few["planned"]) == (0, 0)
    assert many["requests"] > 4 * few["requests"]
    assert many["queries"] == few["queries"] < 100


def test_as_many_rows_travel_as_records_changed(provisioned):
    changed = ask(provisioned, "change?collection=users&count=20")["changed"]
    changed += ask(provisioned, "change?collection=enrollments&count=30")["changed"]
    assert a_night(provisioned, 1_000)["planned"] == changed > 30


class Noted(Decoder):
    """Keeps what it was asked."""

    def __init__(self):
        super().__init__(after=0)
        self.asked = []

    def ask(self, *words, **named):
        self.asked.append(super().ask(*words, **named))
        return self.asked[-1]


def test_what_another_process_reads_is_what_was_read_here(provisioned, monkeypatch):
    monkeypatch.setattr(decoder, "_processors", lambda: 2)
    assert a_night(provisioned, 500, decoder=Noted())["planned"] == 0
    assert ask(provisioned, "change?collection=users&count=25")["changed"]
    elsewhere = Noted()
    there, here = a_night(provisioned, 500, decoder=elsewhere), a_night(provisioned, 500)
    assert here["counts"] == there["counts"]
    assert here["planned"] == there["planned"] > 0
    read = [one.result() for one in elsewhere.asked]
    assert len(read) > 5
    assert all(read)

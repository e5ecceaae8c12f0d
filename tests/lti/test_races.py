"""Fifty at one moment, over HTTP, against a database that is a file or PostgreSQL (S5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread, _StaticFilesHandler

from integration.models import AuditEvent
from lti.models import LaunchSession
from tests.integration.ledger.conftest import in_workers, workers
from tests.lti.browser import Browser
from tests.lti.people import rosa
from tests.lti.platform import Platform
from tests.lti.test_sessions import by_storage, data

__all__ = ["workers"]
PARALLEL = 50


class _Server(ThreadedWSGIServer):
    request_queue_size = 2 * PARALLEL


class _Thread(LiveServerThread):
    server_class = _Server


@pytest.fixture
def crowded(canvas: Platform, workers: None, settings: object) -> Iterator[Platform]:
    """The tool in a server whose threads each have a database connection of their own."""
    thread = _Thread("localhost", _StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    settings.BASE_URL = canvas.tool = f"http://localhost:{thread.port}"  # type: ignore[attr-defined]
    yield canvas
    thread.terminate()


def test_s5_of_fifty_parallel_replays_exactly_one_wins(crowded: Platform):
    browser = Browser(crowded.tool)
    asked = browser.get_login(crowded)
    token = crowded.sign(crowded.claims(asked["nonce"], rosa()))
    fields = {"id_token": token, "state": asked["state"]}

    def replay() -> int:
        return Browser(crowded.tool, dict(browser.cookies)).post("/lti/launch/", fields).status

    statuses = in_workers(replay, PARALLEL)
    assert sorted(statuses) == [303] + [400] * (PARALLEL - 1)
    assert in_workers(LaunchSession.objects.count) == [1]
    refused = AuditEvent.objects.filter(action="launch.refused", after__code="launch.replayed")
    assert in_workers(refused.count) == [PARALLEL - 1]
    assert crowded.key_server.asked == 1


def test_s5_of_ten_parallel_exchanges_exactly_one_wins(crowded: Platform):
    browser = Browser(crowded.tool, keeps_cookies=False)
    asking = by_storage(browser, crowded)
    good = asking.fields | {"browser": browser.storage[data(asking, "key")]}
    statuses = in_workers(lambda: Browser(crowded.tool).post("/lti/exchange/", good).status, 10)
    assert sorted(statuses) == [200] + [400] * 9
    assert in_workers(LaunchSession.objects.count) == [1]


def test_s5_of_ten_parallel_handovers_exactly_one_wins(crowded: Platform):
    browser = Browser(crowded.tool, keeps_cookies=False)
    asking = by_storage(browser, crowded)
    good = asking.fields | {"browser": browser.storage[data(asking, "key")]}
    word = Browser(crowded.tool).post("/lti/exchange/", good).fields["word"]
    statuses = in_workers(
        lambda: Browser(crowded.tool).post("/lti/handover/", {"word": word}).status, 10
    )
    assert sorted(statuses) == [303] + [400] * 9
    assert in_workers(LaunchSession.objects.count) == [1]

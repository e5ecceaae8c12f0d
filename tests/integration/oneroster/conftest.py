"""A scripted provider, and a client that never waits."""

import pytest
from pytest_httpserver import HTTPServer

from integration.http import Http
from integration.oneroster.client import OneRosterClient, Settings
from tests.integration.oneroster.provider import ROOT, Provider


@pytest.fixture(scope="session")
def two_servers():
    with (
        HTTPServer("127.0.0.1", threaded=True) as one,
        HTTPServer("127.0.0.1", threaded=True) as other,
    ):
        yield one, other


@pytest.fixture
def q(two_servers):
    yield from fresh(two_servers[0])


@pytest.fixture
def elsewhere(two_servers):
    """A second host: a trap, or somebody's token service."""
    yield from fresh(two_servers[1])


def fresh(server):
    server.clear()
    provider = Provider(server)
    yield provider
    for request in provider.requests:
        request.close()


@pytest.fixture
def http(q, elsewhere):
    http = Http(allow_private=[q.host, elsewhere.host], sleep=lambda _: None, jitter=lambda: 0.0)
    yield http
    http.close()


@pytest.fixture
def decoder():
    """What reads the client's large pages; None for its own."""
    return


@pytest.fixture
def connect(q, http, decoder):
    """A client, with any setting changed."""
    clients = []

    def make(*, now=lambda: 1_700_000_000.0, decoder=decoder, **settings) -> OneRosterClient:
        base = {"base_url": q.url + ROOT, "auth": "oauth2", "key": "qkey", "secret": "qs&cret"}
        token = {"token_url": q.url + "/oauth/token", "page_size": 100}
        client = OneRosterClient(
            http, Settings(**base | token | settings), now=now, decoder=decoder
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        if client._pool:  # what is still under way may not reach the next test's provider
            client._pool.shutdown(cancel_futures=True)
        client.close()


@pytest.fixture
def client(connect):
    return connect()

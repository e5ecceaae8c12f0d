"""Which servers the contract is held against: any, by URL; else a sandbox of our own.

    pytest tests/contracts                               the sandbox
    pytest tests/contracts --q-url … --q-key … --q-secret … [--q-token-url …]      another Q
    pytest tests/contracts --canvas-url … --canvas-token …                    another Canvas
    pytest tests/contracts --without RULE --only RULE    the sandbox with one rule broken

With the address of one server only, the tests of the other run against the sandbox.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.sandbox_process import Canvas, Q, Sandbox, running_sandbox

OPTIONS = {
    "--q-url": "root of a OneRoster 1.1 provider, …/ims/oneroster/v1p1",
    "--q-token-url": "its OAuth 2 token endpoint",
    "--q-key": "its client key",
    "--q-secret": "its client secret",
    "--canvas-url": "origin of a Canvas",
    "--canvas-token": "an access token of an admin of its root account",
    "--canvas-account": "id of the account to work in (default 1)",
    "--without": "start the sandbox with this rule broken",
    "--only": "run only the tests that state this rule",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contracts")
    for name, help_text in OPTIONS.items():
        group.addoption(name, default=None, help=help_text)
    group.addoption("--list-rules", action="store_true", help="print the rules stated, run nothing")


def option(config: pytest.Config, name: str) -> str | None:
    """None also where pytest was started above this folder and never saw these options."""
    return config.getoption(name, default=None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    hosts = [urlsplit(option(config, name) or "").hostname for name in ("--q-url", "--canvas-url")]
    foreign = [host for host in hosts if host]
    if foreign:
        for item in items:
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", *foreign]))
    if rule := option(config, "--only"):
        config.hook.pytest_deselected(items=[i for i in items if rule not in rules_of(i)])
        items[:] = [item for item in items if rule in rules_of(item)]


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("--list-rules", default=False):
        for rule in sorted({rule for item in session.items for rule in rules_of(item)}):
            session.config.get_terminal_writer().line(f"rule {rule}")
        session.items.clear()


def rules_of(item: pytest.Item) -> set[str]:
    """The rules a test says it states."""
    return {mark.args[0] for mark in item.iter_markers("rule")}


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    broken = option(request.config, "--without")
    without = ["--without", broken] if broken else []
    with running_sandbox("--students", "40", "--seed", "7", *without) as started:
        yield started


@pytest.fixture(scope="session")
def q(request: pytest.FixtureRequest) -> Q:
    """The Q under test: `url`, `token_url`, `key`, `secret`."""
    url = option(request.config, "--q-url")
    if not url:
        return request.getfixturevalue("sandbox").q
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return Q(
        url.rstrip("/"),
        option(request.config, "--q-token-url") or f"{origin}/token",
        option(request.config, "--q-key") or "",
        option(request.config, "--q-secret") or "",
    )


@pytest.fixture(scope="session")
def canvas(request: pytest.FixtureRequest) -> Canvas:
    """The Canvas under test: `url`, `token`, `account_id`."""
    url = option(request.config, "--canvas-url")
    if not url:
        return request.getfixturevalue("sandbox").canvas
    account = option(request.config, "--canvas-account") or "1"
    return Canvas(url.rstrip("/"), option(request.config, "--canvas-token") or "", account)

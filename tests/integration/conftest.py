"""A district connected to a sandbox of its own, and the commands a person would type."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.management import call_command

from integration import connections
from tests.integration.provisioning.bundle_truth import DATA
from tests.integration.provisioning.held_by_canvas import hand_made
from tests.sandbox_process import Sandbox, running_sandbox

Manage = Callable[..., tuple[int, dict[str, Any]]]
SLUG = "lakeside"


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Callable[[str], Sandbox]]:
    """One sandbox a bundle, started when first asked for."""
    running: dict[str, tuple[Any, Sandbox]] = {}

    def get(bundle: str) -> Sandbox:
        if bundle not in running:
            context = running_sandbox("--data", str(DATA / bundle), "--q-port=0", "--canvas-port=0")
            running[bundle] = (context, context.__enter__())
        return running[bundle][1]

    yield get
    for context, _ in running.values():
        context.__exit__(None, None, None)


def origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


@pytest.fixture
def sandbox(sandboxes: Callable[[str], Sandbox], request: pytest.FixtureRequest) -> Sandbox:
    """An empty Canvas, and a Q that holds the small bundle or the one the test names."""
    marker = request.node.get_closest_marker("bundle")
    sandbox = sandboxes(marker.args[0] if marker else "school-small.zip")
    # Whoever says what Q holds needs no bundle before that.
    how = "?empty=1" if "q_holds" in request.fixturenames else ""
    for server in (sandbox.q, sandbox.canvas):
        requests.post(f"{origin(server.url)}/sandbox/reset{how}", timeout=120).raise_for_status()
    return sandbox


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for Canvas, or to ask again, waits a tenth as long; no order changes."""

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds / 10, 1.0))

    for name in ("Http", "CanvasClient"):
        opened = getattr(connections, name)
        monkeypatch.setattr(connections, name, partial(opened, sleep=sleep))


@pytest.fixture
def manage(db: None, settings: Any, sandbox: Sandbox, hurried: None) -> Manage:
    """Run one of our commands with --json; give its exit code and its object."""
    settings.ALLOW_PRIVATE_ADDRESSES = [
        urlsplit(server.url).netloc for server in (sandbox.q, sandbox.canvas)
    ]

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        out = io.StringIO()
        try:
            call_command(*words, "--json", stdout=out, stderr=io.StringIO())
        except SystemExit as ended:
            return int(ended.code or 0), json.loads(out.getvalue() or "{}")
        return 0, json.loads(out.getvalue())

    return run


@pytest.fixture
def connect(manage: Manage, sandbox: Sandbox) -> Callable[..., None]:
    """Connect the district as `manage.py connect` does, with options of the test's own."""

    def run(**options: str) -> None:
        given = {
            "canvas_url": sandbox.canvas.url,
            "canvas_token": sandbox.canvas.token,
            "q_url": sandbox.q.url,
            "q_token_url": sandbox.q.token_url,
            "q_key": sandbox.q.key,
            "q_secret": sandbox.q.secret,
            "time_zone": "America/Chicago",
        } | options
        words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        code, answer = manage("connect", SLUG, *words)
        assert code == 0, answer

    return run


@pytest.fixture
def provision(manage: Manage) -> Callable[..., tuple[int, dict[str, Any]]]:
    return lambda *words: manage("provision", SLUG, *words)


@pytest.fixture
def change_q(sandbox: Sandbox) -> Callable[..., None]:
    """Put records into Q and take them out, whatever they hold."""

    def run(
        *, upsert: dict[str, list[Any]] | None = None, delete: dict[str, list[str]] | None = None
    ) -> None:
        body = {"upsert": upsert or {}, "delete": delete or {}}
        url = f"{origin(sandbox.q.url)}/sandbox/records"
        requests.post(url, json=body, timeout=60).raise_for_status()

    return run


@pytest.fixture
def asked_of_q(sandbox: Sandbox) -> Callable[[], list[str]]:
    """The paths that were asked of Q since it was reset."""

    def run() -> list[str]:
        log = requests.get(f"{origin(sandbox.q.url)}/sandbox/log", timeout=60).json()
        return [request["path"] for request in log["requests"]]

    return run


@pytest.fixture
def q_control(sandbox: Sandbox) -> Callable[..., None]:
    """Asks the local Q for something at /sandbox/."""

    def ask(path: str, body: Any = None) -> None:
        url = f"{origin(sandbox.q.url)}/sandbox/{path}"
        requests.post(url, json=body, timeout=60).raise_for_status()

    return ask


@pytest.fixture
def q_holds(sandbox, change_q):
    """An emptied Q that holds just the given records."""

    def run(records: dict[str, list[Any]]) -> None:
        url = f"{origin(sandbox.q.url)}/sandbox/reset?empty=1"
        requests.post(url, timeout=60).raise_for_status()
        change_q(upsert=records)

    return run


@pytest.fixture
def canvas_fault(sandbox: Sandbox) -> Iterator[Callable[..., None]]:
    """Let Canvas misbehave: match="what requests", then what happens to each; none: no more."""
    url = f"{origin(sandbox.canvas.url)}/sandbox/faults"

    def run(method: str = "", path: str = "", **do: Any) -> None:
        if not method:
            requests.delete(url, timeout=30).raise_for_status()
            return
        fault = {"match": {"method": method, "path": path}, "do": do}
        requests.post(url, json=fault, timeout=30).raise_for_status()

    yield run
    run()


@pytest.fixture
def canvas_side(sandbox: Sandbox) -> Callable[[dict[str, str]], None]:
    """Let a person, or another integration, import CSV files into Canvas."""
    return lambda files: hand_made(sandbox.canvas, files)

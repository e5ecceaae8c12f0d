"""Chromium with the cookie policies that people have, and what a tab must not say."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# profile.cookie_controls_mode: 0 allows third-party cookies, 1 blocks them.
POLICIES: dict[str, dict[str, Any]] = {
    "blocked": {"cookie_controls_mode": 1},
    "allowed": {"cookie_controls_mode": 0},
}


def executable() -> str:
    """Where Chromium is; without it journeys are skipped, unless REQUIRE_BROWSER is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    if os.environ.get("REQUIRE_BROWSER"):
        raise AssertionError("Chromium is missing, and REQUIRE_BROWSER is set.")
    pytest.skip("Chromium is missing (Debian: apt-get install chromium)")


@contextmanager
def browser(
    playwright: Playwright, home: Path, profile: dict[str, Any], *flags: str
) -> Iterator[BrowserContext]:
    """A Chromium with these preferences of its profile, as a person has who set them once."""
    preferences = home / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True, exist_ok=True)
    preferences.write_text(json.dumps({"profile": profile}))
    context = playwright.chromium.launch_persistent_context(
        str(home),
        executable_path=executable(),
        args=[*FLAGS, *flags],
        headless=True,
        viewport={"width": 1280, "height": 900},
        ignore_https_errors=True,
    )
    context.set_default_timeout(60_000)
    try:
        yield context
    finally:
        context.close()

"""A district in a running Canvas and a running product, and browsers to walk through them.

Canvas is on 127.0.0.1 and the product on localhost: two sites, so cookies of the product are
third-party cookies in Canvas's frame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Playwright, sync_playwright

from tests.contracts.lti_tool import Platform
from tests.gradesync.shell.course import Course
from tests.journeys.browsers import FLAGS, POLICIES, browser, executable
from tests.journeys.installing import install
from tests.journeys.servers import Product, free_port, running_product
from tests.journeys.teaching import FIRST, IN_Q, PROFILE, SECOND, course_of, fill_up, workers
from tests.journeys.walking import Walk
from tests.sandbox_process import Sandbox, running_sandbox

SLUG = "lakeside"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    executable()
    with running_sandbox("--students", "20", "--seed", "3") as started:
        yield started


@pytest.fixture(scope="session")
def product(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("product")
    canvas = sandbox.canvas
    reachable = [sandbox.q.url, canvas.url, canvas.sso]
    with running_product(home, reachable, port=free_port()) as started:
        started.connect(SLUG, sandbox)
        yield started


@pytest.fixture(scope="session")
def platform(sandbox: Sandbox, product: Product) -> Platform:
    """The local Canvas, with the product installed for the district, and for its neighbour."""
    made = Platform(sandbox.canvas)
    install(made, product, {SLUG: "admin", "hillside": "neighbouring-admin"})
    return made


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    executable()
    # Playwright's event loop lives in this thread; Django would refuse the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browsers(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, BrowserContext]]:
    """One Chromium for each cookie policy, made when it is first wanted."""
    opened = Browsers(playwright, tmp_path_factory.mktemp("profiles"))
    yield opened
    opened.close()


class Browsers(dict[str, BrowserContext]):
    """By policy."""

    def __init__(self, playwright: Playwright, home: Path) -> None:
        super().__init__()
        self._playwright, self._home = playwright, home
        self._opened = ExitStack()

    def __missing__(self, policy: str) -> BrowserContext:
        opening = browser(self._playwright, self._home / policy, POLICIES[policy])
        self[policy] = self._opened.enter_context(opening)
        return self[policy]

    def close(self) -> None:
        self._opened.close()


@pytest.fixture(params=list(POLICIES))
def walk(
    request: pytest.FixtureRequest,
    browsers: dict[str, BrowserContext],
    platform: Platform,
    product: Product,
) -> Iterator[Walk]:
    """A person's walk through Canvas, under each cookie policy."""
    yield from _walk(browsers[request.param], platform, product)


@pytest.fixture
def default_walk(
    browsers: dict[str, BrowserContext], platform: Platform, product: Product
) -> Iterator[Walk]:
    """The same with Chromium's default: third-party cookies are blocked."""
    yield from _walk(browsers["blocked"], platform, product)


def _walk(context: BrowserContext, platform: Platform, product: Product) -> Iterator[Walk]:
    context.clear_cookies()
    walking = Walk(context, platform, product)
    yield walking
    walking.end()


@pytest.fixture(scope="module")
def working_course(sandbox: Sandbox, product: Product, platform: Platform) -> Iterator[Course]:
    product.canaries += [str(one) for one in (FIRST, SECOND, IN_Q)]
    found = course_of(sandbox, platform)
    fill_up(found, 8)
    product.shell(PROFILE)
    with workers(product):
        yield found


@pytest.fixture
def course(working_course: Course) -> Iterator[Course]:
    """The teacher's course, and the workers that serve it; Q behaves again afterwards."""
    yield working_course
    working_course.control("q", "DELETE", "faults")


@pytest.fixture
def tool(default_walk: Walk, course: Course) -> FrameLocator:
    """The teacher's first page of the tool, in Canvas."""
    default_walk.act_as("teacher")
    return default_walk.open("Q Grade Sync")


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Any]:
    """A browser for pages that are opened without a Canvas around them."""
    browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
    yield browser
    browser.close()

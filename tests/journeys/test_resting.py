"""A page that nobody touches: it warns before the visit ends, and only where something is lost."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.gradesync.screens.algebra import algebra
from tests.gradesync.screens.conftest import district
from tests.gradesync.screens.stage import COURSE_ID
from tests.journeys.test_every_screen import opened
from tests.journeys.walking import violations

WARNING = "This page closes in 5 minutes"


def test_what_is_not_saved_is_told_of_in_time_and_the_visit_is_kept(
    live_server: Any, settings: Any, chromium: Any
):
    settings.BASE_URL = live_server.url
    stage = district("lakeside")
    stage.plan(algebra())
    visit = stage.visit()
    with opened(chromium, visit) as page:
        page.clock.install()
        page.goto(f"{live_server.url}/courses/{COURSE_ID}/settings/?place={visit.place}")
        page.clock.fast_forward("24:50")
        assert_told(page, is_told=False)
        page.clock.fast_forward("00:20")
        # Nothing was changed, so nothing would be lost.
        assert_told(page, is_told=False)
        page.get_by_label("Late work", exact=True).select_option(index=1)
        assert_told(page, is_told=True)
        assert violations(page.main_frame) == []
        page.get_by_role("button", name="Keep it open").click()
        assert_told(page, is_told=False)
        page.clock.fast_forward("25:10")
        assert_told(page, is_told=True)


def assert_told(page: Page, *, is_told: bool) -> None:
    expect(page.get_by_text(WARNING)).to_be_visible(visible=is_told)

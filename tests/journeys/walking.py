"""What a person does in Canvas, and what is looked at on the way: soundness, pictures, axe."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, FrameLocator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.contracts.lti_tool import Platform
from tests.journeys.servers import Product
from tests.sandbox_process import ROOT

# A machine that is busy with other things is slow, and no page of ours is wrong for that.
expect.set_options(timeout=60_000)
PICTURES = ROOT / "var" / "journeys"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TOOL = "iframe[name=tool_content_1]"
COURSE_PAGE = "Grade sync to Q"
# A page is looked at once in a run, however many journeys lead past it.
_LOOKED: set[str] = set()


class Walk:
    """One person, one browser, one or more tabs."""

    def __init__(self, context: BrowserContext, platform: Platform, product: Product) -> None:
        self.context, self.platform, self.product = context, platform, product
        self.complaints: list[str] = []
        self._before = list(context.pages)
        self.page = self.new_tab()

    def new_tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def end(self) -> None:
        """Close the tabs. No page may have broken its own rules, nor a script."""
        for page in self.context.pages:
            if page not in self._before:
                page.close()
        # An answer that says no is told here, too, and is none of a page's faults.
        refusals = "Failed to load resource: the server responded"
        found = [each for each in self.complaints if not each.startswith(refusals)]
        assert found == [], found

    def act_as(self, who: str, page: Page | None = None, **choices: bool) -> Page:
        """Choose who acts; Canvas then shows where they begin."""
        page = page or self.page
        page.goto(f"{self.platform.canvas.url}/act-as")
        for name, wanted in choices.items():
            page.locator(f"input[name={name}]").set_checked(wanted)
        page.locator(f"button[data-part={who}]").click()
        page.wait_for_url(f"**{self.platform.people[who]['where']}")
        return page

    def open(self, name: str, page: Page | None = None) -> FrameLocator:
        """Click a tool in the navigation of a course or account; its frame."""
        page = page or self.page
        with page.expect_navigation(wait_until="commit"):
            page.locator("nav.inside").get_by_role("link", name=name, exact=True).click()
        return page.frame_locator(TOOL)

    def count_clicks(self) -> list[str]:
        """From here on each click in the pages that open, in Canvas and in the tool alike."""
        clicks: list[str] = []
        self.page.expose_function("clicked", lambda text: clicks.append(text))
        note = "addEventListener('click', event => clicked(event.target.textContent), true)"
        self.page.add_init_script(note)
        self.page.evaluate(note)
        return clicks

    def frame(self, page: Page | None = None) -> Frame:
        """The tool's frame itself."""
        found = (page or self.page).frame(name="tool_content_1")
        assert found
        return found

    def messages(self, page: Page | None = None) -> list[dict[str, Any]]:
        """What the tool posted to Canvas."""
        return list((page or self.page).evaluate("window.ltiMessages"))

    def look(self, name: str, frame: Frame | None = None, page: Page | None = None) -> None:
        """Keep a picture, and let axe look at the tool's page."""
        if name in _LOOKED:
            return
        _LOOKED.add(name)
        page = page or self.page
        picture(page, name)
        found = violations(frame or self.frame(page))
        assert found == [], found


def picture(page: Page, name: str) -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    return path


def violations(frame: Frame) -> list[str]:
    """What axe finds on a page that is there as a whole: rule and element."""
    frame.wait_for_load_state()
    frame.evaluate(Path(AXE_FILE_PATH).read_text())
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
    # Within a frame the page is whole for its reader, so it is looked at as a page of its own.
    found = frame.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {json.dumps(node['target'])} {node['html'][:120]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def heading(where: FrameLocator | Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page says in its first line what it is."""
    try:
        expect(where.get_by_role("heading", level=1)).to_have_text(text)
    except AssertionError as error:
        with suppress(PlaywrightError):
            error.add_note(where.locator("body").first.inner_text(timeout=1000))
        raise

"""The product where its cookies are refused in Canvas's frame, and what Canvas's storage makes of
that; and that other tools get from the local Canvas what its messages promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.contracts.lti_tool import Platform
from tests.journeys.browsers import browser
from tests.journeys.servers import Product
from tests.journeys.walking import COURSE_PAGE, Walk, heading

BLOCKED = {"[*.]localhost,[*.]127.0.0.1": {"setting": 2}, "localhost,127.0.0.1": {"setting": 2}}
PROFILE = {"cookie_controls_mode": 1, "content_settings": {"exceptions": {"cookies": BLOCKED}}}


@pytest.fixture(scope="module")
def refusing(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that keeps no cookie of the product inside Canvas, partitioned or not."""
    with browser(playwright, tmp_path_factory.mktemp("refusing"), PROFILE) as context:
        yield context


@pytest.fixture
def walk(refusing: BrowserContext, platform: Platform, product: Product) -> Iterator[Walk]:
    refusing.clear_cookies()
    walking = Walk(refusing, platform, product)
    yield walking
    walking.end()
    platform.control("PUT", "storage", {"mode": "post_message_forwarding"})


@pytest.mark.parametrize("mode", ["post_message_forwarding", "_parent"])
def test_canvass_storage_vouches_for_the_browser_and_a_new_tab_takes_over(walk: Walk, mode: str):
    walk.platform.control("PUT", "storage", {"mode": mode})
    walk.act_as("teacher")
    tool = walk.open("Q Grade Sync")
    heading(tool, "Your browser blocks this page inside Canvas")
    walk.look("new-tab")
    # The frame that forwards is asked first; if it is slow, the window around is asked as well.
    first = {each["subject"]: each["forwarded"] for each in reversed(walk.messages())}
    is_forwarded = mode != "_parent"
    assert first == {"lti.put_data": is_forwarded, "lti.get_data": is_forwarded}
    assert [each["name"] for each in walk.context.cookies() if "qsync" in each["name"]] == []
    word = tool.locator("input[name=word]").get_attribute("value") or ""
    with walk.context.expect_page() as opened:
        tool.get_by_role("button", name="Open in a new tab").click()
    heading(opened.value, COURSE_PAGE)
    assert word not in opened.value.url
    walk.look("in-a-tab-of-its-own", opened.value.main_frame, opened.value)
    opened.value.reload()
    heading(opened.value, COURSE_PAGE)
    handover = f"{walk.product.url}/lti/handover/"
    again = requests.post(handover, data={"word": word}, timeout=30, allow_redirects=False)
    assert again.status_code >= 400


def test_where_canvass_storage_does_not_answer_the_page_says_what_to_do(walk: Walk):
    walk.platform.control("PUT", "storage", {"mode": "silent"})
    walk.act_as("teacher")
    tool = walk.open("Q Grade Sync")
    heading(tool, "Q Sync could not open this page")
    expect(tool.get_by_role("alert")).to_contain_text("Your browser blocks this page inside Canvas")
    walk.look("storage-silent")


def test_where_canvas_has_no_storage_the_launch_is_refused_with_what_to_do(walk: Walk):
    walk.platform.control("PUT", "storage", {"mode": "absent"})
    walk.act_as("teacher")
    heading(walk.open("Q Grade Sync"), "Q Sync could not open this page")
    walk.look("storage-absent")


ASK = """([target, origin, message]) => new Promise(resolve => {
  const outer = target ? window.parent.frames[target] : window.parent
  addEventListener('message', event => {
    if (event.data.message_id === message.message_id) resolve(event.data)
  })
  outer.postMessage(message, origin)
})"""


def test_the_local_canvas_answers_messages_as_canvas_does(default_walk: Walk):
    """Asked from within the tool's frame, as any tool might."""
    walk = default_walk
    walk.act_as("teacher")
    heading(walk.open("Q Grade Sync"), COURSE_PAGE)
    sso = walk.platform.canvas.sso

    def ask(target: str = "post_message_forwarding", origin: str = sso, **message: Any) -> Any:
        asked = {"message_id": message["subject"] + message.get("key", ""), **message}
        return walk.frame().evaluate(ASK, [target, origin, asked])

    told = ask(subject="lti.capabilities")
    frames = {each["subject"]: each.get("frame") for each in told["supported_messages"]}
    assert frames["lti.put_data"] == "post_message_forwarding"
    assert frames["lti.close"] is None
    put = ask(subject="lti.put_data", key="a", value="1")
    assert (put["subject"], put["key"], put["value"]) == ("lti.put_data.response", "a", "1")
    assert ask(subject="lti.get_data", key="a")["value"] == "1"
    assert ask("", "*", subject="lti.get_data", key="a")["value"] == "1"
    assert ask(subject="lti.get_data", key="b")["value"] is None
    full = ask(subject="lti.put_data", key="c", value="x" * 5000)
    assert full["error"]["code"] == "storage_exhaustion"
    assert ask(subject="lti.put_data")["error"]["code"] == "bad_request"
    assert ask("", "*", subject="lti.unheard")["error"]["code"] == "unsupported_subject"
    assert ask("", "*", subject="lti.fetchWindowSize")["width"] == 1280
    ask("", "*", subject="lti.frameResize", height=777)
    assert walk.page.locator("iframe.tool").evaluate("frame => frame.style.height") == "777px"
    ask(subject="lti.put_data", key="a", value=None)
    assert ask(subject="lti.get_data", key="a")["value"] is None

"""That the browsers of the journeys are what they are said to be, and that axe is awake."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from tests.integration.servers import FaultServer, Received, answer
from tests.journeys.walking import violations

HTML = {"Content-Type": "text/html"}
COOKIES = {
    "plain": "plain=1; SameSite=None; Secure",
    "partitioned": "__Host-parted=1; SameSite=None; Secure; Partitioned; Path=/",
}
KEPT = {"blocked": ["__Host-parted"], "allowed": ["__Host-parted", "plain"]}


@pytest.mark.parametrize("policy", KEPT)
def test_a_policy_keeps_in_a_frame_what_it_says(browsers: dict[str, BrowserContext], policy: str):
    shown: list[str] = []

    def third(asked: Received):
        shown.append(asked.headers.get("cookie", ""))
        (which,) = [text for name, text in COOKIES.items() if asked.target == f"/{name}"] or [""]
        return answer(200, b"<p>framed</p>", HTML | ({"Set-Cookie": which} if which else {}))

    context = browsers[policy]
    context.clear_cookies()
    page = context.new_page()
    with FaultServer(third) as framed:
        at = f"http://localhost:{framed.port}"

        def first(asked: Received):
            return answer(200, f'<iframe src="{at}{asked.target}"></iframe>'.encode(), HTML)

        with FaultServer(first) as around:
            for path in ("/plain", "/partitioned", "/"):
                page.goto(f"http://127.0.0.1:{around.port}{path}", wait_until="load")
    page.close()
    kept = sorted(each.split("=")[0] for each in shown[-1].split("; ") if each)
    assert kept == KEPT[policy]


def test_axe_sees_a_fault(browsers: dict[str, BrowserContext]):
    page = browsers["blocked"].new_page()
    page.set_content('<html lang="en"><title>A</title><main><h1>A</h1><img src="a.png"></main>')
    found = violations(page.main_frame)
    page.close()
    assert [each.split(":")[0] for each in found] == ["image-alt"]

"""An administrator's walk: from the registration address to the first night, counted in steps."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, FrameLocator, expect

from tests.contracts.lti_tool import Platform
from tests.integration.provisioning.held_by_canvas import hand_made, held
from tests.journeys.servers import free_port, running_product
from tests.journeys.teaching import workers
from tests.journeys.test_registration import enable, open_newest, register
from tests.journeys.walking import Walk, heading, violations
from tests.sandbox_process import Sandbox, running_sandbox

KEY, SECRET = "10000000000001", "canvas-developer-secret"
PATIENCE = 60_000
STUDENTS = 12
EVALUATION = "Next: Compare Q with what Canvas holds"
INSTALLED = (
    *("Apps: paste the address, open it", "Install", "Enable and install", "Open Q Sync"),
    "Set up a new district",
)
Q_CONNECTED = ("Connect Q", "Test and save")
CANVAS_CONNECTED = (
    *("Sign in to Canvas", "Canvas: make a developer key with the address shown", "Go on"),
    *("Open Canvas", "Authorize"),
)


class Admin:
    """Walks, and counts: a step is one thing pressed, with whatever was filled in before it."""

    def __init__(self, walk: Walk, sandbox: Sandbox) -> None:
        self.walk, self.sandbox = walk, sandbox
        self.steps: list[str] = []
        self.tool: FrameLocator = walk.page.frame_locator("iframe")

    def step(self, words: str) -> None:
        self.steps.append(words)

    def press(self, name: str, *, role: Any = "button", exact: bool = True) -> None:
        """Press what the page names so, and count it."""
        self.tool.get_by_role(role, name=name, exact=exact).first.click()
        self.step(name)

    def install(self) -> None:
        """Dynamic registration, Canvas's review, and whose Canvas it is."""
        frame = register(self.walk, self.walk.product.manage("invite")["url"])
        self.step("Apps: paste the address, open it")
        frame.get_by_role("button", name="Install").click()
        self.step("Install")
        enable(self.walk)
        self.step("Enable and install")
        self.tool = open_newest(self.walk)
        self.step("Open Q Sync")
        heading(self.tool, "Which district is this Canvas?")
        self.press("Set up a new district")
        expect(self.tool.get_by_role("heading", name="Set up", exact=True)).to_be_visible()

    def connect_q(self) -> None:
        self.press("Connect Q", role="link")
        heading(self.tool, "Connect Q")
        q = self.sandbox.q
        self.tool.get_by_label("Address of Q’s OneRoster service").fill(q.url)
        self.tool.get_by_label("Client key").fill(q.key)
        self.tool.get_by_label("Client secret").fill(q.secret)
        self.press("Test and save")
        heading(self.tool, "Connections")

    def connect_canvas(self) -> None:
        """OAuth in a tab of its own; the page in the frame notices by itself."""
        self.press("Sign in to Canvas", role="link")
        heading(self.tool, "Sign in to Canvas")
        callback = self.tool.locator("#callback").inner_text()
        at = f"{self.sandbox.canvas.url}/sandbox/developer-key"
        requests.put(at, json={"redirect_uri": callback}, timeout=30).raise_for_status()
        self.step("Canvas: make a developer key with the address shown")
        self.tool.get_by_label("Address of Canvas").fill(self.sandbox.canvas.url)
        self.tool.get_by_label("ID of the developer key").fill(KEY)
        self.tool.get_by_label("Its key").fill(SECRET)
        self.press("Go on")
        with self.walk.context.expect_page() as opened:
            self.press("Open Canvas")
        tab = opened.value
        tab.get_by_role("button", name="Authorize").click()
        self.step("Authorize")
        heading(tab, "Canvas is connected. You can close this tab.")
        tab.close()
        expect(self.tool.get_by_text("Canvas is connected.")).to_be_visible(timeout=PATIENCE)

    def told(self) -> list[str]:
        """The steps so far, printed as well."""
        lines = (f"{place}. {words}\n" for place, words in enumerate(self.steps, 1))
        sys.stdout.write("".join(lines))
        return self.steps

    def see(self, name: str) -> None:
        """A picture and axe, of what is in the frame now."""
        self.walk.look(name, self.walk.frame())

    def ended(self, words: str | re.Pattern[str]) -> None:
        """The page of a run shows by itself that it has ended."""
        expect(self.tool.get_by_role("heading", level=1)).to_have_text(words, timeout=PATIENCE)


@pytest.fixture
def admin(
    tmp_path: Path, browsers: dict[str, BrowserContext], sandbox_of_its_own: Sandbox
) -> Iterator[Admin]:
    """A Canvas and a Q that nobody has connected, the product beside them, and its workers."""
    with walking(tmp_path, browsers["blocked"], sandbox_of_its_own) as found:
        yield found


@pytest.fixture
def sandbox_of_its_own() -> Iterator[Sandbox]:
    with running_sandbox("--students", str(STUDENTS), "--seed", "11") as started:
        yield started


@contextmanager
def walking(home: Path, context: BrowserContext, sandbox: Sandbox) -> Iterator[Admin]:
    canvas = sandbox.canvas
    reachable = [sandbox.q.url, canvas.url, canvas.sso]
    with running_product(home, reachable, port=free_port()) as product, workers(product):
        context.clear_cookies()
        walk = Walk(context, Platform(canvas), product)
        yield Admin(walk, sandbox)
        walk.end()


def users_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Q's users, as Q tells of them."""
    q = sandbox.q
    given = {"grant_type": "client_credentials", "scope": SCOPE}
    answer = requests.post(q.token_url, data=given, auth=(q.key, q.secret), timeout=30)
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    url = f"{q.url}/users?limit=1000"
    return list(requests.get(url, headers=token, timeout=30).json()["users"])


SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly"
USERS = "user_id,login_id,first_name,last_name,email,status\n"


def in_use(sandbox: Sandbox) -> list[str]:
    """Canvas holds every second person of Q already, three of them by another name."""
    here = [one for one in users_of(sandbox) if one["role"] in ("student", "teacher")][::2]
    lines = [
        f"{one['sourcedId']},{one['username']},{'Other' if place < 3 else one['givenName']},"
        f"{one['familyName']},{one.get('email', '')},active\n"
        for place, one in enumerate(here)
    ]
    hand_made(sandbox.canvas, {"users.csv": USERS + "".join(lines)})
    return [one["sourcedId"] for one in here[:3]]


@pytest.mark.prove
def test_into_a_canvas_in_use_the_first_night_waits_and_is_approved(
    admin: Admin, sandbox_of_its_own: Sandbox
):
    canvas = sandbox_of_its_own.canvas
    renamed = in_use(sandbox_of_its_own)
    admin.install()
    admin.see("setup-begins")
    admin.connect_q()
    admin.connect_canvas()
    admin.press("Evaluate now")
    heading(admin.tool, "Evaluation before converting")
    expect(admin.tool.locator("#verdict")).to_be_visible(timeout=PATIENCE)
    admin.see("evaluated")
    admin.press("Run the first night")
    admin.ended(re.compile(r"\d+ creates, 3 updates, 0 removals"))
    expect(admin.tool.get_by_text("A person has to decide.")).to_be_visible()
    admin.see("first-plan")
    before = {one["user_id"]: one["first_name"] for one in held(canvas)["users"]}
    assert {before[one] for one in renamed} == {"Other"}
    admin.tool.get_by_label("Reason").fill("Looked at with the registrar")
    admin.press("Carry this out")
    admin.ended(re.compile("Provisioning of "))
    expect(admin.tool.get_by_text("“Looked at with the registrar”")).to_be_visible()
    heading_ = admin.tool.get_by_role("heading", name="Next: Let nights run by themselves")
    expect(heading_).to_be_visible()
    admin.see("first-night")
    after = held(canvas)
    names = {one["user_id"]: one["first_name"] for one in after["users"]}
    assert "Other" not in {names[one] for one in renamed}
    assert len(after["users"]) > len(before)
    assert after["enrollments"]
    assert admin.told() == [
        *INSTALLED, *Q_CONNECTED, *CANVAS_CONNECTED,
        "Evaluate now", "Run the first night", "Carry this out",
    ]  # fmt: skip


def test_into_an_empty_canvas_the_first_night_goes_by_itself(
    admin: Admin, sandbox_of_its_own: Sandbox
):
    admin.install()
    admin.connect_q()
    admin.connect_canvas()
    admin.press("Canvas is new: run the first night")
    admin.ended(re.compile("Provisioning of "))
    expect(admin.tool.get_by_text("Done", exact=True).first).to_be_visible()
    assert {one["user_id"] for one in held(sandbox_of_its_own.canvas)["users"]} >= {
        one["sourcedId"] for one in users_of(sandbox_of_its_own) if one["role"] == "student"
    }
    # Until here it is a night; two presses more, and the nights run by themselves.
    admin.press("Choose the hour", role="link")
    admin.tool.get_by_label("Run every night by itself").check()
    admin.press("Save the schedule")
    admin.tool.get_by_role("link", name="Overview", exact=True).click()
    expect(admin.tool.get_by_text("Healthy")).to_be_visible()
    expect(admin.tool.get_by_role("heading", name="Set up", exact=True)).to_have_count(0)
    assert admin.told() == [
        *INSTALLED, *Q_CONNECTED, *CANVAS_CONNECTED,
        "Canvas is new: run the first night", "Choose the hour", "Save the schedule",
    ]  # fmt: skip


@pytest.mark.prove
def test_somebody_else_types_qs_key_in_by_a_one_time_link(
    admin: Admin, sandbox_of_its_own: Sandbox, chromium: Any
):
    admin.install()
    admin.press("Connect Q", role="link")
    admin.press("Ask Q’s administrator with a one-time link")
    heading(admin.tool, "One-time link for Q’s administrator")
    link = admin.tool.locator("#link").inner_text()
    code = admin.tool.locator(".fig").inner_text()
    admin.see("one-time-link")
    # A mail filter opens what it delivers, and more than once.
    for _ in range(3):
        assert requests.get(link, timeout=30).status_code == 200
    admin.press("Done", role="link")
    # Meanwhile the other half can be done.
    admin.connect_canvas()
    admin.tool.get_by_role("link", name="Back to the connections").click()
    admin.step("Back to the connections")
    expect(admin.tool.get_by_text("not used yet")).to_be_visible()

    stranger = chromium.new_context().new_page()
    stranger.goto(link)
    heading(stranger, re.compile("Connect Q to Canvas for "))
    assert violations(stranger.main_frame) == []
    q = sandbox_of_its_own.q
    stranger.get_by_label("Address of Q’s OneRoster service").fill(q.url)
    stranger.get_by_label("Client key").fill(q.key)
    stranger.get_by_label("Client secret").fill(q.secret)
    stranger.get_by_label("6-digit code").fill("000 000" if code != "000 000" else "111 111")
    stranger.get_by_role("button", name="Test and save").click()
    expect(stranger.get_by_text("This is not the code.").first).to_be_visible()
    stranger.get_by_label("6-digit code").fill(code)
    stranger.get_by_label("Client secret").fill(q.secret)
    stranger.get_by_role("button", name="Test and save").click()
    heading(stranger, "Thank you. You can close this page.")
    stranger.goto(link)
    heading(stranger, "This link does not work")
    expect(stranger.get_by_text("It was used already")).to_be_visible()
    stranger.context.close()

    admin.tool.get_by_role("link", name="Connections", exact=True).first.click()
    admin.step("Connections")
    expect(admin.tool.get_by_text(re.compile("^Used "))).to_be_visible()
    expect(admin.tool.get_by_role("heading", name=EVALUATION)).to_be_visible(timeout=PATIENCE)
    assert admin.told() == [
        *INSTALLED, "Connect Q", "Ask Q’s administrator with a one-time link", "Done",
        *CANVAS_CONNECTED, "Back to the connections", "Connections",
    ]  # fmt: skip

"""From an invitation to the first launch and the claim, all of it in Canvas."""

from __future__ import annotations

import re

from playwright.sync_api import FrameLocator, expect

from tests.journeys.walking import TOOL, Walk, heading, picture

REGISTRATION = "iframe[name=registration]"


def register(walk: Walk, url: str) -> FrameLocator:
    """The admin pastes the registration address; the tool's page in Canvas's frame."""
    walk.act_as("admin")
    walk.page.get_by_role("link", name="Apps", exact=True).click()
    walk.page.get_by_label("Registration address").fill(url)
    walk.page.get_by_role("button", name="Open", exact=True).click()
    return walk.page.frame_locator(REGISTRATION)


def enable(walk: Walk) -> str:
    """Go through Canvas's review; the client id."""
    walk.page.wait_for_url("**/registrations/*")
    client_id = walk.page.locator("code").first.inner_text()
    walk.page.get_by_role("button", name="Enable and install").click()
    walk.page.wait_for_url("**/apps")
    return client_id


def open_newest(walk: Walk) -> FrameLocator:
    walk.page.goto(f"{walk.platform.canvas.url}/accounts/1")
    walk.page.locator("nav.inside").get_by_role("link", name="Q Sync", exact=True).last.click()
    return walk.page.frame_locator(TOOL)


def remove(walk: Walk, client_id: str) -> None:
    walk.platform.control("DELETE", "developer-keys", {"client_id": client_id})


def test_a_canvas_is_registered_opened_and_becomes_a_new_district(walk: Walk):
    frame = register(walk, walk.product.manage("invite")["url"])
    heading(frame, re.compile("Install Q Sync in “Sandbox Unified School District”"))
    found = walk.page.frame(name="registration")
    walk.look("registration", found)
    frame.get_by_role("button", name="Install").click()
    client_id = enable(walk)
    try:
        picture(walk.page, "apps")
        tool = open_newest(walk)
        heading(tool, "Which district is this Canvas?")
        walk.look("claim")
        name = f"Riverside {client_id}"
        tool.get_by_label("Name of the district").fill(name)
        tool.get_by_role("button", name="Set up a new district").click()
        heading(tool, name)
        walk.look("overview-of-a-new-district")
        heading(open_newest(walk), name)
    finally:
        remove(walk, client_id)


def test_a_claim_code_makes_it_the_district_that_is_set_up_already(default_walk: Walk):
    walk = default_walk
    frame = register(walk, walk.product.manage("invite")["url"])
    frame.get_by_role("button", name="Install").click()
    client_id = enable(walk)
    try:
        tool = open_newest(walk)
        tool.get_by_role("textbox", name="Claim code").fill("not a code")
        tool.get_by_role("button", name="Use this code").click()
        expect(tool.get_by_role("alert")).to_contain_text("This code is not known")
        walk.look("claim-refused")
        tool.get_by_role("textbox", name="Claim code").fill(
            walk.product.manage("invite", "lakeside")["code"]
        )
        tool.get_by_role("button", name="Use this code").click()
        heading(tool, "District lakeside")
    finally:
        remove(walk, client_id)


def test_before_the_claim_a_teacher_is_told_whom_to_ask(default_walk: Walk):
    walk = default_walk
    frame = register(walk, walk.product.manage("invite")["url"])
    frame.get_by_role("button", name="Install").click()
    client_id = enable(walk)
    try:
        walk.act_as("teacher")
        walk.page.locator("nav.inside a.tool-link").last.click()
        tool = walk.page.frame_locator(TOOL)
        heading(tool, "Q Sync is not set up in this Canvas yet")
        walk.look("not-set-up")
    finally:
        remove(walk, client_id)


def test_an_invitation_is_good_once_and_a_stranger_has_none(default_walk: Walk):
    walk = default_walk
    url = walk.product.manage("invite")["url"]
    register(walk, url).get_by_role("button", name="Install").click()
    remove(walk, enable(walk))
    for used in (url, f"{walk.product.url}/lti/register/?invite=guessed"):
        frame = register(walk, used)
        heading(frame, "Q Sync could not open this page")
        expect(frame.get_by_text("used before, or it is out of date")).to_be_visible()
    walk.look("registration-refused", walk.page.frame(name="registration"))

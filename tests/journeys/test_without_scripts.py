"""The administrator's pages where no script runs: connect, test, evaluate, approve, ask why."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integration import checking, tasks
from integration.models import District, Run
from tests.integration.conftest import (  # noqa: F401  # fixtures
    change_q,
    hurried,
    manage,
    q_holds,
    sandbox,
    sandboxes,
)
from tests.integration.provisioning.held_by_canvas import hand_made, held
from tests.integration.provisioning.records import small_district
from tests.journeys.test_without_a_mouse import a_district, shown

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


def connect(page: Page, **fields: str) -> None:
    """Fill in what is named, and press; a field may be under “More”."""
    for one in page.locator("details").all():
        if one.get_attribute("open") is None:
            one.locator("summary").click()
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Test and save").click()


def worked(page: Page) -> Run:
    """What was begun is done by a worker; then the page is opened again."""
    run = Run.objects.latest("pk")
    tasks.advance_run(run.pk)
    page.reload()
    run.refresh_from_db()
    return run


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Q Sync").get_by_role("link", name=name).click()


def test_everything_an_administrator_does_goes_without_scripts(
    live_server: Any,
    chromium: Any,
    manage: Any,  # noqa: F811
    q_holds: Any,  # noqa: F811
    sandbox: Any,  # noqa: F811
):
    q_holds(small_district())
    hand_made(sandbox.canvas, {"users.csv": "user_id,login_id,status\nX,x@example.org,active\n"})
    district = a_district()
    with shown(
        chromium, live_server, district, "connections/q/", java_script_enabled=False
    ) as page:
        connect(page, **{
            "Address of Q’s OneRoster service": sandbox.q.url,
            "Client key": sandbox.q.key,
            "Client secret": sandbox.q.secret,
            "Token address": sandbox.q.token_url,
        })  # fmt: skip
        tab(page, "Connections")
        expect(page.get_by_text(sandbox.q.url)).to_be_visible()
        page.goto(page.url.replace("connections/", "connections/canvas/"))
        connect(page, **{
            "Address of Canvas": sandbox.canvas.url,
            "Number of the root account": "self",
            "Access token": sandbox.canvas.token,
        })  # fmt: skip
        tab(page, "Connections")
        page.get_by_role("button", name="Test now").click()
        checking.check(District.objects.get().checks.latest("pk").pk)
        tab(page, "Connections")
        expect(page.get_by_text("All is well").first).to_be_visible()
        evaluated(page)
        approved(page, sandbox)
        set_and_asked(page)
    district.refresh_from_db()
    assert district.state == District.State.ACTIVE


def evaluated(page: Page) -> None:
    tab(page, "Evaluation")
    page.get_by_role("button", name="Evaluate").first.click()
    assert worked(page).state == Run.State.DONE
    tab(page, "Evaluation")
    expect(page.get_by_text("How records match")).to_be_visible()


def approved(page: Page, canvas: Any) -> None:
    tab(page, "Provisioning")
    page.get_by_role("button", name="Run now").click()
    assert worked(page).state == Run.State.HELD
    page.get_by_role("link", name="See every change").click()
    page.get_by_label("ID or name").fill("P1-0")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Given P1-0").first).to_be_visible()
    run = Run.objects.latest("pk")
    page.get_by_role("link", name=f"Provisioning {run.pk}").click()
    page.get_by_label("Everything").check()
    page.get_by_label("Reason", exact=True).fill("First night")
    page.get_by_role("button", name="Carry this out").click()
    assert worked(page).state == Run.State.DONE
    assert "P1-0" in {row["user_id"] for row in held(canvas.canvas)["users"]}


def set_and_asked(page: Page) -> None:
    tab(page, "Rules")
    page.get_by_label("Reason for a pause").fill("Summer")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: Summer")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_label("Guardians become observers").check()
    page.get_by_role("button", name="Save the rules").click()
    tab(page, "Why?")
    page.get_by_label("Kind").select_option("user")
    page.get_by_label("Its sourcedId in Q").fill("P1-0")
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("heading", name="user P1-0: in Canvas")).to_be_visible()

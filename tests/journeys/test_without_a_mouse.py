"""The administrator's pages by keyboard alone, enlarged four times, and in forced colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integration.models import (
    AuditEvent,
    Change,
    District,
    Invitation,
    ProvisioningPolicy,
    Run,
)
from integration.provisioning.rows import CHANGE_SIS_ID, as_text, digest
from integration.provisioning.run import conditions
from tests.integration.account.visiting import installed, visit
from tests.journeys.keyboard import choose, complaints, go_to, here, press
from tests.journeys.test_every_account_screen import SCREENS, a_plan, connected
from tests.journeys.test_every_screen import opened, overflowing, violations

pytestmark = pytest.mark.django_db(transaction=True)
# 1280 by 1024, four times as large.
ENLARGED = {"width": 320, "height": 256}


@contextmanager
def shown(
    chromium: Any,
    live_server: Any,
    district: District,
    path: str,
    person: Any = None,
    **options: Any,
) -> Iterator[Page]:
    admin = visit(installed(district), person)
    joint = "&" if "?" in path else "?"
    with opened(chromium, admin, **options) as page:  # type: ignore[arg-type]
        # A header does not go along to where an answer leads; a cookie does.
        page.context.set_extra_http_headers({})
        page.context.add_cookies(
            [
                {
                    "name": name,
                    "value": one.value,
                    "url": live_server.url.replace("http:", "https:"),
                }
                for name, one in admin.client.cookies.items()
            ]
        )
        page.goto(f"{live_server.url}/account/{path}{joint}place={admin.place}")
        yield page


def a_district(number: int = 0) -> District:
    made = District.objects.create(slug=f"lakeside-{number}", name="Lakeside Unified")
    ProvisioningPolicy.objects.create(district=made)
    return made


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("admin-plan",), id="some"),
        pytest.param(tuple(one.name for one in SCREENS), id="all", marks=pytest.mark.prove),
    ],
)
def test_tab_reaches_everything_in_order_and_marked_enlarged_and_in_forced_colours(
    live_server: Any, settings: Any, chromium: Any, names: tuple[str, ...]
):
    settings.BASE_URL = live_server.url
    wrong: list[Any] = []
    for number, screen in enumerate(one for one in SCREENS if one.name in names):
        district = a_district(number)
        path = screen.prepare(district)
        with shown(chromium, live_server, district, path, screen.person()) as page:
            wrong += [(screen.name, one) for one in looked_at(page)]
    assert wrong == [], "\n".join(map(str, wrong))


def looked_at(page: Page) -> Iterator[str]:
    yield from complaints(page)
    page.set_viewport_size(ENLARGED)  # type: ignore[arg-type]
    if (more := overflowing(page)) > 0:
        yield f"enlarged: {more} px wider than the window"
    yield from (f"enlarged: {one}" for one in complaints(page))
    page.set_viewport_size({"width": 1180, "height": 800})
    page.emulate_media(forced_colors="active")
    yield from (f"forced colours: {one}" for one in complaints(page))
    yield from (f"forced colours: {one}" for one in violations(page.main_frame))


def at_heading(page: Page) -> None:
    """After a change the focus is where the page begins to tell."""
    stop = here(page)
    assert stop is not None, "the focus is nowhere"
    assert stop.tag in ("h1", "h2", "h3", "div"), stop


def test_a_plan_is_searched_narrowed_and_discarded_by_keyboard(live_server: Any, chromium: Any):
    district = a_district()
    run = a_plan(district, schools=3, lines=60)
    with shown(chromium, live_server, district, f"runs/{run.pk}/") as page:
        press(page, "See every change")
        go_to(page, "ID or name")
        page.keyboard.type("P17")
        press(page, "Find", tag="button")
        expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
        at_heading(page)
        go_to(page, "Change", tag="select")
        page.keyboard.type("Rem")
        press(page, "Find", tag="button")
        expect(page.get_by_text("1 to 1 of 1")).to_be_visible()
        press(page, f"Provisioning {run.pk}")
        go_to(page, "Everything: 60 changes")
        choose(page, "none")
        go_to(page, "Reason")
        page.keyboard.type("Q was being repaired")
        press(page, "Carry this out")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        at_heading(page)
    run.refresh_from_db()
    assert run.state == Run.State.FAILED
    assert AuditEvent.objects.get(action="plan.discarded").reason == "Q was being repaired"


def test_a_part_of_a_plan_is_approved_by_keyboard(live_server: Any, chromium: Any):
    district = a_district()
    connected(district)
    run = a_plan(district, schools=3, lines=60)
    with shown(chromium, live_server, district, f"runs/{run.pk}/") as page:
        go_to(page, "Everything: 60 changes")
        choose(page, "schools")
        go_to(page, "School 1")
        page.keyboard.press("Space")
        go_to(page, "Reason")
        page.keyboard.type("They moved")
        press(page, "Carry this out")
        at_heading(page)
    assert Change.objects.filter(run=run, state="set aside").count() == 20


@pytest.mark.parametrize(
    ("button", "state"),
    [
        ("They are the same", Change.State.PLANNED),
        ("They are not the same", Change.State.SET_ASIDE),
    ],
)
def test_changed_ids_are_connected_or_declined_by_keyboard(
    live_server: Any, chromium: Any, button: str, state: str
):
    district = a_district()
    connected(district)
    run = a_plan(district, schools=2, lines=4)
    row = ("P-old", "P-new", "user")
    Change.objects.create(
        run=run, kind=CHANGE_SIS_ID.name, key="user P-old", action="changed", state="proposed",
        after=as_text(row), digest=digest(row),
    )  # fmt: skip
    Run.objects.filter(pk=run.pk).update(policy_digest=conditions(district))
    with shown(chromium, live_server, district, f"runs/{run.pk}/") as page:
        expect(page.get_by_role("heading", name="1 changed ID waits for you")).to_be_visible()
        press(page, button, tag="button")
        at_heading(page)
    proposed = Change.objects.filter(run__district=district, kind=CHANGE_SIS_ID.name)
    assert state in proposed.values_list("state", flat=True)
    assert not proposed.filter(run=run, state="proposed").exists() or state == "planned"


def test_a_decision_that_is_wrong_leads_to_its_field_by_keyboard(live_server: Any, chromium: Any):
    district = a_district()
    connected(district)
    run = a_plan(district, schools=3, lines=60)
    with shown(chromium, live_server, district, f"runs/{run.pk}/") as page:
        go_to(page, "Number of removals")
        page.keyboard.type("59")
        press(page, "Carry this out")
        stop = here(page)
        assert stop is not None
        assert "type how many they are: 60" in stop.name
        go_to(page, "Number of removals", tag="a")
        page.keyboard.press("Enter")
        stop = here(page)
        assert stop is not None
        assert stop.tag == "input"
        assert violations(page.main_frame) == []
    run.refresh_from_db()
    assert run.state == Run.State.HELD


def test_a_form_that_is_wrong_leads_to_its_field_by_keyboard(live_server: Any, chromium: Any):
    with shown(chromium, live_server, a_district(), "connections/q/") as page:
        go_to(page, "Address of Q")
        page.keyboard.type("q.example")
        press(page, "Test and save")
        stop = here(page)
        assert stop is not None
        assert "This was not saved" in stop.name
        link = go_to(page, "Client key", tag="a")
        page.keyboard.press("Enter")
        stop = here(page)
        assert stop is not None
        assert (stop.tag, link.name.startswith("Client key")) == ("input", True)


def test_an_invitation_is_made_and_cancelled_by_keyboard(live_server: Any, chromium: Any):
    with shown(chromium, live_server, a_district(), "connections/q/") as page:
        press(page, "with a one-time link")
        at_heading(page)
        press(page, "Done")
        press(page, "Take the link back")
        at_heading(page)
    assert Invitation.objects.count() == 1


def test_a_district_is_paused_and_resumed_by_keyboard(live_server: Any, chromium: Any):
    district = a_district()
    with shown(chromium, live_server, district, "rules/") as page:
        go_to(page, "Reason for a pause")
        page.keyboard.type("Summer")
        press(page, "Pause", tag="button")
        at_heading(page)
        expect(page.get_by_text("Paused: Summer")).to_be_visible()
        press(page, "Resume")
        at_heading(page)
    district.refresh_from_db()
    assert district.state == District.State.ACTIVE

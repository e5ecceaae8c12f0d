"""Whose an installation is: the row, a code, or the same Canvas as before (design 3)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from integration import claiming, invitations
from integration.claiming import ClaimRefused
from integration.models import AuditEvent, CanvasConnection, District, Installation, Invitation
from lti import claims
from lti.models import Deployment
from lti.models import Platform as PlatformRow
from tests.integration.ledger.conftest import in_workers, workers
from tests.lti.browser import Browser, Page
from tests.lti.conftest import Launch, install
from tests.lti.people import ada, ben, rosa
from tests.lti.platform import Platform

__all__ = ["workers"]
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def unclaimed(canvas: Platform) -> Platform:
    """A Canvas of its own key, installed and nobody's. Lakeside's stands beside it."""
    platform = Platform(
        canvas.key_server,
        canvas.tool,
        canvas.key,
        client_id="10000000000005",
        guid="new:canvas-lms",
    )
    install(platform)
    return platform


@pytest.fixture
def reinstalled(canvas: Platform) -> Platform:
    """Lakeside's very Canvas, with a second deployment that nobody has claimed."""
    return Platform(canvas.key_server, canvas.tool, canvas.key, deployment_id="8:again")


def answer(browser: Browser, page: Page, **fields: str) -> Page:
    token = {"csrfmiddlewaretoken": page.fields["csrfmiddlewaretoken"]}
    posted = browser.post(page.url, token | fields)
    return browser.follow(posted)


def test_an_unclaimed_launch_names_no_district(launch: Launch, reinstalled: Platform):
    for person in (ada(), ben(), rosa()):
        page = launch(person, platform=reinstalled)
        words = page.text.replace('value="Lakeside Unified"', "")
        assert "Lakeside" not in words
        assert "lakeside" not in words.replace("lakeside.instructure.com", "")


def test_only_a_root_admin_may_claim(launch: Launch, unclaimed: Platform):
    assert launch(ada(), platform=unclaimed).heading == "Which district is this Canvas?"
    assert launch(ben(), platform=unclaimed).status == 403
    assert launch(rosa(), platform=unclaimed).status == 403
    assert launch(ada(masquerading_user_id="9"), platform=unclaimed).status == 403


def test_a_new_canvas_becomes_a_new_district(browser: Browser, launch: Launch, unclaimed: Platform):
    page = answer(browser, launch(ada(), platform=unclaimed), how="new", name="New Unified")
    assert (page.status, page.heading) == (200, "New Unified")
    district = District.objects.get(slug="new-unified")
    assert district.time_zone == "America/Los_Angeles"
    event = AuditEvent.objects.get(action="installation.claimed")
    assert (event.district, event.actor) == ("new-unified", "Canvas user 42")


def test_a_claim_code_makes_it_that_districts_once(
    browser: Browser, launch: Launch, unclaimed: Platform
):
    code, _ = invitations.invite(by="the operator", district=District.objects.get())
    page = answer(browser, launch(ada(), platform=unclaimed), how="code", code=code.lower())
    assert page.heading == "Lakeside Unified"
    assert not invitations.redeem(code, Invitation.Purpose.CLAIM, by="x")


@pytest.mark.parametrize("kind", ["unknown", "used", "old", "of registration", "empty"])
def test_a_code_that_does_not_count_claims_nothing(
    browser: Browser, launch: Launch, unclaimed: Platform, kind: str
):
    lakeside = District.objects.get()
    with time_machine.travel(NOW, tick=False) as clock:
        code, _ = invitations.invite(by="x", district=None if "reg" in kind else lakeside)
        match kind:
            case "unknown":
                code = "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE"
            case "used":
                invitations.redeem(code, Invitation.Purpose.CLAIM, by="x")
            case "old":
                clock.shift(timedelta(days=4))
            case "empty":
                code = ""
        page = answer(browser, launch(ada(), platform=unclaimed), how="code", code=code)
    assert page.status == 400
    assert "Lakeside" not in page.text.replace('value="Lakeside Unified"', "")
    assert Installation.objects.count() == 1


def test_the_same_canvas_installed_anew_goes_on_as_before(
    browser: Browser, launch: Launch, reinstalled: Platform
):
    page = launch(ada(), platform=reinstalled)
    assert "Go on as before" in page.text
    assert "As a new district" not in page.text
    assert answer(browser, page, how="new", name="Twice").status == 400
    assert answer(browser, page, how="again").heading == "Lakeside Unified"
    assert District.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"guid": "other:canvas-lms"}, {"client_id": "99"}, {"guid": ""}]
)
def test_another_guid_or_another_key_is_not_the_same_canvas(
    browser: Browser, launch: Launch, canvas: Platform, change: dict[str, str]
):
    other = Platform(canvas.key_server, canvas.tool, canvas.key, deployment_id="8:again")
    for name, value in change.items():
        setattr(other, name, value)
    install(other)
    page = launch(ada(), platform=other)
    assert "Go on as before" not in page.text
    assert answer(browser, page, how="again").status == 400
    assert Installation.objects.count() == 1


def test_a_neighbours_key_that_sends_our_ids_gets_nothing(
    browser: Browser, launch: Launch, canvas: Platform, neighbour: Platform
):
    """Custom fields are set by whoever owns the key: they choose no district."""
    CanvasConnection.objects.create(
        district=District.objects.get(slug="lakeside"),
        base_url="https://lakeside.instructure.com",
        account_uuid="our-root-account-uuid",
    )
    ours = {
        "root_account_uuid": "our-root-account-uuid",
        "canvas_domain": "lakeside.instructure.com",
        "account_id": "1",
        "root_account_id": "1",
        "district": "lakeside",
    }
    page = launch(ada(**ours), platform=neighbour)
    assert page.heading == "Hillside Schools"
    assert "Lakeside" not in page.text
    assert "lakeside" not in page.text
    stranger = Platform(
        canvas.key_server, canvas.tool, canvas.key, client_id="10000000000666", guid="evil:x"
    )
    install(stranger)
    page = launch(ada(**ours), platform=stranger, tool_platform={"guid": canvas.guid, "name": "E"})
    assert page.heading == "Which district is this Canvas?"
    assert "Lakeside" not in page.text
    assert answer(browser, page, how="again").status == 400
    assert Installation.objects.filter(district__slug="lakeside").count() == 1


def test_s44_a_claim_takes_no_other_fields(browser: Browser, launch: Launch, unclaimed: Platform):
    lakeside = District.objects.get()
    page = answer(
        browser,
        launch(ada(), platform=unclaimed),
        how="new",
        name="Mine",
        district=str(lakeside.pk),
        district_id=str(lakeside.pk),
        slug="lakeside",
        state="paused",
        deployment="1",
        is_first="",
    )
    assert page.heading == "Mine"
    assert lakeside.installations.count() == 1
    mine = District.objects.get(slug="mine")
    assert mine.state == "active"


def at_once(count: int, work: Callable[[int], District]) -> list[str]:
    """What came of each of so many threads: "District" or "ClaimRefused"."""
    numbers = iter(range(count))

    def one() -> str:
        try:
            return type(work(next(numbers))).__name__
        except ClaimRefused as refused:
            return type(refused).__name__

    return sorted(in_workers(one, count))


@pytest.fixture
def beside(unclaimed: Platform) -> Deployment:
    """A second deployment of the new Canvas."""
    row = PlatformRow.objects.get(client_id=unclaimed.client_id)
    return Deployment.objects.create(platform=row, deployment_id="9:beside", guid=unclaimed.guid)


@pytest.fixture
def code(canvas: Platform) -> str:
    return invitations.invite(by="x", district=District.objects.get())[0]


@pytest.fixture
def launched(unclaimed: Platform) -> claims.Launch:
    return claims.read(unclaimed.claims("n", ada()))


def test_of_two_admins_who_claim_at_once_one_wins(
    unclaimed: Platform, launched: claims.Launch, workers: None
):
    deployment = Deployment.objects.get(platform__client_id=unclaimed.client_id)
    before = District.objects.count()
    results = at_once(
        8,
        lambda at: claiming.as_new(
            deployment=deployment, name=f"District {at}", launch=launched, by=f"admin {at}"
        ),
    )
    assert results == ["ClaimRefused"] * 7 + ["District"]
    assert in_workers(District.objects.count) == [before + 1]


def test_two_deployments_of_one_new_canvas_make_one_district(
    unclaimed: Platform, launched: claims.Launch, beside: Deployment, workers: None
):
    first = Deployment.objects.exclude(pk=beside.pk).get(platform=beside.platform)
    deployments = [first, beside] * 4
    results = at_once(
        8,
        lambda at: claiming.as_new(
            deployment=deployments[at], name=f"Twin {at}", launch=launched, by=f"admin {at}"
        ),
    )
    assert results == ["ClaimRefused"] * 7 + ["District"]
    assert in_workers(District.objects.filter(slug__startswith="twin").count) == [1]


def test_a_code_that_two_type_at_once_is_used_once(
    unclaimed: Platform, beside: Deployment, code: str, workers: None
):
    first = Deployment.objects.exclude(pk=beside.pk).get(platform=beside.platform)
    deployments = [first, beside]
    results = at_once(
        2, lambda at: claiming.with_code(deployment=deployments[at], code=code, by=f"admin {at}")
    )
    assert results == ["ClaimRefused", "District"]


# Commands


def manage(*words: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command(*words, "--json", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def register(canvas: Platform, slug: str, **changes: str) -> tuple[int, dict[str, Any]]:
    options = {
        "issuer": canvas.issuer,
        "client-id": "10000000000077",
        "deployment-id": canvas.deployment_id,
        "auth-url": canvas.auth_url,
        "token-url": canvas.token_url,
        "jwks-url": canvas.jwks_url,
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    words = [f"--{name}={value}" for name, value in options.items()]
    return manage("register_platform", slug, *words)


def test_register_platform_claims_for_a_district(launch: Launch, canvas: Platform):
    code, told = register(canvas, "valley", name="Valley Unified")
    assert (code, told["state"], told["environment"]) == (0, "done", "production")
    platform = Platform(canvas.key_server, canvas.tool, canvas.key, client_id="10000000000077")
    assert launch(ada(), platform=platform).heading == "Valley Unified"
    assert register(canvas, "valley")[0] == 0
    assert Installation.objects.filter(district__slug="valley").count() == 1


def test_register_platform_takes_no_deployment_from_another_district(canvas: Platform):
    register(canvas, "valley")
    code, told = register(canvas, "hills")
    assert (code, told["state"]) == (1, "failed")
    assert (
        Installation.objects.get(deployment__platform__client_id="10000000000077").district.slug
        == "valley"
    )
    assert not District.objects.filter(slug="hills").exists()


@pytest.mark.parametrize(
    ("issuer", "environment"),
    [
        ("https://canvas.beta.instructure.com", "beta"),
        ("https://canvas.test.instructure.com", "test"),
        ("https://canvas.instructure.com", "production"),
        ("https://lms.beta-schools.org", "production"),
    ],
)
def test_beta_and_test_are_platforms_of_their_own(canvas: Platform, issuer: str, environment: str):
    assert register(canvas, "valley", issuer=issuer)[1]["environment"] == environment
    assert PlatformRow.objects.filter(issuer=issuer, environment=environment).exists()


@pytest.mark.parametrize("option", ["auth_url", "token_url", "jwks_url"])
@pytest.mark.parametrize("url", ["http://canvas.example/x", "https://10.0.0.1/x", "file:///x", "x"])
def test_register_platform_refuses_addresses_that_lead_inside(
    canvas: Platform, option: str, url: str
):
    code, told = register(canvas, "valley", **{option: url})
    assert (code, told["state"]) == (1, "failed")
    assert not PlatformRow.objects.filter(client_id="10000000000077").exists()


def test_invite_gives_a_link_or_a_code_and_keeps_neither(tool: str, canvas: Platform):
    code, told = manage("invite")
    assert told["url"].startswith(f"{tool}/lti/register/?invite=")
    code, told = manage("invite", "lakeside")
    assert (code, told["district"]) == (0, "lakeside")
    assert told["code"] not in json.dumps(list(Invitation.objects.values()), default=str)
    assert manage("invite", "nowhere")[0] == 1


def test_rotate_keys_makes_a_new_tool_key(tool: str, browser: Browser):
    before = json.loads(browser.get("/lti/jwks.json").text)["keys"]
    code, told = manage("rotate_keys", "--tool")
    after = json.loads(browser.get("/lti/jwks.json").text)["keys"]
    assert code == 0
    assert [key["kid"] for key in after] == [before[0]["kid"], told["kid"]]


def test_rotate_keys_seals_everything_under_the_newest_key(canvas: Platform, settings: Any):
    from lti import tool_keys

    old, new = "old key " * 5, "new key " * 5
    settings.ENCRYPTION_KEYS = [old]
    connected = CanvasConnection(district=District.objects.get(), base_url="https://x.example")
    connected.access_token = "s3cret"
    connected.save()
    platform = PlatformRow.objects.get()
    tool_keys.client_assertion(platform)
    settings.ENCRYPTION_KEYS = [new, old]
    assert manage("rotate_keys", "--encryption")[1]["secrets"] == 2
    settings.ENCRYPTION_KEYS = [new]
    assert CanvasConnection.objects.get().access_token == "s3cret"
    tool_keys.client_assertion(platform)
    assert manage("rotate_keys")[0] == 64

"""After the launch: cookies, two tabs, ends, hand-over, and forms (S13, S34-S39, S52, S55)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from lti import audience, claims, sessions
from lti.models import Deployment, LaunchSession
from lti.models import Platform as PlatformRow
from tests.lti import people
from tests.lti.browser import Browser, Page
from tests.lti.conftest import Launch, install, post_launch
from tests.lti.people import ada, ben, person, rosa, theo
from tests.lti.platform import INSTRUCTOR, Platform

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
IN_TEN_MINUTES = timedelta(minutes=10)


def test_s13_a_deployment_that_is_switched_off_ends_its_sessions(browser: Browser, launch: Launch):
    url = launch().url
    Deployment.objects.update(is_enabled=False)
    assert browser.get(url).status == 401
    Deployment.objects.update(is_enabled=True)
    PlatformRow.objects.update(is_enabled=False)
    assert browser.get(url).status == 401


def test_s12_a_deployment_that_is_switched_off_opens_nothing(browser: Browser, canvas: Platform):
    Deployment.objects.update(is_enabled=False)
    page = post_launch(browser, canvas)
    assert page.status == 403
    assert "Lakeside" not in page.text
    PlatformRow.objects.update(is_enabled=False)
    assert browser.post("/lti/login/", canvas.login()).status == 403


def test_s34_a_key_that_was_there_before_is_not_taken_over(browser: Browser, canvas: Platform):
    first = session_cookie(post_launch(browser, canvas))
    name = next(name for name in browser.cookies if "-course-5" in name)
    second = session_cookie(post_launch(browser, canvas))
    assert second != first
    attacker = Browser(browser.url, {name: first})
    assert attacker.get("/courses/5/").status == 401
    planted = "A" * 43
    browser.cookies[name] = planted
    assert session_cookie(post_launch(browser, canvas)) != planted


def session_cookie(page: Page) -> str:
    (line,) = (line for line in page.set_cookies if "-course-" in line or "-account-" in line)
    return line.partition("=")[2].partition(";")[0]


def test_s35_two_districts_in_one_browser_do_not_mix(
    browser: Browser, canvas: Platform, neighbour: Platform, launch: Launch
):
    """Both have a course 5; each link carries its place. 100 actions, both ways."""
    ours = launch(rosa()).url
    theirs = launch(rosa(), platform=neighbour).url
    assert urlsplit(ours).path == urlsplit(theirs).path
    for _ in range(25):
        for url, own, other in ((ours, "Lakeside", "Hillside"), (theirs, "Hillside", "Lakeside")):
            text = browser.get(url).text
            assert own in text
            assert other not in text
    # An address without its place belongs to nobody while two fit.
    assert browser.get("/courses/5/").status == 401


def test_s35_a_place_opens_nothing_without_its_own_cookie(
    browser: Browser, canvas: Platform, neighbour: Platform, launch: Launch
):
    ours, theirs = launch(rosa()).url, launch(rosa(), platform=neighbour).url
    (our_name,) = (name for name in browser.cookies if name.endswith(place(ours)))
    (their_name,) = (name for name in browser.cookies if name.endswith(place(theirs)))
    browser.cookies[their_name] = browser.cookies[our_name]
    assert browser.get(theirs).status == 401


def place(url: str) -> str:
    found = re.search(r"place=([^&]+)", url)
    assert found
    return found[1]


def test_two_courses_stay_open_beside_each_other(browser: Browser, launch: Launch):
    first = launch(rosa()).url
    second = launch(rosa(course_id="6")).url
    assert browser.get(first).status == browser.get(second).status == 200


@pytest.mark.parametrize("path", ["/courses/6/", "/account/", "/account/claim/"])
def test_s43_another_page_is_not_opened_by_this_launch(browser: Browser, launch: Launch, path: str):
    own = place(launch(rosa()).url)
    assert browser.get(f"{path}?place={own}").status == 404
    assert browser.get(path).status == 401


def test_another_person_at_the_same_browser_ends_the_first_ones_visit(
    browser: Browser, launch: Launch
):
    first = launch(rosa()).url
    launch(theo(course_id="6"), sub="another person")
    assert browser.get(first).status == 401
    assert LaunchSession.objects.count() == 1


def test_the_visits_of_one_browser_do_not_pile_up(browser: Browser, canvas: Platform):
    for course in range(1, 26):
        post_launch(browser, canvas, rosa(course_id=f"{course}"))
    assert len([name for name in browser.cookies if "-course-" in name]) <= 21


def test_s36_no_address_holds_a_key(browser: Browser, launch: Launch, canvas: Platform):
    asked = browser.get_login(canvas)
    token = canvas.sign(canvas.claims(asked["nonce"], rosa()))
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    keys = {*browser.cookies.values(), *(row.key_hash for row in LaunchSession.objects.all())}
    followed = browser.follow(page)
    for text in (
        page.location,
        followed.url,
        *re.findall(r'(?:href|action)="([^"]*)"', followed.text),
    ):
        assert not any(key in text for key in keys), text
    assert followed.header("referrer-policy") == "same-origin"


def test_s39_a_visit_ends_after_half_an_hour_of_quiet(browser: Browser, launch: Launch):
    with time_machine.travel(NOW, tick=False) as clock:
        url = launch().url
        for _ in range(6):
            clock.shift(timedelta(minutes=29))
            assert browser.get(url).status == 200
        clock.shift(timedelta(minutes=31))
        ended = browser.get(url)
    assert ended.status == 401
    assert "Open Q Sync again from the Canvas menu." in ended.text
    assert "lakeside.instructure.com" in ended.header("content-security-policy")


def test_s39_a_visit_ends_after_eight_hours(browser: Browser, launch: Launch):
    with time_machine.travel(NOW, tick=False) as clock:
        url = launch().url
        for _ in range(47):
            clock.shift(IN_TEN_MINUTES)
            assert browser.get(url).status == 200
        clock.shift(IN_TEN_MINUTES)
        assert browser.get(url).status == 401


def test_s39_what_needs_a_fresh_role_needs_a_launch_within_the_hour(
    browser: Browser, launch: Launch, canvas: Platform
):
    unclaimed = new_canvas(canvas)
    with time_machine.travel(NOW, tick=False) as clock:
        url = launch(ada(), platform=unclaimed).url
        for _ in range(3):
            clock.shift(timedelta(minutes=20))
            page = browser.get(url)
    assert page.status == 403
    assert "session.not-fresh" in page.text


def new_canvas(canvas: Platform) -> Platform:
    platform = Platform(
        canvas.key_server,
        canvas.tool,
        canvas.key,
        client_id="10000000000003",
        guid="new:canvas-lms",
    )
    install(platform)
    return platform


def test_what_has_ended_is_forgotten(browser: Browser, launch: Launch):
    with time_machine.travel(NOW, tick=False) as clock:
        launch()
        clock.shift(timedelta(minutes=20))
        assert sessions.forget_expired() == 1
        clock.shift(timedelta(hours=8))
        assert sessions.forget_expired() == 1
    assert LaunchSession.objects.count() == 0


def test_a_reload_shows_the_page_and_launches_nothing(browser: Browser, launch: Launch):
    url = launch().url
    before = LaunchSession.objects.values("pk", "created_at").get()
    assert [browser.get(url).status for _ in range(3)] == [200, 200, 200]
    assert LaunchSession.objects.values("pk", "created_at").get() == before


# Where cookies are blocked inside the frame: the platform's storage


@pytest.fixture
def cookieless(tool: str) -> Browser:
    return Browser(tool, keeps_cookies=False)


def by_storage(browser: Browser, canvas: Platform, person: dict[str, Any] | None = None) -> Page:
    """Login and launch without cookies; gives the page that asks the platform's storage."""
    page = browser.post("/lti/login/", canvas.login(lti_storage_target="_parent"))
    assert page.status == 200
    browser.storage = stored(page)
    asked = Page(302, [("Location", data(page, "next"))], "", "").query
    token = canvas.sign(canvas.claims(asked["nonce"], person or rosa()))
    return browser.post(
        "/lti/launch/",
        {"id_token": token, "state": asked["state"], "lti_storage_target": "_parent"},
    )


def data(page: Page, name: str) -> str:
    import html

    found = re.search(rf'data-{name}="([^"]*)"', page.text)
    assert found
    return html.unescape(found[1])


def stored(page: Page) -> dict[str, str]:
    return {data(page, "key"): data(page, "value")}


def test_s38_the_platforms_storage_stands_in_for_the_cookie(cookieless: Browser, canvas: Platform):
    asking = by_storage(cookieless, canvas)
    assert LaunchSession.objects.count() == 0
    key = cookieless.storage[data(asking, "key")]
    arriving = cookieless.post("/lti/exchange/", asking.fields | {"browser": key})
    assert arriving.status == 200
    cookieless.keeps_cookies = True
    offer = cookieless.post(action(arriving), arriving.fields)
    assert offer.heading == "Your browser blocks this page inside Canvas"
    tab = Browser(cookieless.url)
    page = tab.follow(tab.post("/lti/handover/", offer.fields))
    assert page.heading == "Grade sync to Q"


def action(page: Page) -> str:
    found = re.search(r'action="([^"]*)"', page.text)
    assert found
    return found[1]


def test_s38_where_the_cookie_comes_back_after_all_it_goes_on(
    cookieless: Browser, canvas: Platform
):
    asking = by_storage(cookieless, canvas)
    cookieless.keeps_cookies = True
    key = cookieless.storage[data(asking, "key")]
    arriving = cookieless.post("/lti/exchange/", asking.fields | {"browser": key})
    page = cookieless.follow(cookieless.post(action(arriving), arriving.fields))
    assert page.heading == "Grade sync to Q"
    late = Browser(cookieless.url).post("/lti/handover/", arriving.fields)
    assert late.status == 400


def test_s38_s25_the_storage_of_another_browser_opens_nothing(
    cookieless: Browser, canvas: Platform
):
    asking = by_storage(cookieless, canvas)
    for key in ("", "x", "A" * 43):
        page = cookieless.post("/lti/exchange/", asking.fields | {"browser": key})
        assert page.status == 400
    assert LaunchSession.objects.count() == 0


def test_a_code_of_the_storage_is_good_once_and_for_a_minute(cookieless: Browser, canvas: Platform):
    with time_machine.travel(NOW, tick=False) as clock:
        asking = by_storage(cookieless, canvas)
        good = asking.fields | {"browser": cookieless.storage[data(asking, "key")]}
        clock.shift(timedelta(seconds=61))
        assert cookieless.post("/lti/exchange/", good).status == 400
        asking = by_storage(cookieless, canvas)
        good = asking.fields | {"browser": cookieless.storage[data(asking, "key")]}
        assert cookieless.post("/lti/exchange/", good).status == 200
        assert cookieless.post("/lti/exchange/", good).status == 400


def test_a_launch_without_cookies_and_without_storage_is_refused(
    cookieless: Browser, canvas: Platform
):
    page = post_launch(cookieless, canvas)
    assert page.status == 400
    assert "cookies" in page.text


@pytest.mark.parametrize("wait", [61, 3600])
def test_a_handover_is_good_for_a_minute_and_once(browser: Browser, launch: Launch, wait: int):
    with time_machine.travel(NOW, tick=False) as clock:
        launch()
        session = LaunchSession.objects.get()
        word = sessions.offer_handover(session)
        clock.shift(timedelta(seconds=wait))
        assert Browser(browser.url).post("/lti/handover/", {"word": word}).status == 400
        word = sessions.offer_handover(LaunchSession.objects.get())
        assert Browser(browser.url).get("/lti/handover/").status == 405
        assert Browser(browser.url).post("/lti/handover/", {"word": word}).status == 303
        assert Browser(browser.url).post("/lti/handover/", {"word": word}).status == 400
        assert not LaunchSession.objects.filter(pk=session.pk).exists()


# Forms


def test_s55_a_form_needs_its_token(browser: Browser, launch: Launch, canvas: Platform):
    url = launch(ada(), platform=new_canvas(canvas)).url
    form = {"how": "new", "name": "New Unified"}
    assert browser.post(url, form).status == 403
    assert browser.post(url, form | {"csrfmiddlewaretoken": "A" * 64}).status == 403
    assert browser.post(url, form, {"X-CSRFToken": "A" * 32}).status == 403
    assert Browser(browser.url).post(url, form).status == 403
    token = browser.get(url).fields["csrfmiddlewaretoken"]
    evil = {"Origin": "https://evil.example"}
    assert browser.post(url, form | {"csrfmiddlewaretoken": token}, evil).status == 403
    assert browser.post(url, form | {"csrfmiddlewaretoken": token}).status == 303


def test_s55_a_token_of_another_visit_does_not_fit(
    browser: Browser, launch: Launch, canvas: Platform
):
    mine, theirs = new_canvas(canvas), new_canvas_of_another_key(canvas)
    url = launch(ada(), platform=mine).url
    other = launch(ada(), platform=theirs)
    form = {"how": "new", "name": "X", "csrfmiddlewaretoken": other.fields["csrfmiddlewaretoken"]}
    assert browser.post(url, form).status == 403


def new_canvas_of_another_key(canvas: Platform) -> Platform:
    platform = Platform(
        canvas.key_server, canvas.tool, canvas.key, client_id="10000000000004", guid="x:y"
    )
    install(platform)
    return platform


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_s59_other_methods_and_overrides_do_nothing(browser: Browser, launch: Launch, method: str):
    url = launch(rosa()).url
    assert browser.request(method, url).status in (403, 405)
    overridden = {"X-HTTP-Method-Override": method, "X-Method-Override": method}
    assert browser.request("GET", url, headers=overridden).status == 200


def test_s52_nothing_of_a_launch_is_taken_for_markup(browser: Browser, launch: Launch):
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    person = rosa()
    key = "https://purl.imsglobal.org/spec/lti/claim/context"
    person[key] = person[key] | {"title": evil, "label": evil}
    page = launch(person, name=evil, locale=evil)
    assert page.status == 200
    assert "<img" not in page.text
    assert "<script>" not in page.text


def test_contrast_comes_from_the_launch(launch: Launch):
    assert 'data-contrast="high"' in launch(rosa(prefers_high_contrast="true")).text
    assert "data-contrast" not in launch(rosa()).text


def test_a_page_says_the_language_it_is_written_in(launch: Launch, settings: Any):
    spanish = {"launch_presentation": {"locale": "es-MX"}}
    assert '<html lang="es" dir="ltr">' in launch(rosa(), **spanish).text
    settings.LANGUAGES = [("en", "English")]
    assert '<html lang="en" dir="ltr">' in launch(rosa(), **spanish).text


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("Asia/Kolkata", "13:30"),
        ("America/New_York", "03:00"),
        ("No/Where", "08:00"),
        ("../x", "08:00"),
    ],
)
def test_times_are_the_persons_own(zone: str, hour: str):
    base = {"iss": "i", "aud": "1", "sub": "s", claims.DEPLOYMENT_ID: "7"}
    launched = claims.read(base | rosa(time_zone=zone))
    with audience.as_told(launched):
        assert f"{timezone.localtime(NOW):%H:%M}" == hour


def test_a_beta_canvas_is_said(browser: Browser, launch: Launch):
    PlatformRow.objects.update(environment="beta")
    assert "This is a beta Canvas." in launch().text


def test_a_sub_account_admin_sees_the_sub_tree_only(browser: Browser, launch: Launch):
    page = launch(ben())
    assert page.status == 200
    assert "You see this part of Lakeside Unified" in page.text
    assert "Connections</h2>" not in page.text


def test_a_student_is_told_that_this_is_not_for_them(browser: Browser, launch: Launch):
    page = launch(people.sam())
    assert page.status == 403
    assert "session.not-allowed" in page.text


def test_a_launch_of_a_platform_without_canvas_fields_opens_a_page_that_says_so(
    browser: Browser, launch: Launch
):
    page = launch(person(INSTRUCTOR), custom=None)
    assert page.status == 200
    assert page.heading == "Open Q Sync from a Canvas course or account"

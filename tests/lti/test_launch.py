"""A good launch, from the menu in Canvas to the page, over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.lti.browser import Browser
from tests.lti.conftest import Launch, install, post_launch
from tests.lti.people import ada, rosa
from tests.lti.platform import Platform


def test_a_teacher_opens_the_course_from_canvas(launch: Launch):
    page = launch(rosa())
    assert page.status == 200
    assert page.heading == "Grade sync to Q"
    assert "Rosa Nguyen" in page.text
    assert "Lakeside Unified" in page.text


def test_an_admin_opens_the_account_from_canvas(launch: Launch):
    page = launch(ada())
    assert (page.status, page.heading) == (200, "Lakeside Unified")


def test_the_gradebook_menu_opens_the_course(launch: Launch):
    page = launch(rosa() | {"https://www.instructure.com/placement": "post_grades"})
    assert urlsplit(page.url).path == "/courses/5/"


def test_the_browser_goes_only_to_the_registered_address_and_its_query_is_kept(
    browser: Browser, canvas: Platform
):
    page = browser.post("/lti/login/", canvas.login())
    parts = urlsplit(page.location)
    assert page.location.startswith(canvas.auth_url.partition("?")[0] + "?")
    asked = parse_qs(parts.query)
    assert asked["region"] == ["here"]
    assert asked["redirect_uri"] == [f"{canvas.tool}/lti/launch/"]
    assert (asked["prompt"], asked["response_mode"]) == (["none"], ["form_post"])


def test_one_partitioned_cookie_holds_the_session(browser: Browser, canvas: Platform):
    (line,) = post_launch(browser, canvas).set_cookies
    name, _, rest = line.partition("=")
    assert name.startswith("__Host-qsync-")
    attributes = {part.strip() for part in rest.split(";")[1:]}
    assert {"HttpOnly", "Partitioned", "Path=/", "SameSite=None", "Secure"} <= attributes
    assert not any(one.startswith("Domain") for one in attributes)


def queries(client: Any, canvas: Platform, person: dict[str, Any]) -> int:
    """How many a launch takes, from its POST to the redirect."""
    page = client.post("/lti/login/", canvas.login())
    asked = dict(parse_qsl(urlsplit(page["Location"]).query))
    token = canvas.sign(canvas.claims(asked["nonce"], person))
    with CaptureQueriesContext(connection) as seen:
        posted = client.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert posted.status_code == 303
    return len(
        [one for one in seen if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVE", "REL"))]
    )


def test_a_launch_asks_the_database_as_often_whatever_there_is(canvas: Platform):
    assert queries(Client(), canvas, rosa()) > 0
    few = queries(Client(), canvas, rosa())
    for at in range(20):
        beside = Platform(canvas.key_server, canvas.tool, canvas.key, client_id=f"9{at}")
        install(beside, f"district-{at}", "X")
        queries(Client(), beside, rosa())
    many = {"section_sis_ids": ",".join(map(str, range(500)))}
    assert queries(Client(), canvas, rosa(**many)) == few == 3

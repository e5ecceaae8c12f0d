"""Headers, errors and addresses of the running tool (S40, S41, S53, S54, S57, S59-S62)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as configured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, path
from django.urls.resolvers import RegexPattern, RoutePattern, URLResolver

from integration.proxies import TrustedProxyMiddleware
from lti import audience
from tests.lti.browser import Browser, Page
from tests.lti.conftest import Launch, install
from tests.lti.people import ada, rosa
from tests.lti.platform import Platform

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "k9" * 30 + "abcdefgh",
    "ENCRYPTION_KEYS": "e" * 40,
    "BASE_URL": "https://qsync.example.org",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "DATABASE_URL": "sqlite:////tmp/qsync-check.sqlite3",
}


def manage_py(*words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    # The journeys, which may have run in this process, allow Django what no installation should.
    left_out = {*PRODUCTION, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    given = {name: value for name, value in os.environ.items() if name not in left_out}
    asked = {name: value for name, value in (PRODUCTION | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=given | asked,
        capture_output=True,
        text=True,
        check=False,
    )


def test_s62_the_deployment_check_is_clean_with_production_settings():
    ended = manage_py("check", "--deploy", "--fail-level", "WARNING")
    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


@pytest.mark.parametrize(
    ("url", "backend", "is_encrypted"),
    [
        (None, "console", False),
        ("", "console", False),
        ("submission://u:p@mail.example:587", "smtp", True),
        # As the README said it before.
        ("smtp+tls://u:p@mail.example:587", "smtp", True),
        ("smtp://mail.example", "smtp", False),
    ],
)
def test_mail_goes_as_its_address_says(url: str | None, backend: str, is_encrypted: bool):
    said = "from django.conf import settings as s; print(s.EMAIL_BACKEND, s.EMAIL_USE_TLS)"
    ended = manage_py("shell", "-v0", "-c", said, EMAIL_URL=url)
    assert ended.stdout.split() == [
        f"django.core.mail.backends.{backend}.EmailBackend",
        str(is_encrypted),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"BASE_URL": "http://qsync.example.org"}, "Set BASE_URL to an https address"),
        ({"BASE_URL": None}, "Set BASE_URL to an https address"),
        ({"BASE_URL": "qsync.example.org"}, "Set BASE_URL to scheme and host"),
        ({"BASE_URL": "https://x.example/qsync"}, "Set BASE_URL to scheme and host"),
        ({"TRUSTED_PROXIES": None}, "Set TRUSTED_PROXIES to the addresses"),
        ({"TRUSTED_PROXIES": "everybody"}, "TRUSTED_PROXIES: “everybody” is neither"),
        ({"SECRET_KEY": "short"}, "Set SECRET_KEY to at least 50"),
        ({"ENCRYPTION_KEYS": None}, "Set ENCRYPTION_KEYS"),
        ({"EMAIL_URL": "smtp+tsl://u:p@mail.example"}, "Set EMAIL_URL as submission://"),
    ],
)
def test_s40_an_unsafe_setting_stops_the_start_with_a_sentence(
    changes: dict[str, str | None], sentence: str
):
    ended = manage_py("check", **changes)
    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("remote", "proxies", "is_secure"),
    [
        ("203.0.113.9", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("10.1.2.3", [], False),
        ("", ["unix"], True),
        ("", ["10.0.0.0/8"], False),
        ("::1", ["::1"], True),
        ("nonsense", ["10.0.0.0/8"], False),
    ],
)
def test_s41_forwarding_headers_count_only_from_a_trusted_proxy(
    settings: Any, remote: str, proxies: list[str], is_secure: bool
):
    settings.TRUSTED_PROXIES = proxies
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    seen: list[HttpRequest] = []
    spoofed = {
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_FOR": "1.2.3.4",
        "HTTP_FORWARDED": "for=1.2.3.4;host=evil.example",
        "HTTP_X_REAL_IP": "1.2.3.4",
    }
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **spoofed)
    TrustedProxyMiddleware(lambda got: seen.append(got) or HttpResponse())(request)
    assert seen[0].is_secure() == is_secure
    assert seen[0].get_host().partition(":")[0] == "testserver"
    assert is_secure or not any("evil" in str(value) for value in seen[0].META.values())


def test_s41_s60_a_host_of_the_clients_choice_changes_no_address(
    browser: Browser, canvas: Platform
):
    for name in ("X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host"):
        page = browser.post("/lti/login/", canvas.login(), {name: "evil.example"})
        assert "evil" not in page.location
    assert browser.get("/lti/config.json", {"Host": "evil.example"}).status == 400


# Headers


@pytest.fixture
def pages(browser: Browser, launch: Launch, canvas: Platform) -> list[Page]:
    """One of each: launched pages, our own, refusals, machines', and what is not there."""
    unclaimed = Platform(
        canvas.key_server, canvas.tool, canvas.key, client_id="10000000000009", guid="new:x"
    )
    install(unclaimed)
    return [
        launch(rosa()),
        launch(ada()),
        launch(ada(), platform=unclaimed),
        *map(Browser(browser.url).get, addresses()),
        browser.get("/courses/5/?place=x"),
        browser.get("/nowhere/"),
        browser.post("/account/claim/", {}),
        browser.post("/lti/launch/", {"id_token": "x", "state": "y"}),
        browser.post("/lti/login/", {}),
        browser.post("/lti/login/", canvas.login(lti_storage_target="_parent")),
        Browser(browser.url).post("/lti/login/", canvas.login(lti_storage_target="_parent")),
        browser.post("/lti/arrive/", {"word": "x"}),
        browser.request("PUT", "/lti/launch/"),
    ]


def addresses() -> list[str]:
    return [re.sub(r"<int:[a-z_]+>", "5", route) for route in routes()]


def routes() -> Iterator[str]:
    for route, _ in views():
        yield f"/{route}"


def views() -> Iterator[tuple[str, Any]]:
    """Every address of the product with its view."""
    from django.urls import get_resolver

    yield from walk(get_resolver(), "")


def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for one in resolver.url_patterns:
        assert isinstance(one.pattern, RoutePattern | RegexPattern)
        route = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            yield route, one.callback
        else:
            yield from walk(one, route)


def directives(page: Page) -> dict[str, list[str]]:
    found = (part.split() for part in page.header("content-security-policy").split(";"))
    return {part[0]: part[1:] for part in found if part}


def test_s53_each_page_has_a_strict_policy(pages: list[Page]):
    assert len(pages) > 20
    for page in pages:
        policy = directives(page)
        assert policy["default-src"] == ["'none'"], page.url
        scripts = policy.get("script-src", [])
        assert all(source.startswith("'nonce-") for source in scripts), page.url
        assert "unsafe" not in page.header("content-security-policy")
        assert "*" not in policy["frame-ancestors"]
        assert policy["base-uri"] == ["'none'"]
        assert page.header("x-content-type-options") == "nosniff"
        assert page.header("referrer-policy") in ("same-origin", "no-referrer")
        assert page.header("cross-origin-opener-policy") == "same-origin"
        assert "server" not in page.header("x-powered-by").lower()


def test_s53_no_page_has_a_script_or_a_style_of_its_own_line(pages: list[Page]):
    for page in pages:
        if "html" not in page.header("content-type"):
            continue
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text), page.url
        for tag in re.findall(r"<script[^>]*>", page.text):
            assert "src=" in tag
            assert re.search(r'nonce="[^"]{20,}"', tag)


def test_s54_only_its_own_canvas_may_frame_a_launched_page(
    launch: Launch, canvas: Platform, neighbour: Platform
):
    ours, theirs = launch(rosa()), launch(rosa(canvas_domain=neighbour.host), platform=neighbour)
    assert directives(ours)["frame-ancestors"] == ["https://lakeside.instructure.com"]
    assert directives(theirs)["frame-ancestors"] == ["https://hillside.instructure.com"]
    assert ours.header("x-frame-options") == ""


@pytest.mark.parametrize("address", ["/lti/jwks.json", "/lti/config.json", "/healthz", "/nowhere/"])
def test_s54_nobody_frames_what_is_not_launched(browser: Browser, tool: str, address: str):
    page = browser.get(address)
    assert page.header("x-frame-options") == "DENY"
    assert directives(page)["frame-ancestors"] == ["'none'"]


def test_the_hosts_of_districts_are_told_to_nobody_who_asks(
    launch: Launch, canvas: Platform, neighbour: Platform, browser: Browser
):
    for platform in (canvas, neighbour):
        launch(rosa(canvas_domain=platform.host), platform=platform)
    stranger = Browser(browser.url)
    asked = [
        stranger.post("/lti/login/", canvas.login(lti_storage_target="_parent")),
        stranger.post("/lti/login/", {}),
        stranger.post("/lti/launch/", {"id_token": "x", "state": "y"}),
        *(stranger.get(f"/courses/5/?place={at}-course-5") for at in range(1, 5)),
        stranger.get("/account/"),
    ]
    for page in asked:
        for name in ("lakeside", "hillside"):
            assert name not in page.header("content-security-policy")
            assert name not in page.text.lower()


def test_a_sign_in_page_is_framed_by_its_canvas_alone(
    launch: Launch, canvas: Platform, browser: Browser
):
    launch(rosa(canvas_domain="lms.lakeside.org"))
    fields = canvas.login(lti_storage_target="_parent")

    def page_for(origin: str) -> Page:
        return Browser(browser.url).post("/lti/login/", fields, {"Origin": origin})

    vanity = page_for("https://lms.lakeside.org")
    assert "https://lms.lakeside.org" in directives(vanity)["frame-ancestors"]
    # Whoever is not known is sent on by the cookie alone, without a page that could be framed.
    assert page_for("https://evil.example").status == 302
    assert page_for("https://new.instructure.com").status == 200


def test_hsts_and_https_in_production(settings: Any):
    told = manage_py(
        "shell",
        "-c",
        "from django.conf import settings as s;"
        "print(s.SECURE_HSTS_SECONDS, s.SECURE_SSL_REDIRECT, s.X_FRAME_OPTIONS, s.ALLOWED_HOSTS)",
    )
    assert told.stdout.splitlines()[-1] == "31536000 True DENY ['qsync.example.org']"


# Errors


def test_s61_an_error_of_our_own_shows_nothing_of_itself(
    browser: Browser, launch: Launch, monkeypatch: pytest.MonkeyPatch
):
    url = launch(rosa()).url
    monkeypatch.setattr("gradesync.gate.of_course", broken)
    page = browser.get(url)
    assert page.status == 500
    assert page.heading == "Something went wrong on our side"
    for secret in ("Traceback", "s3cret", "gradesync", "SELECT", "Lakeside", "RuntimeError"):
        assert secret not in page.text
    assert "'none'" not in directives(page)["frame-ancestors"]


def broken(*_: object) -> None:
    raise RuntimeError("s3cret SELECT")


def test_s61_debug_pages_are_impossible_in_production():
    told = manage_py("shell", "-c", "from django.conf import settings; print(settings.DEBUG)")
    assert told.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("address", ["/nowhere/", "/courses/x/", "/account/1/", "/admin/", "/%00/"])
def test_s49_s61_what_is_not_there_is_said_in_our_words(browser: Browser, tool: str, address: str):
    page = browser.get(address)
    assert page.status in (400, 404)
    assert "URLconf" not in page.text
    assert "Q Sync for Canvas" in page.text


def test_s49_there_is_no_django_admin_and_there_are_no_users():
    assert not any("admin" in app or "auth" in app for app in configured.INSTALLED_APPS)


@pytest.mark.parametrize("name", ["next", "return_url", "error_url", "target_link_uri", "redirect"])
def test_s57_no_parameter_leads_elsewhere(browser: Browser, launch: Launch, name: str):
    query = urlencode({name: "https://evil.example/"})
    url = f"{launch(rosa()).url}&{query}"
    page = browser.get(url)
    assert page.status == 200
    assert "evil.example" not in page.text
    for address in addresses():
        assert "evil.example" not in browser.get(f"{address}?{query}").location


@pytest.mark.parametrize(
    "name", ["place", "invite", "openid_configuration", "state", "error", "word"]
)
def test_s52_no_parameter_is_shown_as_it_is(browser: Browser, tool: str, name: str):
    evil = "<script>alert(1)</script>"
    for address in addresses():
        for page in (
            browser.get(f"{address}?{urlencode({name: evil})}"),
            browser.post(address, {name: evil, "id_token": evil}),
        ):
            assert evil not in page.text
            assert "alert(1)" not in page.header("location")


def test_s59_a_place_twice_is_no_place(browser: Browser, launch: Launch):
    url = launch(rosa()).url
    assert browser.get(f"{url}&place=1-course-5").status == 401


def test_each_view_names_its_audience():
    for route, view in views():
        assert isinstance(getattr(view, "audience", None), audience.Audience), route


def test_a_view_without_an_audience_is_not_served(client: Any, settings: Any):
    settings.ROOT_URLCONF = "tests.lti.test_web"
    assert client.get("/forgotten/").status_code == 404
    assert client.get("/meant/").status_code == 200


def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@audience.public
def meant(request: HttpRequest) -> HttpResponse:
    return HttpResponse("welcome")


urlpatterns = [path("forgotten/", forgotten), path("meant/", meant)]

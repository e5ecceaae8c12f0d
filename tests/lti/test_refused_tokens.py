"""Tokens that must not open anything, over HTTP (S1-S4, S6-S12, S14-S16, S21-S23, S27, S65)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from integration.models import AuditEvent
from lti.models import LaunchSession, LoginAttempt
from tests.lti.browser import Browser, Page
from tests.lti.people import rosa
from tests.lti.platform import LTI, Key, Platform, segment

Make = Callable[[Platform, str], str]


def changed(**changes: Any) -> Make:
    def make(canvas: Platform, nonce: str) -> str:
        return canvas.sign(canvas.claims(nonce, rosa(), **changes))

    return make


def headed(**headers: Any) -> Make:
    def make(canvas: Platform, nonce: str) -> str:
        return canvas.sign(canvas.claims(nonce, rosa()), **headers)

    return make


def at(**offsets: int) -> Make:
    """Times as seconds from now."""

    def make(canvas: Platform, nonce: str) -> str:
        now = int(time.time())
        times = {name: now + offset for name, offset in offsets.items()}
        return canvas.sign(canvas.claims(nonce, rosa(), **times))

    return make


def unsigned(alg: str) -> Make:
    def make(canvas: Platform, nonce: str) -> str:
        header = segment({"alg": alg, "typ": "JWT", "kid": canvas.key.kid})
        return f"{header}.{segment(canvas.claims(nonce, rosa()))}."

    return make


def with_public_key_as_secret(canvas: Platform, nonce: str) -> str:
    public = canvas.key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = segment({"alg": "HS256", "kid": canvas.key.kid})
    signed = f"{header}.{segment(canvas.claims(nonce, rosa()))}"
    return f"{signed}.{text_of(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def text_of(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def with_elliptic_curve(alg: str) -> Make:
    def make(canvas: Platform, nonce: str) -> str:
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        token = jwt.encode(canvas.claims(nonce, rosa()), pem, "ES256", {"kid": canvas.key.kid})
        _, payload, signature = token.split(".")
        return f"{segment({'alg': alg, 'kid': canvas.key.kid})}.{payload}.{signature}"

    return make


def by_a_stranger(canvas: Platform, nonce: str) -> str:
    return canvas.sign(canvas.claims(nonce, rosa()), key=Key(kid=canvas.key.kid))


def tampered(canvas: Platform, nonce: str) -> str:
    header, _, signature = changed()(canvas, nonce).split(".")
    claims = canvas.claims(nonce, rosa(), sub="somebody-else")
    return f"{header}.{segment(claims)}.{signature}"


def raw_claims(edit: Callable[[str], str]) -> Make:
    """Signed as it is, byte for byte."""

    def make(canvas: Platform, nonce: str) -> str:
        text = edit(json.dumps(canvas.claims(nonce, rosa())))
        return raw(canvas, {"alg": "RS256", "kid": canvas.key.kid}, text)

    return make


def raw(canvas: Platform, header: dict[str, Any], text: str) -> str:
    signed = f"{segment(header)}.{segment(text)}"
    signature = canvas.key.private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{signed}.{text_of(signature)}"


US = "10000000000001"
REFUSED: dict[str, Make] = {
    **{
        f"S6 without {name}": changed(**{name: None})
        for name in ("exp", "iat", "nonce", "sub", "aud", "iss")
    },
    "S7 exp 61 s ago": at(iat=-300, exp=-61),
    "S7 iat 120 s ahead": at(iat=120),
    "S7 iat 11 min old": at(iat=-660, exp=3000),
    "S7 lives 3 h": at(exp=3 * 3600),
    "S7 nbf ahead": at(nbf=120),
    "S7 exp is a text": changed(exp="9999999999"),
    "S7 exp is true": changed(exp=True),
    "S7 exp is not finite": raw_claims(lambda text: text.replace('"iat"', '"exp": NaN, "iat"')),
    "S8 issuer with a slash": changed(iss="https://canvas.instructure.com/"),
    "S8 issuer in another case": changed(iss="https://Canvas.instructure.com"),
    "S8 issuer of another host": changed(iss="https://canvas.example.com"),
    "S8 beta's issuer": changed(iss="https://canvas.beta.instructure.com"),
    "S9 for another client": changed(aud="10000000000009", azp=None),
    "S9 an unknown party beside us": changed(aud=[US, "evil"]),
    "S9 an unknown party before us": changed(aud=["evil", US]),
    "S9 several, none authorized": changed(aud=[US, "https://canvas.instructure.com"], azp=None),
    "S9 an empty list": changed(aud=[]),
    "S9 a list of numbers": changed(aud=[1, 2]),
    "S10 another party authorized": changed(azp="10000000000009"),
    "S10 azp is no text": changed(azp=7),
    "S14 alg none": unsigned("none"),
    "S14 alg None": unsigned("None"),
    "S14 HS256 with the public key": with_public_key_as_secret,
    "S14 RS256 said, EC signed": with_elliptic_curve("RS256"),
    "S14 ES256": with_elliptic_curve("ES256"),
    "S14 RS512": lambda canvas, nonce: jwt.encode(
        canvas.claims(nonce, rosa()), canvas.key.private, "RS512", {"kid": canvas.key.kid}
    ),
    "S14 signed by a stranger": by_a_stranger,
    "S14 claims exchanged": tampered,
    **{
        f"S15 {name} in the header": headed(**{name: value})
        for name, value in {
            "jku": "https://evil.example/jwks",
            "x5u": "https://evil.example/cert",
            "jwk": {"kty": "RSA"},
            "x5c": ["MIIB"],
            "crit": ["exp"],
            "typ": "at+jwt",
        }.items()
    },
    "S15 b64 in the header": lambda canvas, nonce: raw(
        canvas,
        {"alg": "RS256", "kid": canvas.key.kid, "b64": False},
        json.dumps(canvas.claims(nonce, rosa())),
    ),
    "S16 kid is a path": headed(kid="../../etc/passwd"),
    "S16 kid is SQL": headed(kid="' OR 1=1 --"),
    "S16 kid has 10 kB": headed(kid="k" * 10_000),
    "S16 kid is null": lambda canvas, nonce: (
        f"{segment({'alg': 'RS256', 'kid': None})}.{changed()(canvas, nonce).partition('.')[2]}"
    ),
    "S16 no kid": lambda canvas, nonce: jwt.encode(
        canvas.claims(nonce, rosa()), canvas.key.private, "RS256"
    ),
    "S21 version 1.1": changed(version="1.1"),
    "S21 no version": changed(version=None),
    **{
        f"S22 {kind}": changed(message_type=kind)
        for kind in (
            "LtiDeepLinkingRequest",
            "DataPrivacyLaunchRequest",
            "LtiSubmissionReviewRequest",
            "LtiStartProctoring",
            None,
        )
    },
    "S27 two parts": lambda canvas, nonce: changed()(canvas, nonce).rpartition(".")[0],
    "S27 five parts": lambda canvas, nonce: changed()(canvas, nonce) + ".a.b",
    "S27 not base64": lambda canvas, nonce: "ÄÖÜ.!!.??",
    "S27 claims are a list": raw_claims(lambda text: f"[{text}]"),
    "S27 a claim twice": raw_claims(lambda text: text.replace('"sub"', '"sub": "evil", "sub"')),
    "S27 a byte order mark": raw_claims(lambda text: "\ufeff" + text),
    "S27 NUL in a claim": changed(sub="a\0b"),
    "S27 half a character": changed(sub="\ud800"),
    "S27 sub is a number": changed(sub=7),
    "S27 sub has 10 kB": changed(sub="s" * 10_000),
    "S65 nested 50,000 deep": raw_claims(
        lambda text: text[:-1] + ', "x": ' + "[" * 50_000 + "]" * 50_000 + "}"
    ),
    "S65 a number of 10,000 digits": raw_claims(
        lambda text: text[:-1] + ', "x": ' + "9" * 10_000 + "}"
    ),
    "G24 no resource link": changed(resource_link=None),
}


@pytest.fixture(params=REFUSED, ids=lambda name: name)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    yield REFUSED[request.param]


def test_it_opens_nothing_and_says_nothing_of_the_token(
    browser: Browser, canvas: Platform, make: Make
):
    asked = browser.get_login(canvas)
    token = make(canvas, asked["nonce"])
    began = time.monotonic()
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert_refused(page)
    assert time.monotonic() - began < 10
    assert not any(part and part in page.text for part in token.split(".") if len(part) > 8)
    assert "10000000000009" not in page.text
    assert canvas.key_server.asked <= 1


def assert_refused(page: Page, code: str = "") -> None:
    """A short page with what to do, an audit event, and no session."""
    assert page.status in (400, 403), page.text
    assert page.heading == "Q Sync could not open this page"
    assert "Open Q Sync again from the Canvas menu." in page.text or "Ask your" in page.text
    assert not any("-course-" in line or "-account-" in line for line in page.set_cookies)
    assert LaunchSession.objects.count() == 0
    event = AuditEvent.objects.filter(action="launch.refused").latest("pk")
    assert event.district == ""
    assert event.after["code"] in page.text
    if code:
        assert event.after["code"] == code


ACCEPTED: dict[str, Make] = {
    "S7 exp 30 s ago": at(iat=-300, exp=-30),
    "S7 iat 30 s ahead": at(iat=30),
    "S9 ours second, azp right": changed(aud=["https://canvas.instructure.com", US]),
    "S10 no azp": changed(azp=None),
    "no typ": lambda canvas, nonce: changed()(canvas, nonce),
}


@pytest.mark.one_database
@pytest.mark.parametrize("name", ACCEPTED)
def test_it_is_accepted(browser: Browser, canvas: Platform, name: str):
    asked = browser.get_login(canvas)
    token = ACCEPTED[name](canvas, asked["nonce"])
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert page.status == 303, page.text


TARGETS = [
    "https://evil.example/lti/launch/",
    "{tool}\\@evil.example/lti/launch/",
    "{tool}@evil.example/lti/launch/",
    "//evil.example/lti/launch/",
    "{tool}/lti/launch",
    "{tool}/lti/launch/?next=https://evil.example",
    "{tool}/lti/launch/#x",
    "{tool}/account/",
    "{tool}/lti/../lti/launch/",
    "{tool}.evil.example/lti/launch/",
    "javascript:alert(1)",
    "{tool}/LTI/launch/",
    "",
    None,
]


@pytest.mark.one_database
@pytest.mark.parametrize("target", TARGETS)
def test_only_our_own_address_is_a_target(browser: Browser, canvas: Platform, target: str | None):
    """S23, S57: in the token, and in the login before it."""
    url = target.format(tool=canvas.tool) if target else target
    page = browser.post("/lti/login/", canvas.login(target_link_uri=url))
    assert (page.status, page.location) == (400, "")
    asked = browser.get_login(canvas)
    token = canvas.sign(canvas.claims(asked["nonce"], rosa(), target_link_uri=url))
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert_refused(page, "launch.not-for-us")


def good(browser: Browser, canvas: Platform) -> dict[str, str]:
    asked = browser.get_login(canvas)
    token = canvas.sign(canvas.claims(asked["nonce"], rosa()))
    return {"id_token": token, "state": asked["state"]}


@pytest.mark.parametrize("state", ["", "unknown", "x" * 100_000, None])
def test_s1_a_state_that_we_did_not_give(browser: Browser, canvas: Platform, state: str | None):
    fields = good(browser, canvas) | {"state": state}
    given = {name: value for name, value in fields.items() if value is not None}
    assert_refused(browser.post("/lti/launch/", given))


def test_s1_s25_a_launch_that_another_browser_began(browser: Browser, canvas: Platform):
    attacker = Browser(browser.url)
    fields = good(attacker, canvas)
    browser.get_login(canvas)
    assert_refused(browser.post("/lti/launch/", fields), "launch.not-from-this-browser")


def test_s2_the_same_launch_a_second_time(browser: Browser, canvas: Platform):
    fields = good(browser, canvas)
    assert browser.post("/lti/launch/", fields).status == 303
    LaunchSession.objects.all().delete()
    assert_refused(browser.post("/lti/launch/", fields), "launch.replayed")


def test_s3_another_token_with_the_same_nonce(browser: Browser, canvas: Platform):
    asked = browser.get_login(canvas)
    for sub in ("one", "two"):
        LaunchSession.objects.all().delete()
        token = canvas.sign(canvas.claims(asked["nonce"], rosa(), sub=sub))
        page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert_refused(page, "launch.replayed")


def test_s4_the_nonce_of_one_login_with_the_state_of_another(browser: Browser, canvas: Platform):
    first, second = browser.get_login(canvas), browser.get_login(canvas)
    token = canvas.sign(canvas.claims(first["nonce"], rosa()))
    page = browser.post("/lti/launch/", {"id_token": token, "state": second["state"]})
    assert_refused(page, "launch.not-from-this-browser")


def test_a_login_of_eleven_minutes_ago_ends_nothing(browser: Browser, canvas: Platform):
    fields = good(browser, canvas)
    past = LoginAttempt.objects.get().expires_at
    LoginAttempt.objects.update(expires_at=past.replace(year=past.year - 1))
    assert_refused(browser.post("/lti/launch/", fields), "launch.not-from-this-browser")


@pytest.mark.parametrize("hint", [{}, {"deployment_id": None}])
def test_s11_a_login_for_one_client_and_a_token_for_another(
    browser: Browser, canvas: Platform, neighbour: Platform, hint: dict[str, None]
):
    asked = browser.get_login(canvas, **hint)
    token = neighbour.sign(neighbour.claims(asked["nonce"], rosa()))
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert_refused(page, "launch.not-from-this-browser")


def test_s12_a_login_for_one_deployment_and_a_token_for_another(browser: Browser, canvas: Platform):
    asked = browser.get_login(canvas)
    claims = canvas.claims(asked["nonce"], rosa(), deployment_id="8:another")
    page = browser.post("/lti/launch/", {"id_token": canvas.sign(claims), "state": asked["state"]})
    assert_refused(page, "launch.not-from-this-browser")


def test_s26_a_launch_by_get_or_in_the_query(browser: Browser, canvas: Platform):
    fields = good(browser, canvas)
    assert browser.get("/lti/launch/").status == 405
    query = f"/lti/launch/?id_token={fields['id_token']}&state={fields['state']}"
    assert browser.get(query).status == 405
    assert_refused(browser.post(query, fields))
    assert_nothing_taken()


def assert_nothing_taken() -> None:
    assert not LoginAttempt.objects.exclude(taken_at=None).exists()


def test_s27_a_token_of_one_megabyte(browser: Browser, canvas: Platform):
    fields = good(browser, canvas)
    page = browser.post("/lti/launch/", fields | {"id_token": "a" * 1_000_000})
    assert_refused(page, "launch.malformed")
    assert_nothing_taken()


@pytest.mark.parametrize("name", ["id_token", "state"])
def test_s27_s59_a_field_twice(browser: Browser, canvas: Platform, name: str):
    fields = [*good(browser, canvas).items(), (name, "evil")]
    assert_refused(browser.post("/lti/launch/", fields), "launch.malformed")
    assert_nothing_taken()


@pytest.mark.parametrize("error", ["login_required", "launch_no_longer_valid", "<script>"])
def test_an_error_of_the_platform_is_said_in_our_words(
    browser: Browser, canvas: Platform, error: str
):
    page = browser.post(
        "/lti/launch/",
        {"error": error, "error_description": "<b>secret</b>", "state": "x"},
    )
    assert_refused(page, "launch.platform-refused")
    assert "secret" not in page.text
    assert error not in page.text


def test_the_log_keeps_so_many_refusals_a_minute(browser: Browser, canvas: Platform):
    for _ in range(70):
        browser.post("/lti/launch/", {"id_token": "x", "state": "y"})
    assert AuditEvent.objects.filter(action="launch.refused").count() == 60


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": "https://evil.example"},
        {"iss": "a\0b"},
        {"client_id": "10000000000009"},
        {"client_id": "' OR 1=1 --"},
        {"login_hint": None},
        {"login_hint": "x" * 20_000},
    ],
)
def test_a_login_that_canvas_would_not_send(
    browser: Browser, canvas: Platform, changes: dict[str, str | None]
):
    page = browser.post("/lti/login/", canvas.login(**changes))
    assert page.status in (400, 403)
    assert page.location == ""
    assert LoginAttempt.objects.count() == 0


def test_claims_of_a_custom_message_are_not_believed(browser: Browser, canvas: Platform):
    """A placement that we do not serve is refused, whatever else is right."""
    asked = browser.get_login(canvas)
    person = rosa() | {"https://www.instructure.com/placement": "global_navigation"}
    token = canvas.sign(canvas.claims(asked["nonce"], person))
    page = browser.post("/lti/launch/", {"id_token": token, "state": asked["state"]})
    assert_refused(page, "launch.not-for-us")
    assert LTI not in page.text

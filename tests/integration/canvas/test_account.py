"""Who we are for Canvas, and what `verify` can tell."""

from datetime import timedelta

import pytest

from integration.canvas.auth import AccessToken, RefreshToken
from integration.canvas.client import CanvasClient
from integration.canvas.errors import Forbidden, InsufficientScope, NeedsConsent, TokenRejected
from integration.http import HttpError
from integration.verification import PERMISSIONS, verify_canvas

SELF = "/api/v1/accounts/self"


def test_a_root_account_knows_that_it_is_one(canvas, client):
    canvas.on(SELF, canvas.json({"id": "1", "uuid": "u", "root_account_id": None, "name": "D"}))
    assert client.account().is_root
    assert client.account().uuid == "u"


def test_a_sub_account_knows_its_root(canvas, client):
    canvas.on(SELF, canvas.json({"id": "5", "root_account_id": "1"}))
    assert not client.account().is_root


def test_a_permission_canvas_does_not_mention_is_not_held(canvas, client):
    canvas.on(f"{SELF}/permissions", canvas.json({"import_sis": True, "manage_sis": False}))
    held = client.permissions(["import_sis", "manage_sis", "read_sis"])
    assert held == {"import_sis": True, "manage_sis": False, "read_sis": False}
    assert canvas.requests[0].args.getlist("permissions[]") == [*held]


def test_a_probe_tells_status_time_and_the_clock_of_the_server(canvas, client):
    canvas.on(f"{SELF}/terms", canvas.json({}, X_Rate_Limit_Remaining="598.5"))
    probe = client.probe("accounts/self/terms")
    assert (probe.is_ok, probe.status, probe.rate_limit_remaining) == (True, 200, 598.5)
    assert probe.server_date.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("user not authorized to perform that action", Forbidden),
        ("Insufficient scopes on access token.", InsufficientScope),
    ],
)
def test_a_probe_never_raises_for_what_canvas_refuses(canvas, client, message, kind):
    canvas.on(SELF, canvas.error(401, message))
    probe = client.probe("/api/v1/accounts/self")
    assert (probe.is_ok, probe.status, type(probe.error)) == (False, 401, kind)


def test_a_probe_takes_a_path_with_a_query(canvas, client):
    canvas.on(f"{SELF}/courses", canvas.error(404, "no"))
    error = client.probe("accounts/self/courses?include[]=term").error
    assert canvas.requests[0].args.to_dict() == {"include[]": "term", "per_page": "1"}
    assert "include" not in str(error)


def test_a_probe_of_a_rejected_token_says_so(canvas, client):
    canvas.on(SELF, canvas.expired())
    assert isinstance(client.probe("accounts/self").error, TokenRejected)


def test_a_probe_says_when_a_person_must_agree_again(canvas, as_client):
    answer = {"error": "invalid_request", "error_description": "refresh_token not found"}
    canvas.on("/login/oauth2/token", canvas.json(answer, 400), method="POST")
    probe = as_client(RefreshToken("id", "secret", "gone")).probe("accounts/self")
    assert isinstance(probe.error, NeedsConsent)


def test_a_probe_of_an_address_we_may_not_call_says_so(http):
    probe = CanvasClient(http, "http://127.0.0.1:1", AccessToken("a")).probe("accounts/self")
    assert isinstance(probe.error, HttpError)
    assert probe.status == 0


@pytest.mark.parametrize(
    ("courses", "honoured"), [([], None), ([{"id": "1"}], False), ([{"id": "1", "term": {}}], True)]
)
def test_a_key_that_strips_includes_is_found_out(canvas, client, courses, honoured):
    canvas.on(f"{SELF}/courses", canvas.json(courses))
    assert client.honours_includes() is honoured


@pytest.mark.parametrize(
    ("courses", "ok"), [([], True), ([{"id": "1"}], False), ([{"id": "1", "term": {}}], True)]
)
def test_verify_says_what_to_do_about_a_key_that_strips_includes(canvas, client, courses, ok):
    root = {"id": "1", "uuid": "u", "root_account_id": None, "name": "D"}
    canvas.on(SELF, canvas.json(root))
    canvas.on(f"{SELF}/permissions", canvas.json(dict.fromkeys(PERMISSIONS, True)))
    canvas.on(f"{SELF}/courses", canvas.json(courses))
    for path in ("sis_imports", "terms", "reports"):
        canvas.on(f"/api/v1/accounts/1/{path}", canvas.json({}))
    steps = {step.name: step for step in verify_canvas(client)}
    told = steps["Canvas: include parameters"]
    assert (told.ok, told.needed) == (ok, False)
    assert ok or "Allow Include Parameters" in told.remedy

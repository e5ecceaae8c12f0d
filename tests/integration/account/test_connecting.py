"""Connect Q and Canvas from the pages: each field wrong in each way, tried before it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine

from integration import checking
from integration.models import (
    AuditEvent,
    CanvasConnection,
    ConnectionCheck,
    District,
    QConnection,
)
from integration.oneroster.client import OneRosterClient
from integration.who_acts import who_acts
from tests.integration.account.visiting import Visit, installed, visit, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(manage) -> Visit:
    """A district that nobody has connected yet."""
    return visit(installed(District.objects.create(slug="lakeside", name="Lakeside Unified")))


@pytest.fixture
def q_fields(sandbox) -> dict[str, Any]:
    return {
        "base_url": sandbox.q.url,
        "token_url": sandbox.q.token_url,
        "key": sandbox.q.key,
        "secret": sandbox.q.secret,
        "auth": "oauth2",
        "service": "bulk",
        "page_size": 1000,
        "concurrency": 4,
    }


@pytest.fixture
def canvas_fields(sandbox) -> dict[str, Any]:
    return {
        "base_url": sandbox.canvas.url,
        "root_account_id": "self",
        "access_token": sandbox.canvas.token,
    }


@pytest.mark.parametrize("side", ["q", "canvas"])
def test_secrets_that_no_key_opens_any_more_are_entered_again(
    admin, q_fields, canvas_fields, settings, side
):
    fields, path = {"q": q_fields, "canvas": canvas_fields}[side], f"connections/{side}/"
    assert admin.post(path, **fields).status_code == 303
    settings.ENCRYPTION_KEYS = ["another key, of which nobody has ever heard"]
    admin.page(path)
    assert admin.post(path, **fields).status_code == 303
    row = {"q": QConnection, "canvas": CanvasConnection}[side].objects.get()
    name = {"q": "secret", "canvas": "access_token"}[side]
    assert getattr(row, name) == fields[name]


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("soon", "Enter a valid date."),
        ("2026-02-30", "Enter a valid date."),
        ("2020-01-01", "This day is over."),
        ("2126-01-01", "more than ten years away"),
    ],
)
def test_a_last_day_that_no_token_has_is_refused_beside_its_field(admin, canvas_fields, day, told):
    answer = admin.post("connections/canvas/", **canvas_fields, access_token_ends_on=day)
    assert answer.status_code == 400
    page = answer.content.decode()
    beside = page[page.index('id="id_access_token_ends_on_error"') :].partition("</div>")[0]
    assert told in beside
    assert not CanvasConnection.objects.exists()


def test_a_token_s_last_day_is_kept_shown_taken_away_and_goes_with_another_token(
    admin, canvas_fields, manage
):
    ends = (datetime.now(UTC) + timedelta(days=60)).date()
    path = "connections/canvas/"
    admin.post(path, **canvas_fields, access_token_ends_on=f"{ends}")
    row = CanvasConnection.objects.get()
    assert row.access_token_ends_on == ends
    assert f'value="{ends}"' in admin.get(path).content.decode()
    assert f"Access token · until {ends:%b} {ends.day}, {ends.year}" in admin.page("connections/")
    event = AuditEvent.objects.filter(action="connection.saved").latest("pk")
    assert event.after["access_token_ends_on"] == f"{ends}"
    admin.post(path, **canvas_fields | {"access_token": ""}, access_token_ends_on="")
    row.refresh_from_db()
    assert row.access_token_ends_on is None
    manage("connect", "lakeside", "--canvas-token-ends", f"{ends}")
    row.refresh_from_db()
    assert row.access_token_ends_on == ends
    manage("connect", "lakeside", "--canvas-token", "another-token")
    row.refresh_from_db()
    assert row.access_token_ends_on is None


def test_both_are_connected_tried_and_tell_what_was_found(
    admin, q_fields, canvas_fields, q_holds, sandbox
):
    q_holds({"orgs": []})
    assert "Q is not connected yet" in admin.page("connections/")
    assert admin.post("connections/q/", **q_fields).status_code == 303
    assert admin.post("connections/canvas/", **canvas_fields).status_code == 303
    assert "Testing" in admin.page("connections/")
    check = ConnectionCheck.objects.get()
    checking.check(check.pk)
    page = admin.page("connections/")
    assert "Sign-in OAuth 2.0" in page
    assert "What is read The whole district at once" in page
    assert "Passed Q: sign in" in page
    assert "Passed Canvas: permissions" in page
    for secret in (q_fields["secret"], canvas_fields["access_token"]):
        assert secret not in page
        assert secret not in str(list(AuditEvent.objects.values()))
        for form in ("connections/q/", "connections/canvas/"):
            assert secret not in admin.get(form).content.decode()


def test_a_token_that_was_handed_over_connects_without_a_key(admin, q_fields, q_holds, sandbox):
    q_holds({"orgs": []})
    given = {"grant_type": "client_credentials", "scope": "roster-core.readonly"}
    signed_in = (sandbox.q.key, sandbox.q.secret)
    answer = requests.post(sandbox.q.token_url, given, auth=signed_in, timeout=60)
    token = answer.json()["access_token"]
    entered = {"auth": "bearer", "key": "", "secret": token, "token_url": ""}
    assert admin.post("connections/q/", **(q_fields | entered)).status_code == 303
    checking.check(ConnectionCheck.objects.get().pk)
    page = admin.page("connections/")
    assert "Sign-in A token that does not expire, as the secret" in page
    assert "Passed Q: sign in" in page
    assert token not in page


def test_a_secret_that_does_not_work_leaves_the_old_one_in_place(admin, q_fields):
    assert admin.post("connections/q/", **q_fields).status_code == 303
    answer = admin.post("connections/q/", **q_fields | {"secret": "m1styped"})
    assert answer.status_code == 400
    told = words(answer)
    assert "The test failed, so nothing was saved" in told
    assert "What was saved before still holds." in told
    assert "m1styped" not in answer.content.decode()
    assert QConnection.objects.get().secret == q_fields["secret"]
    kept = admin.post("connections/q/", **q_fields | {"secret": "", "page_size": 500})
    assert kept.status_code == 303
    saved = QConnection.objects.get()
    assert (saved.secret, saved.page_size) == (q_fields["secret"], 500)
    admin.post("connections/q/", **q_fields | {"secret": "later", "anyway": "1"})
    assert QConnection.objects.get().secret == "later"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"auth": "oauth1-sha256", "secret": "m1styped"}, "answered with 401"),
        ({"base_url": "{q}/nowhere"}, "answered with 404"),
    ],
)
def test_a_wrong_key_for_signatures_and_a_wrong_path_are_not_kept(admin, q_fields, wrong, told):
    wrong = {name: value.format(q=q_fields["base_url"]) for name, value in wrong.items()}
    answer = admin.post("connections/q/", **q_fields | wrong)
    assert (answer.status_code, QConnection.objects.count()) == (400, 0)
    assert told in words(answer)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("base_url", "", "This field is required."),
        ("base_url", "not an address", "Enter a valid URL."),
        ("base_url", "ftp://q.example/ims", ""),
        ("base_url", "http://q.example/ims/oneroster/v1p1", "https"),
        ("base_url", "https://127.0.0.1:9/ims/oneroster/v1p1", ""),
        ("base_url", "https://169.254.169.254/latest", ""),
        ("token_url", "https://10.0.0.1/token", ""),
        ("key", "", "This field is required."),
        ("secret", "", "This field is required."),
        ("auth", "basic", "Select a valid choice."),
        ("service", "both", "Select a valid choice."),
        ("page_size", "0", "greater than or equal to 1"),
        ("page_size", "many", "Enter a whole number."),
        ("concurrency", "99", "less than or equal to 16"),
    ],
)
def test_s58_each_field_of_q_that_is_wrong_says_so_beside_it(admin, q_fields, field, value, told):
    answer = admin.post("connections/q/", **q_fields | {field: value})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert told in words(answer)
    assert not QConnection.objects.exists()


def test_a_connection_that_comes_while_a_test_is_under_way_is_tested_too(
    admin, q_fields, canvas_fields, q_holds, sandbox
):
    q_holds({"orgs": []})
    admin.post("connections/q/", **q_fields)
    early = ConnectionCheck.objects.get()
    admin.post("connections/canvas/", **canvas_fields)
    # The worker that had begun before ends it now; what it found counts no more.
    checking.check(early.pk)
    told = ConnectionCheck.objects.get()
    assert (told.pk != early.pk, told.ended_at) == (True, None)
    checking.check(told.pk)
    assert "Passed Canvas: permissions" in admin.page("connections/")


def test_each_step_that_failed_names_who_can_act(admin, q_fields, q_holds, monkeypatch):
    q_holds({"orgs": []})
    # At an hour at which the district has the same day as the clocks of the servers.
    soon = datetime.now(UTC).replace(hour=18) + timedelta(days=20)
    monkeypatch.setattr(OneRosterClient, "certificate_ends", lambda _: soon)
    admin.post("connections/q/", **q_fields)
    checking.check(ConnectionCheck.objects.get().pk)
    told = {step["name"]: step for step in ConnectionCheck.objects.get().steps}
    ending = told["Q: certificate"]
    assert (ending["ok"], ending["needed"], ending["who"]) == (False, False, "q")
    assert "who" not in told["Q: sign in"]
    page = admin.page("connections/")
    assert f"ends on {soon:%Y-%m-%d}. What to do: Renew Q" in page
    assert "Who can act: Q’s administrator" in page
    assert "Who can act: You, on this page" in page  # Canvas is not connected
    assert f"Q’s certificate ends on {soon:%Y-%m-%d}" in admin.page("")


@pytest.mark.parametrize(
    ("step", "code", "who"),
    [
        ("Q: /orgs", "oneroster.forbidden", "q"),
        ("Q: sign in", "http.address-refused", "you"),
        ("Q: /orgs", "oneroster.bad-request", "operator"),
        ("Q: clock", "", "q"),
        ("Canvas: permissions", "", "canvas"),
        ("Canvas: clock", "", "operator"),
        ("Canvas: the account", "canvas.token-rejected", "you"),
        ("Q grades: try", "grades.no-test-class", "you"),
    ],
)
def test_who_can_act_is_told_by_the_side_and_by_the_error(step, code, who):
    assert who_acts(step, code) == who


def test_a_test_that_is_under_way_is_joined_and_one_that_died_is_replaced(admin, q_fields):
    admin.post("connections/q/", **q_fields)
    admin.post("connections/check/")
    check = ConnectionCheck.objects.get()
    checking.check(check.pk)
    told = ConnectionCheck.objects.get()
    assert "Canvas: the connection" in {step["name"] for step in told.failed}
    assert "Canvas: the connection" in admin.page("connections/")
    checking.check(check.pk)
    assert ConnectionCheck.objects.get().ended_at == told.ended_at


# --- how often ----------------------------------------------------------------------------------


@pytest.fixture
def few(settings) -> None:
    settings.CONNECTION_TESTS_PER_MINUTE = 2


def test_s63_connections_are_tried_only_so_often_in_a_minute(admin, q_fields, few):
    with time_machine.travel(datetime(2026, 11, 27, 9, 30, tzinfo=UTC), tick=False) as clock:
        assert admin.post("connections/check/").status_code == 303
        wrong = q_fields | {"secret": "wrong"}
        assert admin.post("connections/q/", **wrong).status_code == 400
        for path, fields in (("connections/check/", {}), ("connections/q/", wrong)):
            refused = admin.post(path, **fields)
            assert refused.status_code == 429
            assert "were tried too often within a minute" in words(refused)
        # Nor is a way around it to save without a test: a test follows.
        assert admin.post("connections/q/", **wrong, anyway="1").status_code == 429
        assert not QConnection.objects.exists()
        # A neighbour has a minute of its own.
        hillside = District.objects.create(slug="hillside", name="Hillside")
        assert visit(installed(hillside)).post("connections/check/").status_code == 303
        clock.shift(timedelta(minutes=1))
        assert admin.post("connections/q/", **q_fields).status_code == 303

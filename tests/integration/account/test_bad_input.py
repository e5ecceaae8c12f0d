"""Each field of each form, wrong in each way, with the message beside it; and other people's ids.

Of the forms that have a file of their own (Q, Canvas, sign-in, rules, grade passback, schools, a
decision) the tables are there.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from integration import invitations, tokens
from integration.models import (
    ApiToken,
    District,
    IntegrationRequest,
    Invitation,
    ProvisioningPolicy,
    QConnection,
    Recipient,
    Run,
)
from tests.integration.account.test_pages import a_plan
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.lti import people

pytestmark = pytest.mark.django_db
TOO_LONG, NULL = "x" * 1001, "a\0b"
SCHEDULE = {"at": "02:00", "time_zone": "America/Denver"}
WINDOW = {"sort": "blackout", "first": "2098-08-01", "last": "2098-08-20", "reason": "Exams"}
RECIPIENT = {"address": "sis@lakeside.example", "waits": "on"}
TOKEN = {"name": "Warehouse", "rights": ["read"], "days": "30"}


@pytest.mark.parametrize(
    ("form", "right", "field", "value"),
    [
        *(("rules/schedule/", SCHEDULE, "at", one) for one in ("", "25:00", "two", NULL)),
        *(
            ("rules/schedule/", SCHEDULE, "time_zone", one)
            for one in ("", "Mars/Olympus", "../../etc/passwd", TOO_LONG, NULL)
        ),
        *(("rules/windows/add/", WINDOW, "window_sort", one) for one in ("", "party", NULL)),
        *(
            ("rules/windows/add/", WINDOW, f"window_{name}", one)
            for name in ("first", "last")
            for one in ("", "tomorrow", "2098-13-01", NULL)
        ),
        # It ends before it begins; and one that is longer than any holiday.
        *(("rules/windows/add/", WINDOW, "window_last", one) for one in ("2098-07-01",)),
        *(("rules/windows/add/", WINDOW, "window_reason", one) for one in ("", TOO_LONG, NULL)),
        *(
            ("rules/mail/add/", RECIPIENT, "recipient_address", one)
            for one in ("", "nobody", "a@b", "two@a.example, three@a.example", TOO_LONG, NULL)
        ),
        *(("tokens/make/", TOKEN, "name", one) for one in ("", " ", TOO_LONG, NULL)),
        *(("tokens/make/", TOKEN, "rights", one) for one in ([], ["everything"])),
        *(("tokens/make/", TOKEN, "days", one) for one in ("", "0", "-1", "9999", "soon", "1.5")),
    ],
)
def test_each_field_that_is_wrong_says_so_beside_it(admin, form, right, field, value):
    name = field.partition("_")[2] if field.startswith(("window_", "recipient_")) else field
    answer = admin.post(form, **right | {name: value})
    assert answer.status_code == 400, words(answer)
    shown = field if field != name else f"id_{field}"
    assert f'id="{shown}_error"' in answer.content.decode(), words(answer)
    policy = ProvisioningPolicy.objects.get()
    assert (policy.blackouts, f"{policy.night_at:%H:%M}") == ([], "02:00")
    assert not Recipient.objects.exists()
    assert not ApiToken.objects.exists()


def test_what_is_right_goes_through_the_same_forms(admin):
    for form, right in (
        ("rules/schedule/", SCHEDULE),
        ("rules/windows/add/", WINDOW),
        ("rules/mail/add/", RECIPIENT),
    ):
        assert admin.post(form, **right).status_code == 303, form
    assert admin.post("tokens/make/", **TOKEN).status_code == 200


@pytest.mark.parametrize("reason", ["", "  ", "\t"])
def test_a_pause_without_a_reason_is_none(admin, reason):
    answer = admin.post("rules/pause/", reason=reason)
    assert (answer.status_code, "A pause has a reason." in words(answer)) == (400, True)
    assert District.objects.get().state == District.State.ACTIVE


@pytest.fixture
def unclaimed(admin) -> Visit:
    """The same Canvas's admin in an installation that is nobody's yet."""
    deployment = installed(District.objects.create(slug="new", name="New"))
    deployment.installation.delete()
    return visit(deployment)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("contact", one) for one in ("", TOO_LONG, NULL)),
        *(("address", one) for one in ("", "nobody", TOO_LONG, NULL)),
        *(("institution", one) for one in ("", TOO_LONG, NULL)),
        *(("in_use", one) for one in (TOO_LONG, NULL)),
    ],
)
def test_a_request_that_is_wrong_says_so_beside_it(unclaimed, field, value):
    asked = {"contact": "Dana", "address": "dana@a.example", "institution": "Cedar Valley"}
    answer = unclaimed.post("claim/", how="request", **asked | {field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not IntegrationRequest.objects.exists()


@pytest.mark.parametrize(
    ("posted", "told"),
    [
        ({"how": "code", "code": ""}, "This code is not known"),
        ({"how": "code", "code": NULL}, "This code is not known"),
        ({"how": "code", "code": TOO_LONG}, "This code is not known"),
        ({"how": "new", "name": " "}, "A district has a name."),
        ({"how": "new", "name": NULL}, "A district has a name."),
        ({"how": "again"}, "was not set up here before"),
        ({"how": "theirs"}, "Choose one of the ways."),
        ({}, "Choose one of the ways."),
    ],
)
def test_a_claim_that_is_wrong_says_why_and_names_no_district(unclaimed, posted, told):
    answer = unclaimed.post("claim/", **posted)
    assert (answer.status_code, told in words(answer)) == (400, True), words(answer)
    assert "Lakeside" not in words(answer)
    assert District.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("word", one) for one in ("", "x" * 21)),
        *(
            ("base_url", one)
            for one in ("", "q", "https://10.0.0.1/x", "http://q.example/x", TOO_LONG)
        ),
        *(("key", one) for one in ("", TOO_LONG, NULL)),
        *(("secret", one) for one in ("", TOO_LONG, NULL)),
        *(("auth", one) for one in ("", "basic")),
    ],
)
def test_by_a_one_time_link_too_and_the_link_stays_good(admin, district, field, value):
    page = admin.post("connections/q/invite/").content.decode()
    path = re.search(r"https?://[^/]+(/invitations/[^<]+)<", page)
    word = re.search(r'class="fig">([\d ]+)<', page)
    assert path and word
    typed = {
        "word": word[1], "base_url": "https://q.example/ims/oneroster/v1p1", "key": "k",
        "secret": "s", "auth": "oauth2",
    }  # fmt: skip
    answer = Client().post(path[1], typed | {field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode(), words(answer)
    assert not QConnection.objects.exists()
    assert Client().get(path[1]).status_code == 200


def of_a_neighbour() -> dict[str, str]:
    """What the neighbouring district has, as addresses of ours would name it."""
    other = District.objects.create(slug="hillside", name="Hillside")
    ProvisioningPolicy.objects.create(district=other)
    run = a_plan(other, schools=2, lines=4)
    _code, _word, link = invitations.invite_credentials(by="Nils", district=other)
    life = tokens.LONGEST
    _secret, token = tokens.make(
        district=other, name="Theirs", rights=["read"], life=life, by="Nils"
    )
    return {
        f"runs/{run.pk}/": "get",
        f"runs/{run.pk}/changes/": "get",
        f"runs/{run.pk}/changes.csv": "get",
        f"evaluation/{run.pk}/change_sis_id.csv": "get",
        f"runs/{run.pk}/decide/": "post",
        f"runs/{run.pk}/undo/": "post",
        f"connections/q/invite/{link.pk}/cancel/": "post",
        f"tokens/{token.pk}/revoke/": "post",
    }


def test_what_is_the_neighbouring_districts_is_not_there(admin):
    for path, method in of_a_neighbour().items():
        ask = getattr(admin, method)
        fields = {"digest": "d" * 64, "scope": "all"} if method == "post" else {}
        assert ask(path, **fields).status_code == 404, path
    run = Run.objects.get()
    assert (run.state, Run.objects.count()) == (Run.State.HELD, 1)
    assert Invitation.objects.get().cancelled_at is None
    assert ApiToken.objects.get().revoked_at is None


def test_an_admin_of_a_sub_account_sends_no_form(district, admin):
    school = visit(district.installations.get().deployment, people.ben())
    for form, right in (
        ("rules/schedule/", SCHEDULE),
        ("rules/windows/add/", WINDOW),
        ("rules/mail/add/", RECIPIENT),
        ("tokens/make/", TOKEN),
        ("connections/q/", {}),
        ("connections/canvas/", {}),
        ("connections/q/invite/", {}),
        ("rules/schools/", {"how": "all"}),
        ("grades/account/", {}),
    ):
        assert school.post(form, **right).status_code == 403, form
    assert not Recipient.objects.exists()
    assert not Invitation.objects.exists()

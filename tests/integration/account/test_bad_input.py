"""Forms sent by those who may not, with what is not theirs, or with nothing that makes sense.

What each field of each form refuses is in `test_every_form.py`.
"""

from __future__ import annotations

import pytest

from integration import invitations, tokens
from integration.models import (
    ApiToken,
    District,
    Invitation,
    ProvisioningPolicy,
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


@pytest.fixture
def unclaimed(admin) -> Visit:
    """The same Canvas's admin in an installation that is nobody's yet."""
    deployment = installed(District.objects.create(slug="new", name="New"))
    deployment.installation.delete()
    return visit(deployment)


@pytest.mark.parametrize(
    ("posted", "told"),
    [
        ({"how": "code", "code": ""}, "This field is required."),
        ({"how": "code", "code": NULL}, "Null characters are not allowed."),
        ({"how": "code", "code": TOO_LONG}, "at most 100 characters"),
        ({"how": "code", "code": "ABCDE"}, "This code is not known"),
        ({"how": "new", "name": " "}, "This field is required."),
        ({"how": "new", "name": NULL}, "Null characters are not allowed."),
        ({"how": "again"}, "was not set up here before"),
        ({"how": "theirs"}, "None of the ways was chosen."),
        ({}, "None of the ways was chosen."),
    ],
)
def test_a_claim_that_is_wrong_says_why_and_names_no_district(unclaimed, posted, told):
    answer = unclaimed.post("claim/", **posted)
    assert (answer.status_code, told in words(answer)) == (400, True), words(answer)
    assert "Lakeside" not in words(answer)
    assert District.objects.count() == 2


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

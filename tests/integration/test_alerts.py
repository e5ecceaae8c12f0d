"""Who is told what by mail; and a mail server that is away loses nothing and stops no run."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from integration import alerts, tasks, tokens
from integration.credentials import today_in
from integration.models import (
    CanvasConnection,
    District,
    IntegrationRequest,
    Notice,
    ProvisioningPolicy,
    Run,
)
from lti.models import Deployment, Platform
from tests.integration.account.visiting import HOSTS, installed, visit, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> District:
    found = District.objects.create(slug="lakeside", name="Lakeside Unified")
    ProvisioningPolicy.objects.create(district=found)
    found.recipients.create(address="dana@example.org")
    found.recipients.create(address="kim@example.org", waits=False, silent=False)
    return found


def ended(district: District, state: str, **fields: Any) -> Run:
    common = {"kind": "provisioning", "ended_at": timezone.now()}
    return Run.objects.create(district=district, state=state, **common | fields)


def told() -> list[tuple[str, list[str]]]:
    return [(one.subject, sorted(one.bcc)) for one in mail.outbox]


def test_a_plan_that_waits_and_a_run_that_failed_are_told_once_to_whom_it_concerns(district):
    hold = {"code": "too-many-removed", "kind": "enrollments", "count": 212, "share": 0.2}
    ended(district, "held", holds=[hold | {"limit": 20, "school": "S2"}])
    ended(
        district, "failed", error={"message": "Q does not answer.", "remedy": "Ask Q's operator."}
    )
    ended(district, "done")
    for _ in range(3):
        tasks.sweep()
    assert told() == [
        ("Lakeside Unified: a plan waits for you", ["dana@example.org"]),
        ("Lakeside Unified: provisioning failed", ["dana@example.org", "kim@example.org"]),
    ]
    assert "School S2: 212 enrollments would be removed" in mail.outbox[0].body
    assert "What to do: Ask Q's operator." in mail.outbox[1].body


def test_old_news_other_districts_and_what_is_tried_again_are_not_told(district):
    other = District.objects.create(slug="hillside", name="Hillside")
    ended(other, "failed")
    ended(district, "failed", ended_at=timezone.now() - timedelta(days=4))
    ended(district, "failed", not_before=timezone.now() + timedelta(minutes=15))
    alerts.sweep()
    assert told() == []


def test_p16_a_feed_that_is_silent_is_told_once_a_day(district):
    past = timezone.now() - timedelta(days=5)
    District.objects.update(provisioned_at=past)
    ProvisioningPolicy.objects.update(is_automatic=True, nights_from=past)
    ended(district, "done", ended_at=past)
    for _ in range(2):
        alerts.sweep()
    assert told() == [("Lakeside Unified: provisioning is silent", ["dana@example.org"])]
    alerts.look(timezone.now() + timedelta(days=1))
    assert Notice.objects.count() == 2


def test_that_canvas_token_ends_is_told_at_30_14_7_and_1_days_once_each(district):
    now = timezone.now()
    ends = today_in(district, now) + timedelta(days=40)
    row = CanvasConnection.objects.create(
        district=district,
        base_url="https://canvas.example",
        access_token_ends_on=ends,
    )
    told_on = []
    for day in range(43):
        for _ in range(2):
            alerts.look(now + timedelta(days=day))
        told_on += [40 - day] * (Notice.objects.count() - len(told_on))
    assert told_on == [30, 14, 7, 1]
    subject = f"Lakeside Unified: Canvas's access token ends on {ends}"
    assert {one.subject for one in Notice.objects.all()} == {subject}
    district.recipients.filter(address="kim@example.org").update(ends=False)
    alerts.deliver(now)
    assert told() == [(subject, ["dana@example.org"])] * 4
    # Another token, another end; one that is near is told at once, not four times.
    row.access_token_ends_on = ends + timedelta(days=5)
    row.save()
    alerts.look(now + timedelta(days=41))
    assert Notice.objects.count() == 5


def test_a_program_s_token_and_the_certificate_of_q_are_told_without_an_admin_s_words(district):
    now = timezone.now()
    tokens.make(
        district=district, name="Zyxwvutsky", rights=["read"], life=timedelta(days=6), by="Ada"
    )
    seen = {
        "name": "Q: certificate",
        "needed": False,
        "ends_at": (now + timedelta(days=10)).isoformat(),
    }
    district.checks.create(by="Ada", steps=[seen], ended_at=now)
    alerts.sweep()
    assert [subject.partition(" ends on ")[0] for subject, _ in told()] == [
        "Lakeside Unified: a token of the API", "Lakeside Unified: Q's certificate",
    ]  # fmt: skip
    assert not any("Zyxwvutsky" in one.body for one in mail.outbox)


def test_a_sign_in_that_canvas_refuses_between_nights_is_told_once_a_day(district):
    error = {"code": "canvas.needs-consent", "message": "No.", "remedy": "Agree once more."}
    for _ in range(3):
        ended(district, "failed", kind="grades", error=error)
        alerts.sweep()
    assert told() == [
        ("Lakeside Unified: Canvas refuses our sign-in", ["dana@example.org", "kim@example.org"])
    ]
    assert "What to do: Agree once more." in mail.outbox[0].body


@pytest.mark.fault("F88")
def test_f88_a_mail_server_that_is_away_is_tried_again_and_the_pages_say_so(district, settings):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        run = ended(district, "failed", error={"message": "No.", "remedy": "Wait."})
        tasks.sweep()
    notice = Notice.objects.get()
    assert (notice.sent_at, notice.tries, notice.error) == (None, 1, "ConnectionRefusedError")
    run.refresh_from_db()
    assert run.state == Run.State.FAILED
    page = visit(installed(district)).page("rules/")
    assert "A mail could not be sent; it is tried again by itself." in page

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alerts.sweep()
    assert told() == []
    alerts.deliver(notice.not_before)
    assert len(told()) == 1
    assert "could not be sent" not in visit(district.installations.get().deployment).page("rules/")


def test_who_is_told_is_chosen_on_the_page(district):
    admin = visit(installed(district))
    added = admin.post("rules/mail/add/", address="lee@example.org", failed="on")
    assert added.status_code == 303
    lee = district.recipients.get(address="lee@example.org")
    assert (lee.waits, lee.failed, lee.silent) == (False, True, False)
    for wrong in ("", "lee", "lee@example.org", "LEE@example.org", "a@b.example\nBcc: x@y.example"):
        assert admin.post("rules/mail/add/", address=wrong).status_code == 400, wrong
    admin.post("rules/mail/drop/", address="lee@example.org")
    assert not district.recipients.filter(address="lee@example.org").exists()


def test_an_admin_whose_canvas_is_nobodys_yet_asks_for_the_integration(manage, settings):
    settings.OPERATOR_EMAIL = "operator@example.org"
    platform = Platform.objects.create(
        issuer="https://canvas.instructure.com", client_id="9", auth_url="https://a.example",
        token_url="https://a.example", jwks_url="https://a.example",
    )  # fmt: skip
    admin = visit(Deployment.objects.create(platform=platform, deployment_id="1:new", hosts=HOSTS))
    assert "Ask for it" in admin.page("claim/")
    asked = {"how": "ask", "contact": "Dana Whitfield", "institution": "Cedar Valley"}
    for wrong in ("", "dana", "dana@example.org\nBcc: all@example.org"):
        assert admin.post("claim/", **asked, address=wrong).status_code == 400, wrong
    sent = admin.post("claim/", **asked, address="dana@example.org", in_use="ClassBridge")
    assert "answers to dana@example.org with a claim code" in words(sent)
    alerts.sweep()
    assert told() == [("Cedar Valley asks for Q Sync", ["operator@example.org"])]
    _, answer = manage("requests")
    assert [one["contact"] for one in answer["requests"]] == ["Dana Whitfield"]
    assert answer["requests"][0]["canvas"] == HOSTS[0]
    _, answer = manage("requests", "--answered", str(IntegrationRequest.objects.get().pk))
    assert answer["requests"] == []

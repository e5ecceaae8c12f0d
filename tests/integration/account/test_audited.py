"""Each action of an administrator leaves an event: who, of which district, and what (S84)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integration import audit
from integration.account import urls
from integration.models import ApiToken, AuditEvent, District, Invitation, Run
from tests.integration.account.visiting import Visit, installed, visit, words

pytestmark = pytest.mark.django_db

WINDOW = {"sort": "blackout", "first": "2026-12-21", "last": "2026-12-24", "reason": "break"}
# By the name of the address: what is posted, and the event that must follow.
ACTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "start": ({"what": "run"}, "run.begun"),
    "decide": ({"digest": "d" * 64, "scope": "none", "reason": "no"}, "plan.discarded"),
    "invite": ({}, "invitation.made"),
    "cancel": ({}, "invitation.cancelled"),
    "check": ({"test_class": "K-TEST"}, "connection.tested"),
    "save-schedule": ({"at": "03:00", "time_zone": "America/Chicago"}, "schedule.changed"),
    "pause": ({"reason": "new Canvas"}, "schedule.changed"),
    "add-window": (WINDOW, "schedule.changed"),
    "add-recipient": ({"address": "lee@example.org", "failed": "on"}, "recipients.changed"),
    "drop-recipient": ({"address": "dana@example.org"}, "recipients.changed"),
    "make-token": ({"name": "script", "rights": ["read"], "days": 5}, "token.made"),
    "revoke-token": ({}, "token.revoked"),
}
# Their events are asked for where the servers are that they need.
ELSEWHERE = {
    *("claim", "connect-q", "connect-canvas", "sign-in", "undo", "plan-again", "save-rules"),
    *("drop-window", "schools", "suggest", "put-away"),
}


@pytest.fixture
def admin(db) -> Visit:
    district = District.objects.create(slug="lakeside", name="Lakeside Unified")
    district.recipients.create(address="dana@example.org")
    return visit(installed(district))


def address(name: str) -> str:
    (pattern,) = [one.pattern for one in urls.urlpatterns if one.name == name]
    district = District.objects.get()
    path = str(pattern)
    if "run_id" in path:
        run = Run.objects.create(
            district=district, kind="provisioning", state="held", plan_digest="d" * 64
        )
        path = path.replace("<int:run_id>", str(run.pk))
    if "token_id" in path:
        token = ApiToken.objects.create(
            district=district, name="x", secret_hash="x", expires_at=timezone.now()
        )
        path = path.replace("<int:token_id>", str(token.pk))
    if "invitation_id" in path:
        invitation = Invitation.objects.create(
            district=district, purpose="credentials", code_hash="x", expires_at=timezone.now()
        )
        path = path.replace("<int:invitation_id>", str(invitation.pk))
    return path


@pytest.mark.parametrize("name", ACTIONS)
def test_s84_an_action_says_who_did_what(admin, name):
    fields, action = ACTIONS[name]
    answer = admin.post(address(name), **fields)
    assert answer.status_code in (200, 303), words(answer)
    event = AuditEvent.objects.filter(action=action).latest("pk")
    assert (event.actor, event.district) == ("Ada Admin (Canvas user 42)", "lakeside")
    assert event.at is not None
    assert audit.seal() >= 1
    assert audit.verify().faults == []


def test_s84_no_action_is_left_out(admin):
    """Whatever takes a post is among those above; a new one has to be put there."""
    taking = {
        one.name
        for one in urls.urlpatterns
        if "<" not in str(one.pattern) and admin.post(str(one.pattern)).status_code != 405
    }
    named = {one.name for one in urls.urlpatterns}
    browser_only = {"canvas-authorize", "canvas-callback", "consent"}
    assert taking - ACTIONS.keys() - ELSEWHERE - browser_only == set()
    assert (ACTIONS.keys() | ELSEWHERE) <= named

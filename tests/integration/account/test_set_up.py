"""What comes next until nights run by themselves: one button at a time."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integration import invitations
from integration.models import (
    CanvasConnection,
    District,
    ProvisioningPolicy,
    QConnection,
)
from tests.integration.account.test_pages import ended
from tests.integration.account.visiting import visit
from tests.lti import people

pytestmark = pytest.mark.django_db
Q = "https://q.example/ims/oneroster/v1p1"


def step(name: str, ok: bool) -> dict[str, object]:
    return {"name": name, "ok": ok, "needed": True}


def checked(district: District, *, ok: bool) -> None:
    district.checks.create(by="Ada", ended_at=timezone.now(), steps=[step("Q: sign in", ok)])


def test_the_next_step_is_told_from_the_installation_to_the_nights(admin, district):
    def comes_next(title: str) -> bool:
        return f"Next: {title}" in admin.page("connections/")

    assert comes_next("Connect Q")
    assert "Set up" in admin.page("")
    QConnection.objects.create(district=district, base_url=Q)
    assert comes_next("Connect Canvas")
    CanvasConnection.objects.create(district=district, base_url="https://canvas.example")
    assert comes_next("Test both connections")
    checked(district, ok=False)
    assert comes_next("Test both connections")
    assert "See what the test found" in admin.page("")
    checked(district, ok=True)
    assert comes_next("Compare Q with what Canvas holds")
    assert "Canvas is new: run the first night" in admin.page("")
    ended(district, kind="evaluation")
    assert comes_next("Run the first night")
    night = ended(district, state="held", plan_digest="d", read_at=timezone.now())
    assert "Look at the plan" in admin.page("connections/")
    night.state = "running"
    night.save()
    assert "See how far it is" in admin.page("connections/")
    night.state = "done"
    night.save()
    assert comes_next("Let nights run by themselves")
    ProvisioningPolicy.objects.update(is_automatic=True)
    assert "Next:" not in admin.page("connections/")
    assert "Set up" not in admin.page("")


def test_while_somebody_else_has_the_link_the_other_half_comes_next(admin, district):
    invitations.invite_credentials(by="Ada Admin (u7)", district=district)
    assert "Next: Connect Canvas" in admin.page("connections/")
    assert "has not used it yet" in admin.page("")
    CanvasConnection.objects.create(district=district, base_url="https://canvas.example")
    page = admin.page("connections/")
    assert "Next: Connect Q" in page
    assert "See the link" in page


def test_whoever_only_reads_sees_the_steps_and_no_button(admin, district):
    deployment = district.installations.get().deployment
    reader = visit(deployment, people.ada(masquerading_user_id="99"))
    page = reader.page("")
    assert "Connect Q" in page
    assert "/account/connections/q/" not in reader.get("").content.decode()

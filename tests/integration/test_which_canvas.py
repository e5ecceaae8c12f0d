"""What one Canvas accepted is never believed of another one."""

from __future__ import annotations

import pytest
import requests
from django.apps import apps

from integration.connections import canvas_client
from integration.models import AuditEvent, CanvasConnection, District, RosterRow, Run
from integration.provisioning.forget import REMEMBERED
from integration.provisioning.which_canvas import OtherCanvas, check_same_canvas
from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import held, imports
from tests.integration.provisioning.records import small_district


def another_canvas(sandbox) -> None:
    """The same address, another root account: as after a move from beta, or a wrong DNS entry."""
    requests.post(f"{origin(sandbox.canvas.url)}/sandbox/reset", timeout=120).raise_for_status()


def check() -> None:
    district = District.objects.get()
    with canvas_client(district) as canvas:
        check_same_canvas(district, canvas)


def known() -> str:
    return CanvasConnection.objects.get().account_uuid


@pytest.fixture
def provisioned(q_holds, connect, provision) -> None:
    q_holds(small_district())
    connect()
    provision()


def test_connecting_keeps_who_canvas_is(connect):
    connect()
    assert known()
    check()


def test_a_canvas_that_could_not_be_asked_yet_is_remembered_at_its_first_run(connect):
    connect()
    uuid = known()
    CanvasConnection.objects.update(account_uuid="")
    check()
    assert known() == uuid


def test_another_canvas_at_the_same_address_is_not_believed_to_be_full(provisioned, sandbox):
    another_canvas(sandbox)
    with pytest.raises(OtherCanvas) as caught:
        check()
    assert "on the page “Connections”" in caught.value.remedy
    assert RosterRow.objects.exists()


@pytest.mark.parametrize(
    "words", [("provision", "lakeside"), ("undo", "1"), ("drift", "lakeside", "--repair")]
)
def test_no_run_of_any_kind_goes_on_in_another_canvas(words, provisioned, manage, sandbox):
    believed = RosterRow.objects.filter(removed_at=None).count()
    another_canvas(sandbox)
    if words[0] == "undo":
        words = ("undo", str(Run.objects.get().pk))
    code, answer = manage(*words)
    assert (code, answer["error"]["code"]) == (1, "canvas.other-account")
    assert not any(row["user_id"] for row in held(sandbox.canvas)["users"])
    assert RosterRow.objects.filter(removed_at=None).count() == believed


def test_an_approved_plan_is_not_sent_to_another_canvas(q_holds, connect, provision, sandbox):
    q_holds(small_district())
    connect()
    digest = provision("--plan-only")[1]["digest"]
    another_canvas(sandbox)
    code, answer = provision("--approve", digest)
    assert (code, answer["error"]["code"]) == (1, "canvas.other-account")
    assert imports(sandbox.canvas) == []


def test_a_canvas_that_was_emptied_and_is_the_same_one_is_let_through(
    provisioned, provision, sandbox
):
    url = f"{origin(sandbox.canvas.url)}/sandbox/reset?same=1"
    requests.post(url, timeout=120).raise_for_status()
    assert provision()[0] == 0


def test_connecting_another_canvas_forgets_what_the_other_one_had_and_says_so(
    provisioned, connect, manage, sandbox, provision
):
    another_canvas(sandbox)
    _, answer = manage("connect", "lakeside", f"--canvas-token={sandbox.canvas.token}")
    assert answer["forgotten"]["RosterRow"] > 0
    assert not RosterRow.objects.exists()
    assert AuditEvent.objects.latest("pk").action == "canvas.replaced"
    check()
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert held(sandbox.canvas)["users"]


def test_connecting_the_same_canvas_again_forgets_nothing(provisioned, connect):
    before = RosterRow.objects.count()
    connect()
    assert RosterRow.objects.count() == before
    assert District.objects.get().provisioned_at


def test_a_plan_for_the_old_canvas_is_not_carried_out_in_the_new_one(
    q_holds, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    digest = provision("--plan-only")[1]["digest"]
    another_canvas(sandbox)
    connect()
    assert provision("--approve", digest)[0] == 1
    assert not Run.objects.filter(state=Run.State.HELD).exists()


def test_an_unknown_canvas_at_a_new_address_counts_as_another_one(provisioned, connect, sandbox):
    CanvasConnection.objects.update(account_uuid="", root_account_id="1")
    connect(canvas_account="self")
    assert not RosterRow.objects.exists()


# Of a district, and true whatever Canvas it has.
STAYS = {
    *("ProvisioningPolicy", "QConnection", "CanvasConnection", "Run"),
    *("Installation", "Invitation", "ApiToken", "CanvasConsent", "ConnectionCheck"),
    *("Notice", "Recipient"),
}


def test_all_that_a_district_has_is_either_forgotten_with_its_canvas_or_stays():
    ours = apps.get_app_config("integration").get_models()
    of_districts = {
        model
        for model in ours
        if any(field.related_model is District for field in model._meta.concrete_fields)
    }
    assert of_districts - set(REMEMBERED) == {
        model for model in of_districts if model.__name__ in STAYS
    }

"""Rules, limits and the schedule from the page; new names are shown on real records first."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from integration.account.screens.rules_forms import RulesForm
from integration.models import AuditEvent, District, ProvisioningPolicy
from integration.policies import rules
from tests.integration.account.visiting import Visit, installed, visit, words
from tests.integration.provisioning.records import session, small_district

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(q_holds, connect) -> Visit:
    records = small_district(students=3)
    for one in records["users"]:
        one["identifier"] = "same" if one["sourcedId"] in ("P1-0", "P1-1") else ""
    q_holds(records)
    connect()
    return visit(installed(District.objects.get()))


def fields(**changed: Any) -> dict[str, Any]:
    """What the browser sends of the rules form."""
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=District.objects.get())
    now = rules(policy) | changed
    return {
        name: "on" if value is True else value for name, value in now.items() if value is not False
    }


def test_a_limit_is_saved_at_once_and_audited(admin):
    admin.page("rules/")
    assert admin.post("rules/save/", **fields(removed_floor=9)).status_code == 303
    assert ProvisioningPolicy.objects.get().removed_floor == 9
    event = AuditEvent.objects.get(action="policy.changed")
    assert (event.before, event.after) == ({"removed_floor": 5}, {"removed_floor": 9})
    assert event.actor.startswith("Ada Admin")


def test_new_names_are_shown_on_real_records_before_they_are_saved(admin):
    answer = admin.post("rules/save/", **fields(sis_id_prefix="q-"))
    assert answer.status_code == 200
    told = words(answer)
    assert "Sections Class K1 K1 q-K1" in told
    assert ProvisioningPolicy.objects.get().sis_id_prefix == ""
    assert admin.post("rules/save/", **fields(sis_id_prefix="q-"), seen="1").status_code == 303
    assert ProvisioningPolicy.objects.get().sis_id_prefix == "q-"


def test_a_rule_by_which_two_would_collide_says_who(admin):
    told = words(admin.post("rules/save/", **fields(user_sis_id="identifier")))
    assert "4 records would have no ID of their own" not in told
    assert "records would have no ID of their own" in told
    assert "Of the first 4 users and 1 classes of Q" in told
    assert "P1-2" in told


def test_every_rule_has_a_label_of_its_own():
    assert {name for one in RulesForm().sets() for name in [f.name for f in one["fields"]]} == set(
        RulesForm.base_fields
    )


def test_every_choice_of_a_rule_is_told_in_the_reader_s_language():
    def told(language: str) -> set[str]:
        with override(language):
            fields = RulesForm().fields.values()
            return {str(told) for one in fields for _, told in getattr(one, "choices", ())}

    assert len(told("es")) == 6
    assert not told("es") & told("en")


def test_the_schedule_is_set_paused_and_resumed(admin):
    sent = {"is_automatic": "on", "at": "03:30", "time_zone": "America/Denver"}
    assert admin.post("rules/schedule/", **sent).status_code == 303
    policy = ProvisioningPolicy.objects.select_related("district").get()
    assert (policy.is_automatic, f"{policy.night_at:%H:%M}") == (True, "03:30")
    assert policy.district.time_zone == "America/Denver"
    assert "Next night" in admin.page("rules/")
    assert admin.post("rules/pause/", reason="Q is being moved").status_code == 303
    assert "Paused: Q is being moved" in admin.page("rules/")
    admin.post("rules/pause/", what="resume")
    assert District.objects.get().state == District.State.ACTIVE


def test_windows_are_suggested_added_and_taken_away(admin, change_q):
    years = [
        session("Y1", type="schoolYear", startDate="2097-08-10", endDate="2098-06-05",
                schoolYear="2098"),
        session("Y2", type="schoolYear", startDate="2098-08-12", endDate="2099-06-04",
                schoolYear="2099"),
    ]  # fmt: skip
    change_q(upsert={"academicSessions": years})
    assert "School year from 2098-08-12" in words(admin.post("rules/windows/suggest/"))
    added = {"sort": "rollover", "first": "2098-08-01", "last": "2098-08-20", "reason": "New year"}
    assert admin.post("rules/windows/add/", **added).status_code == 303
    assert admin.post("rules/windows/add/", **added | {"sort": "blackout"}).status_code == 303
    page = admin.page("rules/")
    assert "School-year rollover 2098-08-01 2098-08-20 New year" in page
    stored = {"from": "2098-08-01", "until": "2098-08-20", "reason": "New year"}
    admin.post("rules/windows/drop/", sort="rollover", **stored)
    policy = ProvisioningPolicy.objects.get()
    assert (policy.rollovers, policy.blackouts) == ([], [stored])

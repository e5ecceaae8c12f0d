"""`manage.py policy`: a district's rules and limits, shown, set, and audited."""

from __future__ import annotations

import pytest

from integration.models import AuditEvent, ProvisioningPolicy
from tests.integration.provisioning.records import small_district

CHOSEN = {
    "grouping": ("course", "course"),
    "guardians": ("on", True),
    "schools": ("S1,S2", ["S1", "S2"]),
    "user-sis-id": ("identifier", "identifier"),
    "prefix": ("q:", "q:"),
    "removal": ("completed", "completed"),
    "completed-after-days": ("14", 14),
    "deleted-after-days": ("90", 90),
    "removed-share": ("0.2", 0.2),
    "removed-floor": ("7", 7),
    "removed-ceiling": ("900", 900),
    "changed-share": ("0.5", 0.5),
    "changed-floor": ("60", 60),
    "plan-hours": ("48", 48),
    "silent-feed-days": ("21", 21),
    "end-date-inclusive": ("off", False),
}


@pytest.fixture
def policy(connect, manage):
    connect()
    return lambda *words: manage("policy", "lakeside", *words)


def test_every_rule_can_be_set_and_is_shown(policy):
    words = [f"--{name}={text}" for name, (text, _) in CHOSEN.items()]
    code, answer = policy(*words)
    assert code == 0, answer
    assert list(answer["policy"].values()) == list(policy()[1]["policy"].values())
    assert set(answer["changed"]) == set(answer["policy"])
    assert {str(value) for _, value in CHOSEN.values()} == set(map(str, answer["policy"].values()))


def test_what_is_not_given_stays(policy):
    policy("--prefix=q:")
    policy("--guardians=on")
    stored = ProvisioningPolicy.objects.get()
    assert (stored.sis_id_prefix, stored.guardians, stored.removed_floor) == ("q:", True, 5)


def test_a_change_is_audited_with_what_was_and_what_is(policy):
    policy("--removed-floor=9", "--guardians=off")
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.subject) == ("policy.changed", "lakeside")
    assert (event.before, event.after) == ({"removed_floor": 5}, {"removed_floor": 9})


def test_setting_what_is_set_already_is_no_event(policy):
    before = AuditEvent.objects.count()
    assert policy("--removed-floor=5")[1]["changed"] == []
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--removed-share", "1.5"),
        ("--changed-share", "nan"),
        ("--removed-floor", "-1"),
        ("--prefix", "a b"),
        ("--prefix", "x" * 33),
        ("--user-sis-id", ""),
    ],
)
def test_what_no_district_can_have_is_refused_by_the_options_name(option, text, policy):
    code, answer = policy(f"{option}={text}", "--guardians=on")
    assert (code, option in answer["error"]["message"]) == (1, True)
    assert not ProvisioningPolicy.objects.filter(guardians=True).exists()


@pytest.mark.parametrize("words", ["--grouping=house", "--guardians=maybe", "--removed-floor=few"])
def test_what_is_no_value_at_all_is_wrong_usage(words, policy):
    assert policy(words)[0] == 64


def test_a_plan_that_waits_is_said_to_be_out_of_date_and_is_refused(q_holds, policy, provision):
    q_holds(small_district())
    digest = provision("--plan-only")[1]["digest"]
    assert policy("--silent-feed-days=30")[1]["notes"] == []
    assert "out of date" in " ".join(policy("--removed-floor=9")[1]["notes"])
    assert provision("--approve", digest)[1]["error"]["code"] == "provisioning.plan-refused"


def test_a_new_id_rule_for_a_district_that_is_in_canvas_comes_with_a_warning(
    q_holds, policy, provision
):
    q_holds(small_district())
    assert policy("--prefix=q:")[1]["notes"] == []
    provision()
    assert "--plan-only" in " ".join(policy("--prefix=r:")[1]["notes"])


def test_a_school_that_q_did_not_have_is_refused_by_name(q_holds, policy, provision):
    q_holds(small_district(schools=("S1", "S2")))
    assert policy("--schools=S1")[0] == 0
    provision()
    code, answer = policy("--schools=S2,S8,S9")
    assert (code, "Q had no school S8, S9" in answer["error"]["message"]) == (1, True)
    assert ProvisioningPolicy.objects.get().schools == ["S1"]
    # S2 never came over; the last night read it all the same.
    assert policy("--schools=S1,S2")[0] == 0
    assert policy("--schools=all")[0] == 0

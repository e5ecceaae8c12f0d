"""`manage.py schedule`: set, shown in words, audited, and never reaching back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integration.models import AuditEvent, District, ProvisioningPolicy
from integration.schedule import tonight_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def schedule(manage, settings):
    settings.NIGHT_STAGGER_MINUTES = 0
    District.objects.create(slug="lakeside", name="Lakeside", time_zone="America/Los_Angeles")
    return lambda *words: manage("schedule", "lakeside", *words)


def test_a_new_district_has_no_nights_and_is_told_how_to_get_them(schedule):
    code, answer = schedule()
    assert (code, answer["automatic"], answer["at"]) == (0, False, "02:00")
    assert "--on" in answer["next"]
    assert not AuditEvent.objects.exists()


def test_switched_on_the_next_night_is_told_by_the_districts_clock(schedule):
    _, answer = schedule("--on", "--at", "03:15")
    assert (answer["automatic"], answer["at"]) == (True, "03:15")
    assert "the next night begins on" in answer["next"]
    assert "at 03:15 (America/Los_Angeles)" in answer["next"]
    assert answer["next_at"] > timezone.now().isoformat()


def test_a_change_of_the_hour_opens_no_night_at_once(schedule):
    for hour in range(24):
        _, answer = schedule("--on", "--at", f"{hour:02}:00")
        assert "due" not in answer
    assert tonight_of(ProvisioningPolicy.objects.get(), timezone.now()).due is None


def test_a_pause_is_told_with_its_reason_and_ends_with_resume(schedule):
    schedule("--on")
    assert schedule("--pause", "new servers")[1]["next"] == "paused: new servers."
    assert District.objects.get().state == District.State.PAUSED
    _, answer = schedule("--resume")
    assert (answer["paused"], answer["pause_reason"]) == (False, "")


def test_a_blackout_is_told_until_it_is_cleared(schedule):
    schedule("--on")
    _, answer = schedule("--blackout", "2026-01-01", "2026-12-31", "a year off")
    assert answer["blackouts"] == [
        {"from": "2026-01-01", "until": "2026-12-31", "reason": "a year off"}
    ]
    assert schedule("--clear-blackouts")[1]["blackouts"] == []


def test_a_blackout_that_lasts_today_says_until_when_and_why(schedule):
    schedule("--on")
    today = timezone.now().date()
    window = (f"{today.replace(day=1)}", f"{today.replace(year=today.year + 1, day=1)}")
    words = schedule("--blackout", *window, "moving")[1]["next"]
    assert f"no night until {window[1]} (moving); the next night begins on" in words


def test_each_change_is_audited_with_who_before_and_after(schedule):
    schedule("--on")
    schedule("--on")
    schedule("--pause", "new servers")
    switched, paused = AuditEvent.objects.order_by("pk")
    assert (switched.action, switched.before["automatic"]) == ("schedule.changed", False)
    assert (paused.reason, paused.after["paused"]) == ("new servers", True)
    assert paused.actor.endswith("(command line)")


def test_the_schedule_does_not_make_a_plan_stale(schedule):
    policy = ProvisioningPolicy.objects.create(district=District.objects.get())
    before = policy.digest()
    schedule("--on", "--at", "04:00", "--blackout", "2026-12-19", "2027-01-03", "break")
    policy.refresh_from_db()
    assert policy.digest() == before


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "25:00"),
        ("--at", "two"),
        ("--pause", " "),
        ("--blackout", "2026-12-31", "2026-12-01", "backwards"),
        ("--blackout", "2026-12-31", "2030-01-01", "for years"),
        ("--blackout", "tomorrow", "2026-12-31", "in words"),
    ],
)
def test_what_is_no_schedule_is_refused_and_changes_nothing(words, schedule):
    code, answer = schedule(*words)
    assert (code, answer["error"]["code"]) == (1, "schedule.refused")
    assert not ProvisioningPolicy.objects.exists()


@pytest.mark.parametrize("words", [("--on", "--off"), ("--pause", "why", "--resume")])
def test_a_wish_that_contradicts_itself_is_wrong_usage(words, schedule):
    assert schedule(*words)[0] == 64

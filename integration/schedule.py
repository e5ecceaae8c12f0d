"""When a district's nights begin: read from its policy, and changed by people (audited)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from integration.errors import QSyncError
from integration.models import AuditEvent, District, ProvisioningPolicy, Run
from integration.nights import Blackout, Timetable, Tonight, stagger, tonight

LONGEST_BLACKOUT = timedelta(days=400)


class ScheduleRefused(QSyncError):
    """What was asked for, or what is stored, is no schedule."""

    code = "schedule.refused"
    remedy = "See manage.py schedule --help; dates are written 2026-12-24, times 02:00."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants changed; None leaves it as it is. `pause` "" resumes."""

    at: time | None = None
    is_automatic: bool | None = None
    pause: str | None = None
    add: tuple[Blackout, ...] = ()
    clear: bool = False


def timetable_of(policy: ProvisioningPolicy) -> Timetable:
    """Raises ScheduleRefused where what is stored cannot be read."""
    district = policy.district
    try:
        zone = ZoneInfo(district.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleRefused(f"{district.slug}: no time zone is called so.") from error
    return Timetable(
        zone=zone,
        at=policy.night_at,
        is_automatic=policy.is_automatic,
        is_paused=district.state == District.State.PAUSED,
        blackouts=blackouts_of(policy.blackouts),
        since=policy.nights_from,
        delay=stagger(district.slug, timedelta(minutes=settings.NIGHT_STAGGER_MINUTES)),
    )


def blackouts_of(stored: Iterable[Mapping[str, str]]) -> tuple[Blackout, ...]:
    """Raises ScheduleRefused."""
    try:
        return tuple(blackout_of(one["from"], one["until"], one["reason"]) for one in stored)
    except (KeyError, TypeError) as error:
        raise ScheduleRefused("A stored blackout has not the three fields it needs.") from error


def blackout_of(first: str, last: str, reason: str) -> Blackout:
    """Raises ScheduleRefused."""
    try:
        window = Blackout(date.fromisoformat(first), date.fromisoformat(last), reason)
    except ValueError as error:
        raise ScheduleRefused("A blackout runs from one date to another.") from error
    if not timedelta(0) <= window.last - window.first <= LONGEST_BLACKOUT:
        raise ScheduleRefused(
            f"A blackout ends on or after its first day, and lasts {LONGEST_BLACKOUT.days} days "
            "at most."
        )
    return window


def last_night(district: District) -> date | None:
    """The latest night that has a run."""
    nights = district.runs.filter(kind=Run.Kind.PROVISIONING)
    last: date | None = nights.aggregate(last=Max("night"))["last"]
    return last


def tonight_of(policy: ProvisioningPolicy, now: datetime) -> Tonight:
    """Raises ScheduleRefused."""
    return tonight(now, timetable_of(policy), last_night(policy.district))


@transaction.atomic
def change(*, district: District, wish: Wish, by: str) -> ProvisioningPolicy:
    """Carry a person's wish out. What changed counts from the next night on, never backwards.

    Raises:
        ScheduleRefused: the wish makes no sense.
    """
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    before = described(policy)
    if wish.at is not None:
        policy.night_at = wish.at
    if wish.is_automatic is not None:
        policy.is_automatic = wish.is_automatic
    if wish.clear:
        policy.blackouts = []
    added = [
        {"from": f"{one.first}", "until": f"{one.last}", "reason": one.reason} for one in wish.add
    ]
    policy.blackouts = [*policy.blackouts, *added]
    if wish.pause is not None:
        state = District.State
        district.state = state.PAUSED if wish.pause else state.ACTIVE
        district.pause_reason = wish.pause
        district.save(update_fields=["state", "pause_reason"])
    policy.district = district
    after = described(policy)
    if after != before:
        policy.nights_from = timezone.now()
        policy.save(update_fields=["night_at", "is_automatic", "nights_from", "blackouts"])
        AuditEvent.objects.create(
            district=district.slug,
            actor=by,
            action="schedule.changed",
            subject=district.slug,
            before=before,
            after=after,
            reason=wish.pause or " ".join(one.reason for one in wish.add),
        )
    return policy


def described(policy: ProvisioningPolicy) -> dict[str, Any]:
    """The schedule as the audit log and `--json` tell it."""
    district = policy.district
    return {
        "automatic": policy.is_automatic,
        "at": f"{policy.night_at:%H:%M}",
        "time_zone": district.time_zone,
        "paused": district.state == District.State.PAUSED,
        "pause_reason": district.pause_reason,
        "blackouts": policy.blackouts,
    }

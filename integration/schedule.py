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
from integration.models.policy import SCHEDULE
from integration.nights import Blackout, Rollover, Timetable, Tonight, W, Window, stagger, tonight

# A rollover that lasted all year would be no limit at all.
LONGEST = {Blackout: timedelta(days=400), Rollover: timedelta(days=60)}


class ScheduleRefused(QSyncError):
    """What was asked for, or what is stored, is no schedule."""

    code = "schedule.refused"
    remedy = "Correct it on the page “Rules”. Dates are written 2026-12-24, times 02:00."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants changed; None leaves it as it is. `pause` "" resumes."""

    at: time | None = None
    is_automatic: bool | None = None
    pause: str | None = None
    add: tuple[Blackout, ...] = ()
    clear: bool = False
    add_rollovers: tuple[Rollover, ...] = ()
    clear_rollovers: bool = False


def timetable_of(policy: ProvisioningPolicy) -> Timetable:
    """Raises ScheduleRefused where what is stored cannot be read."""
    district = policy.district
    try:
        zone = ZoneInfo(district.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleRefused(f"No time zone is called “{district.time_zone}”.") from error
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
    return _windows_of(Blackout, stored)


def rollovers_of(stored: Iterable[Mapping[str, str]]) -> tuple[Rollover, ...]:
    """Raises ScheduleRefused."""
    return _windows_of(Rollover, stored)


def window_of(sort: type[W], first: str, last: str, reason: str) -> W:
    """A window as a person wrote it. Raises ScheduleRefused."""
    name = sort.__name__.lower()
    try:
        window = sort(date.fromisoformat(first), date.fromisoformat(last), reason)
    except ValueError as error:
        raise ScheduleRefused(f"A {name} needs a first and a last day.") from error
    if not timedelta(0) <= window.last - window.first <= LONGEST[sort]:
        raise ScheduleRefused(
            f"A {name} ends on or after its first day, and lasts {LONGEST[sort].days} days at most."
        )
    return window


def _windows_of(sort: type[W], stored: Iterable[Mapping[str, str]]) -> tuple[W, ...]:
    try:
        return tuple(window_of(sort, one["from"], one["until"], one["reason"]) for one in stored)
    except (KeyError, TypeError) as error:
        name = sort.__name__.lower()
        raise ScheduleRefused(
            f"A stored {name} lacks its first day, its last day or its reason."
        ) from error


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
    policy.blackouts = [*policy.blackouts, *map(_stored, wish.add)]
    if wish.clear_rollovers:
        policy.rollovers = []
    policy.rollovers = [*policy.rollovers, *map(_stored, wish.add_rollovers)]
    if wish.pause is not None:
        state = District.State
        district.state = state.PAUSED if wish.pause else state.ACTIVE
        district.pause_reason = wish.pause
        district.save(update_fields=["state", "pause_reason"])
    policy.district = district
    after = described(policy)
    if after != before:
        policy.nights_from = timezone.now()
        policy.save(update_fields=[*SCHEDULE, "rollovers"])
        AuditEvent.objects.create(
            district=district.slug,
            actor=by,
            action="schedule.changed",
            subject=district.slug,
            before=before,
            after=after,
            reason=wish.pause or " ".join(one.reason for one in (*wish.add, *wish.add_rollovers)),
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
        "rollovers": policy.rollovers,
    }


def _stored(window: Window) -> dict[str, str]:
    return {"from": f"{window.first}", "until": f"{window.last}", "reason": window.reason}

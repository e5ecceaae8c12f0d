"""The holds of a stored plan: the policy's limits, looser inside a planned rollover."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from integration.models import Approval, District, ProvisioningPolicy, Run
from integration.nights import Rollover, covering
from integration.provisioning import plan_lines
from integration.provisioning.holds import (
    FIRST_PLAN,
    HELD_BEFORE,
    ROLLOVER,
    Hold,
    Limits,
    holds,
    in_rollover,
)
from integration.provisioning.ladder import Ladder
from integration.schedule import rollovers_of


def limits_of(policy: ProvisioningPolicy) -> Limits:
    """The policy's limits as the value that the rules take."""
    return Limits(
        removed_share=policy.removed_share,
        removed_floor=policy.removed_floor,
        removed_ceiling=policy.removed_ceiling,
        changed_share=policy.changed_share,
        changed_floor=policy.changed_floor,
    )


def ladder_of(policy: ProvisioningPolicy) -> Ladder:
    """The policy's ladder; inside a rollover nobody takes a further step."""
    if rollover_now(policy):
        return Ladder()
    return Ladder(policy.completed_after_days, policy.deleted_after_days)


def rollover_now(policy: ProvisioningPolicy) -> Rollover | None:
    """The rollover window that the district's local date lies in. Raises ScheduleRefused."""
    zone = ZoneInfo(policy.district.time_zone)
    today = timezone.now().astimezone(zone).date()
    return covering(today, rollovers_of(policy.rollovers))


def holds_of(
    run: Run, policy: ProvisioningPolicy, counts: Mapping[str, Mapping[str, int]], there: int
) -> list[Hold]:
    """Why this plan has to wait, if at all. `there`: SIS objects that Canvas held beforehand."""
    limits, tallies = limits_of(policy), plan_lines.tallies(run)
    if window := rollover_now(policy):
        found = in_rollover(tallies, limits, is_open=is_open(run.district, window))
    else:
        found = holds(tallies, limits)
    sends = sum(count.get("added", 0) + count.get("changed", 0) for count in counts.values())
    if there and sends:
        found.append(Hold(FIRST_PLAN, "all", sends, 1.0, 0))
    elif not there and (count := plan_lines.count_overwriting(run)):
        # What was left out of the first plan: no person has said yes to it yet.
        found.append(Hold(HELD_BEFORE, "all", count, 1.0, 0))
    return found


def is_open(district: District, window: Rollover) -> bool:
    """Has a person approved the first plan of this rollover as a whole, and let it stand?"""
    zone = ZoneInfo(district.time_zone)
    since = datetime.combine(window.first, time.min, tzinfo=zone)
    approved = Approval.objects.filter(run__district=district, created_at__gte=since, scope={})
    taken_back = approved.filter(run__undos__state=Run.State.DONE)
    return any(
        hold["code"] == ROLLOVER
        for approval in approved.exclude(pk__in=taken_back).select_related("run")
        for hold in approval.run.holds
    )

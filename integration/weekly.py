"""The weekly drift check of a district whose nights begin by themselves (design 5.10, F19, F20).

It follows a night that came to its end, on the district's own day of the week, and never stands
beside another run. It reads Canvas's own report by value. (Q is read whole every night, so there
is nothing on that side which a weekly full compare would find and a night would not.)
"""

from __future__ import annotations

import logging

from django.db import IntegrityError, transaction

from integration.models import ProvisioningPolicy, Run
from integration.nights import blackout, is_check_due, own_weekday
from integration.provisioning.drift import open_check
from integration.provisioning.run import KIND, UNFINISHED
from integration.schedule import timetable_of

logger = logging.getLogger(__name__)

WEEK = "week"
CAME_TO_ITS_END = (Run.State.DONE, Run.State.HELD)


def open_weekly_check(policy: ProvisioningPolicy) -> None:
    """Open the check that is due; `policy` is annotated by the sweeper.

    Raises ScheduleRefused.
    """
    now = policy.now  # type: ignore[attr-defined]  # annotated
    first, night = policy.first_night, policy.last_night  # type: ignore[attr-defined]  # annotated
    last = policy.last_check  # type: ignore[attr-defined]  # annotated
    district = policy.district
    weekday = own_weekday(district.slug)
    if night is None or not is_check_due(night, first=first, last=last, weekday=weekday):
        return
    if not district.provisioned_at or blackout(now, timetable_of(policy)):
        return
    runs = district.runs
    ended = runs.filter(kind=KIND, night=night, state__in=CAME_TO_ITS_END)
    if not ended.exists() or runs.filter(state__in=UNFINISHED).exists():
        return
    try:
        with transaction.atomic():
            run = open_check(district, actor="schedule", trigger=WEEK, night=night)
    except IntegrityError:
        logger.info("weekly check is another sweeper's district=%s", district.slug)
    else:
        logger.info("weekly check opened district=%s run=%s", district.slug, run.pk)

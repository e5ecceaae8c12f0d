"""Lines of “Needs attention” that rest for a week, because an admin has seen them.

What waits for a decision is no such line, and what is grave has no key: neither can be put away.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from integration.account.attention import Attention
from integration.models import AuditEvent, District, Snooze

REST = timedelta(days=7)


def resting(district: District, lines: Iterable[Attention]) -> dict[str, datetime]:
    """Key to the end of its rest; a line that is of more than when it was put away is back."""
    counts = {one.key: one.count for one in lines if one.key}
    if not counts:
        return {}
    asleep = district.snoozes.filter(until__gt=timezone.now())
    return {one.about: one.until for one in asleep if counts.get(one.about, 0) <= one.count}


@transaction.atomic
def snooze(district: District, line: Attention, *, by: str) -> None:
    """Let it rest for a week, in somebody's name."""
    until = timezone.now() + REST
    Snooze.objects.update_or_create(
        district=district, about=line.key, defaults={"count": line.count, "until": until}
    )
    # Those that are over are of no use to anybody.
    district.snoozes.filter(until__lt=timezone.now()).delete()
    _write_down(district, line.key, by, after={"until": until.isoformat(), "count": line.count})


@transaction.atomic
def wake(district: District, key: str, *, by: str) -> None:
    """Show it again at once."""
    if district.snoozes.filter(about=key).delete()[0]:
        _write_down(district, key, by, after={})


def _write_down(district: District, key: str, by: str, *, after: dict[str, object]) -> None:
    AuditEvent.objects.create(
        district=district.slug,
        actor=by,
        action="attention.snoozed" if after else "attention.shown",
        subject=key,
        after=after,
    )

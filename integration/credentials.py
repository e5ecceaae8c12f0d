"""Credentials of a district that end on a known day, and a sign-in that Canvas refuses.

Canvas tells a token's last day to nobody who calls it, so an admin types it in beside the token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django.utils import timezone

from integration.canvas.errors import DeveloperKeyRejected, NeedsConsent, TokenRejected
from integration.models import CanvasConnection, ConnectionCheck, District, Run
from integration.verification import ENDS_SOON

REFUSALS = (TokenRejected.code, NeedsConsent.code, DeveloperKeyRejected.code)
# What failed longer ago is no news; a night that still fails says so itself.
LATELY = timedelta(days=3)
# No run goes on, or waits, for longer before it ends. Runs are found by when they were made: of a
# district with many courses there are hundreds of thousands.
_AT_MOST = timedelta(days=7)
# Days before the end on which people are told.
WARNED = (1, 7, 14, 30)


@dataclass(frozen=True, slots=True)
class Ending:
    """`on`: its last day, by the district's clock; `key` names the credential among all others."""

    what: Literal["canvas", "api", "certificate"]
    key: str
    on: date
    days: int
    name: str = ""


def today_in(district: District, now: datetime) -> date:
    """The date by the district's clock."""
    return timezone.localdate(now, ZoneInfo(district.time_zone))


def ending(district: District, steps: Iterable[Mapping[str, Any]], now: datetime) -> list[Ending]:
    """Those that end within a month or have ended, the next one first.

    `steps`: what the last test of the connections saw.
    """
    today = today_in(district, now)
    found = [
        Ending(what, key, on, (on - today).days, name)
        for what, key, on, name in (
            *_canvas(district),
            *_api(district, now),
            *_seen(district, steps),
        )
    ]
    return sorted((one for one in found if one.days <= ENDS_SOON.days), key=lambda one: one.on)


_Found = Iterator[tuple[Literal["canvas", "api", "certificate"], str, date, str]]


def _canvas(district: District) -> _Found:
    row: CanvasConnection | None = getattr(district, "canvas_connection", None)
    if row and row.access_token_ends_on and not row.sealed_refresh_token:
        yield "canvas", "canvas", row.access_token_ends_on, ""


def _api(district: District, now: datetime) -> _Found:
    soon = Q(revoked_at=None, expires_at__gt=now, expires_at__lt=now + ENDS_SOON)
    for token in district.api_tokens.filter(soon):
        yield "api", f"api {token.pk}", today_in(district, token.expires_at), token.name


def _seen(district: District, steps: Iterable[Mapping[str, Any]]) -> _Found:
    for step in steps:
        if ends := step.get("ends_at"):
            on = today_in(district, datetime.fromisoformat(ends))
            yield "certificate", "certificate", on, ""


def refused(district: District, check: ConnectionCheck | None, now: datetime) -> Run | None:
    """The first run whose sign-in Canvas refused since it last let us in; None where it does.

    `check`: the last test of the connections.
    """
    runs = district.runs.filter(
        kind__in=Run.Kind.values,
        created_at__gt=now - LATELY - _AT_MOST,
        ended_at__gt=now - LATELY,
    ).order_by("ended_at")
    failed = runs.filter(state=Run.State.FAILED, error__code__in=REFUSALS)
    if not failed.exists():
        return None
    # A night that finds nothing new sends nothing, and so cannot tell whether Canvas lets us in.
    let_in = runs.filter(state__in=(Run.State.DONE, Run.State.HELD)).exclude(
        kind=Run.Kind.PROVISIONING, sent={}
    )
    times = [let_in.aggregate(at=Max("ended_at"))["at"], _tested(check)]
    since = max((at for at in times if at), default=now - LATELY)
    return failed.filter(ended_at__gt=since).first()


def _tested(check: ConnectionCheck | None) -> datetime | None:
    """When a test found nothing wrong with Canvas."""
    if check and not any(str(step["name"]).startswith("Canvas") for step in check.failed):
        return check.ended_at
    return None

"""Why what is meant for Canvas is not there yet: the plan it waits in, or the night to come."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from integration.errors import QSyncError
from integration.models import CanvasConnection, District, ProvisioningPolicy, Run
from integration.nights import blackout
from integration.phrases import Phrase
from integration.provisioning.holds import Hold, sentence
from integration.provisioning.run import KIND, stale
from integration.schedule import timetable_of, tonight_of

# By the state of the run that planned it.
PLANS: dict[str, str] = {
    Run.State.QUEUED: "Run {run} is about to begin. Look again when it has ended.",
    Run.State.RUNNING: "Run {run} is at work. Look again when it has ended.",
    Run.State.WAITING: "Canvas has the import of run {run} and has not carried it out yet. Look at "
    "SIS Imports in Canvas if it lasts.",
    Run.State.HELD: "A person has to decide on the plan of run {run}: {holds} Approve or discard "
    "it on the page of that run.",
    Run.State.FAILED: "Run {run} ended before it was sent: {message} {remedy}",
    Run.State.DONE: "Run {run} has ended without it; the next run plans it again.",
}
OUT_OF_DATE = "The plan of run {run} is out of date, for {why}. The next run plans anew."
HELD_BY_WISH = "It was made to be looked at first."


def plan_of(run: Run) -> str:
    """How the run that planned a change stands, and what to do."""
    if run.state == Run.State.HELD and (why := stale(run)):
        return Phrase(OUT_OF_DATE, run=run.pk, why=why)
    return Phrase(
        PLANS[run.state],
        run=run.pk,
        holds=_joined([sentence(Hold(**hold)) for hold in run.holds]) or Phrase(HELD_BY_WISH),
        message=Phrase(run.error.get("message", "")),
        remedy=Phrase(run.error.get("remedy", "")),
    )


def _joined(sentences: list[str]) -> str:
    """Several sentences as one phrase."""
    values: dict[str, object] = {f"at{n}": one for n, one in enumerate(sentences)}
    return Phrase(" ".join(f"{{{name}}}" for name in values), **values)


def next_plan(district: District) -> list[str]:
    """What the latest run made of it, as far as it has, and when the next one begins."""
    runs = district.runs.filter(kind=KIND).order_by("-pk")
    read = runs.exclude(read_at=None).first()
    told: list[str] = []
    if not CanvasConnection.objects.filter(district=district).exists():
        told.append(Phrase("Canvas is not connected, so nothing is sent. Connect it first."))
    if read is None or read.read_at is None:
        told.append(Phrase("No run has read Q yet."))
    else:
        told.append(
            Phrase(
                "Run {run} read Q at {at} and planned nothing for it: it came to Q, or was "
                "corrected there, since then.",
                run=read.pk,
                at=_clock(read.read_at, district),
            )
        )
    last = runs.first()
    if last is not None and last.state == Run.State.FAILED:
        error = last.error
        told.append(
            Phrase(
                "The last run ({run}) failed: {message} {remedy}",
                run=last.pk,
                message=Phrase(error.get("message", "")),
                remedy=Phrase(error.get("remedy", "")),
            )
        )
    return [*told, _next_night(district)]


# By what keeps the next night (integration/nights.py); all others tell when it begins.
NIGHTS = {
    "off": "Nothing runs by itself in this district. Switch the nights on under Rules and "
    "schedule, or press Run now.",
    "paused": "The district is paused: {reason} Resume it under Rules and schedule.",
    "blackout": "No night begins until {until}: {reason}. The next one begins at {at}; Run now "
    "does not wait for it.",
    "": "The next night begins at {at}; Run now takes it at once.",
}


def _next_night(district: District) -> str:
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    policy.district = district
    now = timezone.now()
    try:
        tonight = tonight_of(policy, now)
        window = blackout(now, timetable_of(policy))
    except QSyncError as error:
        return f"{error} {error.remedy}"
    return Phrase(
        NIGHTS.get(tonight.why, NIGHTS[""]),
        reason=window.reason if window else district.pause_reason,
        until=window.last if window else "",
        at=_clock(tonight.next_at, district) if tonight.next_at else "–",
    )


def _clock(at: datetime, district: District) -> str:
    return f"{at.astimezone(ZoneInfo(district.time_zone)):%Y-%m-%d %H:%M}"

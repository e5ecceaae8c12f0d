"""`manage.py schedule SLUG`: when a district's nights begin by themselves, or why none does."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandParser
from django.utils import timezone

from integration.connections import q_client
from integration.management.base import DONE, DistrictCommand
from integration.models import District, ProvisioningPolicy
from integration.nights import Blackout, Rollover, Tonight, blackout
from integration.provisioning.school_years import suggestions
from integration.schedule import (
    ScheduleRefused,
    Wish,
    change,
    described,
    timetable_of,
    tonight_of,
    window_of,
)


class Command(DistrictCommand):
    help = "Show or change when a district's nights begin by themselves."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--at", metavar="HH:MM", help="the hour, by the district's clock")
        switch = parser.add_mutually_exclusive_group()
        switch.add_argument("--on", action="store_true", help="let nights begin by themselves")
        switch.add_argument("--off", action="store_true")
        pause = parser.add_mutually_exclusive_group()
        pause.add_argument("--pause", metavar="REASON", help="let nothing begin or go on")
        pause.add_argument("--resume", action="store_true")
        parser.add_argument(
            "--blackout",
            nargs=3,
            action="append",
            default=[],
            metavar=("FROM", "UNTIL", "REASON"),
            help="no night on these local dates, both included, such as 2026-12-19 2027-01-03",
        )
        parser.add_argument("--clear-blackouts", action="store_true")
        parser.add_argument(
            "--rollover",
            nargs=3,
            action="append",
            default=[],
            metavar=("FROM", "UNTIL", "REASON"),
            help="on these local dates one approval lets a new school year in",
        )
        parser.add_argument("--clear-rollovers", action="store_true")
        parser.add_argument(
            "--suggest",
            action="store_true",
            help="ask Q for its school years, and print the windows that would suit them",
        )

    def work(self, district: District, options: dict[str, Any]) -> int:
        policy = change(district=district, wish=_wish(options), by=self.actor)
        now = timezone.now()
        decided = tonight_of(policy, now)
        words = _words(policy, decided, now)
        self.say(f"{district.slug}: {words}")
        for one in policy.blackouts:
            self.say(f"  no night from {one['from']} until {one['until']}: {one['reason']}")
        for one in policy.rollovers:
            self.say(f"  rollover from {one['from']} until {one['until']}: {one['reason']}")
        self.answer(state="done", **described(policy), next=words)
        if options["suggest"]:
            self._suggest(district, now)
        if decided.due:
            self.answer(due=f"{decided.due}")
        if decided.next_at:
            self.answer(next_at=decided.next_at.isoformat())
        return DONE

    def _suggest(self, district: District, now: datetime) -> None:
        with q_client(district) as q:
            sessions = [one for page in q.read("academicSessions") for one in page.records]
        today = now.astimezone(ZoneInfo(district.time_zone)).date()
        suggested = suggestions(sessions, today)
        for option, window in suggested:
            words = f'--{option} {window.first} {window.last} "{window.reason}"'
            self.say(f"  suggested: manage.py schedule {district.slug} {words}")
        if not suggested:
            self.say("  Q tells of no school year that is to come; nothing can be suggested.")
        self.answer(
            suggested=[
                {"window": option, "from": f"{one.first}", "until": f"{one.last}"}
                for option, one in suggested
            ]
        )


def _wish(options: dict[str, Any]) -> Wish:
    """Raises ScheduleRefused."""
    if options["pause"] is not None and not options["pause"].strip():
        raise ScheduleRefused("Enter the reason for the pause.")
    return Wish(
        at=_time(options["at"]) if options["at"] else None,
        is_automatic=options["on"] if options["on"] or options["off"] else None,
        pause="" if options["resume"] else options["pause"],
        add=tuple(window_of(Blackout, *window) for window in options["blackout"]),
        clear=options["clear_blackouts"],
        add_rollovers=tuple(window_of(Rollover, *window) for window in options["rollover"]),
        clear_rollovers=options["clear_rollovers"],
    )


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  a local hour
    except ValueError as error:
        raise ScheduleRefused(f"“{text}” is no time such as 02:00.") from error


def _words(policy: ProvisioningPolicy, decided: Tonight, now: datetime) -> str:
    """The schedule as one sentence."""
    timetable = timetable_of(policy)
    if decided.why == "off":
        return "nights do not begin by themselves (switch them on with --on)."
    if decided.why == "paused":
        return f"paused: {policy.district.pause_reason}."
    if decided.due:
        return f"the night of {decided.due} is due now."
    told = ""
    if window := blackout(now, timetable):
        told = f"no night until {window.last} ({window.reason}); "
    if decided.next_at is None:
        return f"{told}no night is in sight."
    local = decided.next_at.astimezone(timetable.zone)
    return f"{told}the next night begins on {local:%A, %Y-%m-%d at %H:%M} ({timetable.zone.key})."

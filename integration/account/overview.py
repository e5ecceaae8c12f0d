"""What the account's first page shows. Reads our own tables only; asks nobody."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from integration.account.attention import Attention, of_all
from integration.account.snoozing import resting
from integration.account.trend import NIGHTS, Counts, Trend, days, trends
from integration.credentials import today_in
from integration.models import (
    Change,
    ConnectionCheck,
    District,
    ProvisioningPolicy,
    RosterRow,
    Run,
)
from integration.provisioning.compare import HAD_BEFORE
from integration.provisioning.ladder import STILL_GONE
from integration.schedule import ScheduleRefused, tonight_of

_RUNS = 5
_SILENT = timedelta(hours=48)
_OF_COURSES = (Run.Kind.GRADES, Run.Kind.GRADES_UNDO)
_DECIDED = (Run.Kind.PROVISIONING, Run.Kind.UNDO)
_CHANGES = (Run.Kind.PROVISIONING, Run.Kind.UNDO, Run.Kind.DRIFT)
_SHOWN = ("courses", "sections", "users", "enrollments")


@dataclass(frozen=True, slots=True)
class Connection:
    """One of the two systems, whether we know how to reach it, and what the last test found.

    `failed`: steps of the last test that need attention; None where none was made.
    """

    name: str
    address: str
    is_set: bool
    failed: int | None = None
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Provisioning at a glance. `kind` is that of a status line."""

    kind: str
    last: Run | None
    last_done: Run | None
    took: float | None


@dataclass(frozen=True, slots=True)
class Holding:
    """How many rows of a kind Canvas has accepted from us; `trend` where it is known."""

    kind: str
    count: int
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """`schools`: SIS IDs of the sub-tree that is shown; None for the whole district.

    `snoozed`: what needs attention and rests, with the time until which it does.
    """

    district: District
    connections: list[Connection]
    waiting: list[Run]
    runs: list[Run]
    next_at: datetime | None
    holdings: list[Holding]
    schools: frozenset[str] | None = None
    health: Health | None = None
    attention: list[Attention] = field(default_factory=list)
    snoozed: list[tuple[Attention, datetime]] = field(default_factory=list)

    @property
    def nights(self) -> list[tuple[date, list[tuple[str, int]]]]:
        """The trend as a table: the last night first, each with (kind, count)."""
        shown = [(one.kind, one.trend.counts) for one in self.holdings if one.trend]
        if not shown:
            return []
        return [
            (night, [(kind, counts[number]) for kind, counts in shown])
            for number, night in enumerate(_nights(self.district))
        ][::-1]


def of_district(district: District) -> Overview:
    """Everything, for an admin of the root account."""
    runs = list(district.runs.exclude(kind__in=_OF_COURSES).order_by("-created_at")[:_RUNS])
    check = district.checks.exclude(ended_at=None).order_by("-pk").first()
    connections = _connections(district, check)
    waiting = _waiting(district)
    health = _health(district, waiting)
    found = _attention(district, connections, check, health)
    rests = resting(district, found)
    return Overview(
        district=district,
        connections=connections,
        waiting=waiting,
        runs=runs,
        next_at=_next_night(district),
        holdings=_holdings(district, None),
        health=health,
        attention=[one for one in found if one.key not in rests],
        snoozed=[(one, rests[one.key]) for one in found if one.key in rests],
    )


def _attention(
    district: District,
    connections: list[Connection],
    check: ConnectionCheck | None,
    health: Health,
) -> list[Attention]:
    """All that needs a look, whether it is snoozed or not."""
    is_silent = health.last_done is not None and health.kind == "err"
    return of_all(
        district,
        failed=[one.name for one in connections if one.failed],
        check=check,
        last=health.last,
        is_silent_since=health.last_done.ended_at if health.last_done and is_silent else None,
    )


def _waiting(district: District) -> list[Run]:
    """The plan that waits, newest of its kind, and an undo that was asked for."""
    held = district.runs.filter(state=Run.State.HELD, kind__in=_DECIDED).order_by("-created_at")
    newest: dict[str, Run] = {}
    for run in held[:20]:
        newest.setdefault(run.kind, run)
    later = district.runs.filter(kind=Run.Kind.PROVISIONING).exclude(read_at=None)
    last = later.order_by("-pk").first()
    return [
        run
        for run in newest.values()
        if run.kind != Run.Kind.PROVISIONING or last is None or run.pk >= last.pk
    ]


def _health(district: District, waiting: list[Run]) -> Health:
    """Red: nothing was carried out for two days, or the last run failed. Amber: somebody waits."""
    runs = district.runs.filter(kind=Run.Kind.PROVISIONING).order_by("-pk")
    last, done = runs.first(), runs.filter(state=Run.State.DONE).first()
    took = None
    if last and last.started_at and last.ended_at:
        took = (last.ended_at - last.started_at).total_seconds()
    is_silent = done is None or done.ended_at is None or timezone.now() - done.ended_at > _SILENT
    kind = "ok"
    if last is None:
        kind = "off"
    elif last.state == Run.State.FAILED or is_silent:
        kind = "err"
    elif waiting or any(count.get("refused") for count in last.counts.values()):
        kind = "warn"
    return Health(kind, last, done, took)


def of_sub_account(district: District, sis_id: str) -> Overview:
    """An admin's own sub-tree: what Canvas holds there, and when the next night is.

    A run, its counts and its plan are the whole district's, so they are not shown.
    """
    schools = _below(district, sis_id)
    return Overview(
        district=district,
        connections=[],
        waiting=[],
        runs=[],
        next_at=_next_night(district),
        holdings=_holdings(district, schools),
        schools=schools,
    )


def _connections(district: District, check: ConnectionCheck | None) -> list[Connection]:
    found = []
    for name, relation in (("Canvas", "canvas_connection"), ("Q", "q_connection")):
        row = getattr(district, relation, None)
        steps = [one for one in check.steps if one["name"].startswith(name)] if check else []
        failed = sum(one["needed"] and not one["ok"] for one in steps) if check else None
        times = [one["seconds"] for one in steps if one.get("seconds")]
        speed = round(median(times) * 1000) if times else None
        found.append(Connection(name, row.base_url if row else "", row is not None, failed, speed))
    return found


def _next_night(district: District) -> datetime | None:
    policy = ProvisioningPolicy.objects.filter(district=district).first()
    if policy is None:
        return None
    policy.district = district
    try:
        return tonight_of(policy, timezone.now()).next_at
    except ScheduleRefused:
        return None


def _holdings(district: District, schools: frozenset[str] | None) -> list[Holding]:
    rows = RosterRow.objects.filter(
        district=district, removed_at=None, origin=RosterRow.Origin.OURS, kind__in=_SHOWN
    )
    if schools is not None:
        rows = rows.filter(school__in=schools)
    counted = dict(rows.values_list("kind").annotate(count=Count("pk")).order_by())
    held = {kind: counted.get(kind, 0) for kind in _SHOWN}
    # A run, and so what it added, is the whole district's.
    nights = _nights(district) if schools is None else []
    of_kind = _trends(district, held, nights) if nights else {}
    return [Holding(kind, count, of_kind.get(kind)) for kind, count in held.items()]


def _trends(district: District, held: dict[str, int], nights: list[date]) -> dict[str, Trend]:
    since = timezone.now() - timedelta(days=NIGHTS + 1)
    runs = district.runs.filter(state=Run.State.DONE, ended_at__gt=since, kind__in=_CHANGES)
    found = list(runs.values_list("pk", "ended_at", "counts"))
    day_of = {pk: today_in(district, at) for pk, at, _ in found if at}
    ended = [(day_of[pk], counts) for pk, _, counts in found if pk in day_of]
    asked = [
        pk for pk, _, counts in found if pk in day_of and _counts_any(counts, "changed", "removed")
    ]
    # Only what rested can come to be as Canvas has it; what the first day's plan found to be so is
    # there on all days that are shown.
    has_rested = any(_counts_any(counts, "set_aside") for _, counts in ended)
    later = [pk for pk, day in day_of.items() if has_rested and day > nights[0]]
    more = _more_than_told(asked, later)
    grown = [(day_of[pk], {kind: {"added": count}}) for pk, kind, count in more]
    return trends(held, [*ended, *grown], nights)


def _counts_any(counts: Counts, *whats: str) -> bool:
    return any(counts.get(kind, {}).get(what) for kind in _SHOWN for what in whats)


def _more_than_told(
    runs: Collection[int], later: Collection[int]
) -> Iterable[tuple[int, str, int]]:
    """(run, kind, rows) by which there is more than a run's counts say.

    What was gone and is there again counts as changed, and so does what Canvas held before us and
    is ours now; what was gone and went a step further down counts as removed once more. What Canvas
    held before us and Q came to say the same of counts as the same: asked of the `later` runs.
    """
    undone = Change.objects.filter(
        run=OuterRef("run__undoes"),
        kind=OuterRef("kind"),
        key=OuterRef("key"),
        action=Change.Action.REMOVED,
    )
    is_more = Q(reason__in=("returned", STILL_GONE, HAD_BEFORE))
    is_more |= Q(Exists(undone), reason="undo")
    lines = Change.objects.filter(kind__in=_SHOWN, state=Change.State.CONFIRMED)
    sent = lines.filter(
        is_more, run__in=runs, action__in=(Change.Action.CHANGED, Change.Action.REMOVED)
    )
    same = lines.filter(run__in=later, action=Change.Action.EQUAL, reason=HAD_BEFORE)
    counted = (
        some.values_list("run", "kind").annotate(count=Count("pk")).order_by()
        for some in (sent, same)
    )
    return next(counted).union(*counted, all=True)


def _nights(district: District) -> list[date]:
    """The days of the trend, by the district's clock; none before its first run."""
    begun: datetime | None = district.provisioned_at
    if begun is None:
        return []
    return days(today_in(district, timezone.now()), today_in(district, begun))


def _below(district: District, sis_id: str) -> frozenset[str]:
    """This account and all below it, as our own imports made the tree."""
    if not sis_id:
        return frozenset()
    children = defaultdict(list)
    rows = RosterRow.objects.filter(district=district, kind="accounts", removed_at=None)
    for key, row in rows.values_list("key", "row"):
        children[json.loads(row)[1]].append(key)
    found, new = {sis_id}, [sis_id]
    while new:
        new = [child for one in new for child in children[one] if child not in found]
        found.update(new)
    return frozenset(found)

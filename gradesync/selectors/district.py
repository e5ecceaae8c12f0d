"""All courses of a district at a glance: what was sent, what did not arrive, what holds it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from gradesync.catalogue import CATALOGUE
from gradesync.lines import WRITING
from gradesync.models import CourseSync, SentScore, SyncRun
from integration.models import Change, District, Run

WEEK = timedelta(days=7)
# The latest so many syncs are enough for their median.
_MOST_RUNS = 5_000
_MOST_REASONS = 20
_KINDS = ("line_item", "result")
# A plan may have waited so long for its teacher. Runs are found by when they were made.
_WAITED = timedelta(days=30)
# Where something is missing, no rounding says that all is there.
_NOT_ALL = 99.9
_LEFT_OUT = frozenset({"assignment.switched-off", "assignment.not-graded"})


@dataclass(frozen=True, slots=True)
class Figures:
    """`median_seconds` is None without a sync; `percent` of what was to be sent has arrived."""

    courses: int
    syncing: int
    sent: int
    failing: int
    median_seconds: float | None

    @property
    def percent(self) -> float | None:
        wanted = self.sent + self.failing
        if not wanted:
            return None
        share = 100 * self.sent / wanted
        return min(share, _NOT_ALL) if self.failing else share


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason for which something does not go, in how many courses, for how many lines."""

    code: str
    sentence: str
    remedy: str
    who: str
    courses: int
    lines: int


def figures(district: District) -> Figures:
    """Of the last seven days; what is still failing is of each course's last sync."""
    since = timezone.now() - WEEK
    courses = CourseSync.objects.filter(district=district)
    syncs = district.runs.filter(kind=Run.Kind.GRADES, plan_only=False)
    runs = syncs.filter(state=Run.State.DONE, created_at__gte=since).exclude(started_at=None)
    took = runs.order_by("-pk").values_list(F("ended_at") - F("started_at"), flat=True)
    seconds = [one.total_seconds() for one in took[:_MOST_RUNS]]
    receipts = SentScore.objects.filter(
        run__in=syncs.filter(created_at__gte=since - _WAITED), confirmed_at__gte=since, is_kept=True
    )
    return Figures(
        courses=courses.count(),
        syncing=courses.exclude(first_sent_at=None).count(),
        sent=receipts.count(),
        failing=missed(run__in=_last(courses, run__plan_only=False)).count(),
        median_seconds=median(seconds) if seconds else None,
    )


def missed(**which: object) -> QuerySet[Change]:
    """Lines that were to be sent and did not reach Q, also of a sync that was cut short."""
    cut_short = Q(state=Change.State.PLANNED, run__state=Run.State.FAILED)
    not_there = Q(state__in=(Change.State.REFUSED, Change.State.LEFT)) | cut_short
    # Only lines that write are ever sent; to say so spares reading all the others of each plan.
    return Change.objects.filter(not_there, kind__in=_KINDS, action__in=WRITING, **which)


def obstacles(district: District) -> list[Obstacle]:
    """What holds grades back now, by each course's latest plan; what most courses have first."""
    rows = held_back(CourseSync.objects.filter(district=district))
    counted = rows.values_list("reason").annotate(
        courses=Count("run", distinct=True), lines=Count("pk")
    )
    # A plan may be older than the catalogue, and name what is no reason any more.
    known = counted.filter(reason__in=CATALOGUE).order_by("-courses", "-lines", "reason")
    return [_obstacle(*one) for one in known[:_MOST_REASONS]]


def held_back(courses: QuerySet[CourseSync], code: str = "") -> QuerySet[Change]:
    """Lines of the latest plans of these courses that wait or are blocked, for this reason.

    Of plans of a whole course: one that tries a few lines again says nothing of the others.
    """
    lines = Change.objects.filter(
        run__in=_last(courses, scope={}), kind__in=_KINDS, action__in=("waiting", "blocked")
    ).exclude(reason__in=_LEFT_OUT)
    return lines.filter(reason=code) if code else lines.exclude(reason="")


def _last(courses: QuerySet[CourseSync], **which: object) -> QuerySet[Any, Any]:
    """The last run of each course that has compared.

    Counted in one go: asked of each course by itself, PostgreSQL reads all lines of all plans.
    """
    syncs = SyncRun.objects.filter(
        course__in=courses, run__kind=Run.Kind.GRADES, run__pruned_at=None, **which
    ).exclude(run__read_at=None)
    last = syncs.order_by().values("course").annotate(compared=Max("run"))
    return last.values("compared")


def _obstacle(code: str, courses: int, lines: int) -> Obstacle:
    entry = CATALOGUE[code]
    return Obstacle(code, entry.sentence, entry.remedy, entry.who, courses, lines)

"""Courses that somebody should look at: which, why, since when. For an admin of the district."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext, ngettext

from gradesync.models import CourseSync
from gradesync.selectors.district import held_back, missed
from integration.account.attention import Attention
from integration.models import District, Run

# By what the page calls them. "asks": its plan waits for its teacher, and automatic sync with it;
# "rests": automatic sync is chosen and waits for the first sync, which is a teacher's.
FAILED = Q(last_state=Run.State.FAILED) | Q(last_state=Run.State.DONE, is_partly=True)
ASKS = Q(last_state=Run.State.HELD)
RESTS = ~Q(mode=CourseSync.Mode.OFF) & Q(first_sent_at=None)
SORTS = {"failed": FAILED, "asks": ASKS, "rests": RESTS}


def courses(district: District, sort: str = "", reason: str = "") -> QuerySet[CourseSync]:
    """Those of one sort, or of any; each with `last_run`, `last_state`, `last_at`, `is_partly`.

    With a `reason` (a code of the catalogue): those whose latest plan holds something back for it.
    """
    runs = Run.objects.filter(sync__course=OuterRef("pk"), kind=Run.Kind.GRADES, plan_only=False)
    last = runs.order_by("-pk")
    of_district = CourseSync.objects.filter(district=district)
    found = of_district.annotate(
        last_run=Subquery(last.values("pk")[:1]),
        last_state=Subquery(last.values("state")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
        last_error=Subquery(last.values("error")[:1]),
        is_partly=Exists(missed(run=OuterRef("last_run"))),
    )
    wanted = SORTS.get(sort, FAILED | ASKS | RESTS)
    if reason:
        wanted = Q(pk__in=held_back(of_district, reason).values("run__sync__course"))
    return found.filter(wanted).order_by("-last_run", "pk")


def attention(district: District) -> Iterator[Attention]:
    """A line for each sort of which there is a course; one question, however many courses."""
    counted = courses(district).aggregate(
        **{sort: Count("pk", filter=which) for sort, which in SORTS.items()},
        **{f"{sort}_since": Min("last_at", filter=which) for sort, which in SORTS.items()},
    )
    for sort, title, text in _lines(counted):
        if count := counted[sort]:
            since = counted[f"{sort}_since"]
            key = f"courses {sort}"
            yield Attention(title, text, "grading:courses", None, since, key, count)


def _lines(counted: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    failed, asks, rests = (counted[sort] for sort in SORTS)
    yield (
        "failed",
        ngettext(
            "The last grade sync of %d course failed, or not all of it arrived",
            "The last grade sync of %d courses failed, or not all of it arrived",
            failed,
        )
        % failed,
        gettext("See which, and why."),
    )
    yield (
        "asks",
        ngettext(
            "%d course waits for its teacher’s decision",
            "%d courses wait for their teachers’ decisions",
            asks,
        )
        % asks,
        gettext("Automatic sync stopped there: values differ, or many would change."),
    )
    yield (
        "rests",
        ngettext(
            "Automatic sync of %d course waits for its first sync",
            "Automatic sync of %d courses waits for their first sync",
            rests,
        )
        % rests,
        gettext("A teacher looks at the first one and sends it."),
    )

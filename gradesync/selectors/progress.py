"""How far a run is, for a page that looks again and again."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from gradesync.push import KIND, UNDO, UNFINISHED
from integration.models import Run

# A rate is told once it was measured for so long.
MEASURED_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """`total` None: nobody knows yet. `seconds_left` None: no rate yet.

    `ahead`: how many other runs are before it, while it is queued. `can_cancel`: it may be stopped.
    """

    state: str
    stage: str
    done: int
    total: int | None
    seconds_left: int | None
    ahead: int
    can_cancel: bool


def progress(run: Run) -> Progress:
    """From the run's row and one count."""
    told = run.progress
    done, total = told.get("done", 0), told.get("total")
    is_open = run.state in UNFINISHED
    return Progress(
        run.state,
        run.stage,
        done,
        total,
        _left(told) if run.state == Run.State.RUNNING else None,
        _ahead(run) if run.state == Run.State.QUEUED else 0,
        is_open and run.sync.cancel_asked_at is None,
    )


def _left(told: dict[str, float | None]) -> int | None:
    """By the rate of this stage since this worker began it."""
    total, seconds = told.get("total"), told.get("seconds") or 0
    done, began = told.get("done") or 0, told.get("from") or 0
    if not total or seconds < MEASURED_SECONDS or done <= began:
        return None
    return round((total - done) * seconds / (done - began))


def _ahead(run: Run) -> int:
    """What is to be sent goes before what only compares."""
    earlier, sends = Q(pk__lt=run.pk), Q(plan_only=False)
    others = Run.objects.filter(earlier | sends if run.plan_only else earlier & sends)
    others = others.filter(kind__in=(KIND, UNDO), state__in=UNFINISHED)
    return others.exclude(sync__course=run.sync.course).count()

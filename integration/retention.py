"""What is kept for how long: a run's lines and findings for weeks, its summary for a year.

They hold names and ids of students, and are deleted when they are no longer needed; until the
first of them goes, a run can be undone. In small portions, so that nobody waits for the database.
Never touched: a run that has not ended, a plan that still waits for a person, what an undo under
way reads, and the summary of a run whose rows are the ones that Canvas last accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from integration.models import Change, Finding, RosterRow, Run

logger = logging.getLogger(__name__)

PORTION = 2000
ENDED = (Run.State.DONE, Run.State.FAILED)


def is_due() -> bool:
    """Whether there is anything to delete."""
    return _with_lines().exists() or _with_summary().exists()


def prune(is_enough: Callable[[], bool]) -> None:
    """Delete what is past its time, until nothing is left or it `is_enough` for now."""
    for run in _with_lines().order_by("pk"):
        if not _mark(run):
            continue
        lines = sum(_empty(model, run, is_enough) for model in (Change, Finding))
        if is_enough():
            return
        Run.objects.filter(pk=run.pk).update(emptied_at=Now())
        logger.info("lines pruned district=%s run=%s lines=%d", run.district.slug, run.pk, lines)
    for run in _with_summary().order_by("pk"):
        if is_enough():
            return
        run.delete()
        logger.info("run pruned district=%s run=%s", run.district.slug, run.pk)


def _mark(run: Run) -> bool:
    """Say, before the first line goes, that the run is no whole any more.

    Not where somebody has begun to undo it meanwhile.
    """
    still = Run.objects.filter(pk__in=_with_lines().filter(pk=run.pk).values("pk"))
    return bool(still.update(pruned_at=Coalesce("pruned_at", Now())))


def _empty(model: type[Model], run: Run, is_enough: Callable[[], bool]) -> int:
    rows: QuerySet[Model] = QuerySet(model).filter(run=run)
    deleted = 0
    while not is_enough():
        some, _ = rows.filter(pk__in=rows.order_by("pk").values("pk")[:PORTION]).delete()
        deleted += some
        if not some:
            break
    return deleted


def _with_lines() -> QuerySet[Run]:
    return _past(settings.KEEP_PLANS_DAYS).filter(emptied_at=None)


def _with_summary() -> QuerySet[Run]:
    accepted = RosterRow.objects.filter(run=OuterRef("pk"))
    old = _past(settings.KEEP_RUNS_DAYS).exclude(emptied_at=None)
    return old.filter(~Exists(accepted))


def _past(days: int) -> QuerySet[Run]:
    """Runs that ended so long ago; of those that waited for a person, what newer ones replaced."""
    newer = Run.objects.filter(
        district=OuterRef("district"), kind=OuterRef("kind"), pk__gt=OuterRef("pk")
    ).exclude(ended_at=None)
    read_now = Run.objects.filter(undoes=OuterRef("pk")).exclude(state__in=ENDED)
    return Run.objects.filter(
        Q(state__in=ENDED) | (Q(state=Run.State.HELD) & Exists(newer)),
        ~Exists(read_now),
        ended_at__lt=Now() - timedelta(days=days),
    ).select_related("district")

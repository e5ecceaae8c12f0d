"""What is kept of plans that nobody will look at again: a course is compared many times a day.

A preview that was not sent goes within hours, once a newer one shows the same part of the course;
of a sync that ended, the lines that needed no write go after a day. What was written stays until
retention takes it, so that it can be undone; receipts stay as long as the run's summary.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from gradesync.models import SyncRun
from integration import bulk
from integration.models import Change, Finding, Operation, Run

logger = logging.getLogger(__name__)

UNSENT = timedelta(hours=2)
SENT = timedelta(days=1)
# So many runs in one go, that a sweep stays short.
AT_ONCE = 20
_OVER = (Run.State.HELD, Run.State.DONE, Run.State.FAILED)


def thin() -> int:
    """Drop the lines of some plans that are past their time; of how many."""
    old = Q(run__plan_only=True, run__ended_at__lt=Now() - UNSENT)
    old |= Q(run__plan_only=False, run__ended_at__lt=Now() - SENT)
    newer = SyncRun.objects.filter(course=OuterRef("course"), run__pk__gt=OuterRef("run"))
    found = SyncRun.objects.filter(
        old, Exists(newer.exclude(run__read_at=None)), thinned_at=None, run__state__in=_OVER
    )
    done = 0
    for sync in found.select_related("run").order_by("run").iterator(AT_ONCE):
        if done >= AT_ONCE:
            break
        if not _is_replaced(sync):
            continue
        lines = _empty(sync.run)
        SyncRun.objects.filter(pk=sync.pk).update(thinned_at=Now())
        logger.info("plan thinned run=%s lines=%d", sync.run_id, lines)
        done += 1
    return done


def _is_replaced(sync: SyncRun) -> bool:
    """Does a newer plan show the same part of the course?"""
    newer = SyncRun.objects.filter(
        course=sync.course, run__kind=sync.run.kind, run__pk__gt=sync.run_id
    ).exclude(run__read_at=None)
    if sync.run.kind != Run.Kind.GRADES:
        newer = newer.filter(run__undoes=sync.run.undoes)
    return any(scope == sync.scope for scope in newer.values_list("scope", flat=True)[:200])


def _empty(run: Run) -> int:
    if not run.plan_only:
        return _delete(Change.objects.filter(run=run, action=Change.Action.SAME))
    _delete(Operation.objects.filter(run=run))
    _delete(Finding.objects.filter(run=run))
    lines = _delete(Change.objects.filter(run=run))
    Run.objects.filter(pk=run.pk).update(pruned_at=Now(), emptied_at=Now())
    return lines


def _delete(rows: QuerySet) -> int:  # type: ignore[type-arg]  # of three models
    deleted = 0
    while numbers := list(rows.values_list("pk", flat=True)[: bulk.IN_LIMIT]):
        deleted += rows.model._default_manager.filter(pk__in=numbers).delete()[0]  # noqa: SLF001
    return deleted

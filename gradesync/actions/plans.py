"""From a preview to what was sent, and back: each begins or changes a run, and rings for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from gradesync import memory, stored, sync, undo
from gradesync.decide import Choice, decided, decision_for, is_open
from gradesync.errors import NotOfThisCourse, PlanRefused
from gradesync.lines import ScoreLine
from gradesync.models import CourseSync, SyncRun
from gradesync.planning import reviewed
from gradesync.rulebook import rules_for, settings_of
from gradesync.scope import Scope, item_name
from gradesync.tasks import ADVANCE
from integration.bells import ring
from integration.models import AuditEvent, Change, Run
from integration.tasks import ADVANCE_TIMEOUT

PRESS, PREVIEW = "press", "preview"

Sections = frozenset[str] | None


def preview(
    course: CourseSync,
    *,
    by: str,
    sections: Sections = None,
    items: Collection[str] = (),
    on_conflict: str = "",
    force: bool = False,
) -> Run:
    """Make the plan of a course anew, in the background; look at it with `selectors.plans`.

    Joins the same preview where one is being made, and the sync that is going where one is: that
    run is given back then. `sections`: Canvas ids that the person is limited to. `items`: only
    these Canvas assignments. `force`: send again what is the same (force-resend).
    """
    scope = Scope(sections, _items(items))
    run, is_new = sync.press(
        course,
        actor=by,
        trigger=PREVIEW,
        preview=True,
        on_conflict=on_conflict,
        force=force,
        scope=scope,
    )
    return _rung(run) if is_new else run


def seen(run: Run, *, by: str) -> None:
    """Say that somebody has looked at the preview of a run; call it where it is shown."""
    sync.see(run, actor=by)


def send(
    run: Run, digest: str, *, by: str, launched_from: Iterable[str] = (), reason: str = ""
) -> Run:
    """Carry out a stored plan, in the background: that one, without what has changed since.

    A second press changes nothing. What was left out stands in the run's lines (state `left`).
    `launched_from`: the launch's issuer and hosts, `(launch.issuer, *launch.hosts)`.

    Raises:
        CopyOfCanvas: it is pressed in a beta or test Canvas, which writes nothing to Q.
        NotSeen: a first sync, or many replaced values, and nobody has looked at the preview.
        PlanRefused: it is another plan by now, out of date, or the course is being synced.
    """
    return _rung(sync.approve(run, digest, actor=by, launched_from=launched_from, reason=reason))


def choose(
    run: Run, choice: Choice, *, by: str, keys: Iterable[str] | None = None
) -> tuple[Run, int]:
    """Say whose value stands in cells of a plan that waits; the run, and how many were changed.

    `keys`: those of its lines (`Change.key`), None for every conflict. "" takes a choice back.
    The plan has another digest then, and its page shows other counts. What was chosen is kept, and
    holds in later plans as long as both values are those that were shown.

    Raises:
        PlanRefused: the plan does not wait any more.
        NotOfThisCourse: a key that the plan does not have.
    """
    synced = SyncRun.objects.select_related("course__district").get(run=run)
    if run.read_at is None:
        raise PlanRefused("The plan is still being made.")
    rules = rules_for(synced, run.read_at)
    rows = Change.objects.filter(run=run, kind="result").order_by("pk")
    wanted = None if keys is None else set(keys)
    if wanted is not None:
        rows = rows.filter(key__in=wanted)
        if rows.count() != len(wanted):
            raise NotOfThisCourse("The plan has no such line.")
    else:
        rows = rows.filter(action=Change.Action.CONFLICT) if choice else rows
    items = {one.item: one for one in stored.item_lines(run)}
    changed: list[tuple[int, ScoreLine, ScoreLine]] = []
    for row in rows:
        line = stored.line_of(row)
        if isinstance(line, ScoreLine) and is_open(line):
            now = decided(line, items[line.item], choice, rules)
            if now != line:
                changed.append((row.pk, line, now))
    with transaction.atomic():
        _replan(synced, changed, choice, by)
    run.refresh_from_db()
    return run, len(changed)


def _replan(
    synced: SyncRun, changed: list[tuple[int, ScoreLine, ScoreLine]], choice: Choice, by: str
) -> None:
    run, course = synced.run, synced.course
    # Claims the row: whoever sends it just now was first, or finds another digest.
    if not Run.objects.filter(pk=run.pk, state=Run.State.HELD).update(state=Run.State.HELD):
        raise PlanRefused("This plan does not wait any more.")
    stored.replaced(run, changed)
    memory.keep_decisions(course, {now.cell: decision_for(now, choice) for _, _, now in changed})
    above = settings_of(course).review_above
    SyncRun.objects.filter(pk=synced.pk).update(review=reviewed(run, synced, above).as_row())
    Run.objects.filter(pk=run.pk).update(
        plan_digest=stored.digest_of(run), counts=stored.counts_of(run)
    )
    AuditEvent.objects.create(
        district=course.district.slug,
        actor=by,
        action="grades.chosen",
        subject=f"run {run.pk}",
        after={"choice": choice, "cells": len(changed)},
    )


def cancel(run: Run, *, by: str) -> bool:
    """Stop a run; what is under way comes to its end. False where it has ended already."""
    asked = sync.cancel(run, actor=by)
    if asked:
        _rung(run)
    return asked


def retry(run: Run, *, by: str, sections: Sections = None, only: Collection[str] = ()) -> Run:
    """Plan again what of a run did not reach Q, and nothing else; a preview, to be sent as such.

    `only`: of these lines (`Change.key`).

    Raises:
        NothingToRetry: the run is going still, or everything of it reached Q.
    """
    synced = SyncRun.objects.select_related("course__district").get(run=run)
    again, is_new = sync.press(
        synced.course,
        actor=by,
        trigger=PREVIEW,
        preview=True,
        on_conflict=synced.on_conflict,
        force=synced.force,
        scope=sync.failed_scope(run, sections, only),
        retries=run,
    )
    return _rung(again) if is_new else again


def preview_undo(run: Run, *, by: str, sections: Sections = None) -> Run:
    """Plan what takes a run back; a preview, to be sent as such.

    Raises:
        NothingToUndo: it cannot be undone; the message says why.
    """
    undo.check(run)
    course = SyncRun.objects.select_related("course__district").get(run=run).course
    undoing, is_new = sync.press(
        course, actor=by, trigger=PREVIEW, preview=True, undoes=run, scope=Scope(sections)
    )
    return _rung(undoing) if is_new else undoing


def _rung(run: Run) -> Run:
    ring(ADVANCE, run.pk, timeout=ADVANCE_TIMEOUT)
    return run


def _items(items: Collection[str]) -> frozenset[str] | None:
    return frozenset(item_name("assignment", one) for one in items) if items else None

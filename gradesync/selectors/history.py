"""What was sent, when and by whom: runs, receipts, and one grade's whole story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Count, Q, QuerySet

from gradesync import stored
from gradesync.lines import WRITING, ScoreLine, intended
from gradesync.models import CourseSync, SentScore
from gradesync.selectors.course import Sections, picture_of
from gradesync.selectors.plans import in_any
from integration.models import Change, Run
from integration.oneroster.gradebook_types import Value

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. `sent` and `failed` count the cells that the person may see.

    `what`: "sync", "retry", "undo" or "verify". `undone_by`: the run that took it back.
    """

    run: Run
    what: str
    by: str
    is_automatic: bool
    sent: int
    failed: int
    left: int
    undone_by: Run | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One value that Q confirmed. `name` is "" where the student is not known any more."""

    run_id: int
    by: str
    at: datetime
    item: str
    title: str
    class_id: str
    student_id: str
    name: str
    before: Value | None
    value: Value | None
    is_kept: bool


def history(
    course: CourseSync,
    *,
    sections: Sections = None,
    by: str = "",
    only_failed: bool = False,
    number: int = 1,
    size: int = PAGE,
) -> tuple[list[Entry], int]:
    """The runs of a course, newest first, and how many there are; previews are not among them."""
    runs = _ended(course)
    if by:
        runs = runs.filter(actor=by)
    if only_failed:
        not_there = Change.objects.filter(state__in=(Change.State.REFUSED, Change.State.LEFT))
        runs = runs.filter(Q(state=Run.State.FAILED) | Q(pk__in=not_there.values("run")))
    start = (max(1, number) - 1) * size
    some = list(runs[start : start + size])
    counted = _counted(some, sections)
    undone = {
        one.undoes_id: one
        for one in Run.objects.filter(undoes__in=some, state=Run.State.DONE, plan_only=False)
    }
    return [_entry(one, counted.get(one.pk, {}), undone.get(one.pk)) for one in some], runs.count()


def actors(course: CourseSync) -> list[str]:
    """Who has begun a run of this course."""
    return sorted(set(_ended(course).order_by().values_list("actor", flat=True)))


def receipts(
    course: CourseSync,
    *,
    run: Run | None = None,
    sections: Sections = None,
    item: str = "",
    student: str = "",
) -> Iterator[Receipt]:
    """Every value that was sent: of one run, or of the course, oldest run first."""
    rows = SentScore.objects.filter(course=course).select_related("run")
    rows = rows.order_by("run", "title", "class_id", "person")
    if run is not None:
        rows = rows.filter(run=run)
    if sections is not None:
        rows = rows.filter(in_any(sections))
    if item:
        rows = rows.filter(item=item)
    if student:
        rows = rows.filter(person=student)
    names = {one.canvas_id: one.name for one in picture_of(course, sections).students}
    for row in rows.iterator(1000):
        yield _receipt(row, names.get(row.person, ""))


def receipts_of(course: CourseSync, rows: Iterable[SentScore]) -> Iterator[Receipt]:
    """These rows as receipts."""
    names = {one.canvas_id: one.name for one in picture_of(course).students}
    for row in rows:
        yield _receipt(row, names.get(row.person, ""))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a grade. `what` is the state of its line, or "undone"."""

    at: datetime | None
    run_id: int
    by: str
    what: str
    value: Value | None
    message: str


def story(course: CourseSync, item: str, student: str, *, sections: Sections = None) -> list[Event]:
    """One grade through all runs that tried to write it, oldest first.

    From the lines of plans where they are kept still, and before that from the receipts.
    """
    rows = Change.objects.filter(
        run__sync__course=course,
        run__plan_only=False,
        kind="result",
        item=item,
        person=student,
        action__in=WRITING,
    ).exclude(state=Change.State.PLANNED)
    if sections is not None:
        rows = rows.filter(in_any(sections))
    events = [_event(one) for one in rows.select_related("run")]
    told = {one.run_id for one in events}
    kept = receipts(course, sections=sections, item=item, student=student)
    events += [
        Event(one.at, one.run_id, one.by, "confirmed", one.value, "")
        for one in kept
        if one.run_id not in told
    ]
    return sorted(events, key=lambda one: one.run_id)


def _ended(course: CourseSync) -> QuerySet[Run]:
    shown = Run.objects.filter(sync__course=course)
    shown = shown.filter(Q(plan_only=False) | Q(kind=Run.Kind.GRADES_CHECK))
    return shown.select_related("sync").order_by("-pk")


def _counted(runs: list[Run], sections: Sections) -> dict[int, dict[str, int]]:
    rows = Change.objects.filter(run__in=runs, kind="result", action__in=WRITING)
    if sections is not None:
        rows = rows.filter(in_any(sections))
    found: dict[int, dict[str, int]] = {}
    for run_id, state, number in rows.values_list("run", "state").annotate(Count("pk")):
        found.setdefault(run_id, {})[state] = number
    kept = SentScore.objects.filter(run__in=[one for one in runs if one.pruned_at])
    if sections is not None:
        kept = kept.filter(in_any(sections))
    for run_id, number in kept.values_list("run").annotate(Count("pk")):
        found[run_id] = {Change.State.CONFIRMED: number}
    return found


def _entry(run: Run, counted: dict[str, int], undone: Run | None) -> Entry:
    what = "sync"
    if run.kind == Run.Kind.GRADES_UNDO:
        what = "undo"
    elif run.kind == Run.Kind.GRADES_CHECK:
        what = "verify"
    elif run.sync.retries_id:
        what = "retry"
    return Entry(
        run,
        what,
        run.actor,
        run.trigger == "automatic",
        counted.get(Change.State.CONFIRMED, 0),
        counted.get(Change.State.REFUSED, 0),
        counted.get(Change.State.LEFT, 0),
        undone,
    )


def _receipt(row: SentScore, name: str) -> Receipt:
    return Receipt(
        row.run_id,
        row.run.actor,
        row.confirmed_at,
        row.item,
        row.title,
        row.class_id,
        row.person,
        name,
        _value(row.before),
        _value(row.value),
        row.is_kept,
    )


def _event(row: Change) -> Event:
    line = stored.line_of(row)
    value = intended(line) if isinstance(line, ScoreLine) else None
    run = row.run
    is_undone = run.kind == Run.Kind.GRADES_UNDO and row.state == Change.State.CONFIRMED
    what = "undone" if is_undone else row.state
    return Event(run.ended_at or run.read_at, run.pk, run.actor, what, value, row.message)


def _value(kept: Any) -> Value | None:
    return msgspec.convert(kept, Value) if kept else None

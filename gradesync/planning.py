"""Makes the plan of a run, and looks again at one that was shown before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
from django.db.models.functions import Now
from django.utils import timezone

from gradesync import memory, stored
from gradesync.catalogue import CATALOGUE
from gradesync.findings import of_line, of_lines, of_problems
from gradesync.lines import WRITING, Line, as_row
from gradesync.models import CoursePicture, CourseSync, SyncRun
from gradesync.picture import picture
from gradesync.plan import outline, plan
from gradesync.reading import Reader
from gradesync.readings import Snapshot
from gradesync.review import Review, review
from gradesync.scope import Scope, within
from integration import bulk
from integration.ledger.runs import Ledger
from integration.models import Change, Operation, Run

AUTOMATIC = "automatic"
PLAN_HOURS = 24
SINCE = "plan.changed-since"


def _nothing(run: Run, reader: Reader) -> Iterator[Line]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Planner:
    """`plan` stores the lines of a run and gives the next cursor; `again` makes them anew.

    Without `again` its runs send nothing.
    """

    plan: Callable[[Ledger, Reader], str]
    again: Callable[[Run, Reader], Iterator[Line]] = _nothing


# How each kind of run makes its plan; all carry it out alike.
PLANS: dict[str, Planner] = {}


def plan_sync(ledger: Ledger, reader: Reader) -> str:
    """Read both sides and store what would be written; the next cursor."""
    begin_anew(ledger)
    snapshot = reader.whole()
    told = outline(snapshot)
    ledger.find(of_problems(told.problems))
    with ledger.guarded():
        _keep_picture(reader.course, snapshot)
        memory.keep_sections(reader.course, told.linked)
    found = within(plan(snapshot), Scope.read(reader.sync.scope))
    digest = stored.store(ledger, found)
    ledger.find(of_lines(stored.lines(ledger.run)))
    holds = [{"code": one.code} for one in told.problems if one.scope == "course"]
    return finish_plan(ledger, reader, digest, holds)


def _again(run: Run, reader: Reader) -> Iterator[Line]:
    return within(plan(reader.whole()), Scope.read(reader.sync.scope))


PLANS[Run.Kind.GRADES] = Planner(plan_sync, _again)


def begin_anew(ledger: Ledger) -> None:
    """Drop what an interrupted attempt has planned."""
    ledger.forget()
    with ledger.guarded():
        ledger.run.operations.all().delete()


def finish_plan(ledger: Ledger, reader: Reader, digest: str, holds: list[dict[str, Any]]) -> str:
    """Name the plan, and see whether it may go on by itself; the next cursor."""
    run, sync = ledger.run, reader.sync
    found = reviewed(run, sync, reader.settings.review_above)
    with ledger.guarded():
        SyncRun.objects.filter(pk=sync.pk).update(review=found.as_row())
    is_consented = sync.seen_at is not None
    if not holds and run.trigger == AUTOMATIC and found.conflicts:
        holds = [{"code": "conflicts", "count": found.conflicts}]
    if not holds and not run.plan_only and not is_consented and found.why:
        holds = [{"code": found.why, "count": found.new + found.changed + found.cleared}]
    counts = stored.counts_of(run)
    read_at = reader.rules.now
    ledger.write(read_at=read_at, counts=counts, plan_digest=digest, holds=holds)
    is_shown = run.plan_only and bool(stored.outcome_of(run) or found.conflicts)
    if holds or is_shown:
        ledger.end(Run.State.HELD)
    return "planned"


def reviewed(run: Run, sync: SyncRun, above: int) -> Review:
    """Must a person look at this plan? An undo only puts back, and is always shown."""
    is_first = run.kind == Run.Kind.GRADES and sync.course.first_sent_at is None
    return review(stored.lines(run), is_first=is_first, above=above)


def _keep_picture(course: CourseSync, snapshot: Snapshot) -> None:
    drawn = picture(snapshot, outline(snapshot))
    CourseSync.objects.filter(pk=course.pk).update(name=drawn.name)
    CoursePicture.objects.update_or_create(
        course=course, defaults={"read_at": snapshot.rules.now, "content": drawn.as_row()}
    )


def stale(run: Run) -> str:
    """Why a stored plan may no longer be sent, or ""."""
    if run.pruned_at:
        return "its lines are no longer kept"
    later = Run.objects.filter(sync__course=run.sync.course, pk__gt=run.pk)
    written = Change.objects.filter(
        run__in=later, action__in=WRITING, state=Change.State.CONFIRMED
    ).exclude(item="")
    if (newer := written.order_by("-run").values_list("run", flat=True).first()) is not None:
        return f"run {newer} has written to Q since"
    if run.read_at and timezone.now() - run.read_at > timedelta(hours=PLAN_HOURS):
        return f"it was made more than {PLAN_HOURS} hours ago"
    return ""


def leave_changed(ledger: Ledger, reader: Reader) -> str:
    """Of a plan that was shown, leave out whatever has changed since; the next cursor.

    What is left out stands in the run's list, and the next plan offers it anew.
    """
    run = ledger.run
    now = {line.key: line for line in PLANS[run.kind].again(run, reader)}
    rows = Change.objects.filter(run=run, state=Change.State.PLANNED).order_by("pk")
    after = 0
    while batch := list(rows.filter(pk__gt=after)[: bulk.IN_LIMIT]):
        after = batch[-1].pk
        then = [(one, stored.line_of(one)) for one in batch]
        gone = [(one, line) for one, line in then if not _is_same(line, now.get(line.key))]
        left = {one.pk for one, _ in gone}
        with ledger.guarded():
            _leave(ledger, gone)
            # As read just now: with whatever else Q has put into the object.
            bulk.update(Change, ("after",), [
                (msgspec.json.encode(as_row(now[line.key])).decode(), one.pk)
                for one, line in then if one.pk not in left
            ])  # fmt: skip
    return "planned"


def _leave(ledger: Ledger, gone: list[tuple[Change, Line]]) -> None:
    if not gone:
        return
    entry = CATALOGUE[SINCE]
    Change.objects.filter(pk__in=[one.pk for one, _ in gone]).update(
        state=Change.State.LEFT, message=entry.sentence
    )
    keys = [stored.operation_key(ledger.run, line) for _, line in gone]
    Operation.objects.filter(dedupe_key__in=keys).update(
        state=Operation.State.FAILED, updated_at=Now()
    )
    ledger.find(of_line(line, SINCE, entry.sentence, entry.remedy) for _, line in gone)


def _is_same(then: Line, now: Line | None) -> bool:
    """Does it still say the same? The objects follow from the values, and carry time stamps."""
    if now is None or now.kind != then.kind:
        return False
    return replace(then, body="", before="") == replace(now, body="", before="")

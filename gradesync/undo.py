"""Takes a sync back: Q gets what it held before, except where it has changed since (design 6.9).

The inverse is a plan like any other: shown, named by its digest, carried out line by line.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradesync import stored, sync
from gradesync.errors import NothingToUndo, PlanRefused
from gradesync.findings import of_lines
from gradesync.inverse import QNow, inverse
from gradesync.lines import ItemLine, Line
from gradesync.models import SyncRun
from gradesync.planning import begin_anew, finish_plan
from gradesync.push import KIND, OpenQ, advance
from gradesync.reading import Reader
from gradesync.scope import Scope, within
from integration.canvas.client import CanvasClient
from integration.ledger.endings import waits_for_a_yes
from integration.ledger.runs import Ledger, Watch, nobody
from integration.models import AuditEvent, Change, Run
from integration.oneroster.gradebook_types import LineItem, Result

ENDED = (Run.State.DONE, Run.State.FAILED)


def undo(
    run: Run,
    *,
    q: OpenQ,
    canvas: CanvasClient,
    actor: str,
    plan_only: bool = False,
    digest: str | None = None,
    watch: Watch = nobody,
) -> Run:
    """Plan the inverse of `run`; unless `plan_only`, carry it out as approved by `actor`.

    With a `digest` only the plan of that name is carried out. The run that comes back is the
    undo: held (shown, and something to send), waiting, done or failed.

    Raises:
        NothingToUndo: the run cannot be undone; the message says why.
        PlanRefused: the plan is another one than `digest` names, or the course is being synced.
        AlreadyRunning: somebody else is at it.
    """
    check(run)
    course = SyncRun.objects.get(run=run).course
    undoing, is_new = sync.press(course, actor=actor, preview=True, undoes=run)
    if not is_new and undoing.undoes_id != run.pk:
        raise PlanRefused(f"Run {undoing.pk} is under way in this course; let it end first.")
    undoing = advance(undoing, q=q, canvas=canvas, watch=watch)
    if not waits_for_a_yes(undoing, digest, plan_only=plan_only, refused=PlanRefused):
        return undoing
    AuditEvent.objects.create(
        district=run.district.slug,
        actor=actor,
        action="grades.undone",
        subject=f"run {run.pk}",
        after={"digest": undoing.plan_digest, "run": undoing.pk},
    )
    sync.see(undoing, actor=actor)
    sync.approve(undoing, undoing.plan_digest, actor=actor)
    return advance(undoing, q=q, canvas=canvas, watch=watch)


def check(run: Run) -> None:
    """Can it be undone? Raises NothingToUndo."""
    if run.kind != KIND or run.state not in ENDED:
        raise NothingToUndo(f"Run {run.pk} is no sync that has ended: it is {run.state}.")
    if run.pruned_at:
        raise NothingToUndo(f"What Q held before run {run.pk} is no longer kept.")
    if not any(stored.sent_of(run).values()):
        raise NothingToUndo(f"Run {run.pk} has written nothing to Q.")


def plan_undo(ledger: Ledger, reader: Reader) -> str:
    """Store the inverse of the run that this one undoes; the next cursor."""
    begin_anew(ledger)
    ledger.progress("reading the classes in Q", 0)
    digest = stored.store(ledger, undone_lines(ledger.run, reader))
    ledger.find(of_lines(stored.lines(ledger.run)))
    return finish_plan(ledger, reader, digest, [])


def undone_lines(undoing: Run, reader: Reader) -> Iterator[Line]:
    """The inverse of what a run has written, as Q is now."""
    undone = undoing.undoes
    if undone is None:
        raise NothingToUndo("The run that was to be undone is no longer kept.")
    written = [one for one in stored.lines(undone, states=(Change.State.CONFIRMED,)) if one.verb]
    written = list(within(written, Scope.read(reader.sync.scope)))
    later = _later(undone, undoing, reader)
    return inverse(written, _now(written, reader), later=later, rules=reader.rules)


def _now(lines: list[Line], reader: Reader) -> QNow:
    line_items: dict[str, LineItem] = {}
    results: dict[str, list[Result]] = {}
    for class_id in sorted({one.item.class_id for one in lines}):
        mine = [one for one in lines if one.item.class_id == class_id]
        ids = {one.sourced_id if isinstance(one, ItemLine) else one.line_item_id for one in mine}
        line_items |= {one.sourced_id: one for one in reader.q.line_items(class_id)}
        results |= {one: [] for one in ids}
        for result in reader.q.results(class_id, ids):
            results[result.line_item_id].append(result)
    return QNow(line_items, results)


def _later(undone: Run, undoing: Run, reader: Reader) -> set[tuple[str, ...]]:
    """The keys of what a later run of the course has written."""
    others = Run.objects.filter(sync__course=reader.course, pk__gt=undone.pk)
    written = Change.objects.filter(
        run__in=others.exclude(pk=undoing.pk),
        state=Change.State.CONFIRMED,
        action__in=("new", "changed", "cleared"),
    )
    return {tuple(key.split(stored.SEPARATOR)) for key in written.values_list("key", flat=True)}

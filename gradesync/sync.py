"""A press: opens a run, joins the one that is going, sends what was shown, or stops it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from gradesync import stored
from gradesync.errors import CopyOfCanvas, NothingToRetry, NotSeen, PlanRefused
from gradesync.models import CourseSync, SyncRun
from gradesync.planning import stale
from gradesync.push import KIND, UNDO, UNFINISHED, close_ended
from gradesync.review import Review
from gradesync.rulebook import is_copy
from gradesync.scope import Scope
from gradesync.stored import SEPARATOR
from integration.models import Approval, AuditEvent, Change, District, Run

WHOLE = Scope()
NO_COPY = "This is a beta or test Canvas; nothing is written to Q from it."


def course_of(district: District, canvas_id: str) -> CourseSync:
    course, _ = CourseSync.objects.get_or_create(district=district, canvas_id=canvas_id)
    return course


def going(course: CourseSync) -> Run | None:
    """The run that is at work in a course, or queued for it; no preview."""
    return Run.objects.filter(sync__course=course, sync__is_open=True).first()


def press(
    course: CourseSync,
    *,
    actor: str,
    trigger: str = "command",
    preview: bool = False,
    on_conflict: str = "",
    force: bool = False,
    undoes: Run | None = None,
    kind: str = KIND,
    scope: Scope = WHOLE,
    retries: Run | None = None,
    consents: bool = False,
) -> tuple[Run, bool]:
    """Open a run; whether it is new. A second press joins the one that is going (design 6.9).

    A preview joins one that asks for the same. `consents`: whoever presses takes whatever the plan
    turns out to be, also a first one and one that replaces many values. `on_conflict`: "" for what
    the course's settings say.
    """
    sync = SyncRun(
        course=course,
        on_conflict=on_conflict,
        force=force,
        scope=scope.as_row(),
        retries=retries,
        is_open=None if preview else True,
        seen_at=timezone.now() if consents else None,
        seen_by=actor if consents else "",
    )
    run = Run(
        district=course.district,
        kind=UNDO if undoes else kind,
        trigger=trigger,
        actor=actor,
        plan_only=preview,
        undoes=undoes,
    )
    return _open(run, sync)


def _open(run: Run, sync: SyncRun) -> tuple[Run, bool]:
    """Store both, unless one is going that the press joins."""
    while True:
        close_ended(sync.course)  # a worker may have died between a run's last word and this
        if (there := going(sync.course)) or (run.plan_only and (there := _like(run, sync))):
            return there, False
        try:
            with transaction.atomic():
                run.save()
                sync.run = run
                sync.save(force_insert=True)
        except IntegrityError:
            # Somebody else was first.
            run.pk = None
            run._state.adding = True  # noqa: SLF001  it was not stored
            continue
        return run, True


def _like(run: Run, sync: SyncRun) -> Run | None:
    """A preview under way that will show the same."""
    others = SyncRun.objects.filter(
        course=sync.course,
        run__plan_only=True,
        run__state__in=UNFINISHED,
        run__kind=run.kind,
        run__undoes=run.undoes,
        on_conflict=sync.on_conflict,
        force=sync.force,
        retries=sync.retries,
        cancel_asked_at=None,
    )
    alike = (one.run for one in others.select_related("run") if one.scope == sync.scope)
    return next(alike, None)


def failed_scope(
    run: Run, sections: frozenset[str] | None = None, only: Collection[str] = ()
) -> Scope:
    """What of a run did not reach Q, and nothing else. `only`: keys of its lines, out of these.

    Raises:
        NothingToRetry: the run is going still, or everything of it reached Q.
    """
    if run.state in UNFINISHED:
        raise NothingToRetry(f"Run {run.pk} is still under way.")
    if run.kind != KIND:
        raise NothingToRetry(f"Run {run.pk} was no sync. An undo is tried again as an undo.")
    left = Change.objects.filter(run=run, state__in=stored.missed(run))
    left = left.filter(key__in=only) if only else left
    keys = frozenset(tuple(key.split(SEPARATOR)) for key in left.values_list("key", flat=True))
    if not keys:
        raise NothingToRetry(f"Everything of run {run.pk} reached Q.")
    return Scope(sections, keys=keys)


def see(run: Run, *, actor: str) -> None:
    """Somebody has looked at the plan of a run; kept is who was first."""
    unseen = SyncRun.objects.filter(run=run, seen_at=None, run__state=Run.State.HELD)
    unseen.update(seen_at=timezone.now(), seen_by=actor)


def approve(
    run: Run, digest: str, *, actor: str, launched_from: Iterable[str] = (), reason: str = ""
) -> Run:
    """Let a plan that was shown be sent: this one, and no other. A second yes changes nothing.

    `launched_from`: see `rulebook.is_copy`.

    Raises:
        CopyOfCanvas: it is pressed in a beta or test Canvas, or would be read from one.
        NotSeen: it is one that a person has to look at, and nobody has.
        PlanRefused: it is another plan, out of date, or the course is being synced.
    """
    if Approval.objects.filter(run=run, digest=digest).exists():
        return run
    if is_copy(run.district, launched_from):
        raise CopyOfCanvas(NO_COPY)
    if run.state != Run.State.HELD or digest != run.plan_digest:
        raise PlanRefused(f"The plan that waits is {run.plan_digest or 'none'}.")
    if why := stale(run):
        raise PlanRefused(f"The plan was not sent, because {why}.")
    if any(hold["code"].startswith("course.") for hold in run.holds):
        raise PlanRefused("The course as a whole cannot be synced.")
    sync = SyncRun.objects.get(run=run)
    told = Review(**sync.review)
    if told.why and sync.seen_at is None:
        raise NotSeen(f"{told.sentence} Nobody has looked at this plan yet.")
    try:
        with transaction.atomic():
            _send(run, digest, actor, reason, told)
    except IntegrityError:
        raise PlanRefused("The course is being synced just now.") from None
    run.refresh_from_db()
    return run


def _send(run: Run, digest: str, actor: str, reason: str, told: Review) -> None:
    SyncRun.objects.filter(run=run).update(is_open=True)
    Approval.objects.create(run=run, digest=digest, by=actor, reason=reason)
    AuditEvent.objects.create(
        district=run.district.slug,
        actor=actor,
        action="grades.approved",
        subject=f"run {run.pk}",
        after={"digest": digest, **told.as_row()},
        reason=reason,
    )
    queued = Run.objects.filter(pk=run.pk, state=Run.State.HELD, plan_digest=digest).update(
        state=Run.State.QUEUED, cursor="approved", attempts=0, plan_only=False, ended_at=None
    )
    if not queued:
        raise PlanRefused("Somebody else has changed it just now.")


def supersede(run: Run) -> bool:
    """A preview that is being read already knows nothing of what was chosen since: it stops.

    False where its reading has not begun, so that it will know.
    """
    reading = SyncRun.objects.filter(
        run=run, run__plan_only=True, run__state__in=UNFINISHED, cancel_asked_at=None
    )
    begun = reading.exclude(run__state=Run.State.QUEUED)
    return bool(begun.update(cancel_asked_at=timezone.now()))


def cancel(run: Run, *, actor: str) -> bool:
    """Ask a run to stop; what is under way comes to its end. False where it has ended."""
    with transaction.atomic():
        asked = SyncRun.objects.filter(run=run, run__state__in=UNFINISHED, cancel_asked_at=None)
        if not asked.update(cancel_asked_at=timezone.now()):
            return False
        AuditEvent.objects.create(
            district=run.district.slug,
            actor=actor,
            action="grades.cancelled",
            subject=f"run {run.pk}",
        )
    return True

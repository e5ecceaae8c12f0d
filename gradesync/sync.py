"""A press: opens a run, joins the one that is going, sends what was shown, or stops it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from gradesync.errors import PlanRefused
from gradesync.models import CourseSync, SyncRun
from gradesync.push import KIND, UNDO, UNFINISHED, close_ended, stale
from integration.models import Approval, AuditEvent, District, Run


def course_of(district: District, canvas_id: str) -> CourseSync:
    course, _ = CourseSync.objects.get_or_create(district=district, canvas_id=canvas_id)
    return course


def going(course: CourseSync) -> Run | None:
    """The run that is at work in a course, or queued for it."""
    return Run.objects.filter(sync__course=course, sync__is_open=True).first()


def press(
    course: CourseSync,
    *,
    actor: str,
    trigger: str = "command",
    preview: bool = False,
    on_conflict: str = "keep-q",
    force: bool = False,
    undoes: Run | None = None,
) -> tuple[Run, bool]:
    """Open a run; whether it is new. A second press joins the one that is going (design 6.9)."""
    close_ended(course)  # a worker may have died between a run's last word and this
    try:
        with transaction.atomic():
            run = Run.objects.create(
                district=course.district,
                kind=UNDO if undoes else KIND,
                trigger=trigger,
                actor=actor,
                plan_only=preview,
                undoes=undoes,
            )
            SyncRun.objects.create(run=run, course=course, on_conflict=on_conflict, force=force)
    except IntegrityError:
        if there := going(course):
            return there, False
        return press(
            course,
            actor=actor,
            trigger=trigger,
            preview=preview,
            on_conflict=on_conflict,
            force=force,
            undoes=undoes,
        )
    return run, True


def approve(run: Run, digest: str, *, actor: str) -> Run:
    """Let a plan that was shown be sent: this one, and no other.

    Raises:
        PlanRefused: it is another plan, out of date, or the course is being synced.
    """
    if run.state != Run.State.HELD or digest != run.plan_digest:
        raise PlanRefused(f"The plan that waits is {run.plan_digest or 'none'}.")
    if reason := stale(run):
        raise PlanRefused(f"The plan was not sent, for {reason}.")
    if any(hold["code"].startswith("course.") for hold in run.holds):
        raise PlanRefused("The course as a whole cannot be synced.")
    try:
        with transaction.atomic():
            SyncRun.objects.filter(run=run).update(is_open=True)
            Approval.objects.create(run=run, digest=digest, by=actor)
            AuditEvent.objects.create(
                district=run.district.slug,
                actor=actor,
                action="grades.approved",
                subject=f"run {run.pk}",
                after={"digest": digest},
            )
            queued = Run.objects.filter(pk=run.pk, state=Run.State.HELD).update(
                state=Run.State.QUEUED, cursor="planned", attempts=0, plan_only=False, ended_at=None
            )
            if not queued:
                raise PlanRefused("Somebody else has sent it just now.")
    except IntegrityError:
        raise PlanRefused("The course is being synced just now.") from None
    run.refresh_from_db()
    return run


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

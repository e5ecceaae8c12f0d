"""Where Q and Canvas seem to differ: look, and begin anew."""

from __future__ import annotations

from django.db import transaction

from gradesync import sync
from gradesync.actions.plans import PREVIEW, Sections
from gradesync.checking import CHECK
from gradesync.models import CourseSync
from gradesync.push import resource
from gradesync.scope import Scope
from gradesync.tasks import ADVANCE
from integration.bells import ring
from integration.ledger.leases import held
from integration.models import AuditEvent, Run
from integration.tasks import ADVANCE_TIMEOUT


def verify(course: CourseSync, *, by: str, sections: Sections = None) -> Run:
    """Read back all that Q has confirmed of a course, in the background; nothing is sent.

    The run's lines are the differences, each with its likely cause as its code (`drift.…`);
    `selectors.plans` pages them. Of what Q holds as confirmed the run's counts tell (`same`).
    """
    run, is_new = sync.press(
        course, actor=by, trigger=PREVIEW, preview=True, kind=CHECK, scope=Scope(sections)
    )
    if is_new:
        ring(ADVANCE, run.pk, timeout=ADVANCE_TIMEOUT)
    return run


def forget_links(course: CourseSync, *, by: str) -> dict[str, int]:
    """Forget which line items are ours and what Q confirmed; how many of each were forgotten.

    For a Q whose gradebook was replaced. Nothing in Q or Canvas is touched. What a person chose
    (switches, categories, periods) stays. The next sync is as a first one: line items are found by
    their mark, their id, or an unambiguous title and date, and what differs is a conflict.

    Raises:
        AlreadyRunning: the course is being read or synced.
    """
    with held(resource(course)) as fence, transaction.atomic():
        fence.renew()
        forgotten = {
            "line_items": course.assignment_syncs.all().delete()[0],
            "scores": course.sent_results.all().delete()[0],
            "sections": course.section_links.all().delete()[0],
        }
        CourseSync.objects.filter(pk=course.pk).update(first_sent_at=None)
        AuditEvent.objects.create(
            district=course.district.slug,
            actor=by,
            action="grades.forgotten",
            subject=f"course {course.canvas_id}",
            before=forgotten,
        )
    return forgotten

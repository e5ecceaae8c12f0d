"""Reads a course in the background: no page waits for Canvas or Q."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from gradesync import sync
from gradesync.actions import plans
from gradesync.screens.viewer import Viewer
from gradesync.selectors import course as courses
from gradesync.selectors.course import Latest
from gradesync.selectors.progress import progress
from integration.models import District, Run

# After one that failed it is not tried by itself at each look.
REST = timedelta(minutes=2)
# One that no worker has taken yet is told of, and after STUCK that perhaps no worker is there.
SLOW, STUCK = timedelta(seconds=20), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Queued:
    """A look that has not begun: how many other runs are before it, and whether it is too long."""

    ahead: int
    is_stuck: bool


def queued(look: Run | None, now: datetime) -> Queued | None:
    """What to tell of a look that waits for a worker; None as long as that is no wonder."""
    if look is None or look.state != Run.State.QUEUED or now - look.created_at < SLOW:
        return None
    return Queued(progress(look).ahead, now - look.created_at > STUCK)


def look(viewer: Viewer, items: Collection[str] = ()) -> Run:
    """Compare both sides anew; a reading that is under way is joined. `items`: those alone."""
    return plans.preview(viewer.course, by=viewer.actor, sections=viewer.sections, items=items)


def look_anew(viewer: Viewer) -> Run:
    """Compare after something was chosen; a reading that is under way does not know of it."""
    if under_way := courses.being_made(viewer.course, viewer.sections):
        sync.supersede(under_way)
    return look(viewer)


def keep_fresh(viewer: Viewer, plan: Latest | None, now: datetime) -> Run | None:
    """A look, begun now where the last one is old; None where none is needed.

    Each visit begins with a look of its own: whoever comes from grading finds what they graded.
    After a sync that was cut short there is one, too.
    """
    if viewer.district.state != District.State.ACTIVE:
        return None
    since = viewer.opened_at
    if plan is not None and plan.run.state == Run.State.FAILED:
        since = max(since, plan.run.ended_at or since)
    if plan is not None and not plan.is_old and plan.read_at >= since:
        return None
    since = max(since, now - REST)
    lately = Run.objects.filter(
        sync__course=viewer.course, plan_only=True, created_at__gt=since
    ).select_related("sync")
    if any(one.sync.scope == viewer.scope.as_row() for one in lately):
        return None
    return look(viewer)

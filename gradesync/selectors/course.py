"""A course as it was last read, and the plan that its pages show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from gradesync.models import CoursePicture, CourseSync
from gradesync.picture import Picture
from gradesync.planning import stale
from gradesync.push import KIND, UNFINISHED
from gradesync.review import Review
from gradesync.scope import Scope
from integration.models import District, Run

# After so long a course is looked at again, in the background.
OLD = timedelta(minutes=10)

Sections = frozenset[str] | None


def course_of(district: District, canvas_id: str) -> CourseSync | None:
    """The course, if it was ever synced, previewed or set; `sync.course_of` makes it."""
    found = CourseSync.objects.select_related("district")
    return found.filter(district=district, canvas_id=canvas_id).first()


def picture_of(course: CourseSync, sections: Sections = None) -> Picture:
    """Names and choices, as last read; an empty one where the course was never read."""
    kept = CoursePicture.objects.filter(course=course).values_list("content", flat=True).first()
    whole = Picture.read(kept) if kept else Picture()
    return whole if sections is None else limited(whole, sections)


def limited(whole: Picture, sections: frozenset[str]) -> Picture:
    """What of it a person limited to these sections may see."""
    mine = [one for one in whole.sections if one.canvas_id in sections]
    classes = {one.class_id for one in mine}
    groups = [
        replace(one, categories=tuple(each for each in one.categories if each.class_id in classes))
        for one in whole.groups
    ]
    return replace(
        whole,
        sections=tuple(mine),
        classes=tuple(one for one in whole.classes if one.sourced_id in classes),
        groups=tuple(groups),
        assignments=tuple(
            one for one in whole.assignments if not sections.isdisjoint(one.section_ids)
        ),
        students=tuple(one for one in whole.students if not sections.isdisjoint(one.section_ids)),
        troubles=tuple(
            one
            for one in whole.troubles
            if one.section_id in ("", *sections) and one.class_id in ("", *classes)
        ),
    )


@dataclass(frozen=True, slots=True)
class Latest:
    """The plan that a page shows. `is_waiting`: it can be sent; `why_not` says why it cannot.

    `review`: whether somebody has to look at it first; `is_seen` tells that somebody has.
    """

    run: Run
    read_at: datetime
    is_waiting: bool
    why_not: str
    review: Review
    is_seen: bool
    is_old: bool

    @property
    def needs_a_look(self) -> bool:
        return bool(self.review.why) and not self.is_seen


def latest_plan(course: CourseSync, sections: Sections = None) -> Latest | None:
    """The latest plan of everything that this person may see, sent or not.

    A plan of single assignments, or of what had failed, is not one of these.
    """
    wanted = Scope(sections).as_row()
    runs = runs_of(course).filter(kind=KIND).exclude(read_at=None).exclude(plan_digest="")
    runs = runs.filter(pruned_at=None)
    for run in runs.order_by("-pk")[:50]:
        if run.sync.scope == wanted:
            return _latest(run)
    return None


def plan(run: Run) -> Latest | None:
    """One run's plan; None as long as it is being made."""
    return _latest(run) if run.read_at and run.plan_digest else None


def under_way(course: CourseSync) -> Run | None:
    """The sync or undo that is going, or queued: its page is what to show; no preview."""
    return runs_of(course).filter(sync__is_open=True).first()


def being_made(course: CourseSync, sections: Sections = None) -> Run | None:
    """The preview that is being made just now, of what this person may see."""
    wanted = Scope(sections).as_row()
    runs = runs_of(course).filter(kind=KIND, plan_only=True, state__in=UNFINISHED)
    return next((one for one in runs.order_by("-pk") if one.sync.scope == wanted), None)


def run_of(course: CourseSync, run_id: int) -> Run | None:
    """A run of this course and no other."""
    return runs_of(course).filter(pk=run_id).first()


def _latest(run: Run) -> Latest:
    assert run.read_at
    is_held = run.state == Run.State.HELD
    course_wrong = any(hold["code"].startswith("course.") for hold in run.holds)
    why_not = stale(run) if is_held else ""
    return Latest(
        run,
        run.read_at,
        is_held and not why_not and not course_wrong,
        why_not,
        Review(**run.sync.review),
        run.sync.seen_at is not None,
        timezone.now() - run.read_at > OLD,
    )


def runs_of(course: CourseSync) -> QuerySet[Run]:
    """All its runs, previews among them."""
    return Run.objects.filter(sync__course=course).select_related("district", "sync__course")

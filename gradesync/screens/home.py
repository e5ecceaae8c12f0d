"""The Grades page: what will go to Q, what will not and why, one button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q
from django.utils.translation import gettext, ngettext

from gradesync import gate
from gradesync.errors import Cancelled
from gradesync.models import CourseSync
from gradesync.picture import Section
from gradesync.push import KIND
from gradesync.screens import background, rows, words
from gradesync.screens.rows import Line
from gradesync.screens.viewer import Viewer
from gradesync.selectors import course as courses
from gradesync.selectors import home as seen
from gradesync.selectors.course import Latest
from integration.models import Run

State = Literal["closed", "blind", "reading", "failed", "stopped", "ready", "same", "nothing"]
SHOWS = ("send", "blocked", "off")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for: words to look for, and one of SHOWS."""

    q: str = ""
    show: str = ""

    def keeps(self, one: Line) -> bool:
        wanted = self.q.casefold()
        if wanted and wanted not in f"{one.row.name} {one.group} {one.category}".casefold():
            return False
        match self.show:
            case "send":
                return one.sends
            case "blocked":
                return one.is_blocked
            case "off":
                return not one.row.is_on
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Home:
    """All that the page is drawn from. `error`: why the last look at Canvas or Q failed."""

    state: State
    viewer: Viewer
    gate: gate.Gate
    plan: Latest | None
    going: Run | None
    reading: Run | None
    error: dict[str, str]
    problem: str
    rows: Sequence[Line]
    shown: Sequence[Line]
    grades: Sequence[Line]
    count: seen.Counts
    items: int
    chips: dict[str, int]
    filters: Filters
    last: Run | None

    @property
    def is_first(self) -> bool:
        return self.viewer.course.first_sent_at is None

    @property
    def sections(self) -> Sequence[Section]:
        return self.viewer.picture.sections

    @property
    def matched(self) -> int:
        return sum(one.matched for one in self.sections)

    @property
    def enrolled(self) -> int:
        return sum(one.students for one in self.sections)

    @property
    def unmatched(self) -> int:
        return self.enrolled - self.matched

    @property
    def unlinked(self) -> set[str]:
        """Sections whose students are in no class of Q here, so that somebody may say in which."""
        return {one.section_id for one in self.viewer.picture.troubles if one.section_id}

    @property
    def can_send(self) -> bool:
        has_work = bool(self.count.to_send or self.items)
        is_waiting = self.plan is not None and self.plan.is_waiting
        return is_waiting and has_work and self.viewer.may_send and not self.going

    @property
    def groups_open(self) -> int:
        """How many assignment groups need a category from a person."""
        asked = ("assignment.no-category", "assignment.category-gone")
        return len({
            one.row.group_id for one in self.rows for each in one.troubles if each.code in asked
        })  # fmt: skip


def home(viewer: Viewer, filters: Filters, now: datetime) -> Home:
    opened = gate.of_course(viewer.district, viewer.launch)
    # Asked before the plan is: what ends in between is waited for once more, and not missed.
    going = courses.under_way(viewer.course)
    reading = courses.being_made(viewer.course, viewer.sections)
    nothing = seen.Home(viewer.picture, None, seen.Counts(), (), (), ())
    page = seen.home(viewer.course, viewer.sections) if viewer.sees_scores else nothing
    is_open = opened.open and viewer.sees_scores
    if not is_open:
        reading = None
    elif not (going or reading):
        reading = background.keep_fresh(viewer, page.plan, now)
    table, grades = rows.lines(viewer, page, is_sending=going is not None)
    error = _error(viewer, page.plan)
    problem = _problem(page.plan)
    items = sum(one.items for one in (*table, *grades) if one.row.is_on)
    return Home(
        _state(opened, viewer, page, reading, error, problem, items),
        viewer,
        opened,
        page.plan,
        going,
        reading,
        error,
        problem,
        table,
        [one for one in table if filters.keeps(one)],
        grades,
        page.counts,
        items,
        {name: sum(Filters(show=name).keeps(one) for one in table) for name in SHOWS},
        filters,
        _last(viewer),
    )


def _state(
    opened: gate.Gate,
    viewer: Viewer,
    page: seen.Home,
    reading: Run | None,
    error: dict[str, str],
    problem: str,
    items: int,
) -> State:
    if not opened.open:
        return "closed"
    if not viewer.sees_scores:
        return "blind"
    if page.plan is None:
        is_tried_again = reading is not None and not reading.error
        return "failed" if error and not is_tried_again else "reading"
    if problem:
        return "stopped"
    count = page.counts
    is_held = page.plan.run.state == Run.State.HELD
    if is_held and (count.to_send or items):
        return "ready"
    told = (count.same, count.to_decide, count.hidden, count.waiting, count.failed, count.blocked)
    return "same" if any(told) else "nothing"


def _last(viewer: Viewer) -> Run | None:
    """The last sync that was carried out."""
    ended = Run.objects.filter(
        sync__course=viewer.course, kind=KIND, plan_only=False, ended_at__isnull=False
    )
    return ended.exclude(state=Run.State.HELD).select_related("sync").order_by("-pk").first()


def _error(viewer: Viewer, plan: Latest | None) -> dict[str, str]:
    """What stopped the last look, if nothing was read since; a choice that did is no error."""
    later = Q(pk__gt=plan.run.pk) if plan else Q()
    runs = Run.objects.filter(later, sync__course=viewer.course, kind=KIND).exclude(error={})
    # One that waits is tried again now and then, and has its error as long as it does.
    failed = runs.filter(state__in=(Run.State.FAILED, Run.State.WAITING, Run.State.RUNNING))
    latest = failed.order_by("-pk").first()
    if latest is None or latest.error.get("code") == Cancelled.code:
        return {}
    return dict(latest.error)


def _problem(plan: Latest | None) -> str:
    """Why the course as a whole cannot be synced, as a code; "" if it can."""
    codes = [hold["code"] for hold in plan.run.holds] if plan else []
    return next((one for one in codes if one.startswith("course.")), "")


def told_error(error: dict[str, str]) -> tuple[str, str]:
    """What a failed look means, and what happens next."""
    code = error.get("code", "")
    if code == Cancelled.code:
        return gettext("It was stopped"), gettext("What had been sent stays in Q.")
    if code.startswith("canvas") or "Canvas" in error.get("stage", ""):
        return gettext("Canvas is not answering us"), gettext(
            "Your grades are safe. What you see below is as of the last look. Your Canvas team "
            "finds the reason in the account’s overview."
        )
    if code.endswith(("credentials-rejected", "forbidden", "unauthorized")):
        return gettext("Q does not let us in"), gettext(
            "Your Canvas team has to renew the connection. Your grades are safe in Canvas."
        )
    return gettext("Q is not answering"), gettext(
        "Your grades are safe in Canvas. It is tried again by itself; you can also try it now."
    )


def sentence(page: Home) -> str:
    """What stands under the number: what is left out, and why."""
    count, parts = page.count, []
    if page.state == "ready" and count.to_send:
        items = sum(bool(one.row.counts.to_send) for one in (*page.rows, *page.grades))
        parts.append(ngettext("In %d assignment.", "In %d assignments.", items) % items)
    if count.to_decide:
        parts.append(
            ngettext(
                "%d score that was changed in Q stays unless you decide otherwise in the preview.",
                "%d scores that were changed in Q stay unless you decide otherwise in the preview.",
                count.to_decide,
            )
            % count.to_decide
        )
    if count.hidden:
        parts.append(
            ngettext(
                "%d hidden score waits until you post it.",
                "%d hidden scores wait until you post them.",
                count.hidden,
            )
            % count.hidden
        )
    if blocked := rows.blocked(page.rows):
        parts.append(
            ngettext("%d assignment is blocked.", "%d assignments are blocked.", blocked) % blocked
        )
    return " ".join(parts)


def automatic(course: CourseSync) -> str:
    """The rule of the automatic sync in words."""
    match course.mode:
        case CourseSync.Mode.NIGHTLY:
            return gettext("every night at %s") % words.hour(course.at)
        case CourseSync.Mode.AFTER_GRADING:
            minutes = course.minutes
            said = ngettext("%d minute after grading", "%d minutes after grading", minutes)
            return said % minutes
        case _:
            return gettext("off")

"""History: every sync with who began it, every value that was sent, and one grade's story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from gradesync.lines import WRITING
from gradesync.screens import csv, words
from gradesync.screens.tally import Status
from gradesync.screens.viewer import Viewer, viewer_of
from gradesync.selectors import history, plans
from gradesync.selectors.course import latest_plan
from integration.models import Change, Run
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_OPEN, COURSE_SCORES

_MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Line:
    entry: history.Entry
    status: Status
    day: Any


@require_launch(placement=COURSE, right=COURSE_OPEN)
@require_safe
def show(request: Any, course_id: int) -> HttpResponse:
    viewer, asked = viewer_of(request), request.GET
    number = asked.get("page", "1")
    number = int(number) if number.isdecimal() and len(number) < 6 else 1
    by, failed = asked.get("by", "")[:255], asked.get("result") == "failed"
    entries, total = history.history(
        viewer.course, sections=viewer.sections, by=by, only_failed=failed, number=number
    )
    q = asked.get("q", "").strip()[:100]
    return render(
        request,
        "course/history.html",
        {
            "tab": "history",
            "viewer": viewer,
            "lines": [Line(one, _status(one), _day(one)) for one in entries],
            "total": total,
            "number": number,
            "first": (number - 1) * history.PAGE + 1,
            "last": (number - 1) * history.PAGE + len(entries),
            "newer": number - 1,
            "older": number + 1 if number * history.PAGE < total else 0,
            "by": by,
            "only_failed": failed,
            "actors": [one for one in history.actors(viewer.course) if one],
            "q": q,
            "found": _found(viewer, q) if q and viewer.sees_scores else (),
        },
    )


def _day(entry: history.Entry) -> Any:
    return timezone.localtime(entry.run.created_at).date()


def _status(entry: history.Entry) -> Status:
    run = entry.run
    if run.state not in (Run.State.DONE, Run.State.FAILED):
        if run.state == Run.State.HELD:
            return Status("warn", gettext("Waits for you"))
        return Status("busy", gettext("Running"))
    if entry.undone_by:
        return Status("off", gettext("Undone"))
    if run.error.get("code") == "grades.cancelled":
        return Status("warn", gettext("Stopped"))
    failed = entry.failed + entry.left
    if failed:
        return Status("warn", ngettext("%d failed", "%d failed", failed) % failed)
    if run.state == Run.State.FAILED:
        return Status("err", gettext("Not sent"))
    return Status("ok", gettext("Confirmed")) if entry.sent else Status(
        "off", gettext("Nothing to send")
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    item: str
    title: str
    student_id: str
    name: str
    value: str
    at: Any


def _found(viewer: Viewer, q: str) -> tuple[Found, ...]:
    """The latest value of each grade whose student or assignment is looked for."""
    wanted, latest = q.casefold().split(), {}
    for one in history.receipts(viewer.course, sections=viewer.sections):
        text = f"{one.name} {one.title}".casefold()
        if all(word in text for word in wanted) and one.name:
            latest[one.item, one.student_id] = one
    return tuple(
        Found(one.item, one.title, one.student_id, one.name, words.value(one.value), one.at)
        for one in list(latest.values())[:_MOST_FOUND]
    )


COLUMNS = ("run_id", "when", "by", "item", "student", "student_id", "before", "sent", "confirmed")


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def download(request: Any, course_id: int) -> HttpResponse:
    """Every value that was ever sent."""
    viewer = viewer_of(request)
    rows = (
        (one.run_id, one.at, one.by, one.title, one.name, one.student_id,
         _plain(one.before), _plain(one.value), one.is_kept)
        for one in history.receipts(viewer.course, sections=viewer.sections)
    )  # fmt: skip
    return csv.answer("history", viewer, COLUMNS, rows)


def _plain(value: Any) -> object:
    if value is None:
        return ""
    return value.score if value.score is not None else value.status


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def story(request: Any, course_id: int) -> HttpResponse:
    """One grade through all runs."""
    viewer = viewer_of(request)
    item, student = request.GET.get("item", "")[:255], request.GET.get("student", "")[:64]
    events = history.story(viewer.course, item, student, sections=viewer.sections)
    name = viewer.student(student)
    receipts = list(
        history.receipts(viewer.course, sections=viewer.sections, item=item, student=student)
    )
    plan = latest_plan(viewer.course, viewer.sections)
    now = _now(viewer, plan.run, item, student) if plan else ()
    if not (events or now) or not name:
        raise Http404
    titles = {f"assignment:{one.canvas_id}": one.name for one in viewer.picture.assignments}
    title = titles.get(item) or (receipts[-1].title if receipts else gettext("Course grade"))
    what = {
        "confirmed": gettext("Sent and confirmed"),
        "refused": gettext("Not taken by Q"),
        "left": gettext("Left out"),
        "undone": gettext("Taken back"),
        "blocked": gettext("Waited"),
    }
    return render(
        request,
        "course/story.html",
        {
            "tab": "history",
            "viewer": viewer,
            "name": name,
            "title": title,
            "now": now,
            "read_at": plan.read_at if plan else None,
            "events": [
                (one, what.get(one.what, one.what), words.value(one.value)) for one in events
            ],
        },
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a grade is, or is not, in Q by the latest comparison; `of` names the class."""

    of: str
    why: str
    remedy: str


def _now(viewer: Viewer, run: Run, item: str, student: str) -> tuple[Reason, ...]:
    """In each class that the work is for; nothing of work that is anonymous still."""
    asked = plans.Filter(item=item, student=student)
    found = plans.page(run, sections=viewer.sections, asked=asked).cells if item and student else ()
    return tuple(_reason(viewer, one) for one in found if one.student_id)


def _reason(viewer: Viewer, cell: plans.Cell) -> Reason:
    class_ = viewer.picture.class_of(cell.class_id)
    of = class_.title if class_ else cell.class_id
    if cell.state in (Change.State.REFUSED, Change.State.LEFT):
        why = gettext(cell.message) if cell.message else gettext("It was not sent any more.")
        again = gettext("Compare again, and send it then.")
        is_left = cell.state == Change.State.LEFT
        return Reason(of, why, again if is_left else words.remedy("q.rejected"))
    is_sent = cell.action in WRITING and cell.state == Change.State.CONFIRMED
    told = "" if is_sent else words.sentence(cell.code, cell.sentence)
    remedy = "" if is_sent else words.remedy(cell.code)
    return Reason(of, told or gettext("Q holds what Canvas says."), remedy)

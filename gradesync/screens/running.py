"""A run's page: progress while it goes, its result for good; stop, retry, undo, receipt."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from gradesync.actions import plans as acts
from gradesync.errors import NothingToRetry, NothingToUndo
from gradesync.push import KIND
from gradesync.screens import fragments, home, people, result, words
from gradesync.screens.labels import STEPS
from gradesync.screens.preview import key_of
from gradesync.screens.previewing import again, to
from gradesync.screens.viewer import Viewer, viewer_of
from gradesync.selectors import plans
from gradesync.selectors import progress as progresses
from integration.models import Change, Run
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_SCORES, COURSE_SEND

State = Change.State


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def show(request: Any, course_id: int, run_id: int) -> HttpResponse:
    viewer = viewer_of(request)
    run = viewer.run(run_id)
    if run.plan_only or run.state == Run.State.HELD:
        return _plan(request, viewer, run)
    if result.is_going(run):
        return _going(request, viewer, run)
    if request.headers.get("HX-Request"):
        return again(request)
    shown = result.result(viewer, run)
    by_student = request.GET.get("by") == "student"
    return render(
        request,
        "course/run.html",
        {
            "tab": "history",
            "viewer": viewer,
            "run": run,
            "result": shown,
            "title": result.title(run, shown),
            "error": home.told_error(run.error) if run.error else ("", ""),
            "can_undo": _can_undo(viewer, run, shown),
            "can_retry": bool(shown.again) and viewer.may_send and run.kind == KIND,
            "is_own": viewer.is_own(run),
            "told": request.GET.get("told", ""),
            "is_undo": run.kind != KIND,
            "people": people.people(viewer, run) if by_student else (),
            "by_student": by_student,
        },
    )


def _plan(request: Any, viewer: Viewer, run: Run) -> HttpResponse:
    """It is a preview still; one that found nothing to send tells that on the Grades page."""
    if not viewer.is_own(run):
        raise Http404
    if run.state == Run.State.DONE and run.kind == KIND:
        is_stale = request.GET.get("told") == "stale"
        return to(request, "course:home", told="stale-nothing" if is_stale else "nothing")
    if run.state in (Run.State.DONE, Run.State.FAILED):
        return to(request, "course:home", told="nothing-to-undo" if run.undoes_id else "failed")
    return to(request, "course:preview", run.pk, told=request.GET.get("told", ""))


def _going(request: Any, viewer: Viewer, run: Run) -> HttpResponse:
    is_own = viewer.is_own(run)
    states: Counter[str] = Counter()
    if is_own:
        counted = plans.counts(run, sections=viewer.sections)
        for one in counted:
            if one.action in ("new", "changed", "cleared"):
                states[one.state] += one.cells
    done = states[State.CONFIRMED] + states[State.REFUSED]
    total = sum(states.values()) - states[State.LEFT]
    progress = progresses.progress(run)
    left = words.left(progress.seconds_left) if progress.seconds_left else ""
    mark = f"{run.pk}-{run.state}-{run.cursor}-{done}-{states[State.REFUSED]}"
    mark += f"-{(progress.seconds_left or 0) // 5}-{run.sync.cancel_asked_at is not None}"
    mark += f"-{progress.ahead}"
    context = {
        "tab": "grades",
        "viewer": viewer,
        "run": run,
        "is_own": is_own,
        "done": done,
        "total": total,
        "left": left if is_own else "",
        "failed": states[State.REFUSED],
        "steps": result.steps(run, _details(viewer, states, is_own=is_own)),
        "progress": progress,
        "mark": mark,
        "announced": _announced(run, done, total),
        "told": request.GET.get("told", ""),
        "is_undo": run.kind != KIND,
        "stopping": run.sync.cancel_asked_at is not None,
    }
    if not request.headers.get("HX-Request"):
        return render(request, "course/going.html", context)
    part = partial(render, request, "course/_going.html", context)
    return fragments.answer(request, mark, part)


def _details(viewer: Viewer, states: Counter[str], *, is_own: bool) -> tuple[str, ...]:
    """What each step is about, as far as this person may know."""
    if not is_own:
        return ("",) * len(STEPS)
    works, students = len(viewer.picture.assignments), len(viewer.picture.students)
    read = ngettext("%d assignment", "%d assignments", works) % works
    read += ", " + ngettext("%d student", "%d students", students) % students
    sent, failed = states[State.CONFIRMED], states[State.REFUSED]
    to_go = sum(states.values()) - sent - failed - states[State.LEFT]
    told = (
        (sent, ngettext("%d sent", "%d sent", sent) % sent),
        (failed, ngettext("%d failed", "%d failed", failed) % failed),
        (to_go, ngettext("%d to go", "%d to go", to_go) % to_go),
    )
    sending = " · ".join(said for number, said in told if number)
    return read, "", sending, gettext("Every value is checked after it is sent.")


def _announced(run: Run, done: int, total: int) -> str:
    """What is said aloud: at each quarter, not at each grade."""
    if run.state == Run.State.QUEUED or not total:
        return gettext("The sync has begun.")
    return gettext("%(percent)d percent of the grades are sent.") % {
        "percent": done * 4 // total * 25
    }


def _can_undo(viewer: Viewer, run: Run, shown: result.Result) -> bool:
    has_ended = run.state in (Run.State.DONE, Run.State.FAILED)
    is_kept = run.kind == KIND and not run.pruned_at
    return viewer.may_send and has_ended and is_kept and bool(shown.sent or shown.items_sent)


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def stop(request: Any, course_id: int, run_id: int) -> HttpResponse:
    viewer = viewer_of(request)
    run = viewer.run(run_id)
    if not viewer.is_own(run):
        raise Http404
    acts.cancel(run, by=viewer.actor)
    return to(request, "course:run", run.pk, told="stopping")


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def retry(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """What of it is not in Q, or one line of that, and nothing else, as a preview."""
    viewer = viewer_of(request)
    only = [key_of(request.POST["row"])] if "row" in request.POST else []
    try:
        planned = acts.retry(
            viewer.run(run_id), by=viewer.actor, sections=viewer.sections, only=only
        )
    except NothingToRetry:
        return to(request, "course:run", run_id)
    return to(request, "course:preview", planned.pk)


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def undo(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """What takes it back, as a preview."""
    viewer = viewer_of(request)
    try:
        planned = acts.preview_undo(viewer.run(run_id), by=viewer.actor, sections=viewer.sections)
    except NothingToUndo:
        return to(request, "course:run", run_id, told="nothing-to-undo")
    return to(request, "course:preview", planned.pk)

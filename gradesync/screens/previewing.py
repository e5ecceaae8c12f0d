"""The preview: shown, decided in, and sent exactly as it stands."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gradesync.actions import plans
from gradesync.errors import NotOfThisCourse, NotSeen, PlanRefused
from gradesync.push import UNDO, UNFINISHED
from gradesync.rulebook import is_copy
from gradesync.screens import background, csv, fragments, preview, standing
from gradesync.screens.labels import SHOW_NAMES
from gradesync.screens.viewer import Viewer, viewer_of
from gradesync.selectors import course as courses
from gradesync.selectors import progress as progresses
from integration.errors import QSyncError
from integration.models import Run
from lti import sessions
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_SCORES, COURSE_SEND

_CHIP_ICONS = {"new": "plus", "changed": "wave", "cleared": "dash", "decide": "warn",
               "waits": "clock", "failed": "err", "same": "check"}  # fmt: skip
CHOICES = ("keep-q", "send-canvas", "")


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def show(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """The plan of a run: while it is made, how far; once it was sent, its result."""
    viewer = viewer_of(request)
    run = viewer.run(run_id)
    if not viewer.is_own(run):
        raise Http404
    if run.plan_only and run.state in UNFINISHED:
        return _making(request, viewer, run)
    if request.headers.get("HX-Request"):
        return again(request)
    if run.state != Run.State.HELD:
        return to(request, "course:run", run.pk, told=request.GET.get("told", ""))
    plans.seen(run, by=viewer.actor)
    return _page(request, viewer, run)


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def download(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """The rows of a plan that are asked for, as CSV; what came of them, once it was sent."""
    viewer = viewer_of(request)
    run = viewer.run(run_id)
    rows = preview.table(viewer, run, _wanted(request))
    return csv.answer(f"sync-{run.pk}", viewer, preview.COLUMNS, rows)


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """Keep what was chosen for cells; nothing is sent."""
    viewer = viewer_of(request)
    run = _own(viewer, run_id)
    try:
        _choose(viewer, run, request.POST)
    except PlanRefused:
        return _out_of_date(request, viewer)
    return to(request, "course:preview", run.pk, told="chosen")


@require_launch(placement=COURSE, right=COURSE_SEND, fresh=True)
@require_POST
def send(request: Any, course_id: int, run_id: int) -> HttpResponse:
    """Carry out the plan whose counts the page showed, with what was chosen on it."""
    viewer = viewer_of(request)
    run = _own(viewer, run_id)
    if not was_sent(run):
        if refused := _refused(request, viewer, run):
            return refused
        try:
            run = _sent(viewer, run, request.POST)
        except NotSeen:
            return to(request, "course:preview", run.pk, told="look-first")
        except PlanRefused:
            return _out_of_date(request, viewer)
    return to(request, "course:run", run.pk)


def was_sent(run: Run) -> bool:
    """A second press of the same button shows what the first one began."""
    return not run.plan_only and run.approvals.exists()


def again(request: Any) -> HttpResponse:
    """For htmx: what the page waited for is there, so the page is loaded anew."""
    answer = HttpResponse(status=204)
    answer["HX-Refresh"] = "true"
    return answer


def _own(viewer: Viewer, run_id: int) -> Run:
    run = viewer.run(run_id)
    if not viewer.is_own(run):
        raise Http404
    return run


def _refused(request: Any, viewer: Viewer, run: Run) -> HttpResponse | None:
    if is_copy(viewer.district, _launched_from(viewer)):
        return to(request, "course:home", told="copy")
    try:
        if not standing.may_still_send(viewer):
            return to(request, "course:home", told="not-teaching")
    except QSyncError:
        return to(request, "course:preview", run.pk, told="canvas-silent")
    return None


def _sent(viewer: Viewer, run: Run, post: Any) -> Run:
    """Raises PlanRefused: it is not the plan that the page showed, or not any more."""
    digest = post.get("digest", "")
    if digest != run.plan_digest:
        raise PlanRefused("The page showed another plan.")
    run = _choose(viewer, run, post)
    return plans.send(run, run.plan_digest, by=viewer.actor, launched_from=_launched_from(viewer))


def _launched_from(viewer: Viewer) -> tuple[str, ...]:
    return (viewer.launch.issuer, *viewer.launch.hosts)


def _choose(viewer: Viewer, run: Run, post: Any) -> Run:
    """What the radios say, or one answer for all."""
    every = post.get("all", "")
    if every in ("keep-q", "send-canvas"):
        return plans.choose(run, every, by=viewer.actor)[0]
    asked: dict[str, set[str]] = {choice: set() for choice in CHOICES}
    for name, choice in post.items():
        if name.startswith("c-") and choice in asked:
            asked[choice].add(preview.key_of(name.removeprefix("c-")))
    for choice, keys in asked.items():
        if choice and keys:
            try:
                run, _ = plans.choose(run, choice, by=viewer.actor, keys=keys)  # type: ignore[arg-type]
            except NotOfThisCourse:
                raise Http404 from None
    return run


def _out_of_date(request: Any, viewer: Viewer) -> HttpResponse:
    """Say so, and show what would be sent now; or the sync that somebody else has begun."""
    if going := courses.under_way(viewer.course):
        return to(request, "course:run", going.pk, told="going")
    again = background.look(viewer)
    return to(request, "course:preview", again.pk, told="stale")


def to(request: Any, name: str, *args: Any, **query: str) -> HttpResponse:
    """Elsewhere in this visit."""
    url = sessions.url(request.launch_session, name, request.launch.course_id, *args)
    told = {key: value for key, value in query.items() if value}
    return HttpResponseRedirect(f"{url}&{urlencode(told)}" if told else url, status=303)


def _wanted(request: Any) -> preview.Wanted:
    asked = request.GET
    show = asked.get("show", "")
    number = asked.get("page", "1")
    return preview.Wanted(
        show if show in preview.SHOWS else "",
        asked.get("q", "")[:100].strip(),
        asked.get("section", "")[:24],
        asked.get("item", "")[:255],
        int(number) if number.isdecimal() and len(number) < 6 else 1,
    )


def _page(request: Any, viewer: Viewer, run: Run) -> HttpResponse:
    shown = preview.preview(viewer, run, _wanted(request))
    plan = courses.plan(run)
    # Since it was read somebody may have sent another one.
    why_not = plan.why_not if plan else ""
    return render(
        request,
        "course/preview.html",
        {
            "tab": "grades",
            "viewer": viewer,
            "run": run,
            "preview": shown,
            "plan": plan,
            "why_not": why_not,
            "is_undo": run.kind == UNDO,
            "told": request.GET.get("told", ""),
            "chips": _chips(shown),
            "now": timezone.now(),
        },
    )


def _chips(shown: preview.Preview) -> list[dict[str, Any]]:
    names = {key: str(name) for key, name in SHOW_NAMES.items()}
    figures = shown.figures
    told = sum(count for name, count in figures.items() if name != "same")
    counts = {"": told, **figures}
    return [
        {
            "show": key,
            "name": name,
            "count": counts[key],
            "is_on": key == shown.wanted.show,
            "icon": _CHIP_ICONS.get(key, ""),
        }
        for key, name in names.items()
        if counts[key] or key in ("", shown.wanted.show)
    ]


def _making(request: Any, viewer: Viewer, run: Run) -> HttpResponse:
    """It is being read: how far, then the preview by itself."""
    told, queued = progresses.progress(run), background.queued(run, timezone.now())
    mark = f"{run.pk}-{run.state}-{told.stage}-{told.done}"
    mark += f"-{queued.ahead}-{queued.is_stuck}" if queued else ""
    mark = mark.replace(" ", "_")
    context = {
        "tab": "grades",
        "viewer": viewer,
        "run": run,
        "progress": told,
        "queued": queued,
        "mark": mark,
        "told": request.GET.get("told", ""),
        "is_undo": run.kind == UNDO,
    }
    if not request.headers.get("HX-Request"):
        return render(request, "course/making.html", context)
    return fragments.answer(request, mark, partial(render, request, "course/_making.html", context))

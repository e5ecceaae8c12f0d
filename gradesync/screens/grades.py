"""The Grades page and its parts: shows, searches, and takes what is chosen in place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from gradesync.actions import choices
from gradesync.errors import NotOfThisCourse
from gradesync.ids import ItemKey
from gradesync.screens import background, choosing, fragments, home, words
from gradesync.screens.csv import answer as csv_answer
from gradesync.screens.previewing import to
from gradesync.screens.viewer import Viewer, viewer_of
from integration.models import Run
from lti import sessions
from lti.audience import require_launch
from lti.claims import COURSE
from lti.frames import origin
from lti.roles import COURSE_OPEN, COURSE_SCORES, COURSE_SEND

# Settings that a fix in place may choose, each with its one value.
ONE_CLICK: dict[str, tuple[str, str]] = {
    "due-assigned": ("due_date_missing", "assigned"),
    "due-end": ("due_date_missing", "end"),
    "due-nearest": ("due_date_outside", "nearest"),
    "on-section": ("single_students", "section-date"),
    "count": ("uncounted", "send"),
}
DECISIONS = ("new", "again", "send-canvas")


@require_launch(placement=COURSE, right=COURSE_OPEN)
@require_safe
def show(request: Any, course_id: int) -> HttpResponse:
    viewer = viewer_of(request)
    return _page(request, viewer)


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_safe
def download(request: Any, course_id: int) -> HttpResponse:
    """The table of assignments as CSV."""
    page = home.home(viewer_of(request), _filters(request), timezone.now())
    names = ("assignment_id", "assignment", "group", "q_category", "points", "due_at", "sync",
             "to_send", "in_sync", "to_decide", "waiting", "status", "last_synced")  # fmt: skip
    lines = (
        (one.row.canvas_id, one.row.name, one.group, one.category, one.row.points, one.row.due_at,
         one.row.is_on, one.row.counts.to_send, one.row.counts.same, one.row.counts.to_decide,
         one.row.counts.waiting + one.row.counts.hidden, one.status.words, one.row.last_sent_at)
        for one in page.shown
    )  # fmt: skip
    return csv_answer("assignments", page.viewer, names, lines)


@require_launch(placement=COURSE, right=COURSE_SCORES)
@require_POST
def check(request: Any, course_id: int) -> HttpResponse:
    """Compare with Q again, in the background; `item`: that assignment alone."""
    viewer, item = viewer_of(request), request.POST.get("item", "")
    if item and item not in {one.canvas_id for one in viewer.picture.assignments}:
        raise Http404
    run = background.look(viewer, (item,) if item else ())
    if request.POST.get("then") == "preview":
        return to(request, "course:preview", run.pk)
    return done(request, viewer, "checking")


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose_many(request: Any, course_id: int) -> HttpResponse:
    """Switch all assignments that the page shows on or off."""
    viewer = viewer_of(request)
    page = home.home(viewer, _filters(request), timezone.now())
    ids = [one.row.canvas_id for one in page.shown]
    is_on = request.POST.get("on") == "1"
    choices.switch(viewer.course, ids, is_on=is_on, by=viewer.actor)
    return changed(request, viewer, "saved")


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose(request: Any, course_id: int, assignment_id: int) -> HttpResponse:
    """One assignment: its switch, its title or line item in Q, or a setting that cures a block."""
    viewer, one, post = viewer_of(request), str(assignment_id), request.POST
    # An assignment of another course, or of sections that are not theirs (S46).
    if one not in {each.canvas_id for each in viewer.picture.assignments}:
        raise Http404
    course, by = viewer.course, viewer.actor
    if "on" in post:
        choices.switch(course, [one], is_on=post["on"] == "1", by=by)
    elif "title" in post:
        choices.title(course, one, post["title"], by=by)
    elif "line_item" in post:
        _choose_line_item(viewer, one, post)
    elif post.get("decision") in DECISIONS:
        for class_ in viewer.picture.classes:
            key = ItemKey("assignment", one, class_.sourced_id)
            choices.decide_item(course, key, post["decision"], by=by)
    elif post.get("setting") in ONE_CLICK:
        name, value = ONE_CLICK[post["setting"]]
        choosing.choose_one(course, name, value, by=by)
    else:
        raise Http404
    return changed(request, viewer, "saved", at=one)


def _choose_line_item(viewer: Viewer, assignment: str, post: Any) -> None:
    class_id = post.get("class", "")
    if viewer.picture.class_of(class_id) is None:
        raise Http404
    try:
        key = ItemKey("assignment", assignment, class_id)
        choices.link_item(viewer.course, key, post["line_item"], by=viewer.actor)
    except NotOfThisCourse:
        raise Http404 from None


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose_section(request: Any, course_id: int, section_id: int) -> HttpResponse:
    """Which class of this course a section is, that does not come from Q; "" takes that back."""
    viewer, class_id = viewer_of(request), request.POST.get("class")
    section = str(section_id)
    seen = next((one for one in viewer.picture.sections if one.canvas_id == section), None)
    # Whose SIS ID says which class it is, is nobody's to choose.
    if class_id is None or seen is None or (seen.sis_section_id and seen.class_id):
        raise Http404
    if class_id and viewer.picture.class_of(class_id) is None:
        raise Http404
    try:
        choices.link_section(viewer.course, section, class_id, by=viewer.actor)
    except NotOfThisCourse:
        raise Http404 from None
    return changed(request, viewer, "saved", at=f"s{section}")


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose_category(request: Any, course_id: int) -> HttpResponse:
    """The Q category of an assignment group, by its name, in each class of this person."""
    viewer, post = viewer_of(request), request.POST
    at = post.get("at", "")[:24]
    wanted = {
        class_.sourced_id: next(
            (one.sourced_id for one in class_.categories if one.title == post.get("category")), ""
        )
        for class_ in viewer.picture.classes
    }
    if not any(wanted.values()):
        return done(request, viewer, "no-category", at=at)
    try:
        for class_id, category_id in wanted.items():
            if category_id:
                choices.link_category(
                    viewer.course,
                    post.get("group", ""),
                    category_id,
                    by=viewer.actor,
                    class_id=class_id,
                )
    except NotOfThisCourse:
        raise Http404 from None
    return changed(request, viewer, "saved", at=at)


@require_launch(placement=COURSE, right=COURSE_SEND)
@require_POST
def choose_period(request: Any, course_id: int, period_id: int) -> HttpResponse:
    """Which grading period of Q one of Canvas's is."""
    viewer = viewer_of(request)
    try:
        choices.link_period(
            viewer.course, str(period_id), request.POST.get("q", ""), by=viewer.actor
        )
    except NotOfThisCourse:
        raise Http404 from None
    return changed(request, viewer, "saved", at=f"p{period_id}")


def changed(request: Any, viewer: Viewer, told: str, at: str = "") -> HttpResponse:
    """Something was chosen: the plan that is shown is made anew, and the page says so."""
    background.look_anew(viewer)
    return done(request, viewer, told, at)


def done(request: Any, viewer: Viewer, told: str, at: str = "") -> HttpResponse:
    """Back to the page, at the place where the person was; or its new part, for htmx."""
    if request.headers.get("HX-Request"):
        return _page(request, viewer_of(request), at=at, told=told)
    query = _filters(request)
    asked = {"told": told, "at": at, "q": query.q, "show": query.show}
    more = urlencode({name: word for name, word in asked.items() if word})
    url = sessions.url(request.launch_session, "course:home", viewer.launch.course_id)
    return HttpResponseRedirect(f"{url}&{more}{f'#a-{at}' if at else ''}", status=303)


def _filters(request: Any) -> home.Filters:
    asked: Mapping[str, str] = {**request.GET.dict(), **request.POST.dict()}
    show = asked.get("show", "")
    return home.Filters(asked.get("q", "")[:100].strip(), show if show in home.SHOWS else "")


def _page(request: Any, viewer: Viewer, at: str = "", told: str = "") -> HttpResponse:
    now = timezone.now()
    page = home.home(viewer, _filters(request), now)
    queued = background.queued(page.reading, now)
    mark = _mark(page, queued)
    is_part = bool(request.headers.get("HX-Request"))
    template = "course/_grades.html" if is_part else "course/home.html"
    context = _context(request, page, at, told) | {"mark": mark, "queued": queued}
    make = partial(render, request, template, context)
    return fragments.answer(request, mark, make) if is_part else make()


def _mark(page: home.Home, queued: background.Queued | None) -> str:
    """Names what the page shows, as far as it can change by itself."""
    plan, reading = page.plan, page.reading
    told = (
        *((plan.run.pk, plan.run.state, plan.run.plan_digest[:12]) if plan else (0,)),
        *((reading.pk, reading.state == Run.State.WAITING) if reading else (0,)),
        page.going.pk if page.going else 0,
        page.error.get("code", ""),
        *((queued.ahead, queued.is_stuck) if queued else ()),
    )
    return "-".join(map(str, told))


def _context(request: Any, page: home.Home, at: str, told: str) -> dict[str, Any]:
    error = home.told_error(page.error) if page.error else ("", "")
    return {
        "tab": "grades",
        "page": page,
        "viewer": page.viewer,
        "at": at or request.GET.get("at", ""),
        "told": told or request.GET.get("told", ""),
        "rename": request.GET.get("rename", ""),
        "sentence": home.sentence(page),
        "automatic": home.automatic(page.viewer.course),
        "error": error,
        "problem": (words.sentence(page.problem), words.remedy(page.problem)),
        "canvas": canvas_url(page.viewer),
        "chips": chips(page),
    }


def chips(page: home.Home) -> list[dict[str, Any]]:
    names = {
        "": gettext("All"),
        "send": gettext("To send"),
        "blocked": gettext("Blocked"),
        "off": gettext("Off"),
    }
    counts = {"": len(page.rows), **page.chips}
    return [
        {
            "show": show,
            "name": name,
            "count": counts[show],
            "is_on": show == page.filters.show,
            "icon": "err" if show == "blocked" and counts[show] else "",
        }
        for show, name in names.items()
    ]


def canvas_url(viewer: Viewer) -> str:
    """Where the course is in this person's Canvas."""
    hosts = viewer.launch.hosts
    return f"{origin(hosts[0])}/courses/{viewer.launch.course_id}" if hosts else ""

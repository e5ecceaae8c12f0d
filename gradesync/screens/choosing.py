"""The course's settings: shown with where each comes from, saved by one of the course at a time."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from gradesync.actions import settings
from gradesync.errors import LockedSetting
from gradesync.models import CourseSync
from gradesync.profile import Profile
from gradesync.rulebook import effective_of, inherited_of
from gradesync.screens.previewing import to
from gradesync.screens.settings_form import SettingsForm, version
from gradesync.screens.viewer import Viewer, viewer_of
from integration.models import AuditEvent, QConnection
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_OPEN, COURSE_SEND

SAVED = "grades.settings"


@require_launch(placement=COURSE, right=COURSE_OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Any, course_id: int) -> HttpResponse:
    viewer = viewer_of(request)
    if request.method != "POST":
        return _page(request, viewer, _form(viewer))
    if COURSE_SEND not in request.launch.rights:
        return _page(request, viewer, _form(viewer), status=403)
    form = _form(viewer, request.POST)
    if request.POST.get("version") != version(viewer.course):
        return _page(request, viewer, form, status=409, changed_by=_last(viewer))
    if not form.is_valid():
        return _page(request, viewer, form, status=422)
    save(viewer.course, form, by=viewer.actor)
    return to(request, "course:settings", told="settings")


def save(course: CourseSync, form: SettingsForm, *, by: str) -> None:
    """Keep what the form says."""
    settings.change_course(course, form.chosen(), by=by)


def choose_one(course: CourseSync, name: str, value: Any, *, by: str) -> None:
    """One setting, out of a fix in place; one that a level above has locked stays as it is."""
    with suppress(LockedSetting):
        settings.change_course(course, {name: value}, by=by)


def _form(viewer: Viewer, data: Any = None) -> SettingsForm:
    now, outside = effective_of(viewer.course), inherited_of(viewer.course)
    connection = QConnection.objects.filter(district=viewer.district).first()
    profile = Profile.read(connection.profile if connection else {})
    form = SettingsForm(viewer.course, now, outside, profile, viewer.picture, data=data)
    if not viewer.may_send:
        for field in form.fields.values():
            field.disabled = True
    return form


def _last(viewer: Viewer) -> AuditEvent | None:
    subject = f"course {viewer.course.canvas_id}"
    events = AuditEvent.objects.filter(district=viewer.district.slug, action=SAVED, subject=subject)
    return events.order_by("-pk").first()


def _page(
    request: Any,
    viewer: Viewer,
    form: SettingsForm,
    status: int = 200,
    changed_by: AuditEvent | None = None,
) -> HttpResponse:
    context = {
        "tab": "settings",
        "viewer": viewer,
        "form": form,
        "sets": form.sets(),
        "version": version(viewer.course),
        "told": request.GET.get("told", ""),
        "last": _last(viewer),
        "is_conflict": status == 409,
        "changed_by": changed_by.actor if changed_by else gettext("Somebody else"),
    }
    return render(request, "course/settings.html", context, status=status)

"""The course's settings: shown with where each comes from, saved by one of the course at a time."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from gradesync.course_settings import Layer, effective
from gradesync.models import CourseSync, SyncDefaults
from gradesync.profile import Profile
from gradesync.screens.previewing import to
from gradesync.screens.settings_form import SettingsForm, version
from gradesync.screens.viewer import Viewer, viewer_of
from integration.models import AuditEvent, QConnection
from lti.audience import require_launch
from lti.claims import COURSE
from lti.roles import COURSE_OPEN, COURSE_SEND

SAVED = "grades.settings"
_AUTOMATIC = ("mode", "at", "minutes", "quiet_from", "quiet_until")


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


@transaction.atomic
def save(course: CourseSync, form: SettingsForm, *, by: str) -> None:
    """Keep what the form says. Switching automatic sync on here makes a copied course its own."""
    before = {"chosen": course.chosen, "mode": course.mode}
    chosen = form.chosen()
    fields = {name: form.cleaned_data[name] for name in _AUTOMATIC}
    if fields["mode"] != CourseSync.Mode.OFF:
        fields |= {"is_copy": False}
        if course.mode != fields["mode"]:
            fields |= {"since": timezone.now(), "looked_at": None}
    for name, value in {**fields, "chosen": chosen}.items():
        setattr(course, name, value)
    course.save(update_fields=[*fields, "chosen"])
    AuditEvent.objects.create(
        district=course.district.slug,
        actor=by,
        action=SAVED,
        subject=f"course {course.canvas_id}",
        before=before,
        after={"chosen": chosen, "mode": course.mode},
    )


def choose_one(course: CourseSync, name: str, value: Any, *, by: str) -> None:
    """One setting, out of a fix in place; one that the district has locked stays as it is."""
    account = _account(course)
    if account and name in account.locked:
        return
    with transaction.atomic():
        kept = CourseSync.objects.select_for_update().get(pk=course.pk)
        before = kept.chosen
        kept.chosen = {**before, name: value}
        kept.save(update_fields=["chosen"])
        course.chosen = kept.chosen
        AuditEvent.objects.create(
            district=course.district.slug,
            actor=by,
            action=SAVED,
            subject=f"course {course.canvas_id}",
            before={"chosen": before},
            after={"chosen": kept.chosen},
        )


def _account(course: CourseSync) -> SyncDefaults | None:
    return SyncDefaults.objects.filter(
        district=course.district, where=SyncDefaults.Where.ACCOUNT
    ).first()


def _form(viewer: Viewer, data: Any = None) -> SettingsForm:
    account = _account(viewer.course)
    outside = [Layer("account", account.chosen, frozenset(account.locked))] if account else []
    now = effective([*outside, Layer("course", viewer.course.chosen)])
    connection = QConnection.objects.filter(district=viewer.district).first()
    profile = Profile.read(connection.profile if connection else {})
    form = SettingsForm(viewer.course, now, effective(outside), profile, viewer.picture, data=data)
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

"""Grade passback for many courses at once: what the account, a school or a term chooses."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from gradesync.actions.settings import change_defaults
from gradesync.errors import BadSetting
from gradesync.models import CourseSync, SyncDefaults
from gradesync.rulebook import around
from gradesync.screens.defaults_form import DefaultsForm, version
from gradesync.selectors.district import figures, obstacles
from integration.account.gate import actor, district_form, district_page, to
from integration.connections import canvas_client
from integration.errors import QSyncError
from integration.models import AuditEvent, District

ACCOUNT = SyncDefaults.Where.ACCOUNT
PAGE = "grades"


@district_page
def show_levels(request: Any) -> HttpResponse:
    """How grades go in the whole district, what holds them back, and what each level has chosen."""
    levels = SyncDefaults.objects.filter(district=request.district)
    chosen = [one for one in levels.order_by("where", "place") if one.chosen or one.locked]
    places: dict[str, dict[str, str]] = {}
    error: QSyncError | None = None
    try:
        places = _places(request.district)
    except QSyncError as refused:
        error = refused
    context = {
        "tab": PAGE,
        "figures": figures(request.district),
        "obstacles": obstacles(request.district),
        "levels": [
            {"kept": one, "name": _name(one, places), "count": len(one.chosen)} for one in chosen
        ],
        "schools": sorted(places.get("school", {}).items(), key=lambda one: one[1]),
        "terms": sorted(places.get("term", {}).items(), key=lambda one: one[1]),
        "error": error,
    }
    return render(request, "account/grades.html", context)


def _places(district: District) -> dict[str, dict[str, str]]:
    """Sub-accounts and terms of Canvas, id to name. Raises QSyncError."""
    with closing(canvas_client(district)) as canvas:
        return {
            "school": {one.id: one.name for one in canvas.sub_accounts()},
            "term": {one.id: one.name for one in canvas.terms()},
        }


def _name(kept: SyncDefaults, places: dict[str, dict[str, str]]) -> str:
    return places.get(kept.where, {}).get(kept.place, kept.place)


@district_page
def find(request: Any) -> HttpResponse:
    """The list's choice of a school or term, as an address."""
    where, _, place = request.GET.get("level", "").partition(" ")
    if where not in SyncDefaults.Where.values or not place.isdecimal():
        return to(request, "grading:levels")
    return to(request, "grading:level", where, place)


@district_form
def choose(request: Any, where: str, place: int | str = "") -> HttpResponse:
    """One level's choices, beside what holds without them."""
    place = str(place)
    if where not in SyncDefaults.Where.values or (where == ACCOUNT) == bool(place):
        raise Http404
    district = request.district
    kept = SyncDefaults.objects.filter(district=district, where=where, place=place).first()
    kept = kept or SyncDefaults(district=district, where=where, place=place)
    level = _level(kept)
    inherited = around(kept)
    if request.method != "POST":
        return _page(request, level, DefaultsForm(kept, inherited))
    form = DefaultsForm(kept, inherited, request.POST)
    if level.doubt is not None:
        return _page(request, level, form, status=502)
    if request.POST.get("version") != version(kept):
        return _page(request, level, form, status=409)
    if not form.is_valid():
        return _page(request, level, form, status=400)
    try:
        change_defaults(
            *(district, where, place, form.chosen()),
            by=actor(request.launch),
            locked=form.locked(),
            copies_may_write=form.cleaned_data.get("copies_may_write"),
        )
    except BadSetting as error:
        form.add_error(None, str(error))
        return _page(request, level, form, status=400)
    return to(request, "grading:levels")


@dataclass(frozen=True, slots=True)
class Level:
    """An account, a school or a term. `doubt`: why nobody can say whether this Canvas has it."""

    kept: SyncDefaults
    name: str = ""
    doubt: QSyncError | None = None


def _level(kept: SyncDefaults) -> Level:
    """Raises Http404 for a school or term that this Canvas has not, and never had a choice."""
    if kept.where == ACCOUNT:
        return Level(kept)
    try:
        places = _places(kept.district)
    except QSyncError as error:
        return Level(kept, kept.place, None if kept.pk or _is_met(kept) else error)
    if not kept.pk and kept.place not in places[kept.where]:
        raise Http404
    return Level(kept, _name(kept, places))


def _is_met(kept: SyncDefaults) -> bool:
    """Is a course known that lies in this school or term?"""
    courses = CourseSync.objects.filter(district=kept.district)
    if kept.where == SyncDefaults.Where.TERM:
        return courses.filter(term_id=kept.place).exists()
    schools = courses.values_list("account_ids", flat=True).iterator()
    return any(kept.place in one for one in schools)


def _page(request: Any, level: Level, form: DefaultsForm, status: int = 200) -> HttpResponse:
    kept = level.kept
    subject = f"{kept.where} {kept.place}".strip()
    events = AuditEvent.objects.filter(
        district=request.district.slug, action="grades.settings", subject=subject
    )
    context = {
        "tab": PAGE,
        "kept": kept,
        "name": level.name,
        "doubt": level.doubt,
        "form": form,
        "sets": form.sets(),
        "version": version(kept),
        "is_conflict": status == 409,
        "last": events.order_by("-pk").first(),
    }
    return render(request, "account/grades_level.html", context, status=status)

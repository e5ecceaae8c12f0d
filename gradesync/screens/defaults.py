"""Grade passback for many courses at once: what the account, a school or a term chooses."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from gradesync.actions.settings import change_defaults
from gradesync.errors import BadSetting
from gradesync.models import SyncDefaults
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
    inherited = around(kept)
    if request.method != "POST":
        return _page(request, kept, DefaultsForm(kept, inherited))
    form = DefaultsForm(kept, inherited, request.POST)
    if request.POST.get("version") != version(kept):
        return _page(request, kept, form, status=409)
    if not form.is_valid():
        return _page(request, kept, form, status=400)
    try:
        change_defaults(
            *(district, where, place, form.chosen()),
            by=actor(request.launch),
            locked=form.locked(),
            copies_may_write=form.cleaned_data.get("copies_may_write"),
        )
    except BadSetting as error:
        form.add_error(None, str(error))
        return _page(request, kept, form, status=400)
    return to(request, "grading:levels")


def _page(request: Any, kept: SyncDefaults, form: DefaultsForm, status: int = 200) -> HttpResponse:
    subject = f"{kept.where} {kept.place}".strip()
    events = AuditEvent.objects.filter(
        district=request.district.slug, action="grades.settings", subject=subject
    )
    context = {
        "tab": PAGE,
        "kept": kept,
        "name": _named(request.district, kept),
        "form": form,
        "sets": form.sets(),
        "version": version(kept),
        "is_conflict": status == 409,
        "last": events.order_by("-pk").first(),
    }
    return render(request, "account/grades_level.html", context, status=status)


def _named(district: District, kept: SyncDefaults) -> str:
    if kept.where == ACCOUNT:
        return ""
    try:
        return _name(kept, _places(district))
    except QSyncError:
        return kept.place

"""Mapping rules, limits and the schedule: shown, previewed on real records, saved."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from integration import alerts, schedule
from integration.account.gate import actor, district_action, district_page, to
from integration.account.screens.rules_forms import (
    CHOSEN,
    LABELS,
    PauseForm,
    RecipientForm,
    RulesForm,
    ScheduleForm,
    WindowForm,
)
from integration.connections import q_client
from integration.errors import QSyncError
from integration.models import AuditEvent, District, ProvisioningPolicy, Recipient
from integration.nights import Blackout, Rollover
from integration.policies import change_policy, rules
from integration.provisioning.plan import rules_of
from integration.provisioning.rule_preview import Preview, preview
from integration.provisioning.school_years import suggestions
from integration.schedule import ScheduleRefused, Wish, window_of

# Rules that name things in Canvas: they are shown on real records before they are saved.
NAMING = frozenset({"user_sis_id", "sis_id_prefix"})
MOST_SHOWN = 20
WINDOWS = {"blackout": Blackout, "rollover": Rollover}


@district_page
def show(request: Any) -> HttpResponse:
    """The rules as they are, and the schedule."""
    return _page(request)


def _policy(district: District) -> ProvisioningPolicy:
    policy, _made = ProvisioningPolicy.objects.get_or_create(district=district)
    policy.district = district
    return policy


def _page(request: Any, *, status: int = 200, **given: Any) -> HttpResponse:
    policy = _policy(request.district)
    at = {"is_automatic": policy.is_automatic, "at": f"{policy.night_at:%H:%M}"}
    context = {
        "tab": "rules",
        "form": RulesForm(instance=policy),
        "schedule": ScheduleForm(initial=at | {"time_zone": request.district.time_zone}),
        "pause": PauseForm(auto_id="pause_%s"),
        "window": WindowForm(auto_id="window_%s"),
        "recipient": RecipientForm(auto_id="recipient_%s"),
        "recipients": request.district.recipients.order_by("address"),
        "unsent": alerts.unsent(request.district)[:5],
        "windows": _windows(policy),
        "district": request.district,
        "next": _next(policy),
        "schools": len(policy.schools),
    }
    return render(request, "account/rules.html", context | given, status=status)


def _next(policy: ProvisioningPolicy) -> Any:
    try:
        return schedule.tonight_of(policy, timezone.now())
    except ScheduleRefused:
        return None


def _windows(policy: ProvisioningPolicy) -> list[dict[str, Any]]:
    return [
        {**one, "sort": sort, "number": number}
        for sort, stored in (("blackout", policy.blackouts), ("rollover", policy.rollovers))
        for number, one in enumerate(stored)
    ]


@district_action
def save(request: Any) -> HttpResponse:
    """Save rules and limits. New names for things are shown on real records first."""
    policy = _policy(request.district)
    was = rules(policy)
    form = RulesForm(request.POST, instance=policy)
    if not form.is_valid():
        return _page(request, form=form, status=400)
    wanted = {name: form.cleaned_data[name] for name in CHOSEN}
    names_differ = any(was[name] != wanted[name] for name in NAMING)
    if names_differ and request.POST.get("seen") != "1":
        return _previewed(request, form, was, wanted)
    try:
        change_policy(request.district, wanted, actor=actor(request.launch))
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, form=form, status=400)
    return to(request, "account:rules")


def _previewed(
    request: Any, form: RulesForm, was: dict[str, Any], wanted: dict[str, Any]
) -> HttpResponse:
    zone = request.district.time_zone
    shown: Preview | None = None
    error: QSyncError | None = None
    try:
        with q_client(request.district, is_hurried=True) as q:
            now, then = (rules_of(ProvisioningPolicy(**values), zone) for values in (was, wanted))
            shown = preview(q, now, then)
    except QSyncError as failed:
        error = failed
    changed = {name: (was[name], wanted[name]) for name in CHOSEN if was[name] != wanted[name]}
    context = {
        "tab": "rules",
        "form": form,
        "preview": shown,
        "differences": shown.differences[:MOST_SHOWN] if shown else [],
        "collisions": shown.collisions[:MOST_SHOWN] if shown else [],
        "error": error,
        "changed": [(LABELS[name], *values) for name, values in changed.items()],
        "posted": [(name, request.POST[name]) for name in CHOSEN if name in request.POST],
    }
    return render(request, "account/rules_preview.html", context)


@district_action
def save_schedule(request: Any) -> HttpResponse:
    """When nights begin, by which clock."""
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        return _page(request, schedule=form, status=400)
    given = form.cleaned_data
    district, by = request.district, actor(request.launch)
    try:
        _set_time_zone(district, given["time_zone"], by)
        wish = Wish(at=given["at"], is_automatic=given["is_automatic"])
        schedule.change(district=district, wish=wish, by=by)
    except ValidationError as error:
        form.add_error("time_zone", error.messages)
        return _page(request, schedule=form, status=400)
    except ScheduleRefused as error:
        form.add_error(None, f"{error} {error.remedy}")
        return _page(request, schedule=form, status=400)
    return to(request, "account:rules")


def _set_time_zone(district: District, name: str, by: str) -> None:
    """Raises ValidationError."""
    was = district.time_zone
    if name == was:
        return
    district.time_zone = name
    try:
        district.full_clean()
    except ValidationError as error:
        district.time_zone = was
        raise ValidationError(error.message_dict.get("time_zone", error.messages)) from error
    district.save(update_fields=["time_zone"])
    AuditEvent.objects.create(
        district=district.slug,
        actor=by,
        action="district.changed",
        subject=district.slug,
        before={"time_zone": was},
        after={"time_zone": name},
    )


@district_action
def pause(request: Any) -> HttpResponse:
    """Let nothing begin or go on, with a reason; or let it."""
    reason = ""
    if request.POST.get("what") != "resume":
        form = PauseForm(request.POST, auto_id="pause_%s")
        if not form.is_valid():
            return _page(request, pause=form, status=400)
        reason = form.cleaned_data["reason"]
    schedule.change(district=request.district, wish=Wish(pause=reason), by=actor(request.launch))
    return to(request, "account:rules")


@district_action
def add_window(request: Any) -> HttpResponse:
    """A blackout or a rollover."""
    form = WindowForm(request.POST, auto_id="window_%s")
    if not form.is_valid():
        return _page(request, window=form, status=400)
    given = form.cleaned_data
    sort = WINDOWS[given["sort"]]
    try:
        window: Any = window_of(sort, f"{given['first']}", f"{given['last']}", given["reason"])
        wish = Wish(add=(window,)) if sort is Blackout else Wish(add_rollovers=(window,))
        schedule.change(district=request.district, wish=wish, by=actor(request.launch))
    except ScheduleRefused as error:
        form.add_error("last", f"{error}")
        return _page(request, window=form, status=400)
    return to(request, "account:rules")


@district_action
def drop_window(request: Any) -> HttpResponse:
    """Take a window away; the others stay as they are."""
    policy = _policy(request.district)
    post = {name: request.POST.get(name, "") for name in ("sort", "from", "until", "reason")}

    def others(stored: list[dict[str, str]]) -> list[dict[str, str]]:
        return [one for one in stored if any(one[name] != post[name] for name in one)]

    blackouts, rollovers = policy.blackouts, policy.rollovers
    if post["sort"] == "blackout":
        wish = Wish(clear=True, add=schedule.blackouts_of(others(blackouts)))
    else:
        wish = Wish(clear_rollovers=True, add_rollovers=schedule.rollovers_of(others(rollovers)))
    schedule.change(district=request.district, wish=wish, by=actor(request.launch))
    return to(request, "account:rules")


@district_action
def add_recipient(request: Any) -> HttpResponse:
    """Tell somebody by mail."""
    form = RecipientForm(
        request.POST, instance=Recipient(district=request.district), auto_id="recipient_%s"
    )
    if not form.is_valid():
        return _page(request, recipient=form, status=400)
    address = form.cleaned_data["address"]
    if request.district.recipients.filter(address__iexact=address).exists():
        form.add_error("address", _("This address is told already."))
        return _page(request, recipient=form, status=400)
    with transaction.atomic():
        form.save()
        _audit_recipient(request, before={}, after={"address": address})
    return to(request, "account:rules")


@district_action
def drop_recipient(request: Any) -> HttpResponse:
    """Tell them no more."""
    address = request.POST.get("address", "")
    with transaction.atomic():
        if request.district.recipients.filter(address=address).delete()[0]:
            _audit_recipient(request, before={"address": address}, after={})
    return to(request, "account:rules")


def _audit_recipient(request: Any, *, before: dict[str, str], after: dict[str, str]) -> None:
    AuditEvent.objects.create(
        district=request.district.slug,
        actor=actor(request.launch),
        action="recipients.changed",
        subject=request.district.slug,
        before=before,
        after=after,
    )


@district_action
def suggest(request: Any) -> HttpResponse:
    """Windows that would suit Q's own school years; each can be added with a press."""
    try:
        with q_client(request.district, is_hurried=True) as q:
            sessions = [one for page in q.read("academicSessions") for one in page.records]
        today: date = timezone.now().astimezone(ZoneInfo(request.district.time_zone)).date()
        return _page(request, suggested=suggestions(sessions, today), asked=True)
    except QSyncError as error:
        return _page(request, refused=error, status=502)

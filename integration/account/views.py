"""Account screens: the overview, and the claim of an installation that is nobody's yet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from integration import claiming
from integration.account import overview
from integration.account.gate import sees_all, show_tabs
from integration.alerts import tell_operator
from integration.claiming import ClaimRefused
from integration.models import District, IntegrationRequest
from integration.saying import said
from lti import sessions
from lti.audience import require_launch
from lti.claims import ACCOUNT
from lti.roles import ACCOUNT_MANAGE, ACCOUNT_OPEN


class CodeForm(forms.Form):
    """The one-time code of a district that is set up already."""

    code = forms.CharField(
        label=_("Claim code"),
        max_length=100,
        help_text=_("Whoever runs Q Sync makes one for a district that is set up already."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class NewForm(forms.Form):
    """A district that nobody has set up yet."""

    name = forms.CharField(
        label=_("Name of the district"),
        max_length=255,
        widget=forms.TextInput({"autocomplete": "organization"}),
    )


class RequestForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who asks for the integration, and what is in use now."""

    class Meta:
        model = IntegrationRequest
        fields = ("contact", "address", "institution", "in_use")
        labels = {
            "contact": _("Your name"),
            "address": _("Your mail address"),
            "institution": _("Institution"),
            "in_use": _("SIS or integration in use now"),
        }


@require_launch(placement=ACCOUNT, right=ACCOUNT_OPEN)
@require_safe
def show_overview(request: Any) -> HttpResponse:
    """The whole district for a root admin in the root account; else the launched sub-tree."""
    launch = request.launch
    district: District = request.district
    if sees_all(launch):
        show_tabs(request)
    shown = (
        overview.of_district(district)
        if sees_all(launch)
        else overview.of_sub_account(district, launch.account_sis_id)
    )
    return render(
        request,
        "account/overview.html",
        {"overview": shown, "tab": "overview", "may_manage": ACCOUNT_MANAGE in launch.rights},
    )


@require_launch(placement=ACCOUNT, right=ACCOUNT_MANAGE, fresh=True, needs_district=False)
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: Any) -> HttpResponse:
    """Say which district this installation is for. Shows no district's name before it is."""
    if request.district is not None:
        return _to_overview(request)
    deployment, name = request.launch_session.deployment, request.launch.platform_name
    shown: dict[str, Any] = {
        "code": CodeForm(),
        "new": NewForm(initial={"name": name}),
        "ask": RequestForm(initial={"institution": name}),
    }
    if request.method == "POST":
        how = request.POST.get("how", "")
        if how in shown:
            shown[how] = type(shown[how])(request.POST)
        try:
            if how not in shown or shown[how].is_valid():
                return _taken(request, how, shown.get(how))
        except ClaimRefused as error:
            if error.field:
                shown[how].add_error(error.field, f"{said(error)} {said(error.remedy)}")
            else:
                shown["refused"] = error
    shown["may_go_on"] = claiming.earlier(deployment) is not None
    shown["may_be_new"] = not claiming.of_same_canvas(deployment).exists()
    status = 400 if request.method == "POST" else 200
    return render(request, "account/claim.html", shown, status=status)


def _taken(request: Any, how: str, form: Any) -> HttpResponse:
    """One of the ways, and where it leads. Raises ClaimRefused."""
    launch, deployment = request.launch, request.launch_session.deployment
    match how:
        case "ask":
            return _asked_for(request, deployment, form)
        case "code":
            code = form.cleaned_data["code"]
            claiming.with_code(deployment=deployment, code=code, by=launch.actor)
        case "again":
            claiming.again(deployment=deployment, by=launch.actor)
        case "new":
            name = form.cleaned_data["name"]
            claiming.as_new(deployment=deployment, name=name, launch=launch, by=launch.actor)
        case _:
            raise ClaimRefused(
                "None of the ways was chosen.", remedy="Choose one of those on this page."
            )
    return _to_overview(request)


def _asked_for(request: Any, deployment: Any, form: RequestForm) -> HttpResponse:
    """Keep a request for the integration, and tell the operator of it by mail."""
    asked = form.save(commit=False)
    asked.deployment = deployment
    asked.canvas = ", ".join(deployment.hosts)[:255] or deployment.platform.issuer
    asked.save()
    tell_operator(
        f"request {asked.pk}",
        f"{asked.institution} asks for Q Sync",
        f"{asked.contact} <{asked.address}>\nInstitution: {asked.institution}\n"
        f"In use now: {asked.in_use or 'not said'}\nCanvas: {asked.canvas}\n\n"
        "Connect the district, then answer with its claim code: manage.py invite SLUG",
    )
    return render(request, "account/requested.html", {"asked": asked})


def _to_overview(request: Any) -> HttpResponse:
    return HttpResponseRedirect(
        sessions.url(request.launch_session, "account:overview"), status=303
    )

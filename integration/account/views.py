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
from lti import sessions
from lti.audience import require_launch
from lti.claims import ACCOUNT
from lti.roles import ACCOUNT_MANAGE, ACCOUNT_OPEN


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
    deployment = request.launch_session.deployment
    refused: ClaimRefused | None = None
    if request.method == "POST":
        try:
            if request.POST.get("how") == "request":
                return _asked_for(request, deployment)
            _claim(request)
            return _to_overview(request)
        except ClaimRefused as error:
            refused = error
    installed_before = claiming.of_same_canvas(deployment).exists()
    return render(
        request,
        "account/claim.html",
        {
            "refused": refused,
            "may_go_on": claiming.earlier(deployment) is not None,
            "may_be_new": not installed_before,
            "name": request.launch.platform_name,
            "request_form": RequestForm(initial={"institution": request.launch.platform_name}),
        },
        status=400 if refused else 200,
    )


def _asked_for(request: Any, deployment: Any) -> HttpResponse:
    """Keep a request for the integration, and tell the operator of it by mail."""
    form = RequestForm(request.POST)
    if not form.is_valid():
        context = {"request_form": form, "may_be_new": False, "may_go_on": False, "refused": None}
        return render(request, "account/claim.html", context, status=400)
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


def _claim(request: Any) -> District:
    """Raises ClaimRefused."""
    launch, deployment = request.launch, request.launch_session.deployment
    match request.POST.get("how", ""):
        case "code":
            code = request.POST.get("code", "")[:100]
            return claiming.with_code(deployment=deployment, code=code, by=launch.actor)
        case "again":
            return claiming.again(deployment=deployment, by=launch.actor)
        case "new":
            name = request.POST.get("name", "")
            return claiming.as_new(deployment=deployment, name=name, launch=launch, by=launch.actor)
        case _:
            raise ClaimRefused("Choose one of the ways.", remedy="See the page.")


def _to_overview(request: Any) -> HttpResponse:
    return HttpResponseRedirect(
        sessions.url(request.launch_session, "account:overview"), status=303
    )

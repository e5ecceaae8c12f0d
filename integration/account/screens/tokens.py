"""Tokens of the API: who has one, what it may do; made and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integration import tokens
from integration.account.gate import actor, district_action, district_page, to
from integration.models import ApiToken


class TokenForm(forms.Form):
    """A name for people, what it may do, and for how long."""

    name = forms.CharField(label=_("For which program"), max_length=100)
    rights = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(one.value, _(one.label)) for one in ApiToken.Right],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Days until it ends"),
        min_value=1,
        max_value=tokens.LONGEST.days,
        initial=tokens.USUAL_DAYS,
    )


@district_page
def show(request: Any) -> HttpResponse:
    """Every token of the district, newest first; never its secret."""
    return _page(request, TokenForm())


def _page(request: Any, form: TokenForm, *, secret: str = "", status: int = 200) -> HttpResponse:
    context = {
        "tab": "connections",
        "tokens": request.district.api_tokens.order_by("-pk")[:100],
        "form": form,
        "secret": secret,
        "now": timezone.now(),
    }
    return render(request, "account/tokens.html", context, status=status)


@district_action
def make(request: Any) -> HttpResponse:
    """A new token; its secret is on this one answer and nowhere else."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    given = form.cleaned_data
    try:
        secret, _token = tokens.make(
            district=request.district,
            name=given["name"],
            rights=given["rights"],
            life=timedelta(days=given["days"]),
            by=actor(request.launch),
        )
    except tokens.TokenNotMade as error:
        form.add_error("name", f"{error}")
        return _page(request, form, status=400)
    return _page(request, TokenForm(), secret=secret)


@district_action
def revoke(request: Any, token_id: int) -> HttpResponse:
    """Take one back, at once and for good."""
    token = request.district.api_tokens.filter(pk=token_id).first()
    if token is None:
        raise Http404
    tokens.revoke(token, by=actor(request.launch))
    return to(request, "account:tokens")

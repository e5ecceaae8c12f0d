"""The page of a one-time link: Q's administrator types the credentials in, outside Canvas.

Opening it changes nothing, so a link scanner cannot use it up; whoever sends the form knows the
word that was told by phone. A link that is used, late, cancelled or unknown looks like any other.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integration import invitations
from integration.account.screens.connections import QForm, status_of, tried
from integration.checking import check_now
from integration.connecting import ConnectionRefused, fill, save
from integration.errors import QSyncError
from integration.models import Invitation, QConnection
from lti import audience

CREDENTIALS = Invitation.Purpose.CREDENTIALS


class InvitedForm(QForm):
    """Q's address, key and secret, and the word that was told by phone."""

    word = forms.CharField(
        label=_("6-digit code"),
        max_length=20,
        help_text=_("You were told it by phone."),
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    field_order = ("word", "base_url", "key", "secret", "auth", "token_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("service", "page_size", "concurrency"):
            del self.fields[name]


@audience.public
@csrf_exempt  # There is no session; what is posted counts only with the link and the word.
@require_http_methods(["GET", "HEAD", "POST"])
def credentials(request: HttpRequest, code: str) -> HttpResponse:
    invitation = invitations.find(code, CREDENTIALS)
    if invitation is None or invitation.district is None:
        return audience.by_address(render(request, "invited/closed.html", status=404))
    if request.method != "POST":
        if request.method == "GET" and invitation.opened_at is None:
            Invitation.objects.filter(pk=invitation.pk).update(opened_at=timezone.now())
        return _page(request, invitation, InvitedForm(initial={"auth": "oauth2"}))
    form = InvitedForm(request.POST)
    if not form.is_valid():
        return _page(request, invitation, form)
    if not invitations.knows_word(invitation, code, form.cleaned_data.pop("word")):
        if invitations.find(code, CREDENTIALS) is None:
            return audience.by_address(render(request, "invited/closed.html", status=404))
        form.add_error("word", gettext("This is not the code. After five tries the link is shut."))
        return _page(request, invitation, form)
    return _taken(request, invitation, code, form)


def _taken(
    request: HttpRequest, invitation: Invitation, code: str, form: InvitedForm
) -> HttpResponse:
    district = invitation.district
    assert district is not None
    row = QConnection.objects.filter(district=district).first() or QConnection(district=district)
    try:
        fill(row, form.values())
    except ConnectionRefused as error:
        form.add_error(error.field if error.field in form.fields else None, f"{error}")
        return _page(request, invitation, form)
    if (failed := tried(row)) is not None:
        return _page(request, invitation, form, failed=failed)
    by = f"Invited by {invitation.made_by}"[:255]
    with transaction.atomic():
        # Of two who send it at once, one is too late.
        if not invitations.redeem(code, CREDENTIALS, by=by):
            return audience.by_address(render(request, "invited/closed.html", status=404))
        kept = QConnection.objects.filter(district=district).first()
        save(kept or QConnection(district=district), form.values(), by=by)
        check_now(district, by=by, is_changed=True)
    return audience.by_address(render(request, "invited/done.html", {"invitation": invitation}))


def _page(
    request: HttpRequest,
    invitation: Invitation,
    form: InvitedForm,
    failed: QSyncError | None = None,
) -> HttpResponse:
    status = status_of(failed) if form.errors or failed else 200
    context = {
        "invitation": invitation,
        "form": form,
        "host": request.get_host(),
        "failed": failed,
    }
    return audience.by_address(render(request, "invited/form.html", context, status=status))

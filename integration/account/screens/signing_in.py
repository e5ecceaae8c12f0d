"""Connect Canvas by OAuth 2: the form in the frame, the tab of its own, and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from integration import consent
from integration.account.gate import actor, district_form, district_page
from integration.account.screens.connections import ConnectForm
from integration.canvas.scopes import SCOPES
from integration.connecting import ConnectionRefused
from integration.consent import ConsentRefused, Key
from integration.models import CanvasConnection
from lti import audience

# The tab's own cookie: not in a frame, so an ordinary one; it has to come back from Canvas.
COOKIE = "__Host-qsync-consent"
SECONDS = int(consent.LIFE.total_seconds())


class KeyForm(ConnectForm):
    """An API developer key of this Canvas."""

    secrets = ("client_secret",)

    base_url = forms.URLField(label=_("Address of Canvas"), assume_scheme="https", max_length=500)
    root_account_id = forms.RegexField(
        r"^(self|\d{1,20})$", label=_("Number of the root account"), initial="self"
    )
    client_id = forms.RegexField(
        r"^\d{1,30}$",
        label=_("ID of the developer key"),
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
    )
    client_secret = forms.CharField(
        label=_("Its key"),
        max_length=500,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    asks_for_scopes = forms.BooleanField(
        label=_("The key enforces scopes"), required=False, initial=True
    )


@district_form
def sign_in(request: Any) -> HttpResponse:
    """Type the developer key in; then a button opens Canvas in a tab of its own."""
    row = CanvasConnection.objects.filter(district=request.district).first()
    hosts = request.launch_session.deployment.hosts
    address = row.base_url if row else (f"https://{hosts[0]}" if hosts else "")
    initial = {
        "base_url": address,
        "root_account_id": row.root_account_id if row else "self",
        "client_id": row.client_id if row else "",
        "asks_for_scopes": True,
    }
    form = KeyForm(request.POST or None, initial=initial, has_secrets=_has_secret(row))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        given["client_secret"] = given["client_secret"] or (row.client_secret if row else "")
        try:
            by = actor(request.launch)
            word = consent.begin(request.district, request.launch_session, Key(**given), by=by)
            context = {"tab": "connections", "word": word, "minutes": SECONDS // 60}
            return render(request, "account/to_canvas.html", context)
        except ConnectionRefused as error:
            name = error.field if error.field in form.fields else None
            form.add_error(name, f"{error} {error.remedy}")
    context = {
        "tab": "connections",
        "form": form,
        "callback": consent.callback(),
        "scopes": SCOPES,
    }
    return render(request, "account/sign_in.html", context, status=400 if form.errors else 200)


def _has_secret(row: CanvasConnection | None) -> bool:
    return bool(row and row.sealed_client_secret)


@district_page
def waiting(request: Any) -> HttpResponse:
    """What became of the last sign-in that was begun; the page in the frame asks by itself."""
    last = request.district.consents.order_by("-pk").first()
    is_tested = not request.district.checks.filter(ended_at=None).exists()
    is_over = last is not None and last.ended_at is not None and is_tested
    # 286 tells htmx to ask no more.
    status = 286 if is_over and request.headers.get("HX-Request") else 200
    return render(request, "account/_consent.html", {"consent": last}, status=status)


@audience.public
@csrf_exempt  # The one-time word is what a token would be.
@require_POST
def open_tab(request: HttpRequest) -> HttpResponse:
    """The tab of its own: give it a cookie, and send it to Canvas."""
    opened = consent.open_tab(request.POST.get("word", "")[:64])
    if opened is None:
        refused = ConsentRefused("This button was pressed before, or it is ten minutes old.")
        return _told(request, refused)
    url, browser = opened
    # Not a redirect: form-action would hold it, and every redirect after it (Canvas's own sign-in
    # may lead to a district's identity provider), to our own site.
    answer = render(request, "account/on_to_canvas.html", {"url": url})
    answer.set_cookie(
        COOKIE, browser, max_age=SECONDS, path="/", secure=True, httponly=True, samesite="Lax"
    )
    answer["Cache-Control"] = "no-store"
    return answer


@audience.public
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Canvas sends the tab back with a code, or with a reason why not."""
    asked = request.GET
    try:
        ended = consent.answered(
            state=asked.get("state", "")[:64],
            browser=request.COOKIES.get(COOKIE, "")[:64],
            code=asked.get("code", "")[:500],
            error=asked.get("error", ""),
        )
    except ConsentRefused as refused:
        return _told(request, refused)
    answer = render(
        request,
        "account/from_canvas.html",
        {"consent": ended},
        status=400 if ended.error else 200,
    )
    answer.delete_cookie(COOKIE, path="/", samesite="Lax")
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _told(request: HttpRequest, refused: ConsentRefused) -> HttpResponse:
    context = {"consent": {"error": refused.as_dict()}}
    answer = render(request, "account/from_canvas.html", context, status=400)
    answer["Cache-Control"] = "no-store"
    return answer

"""Connect Q and Canvas, and try both."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integration import invitations
from integration.account.gate import actor, district_action, district_form, district_page, to
from integration.checking import TooManyTrials, check_now, count_trial
from integration.connecting import ConnectionRefused, compare_canvas, fill, save
from integration.connections import canvas_client_of, q_client_of
from integration.errors import QSyncError
from integration.models import CanvasConnection, District, Invitation, QConnection
from integration.oneroster.transport import error_for
from lti.own_urls import absolute

CREDENTIALS = Invitation.Purpose.CREDENTIALS
# As a person reads them; the names are those of QConnection.
AUTHS = {
    "oauth2": "OAuth 2.0",
    "oauth1-sha256": "OAuth 1.0a, HMAC-SHA256",
    "oauth1-sha1": "OAuth 1.0a, HMAC-SHA1",
    "bearer": _("A token that does not expire, as the secret"),
}
WRONG_KEY_OR_ADDRESS = (200, 401, 404)
SERVICES = {"bulk": _("The whole district at once"), "school": _("School by school")}
LONGEST_LIFE = timedelta(days=3653)
_HIDDEN = {"autocomplete": "off", "spellcheck": "false"}


class ConnectForm(forms.Form):
    """A connection's fields; a secret that is there already may be left blank."""

    secrets: tuple[str, ...] = ()

    def __init__(self, *args: Any, has_secrets: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            self.fields[name].required = not has_secrets
            if has_secrets:
                self.fields[name].help_text = _("It is set. Leave it blank to keep it.")

    def values(self) -> dict[str, Any]:
        """What is to be saved: a blank secret keeps what is there."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if not (name in self.secrets and not value)
        }


class QForm(ConnectForm):
    """How Q is reached."""

    secrets = ("key", "secret")

    base_url = forms.URLField(
        label=_("Address of Q’s OneRoster service"),
        assume_scheme="https",
        max_length=500,
        help_text=_("As Q’s administrator gives it; it ends in /ims/oneroster/v1p1."),
    )
    key = forms.CharField(label=_("Client key"), max_length=500, widget=forms.TextInput(_HIDDEN))
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    auth = forms.ChoiceField(
        label=_("Kind of sign-in"),
        choices=list(AUTHS.items()),
    )
    token_url = forms.URLField(
        label=_("Token address"),
        assume_scheme="https",
        max_length=500,
        required=False,
        help_text=_("Only for OAuth 2.0, and only where Q’s administrator gives one."),
    )
    service = forms.ChoiceField(
        label=_("What is read"),
        choices=list(SERVICES.items()),
    )
    page_size = forms.IntegerField(label=_("Records a page"), min_value=1, max_value=50_000)
    concurrency = forms.IntegerField(label=_("Requests at a time"), min_value=1, max_value=16)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("auth") == QConnection.Auth.BEARER:
            self.fields["key"].required = False  # such a provider gives none


class CanvasForm(ConnectForm):
    """How Canvas is reached by an access token."""

    secrets = ("access_token",)

    base_url = forms.URLField(label=_("Address of Canvas"), assume_scheme="https", max_length=500)
    root_account_id = forms.RegexField(
        r"^(self|\d{1,20})$",
        label=_("Number of the root account"),
        help_text=_("“self” where the token’s user belongs to the root account."),
    )
    access_token = forms.CharField(
        label=_("Access token"),
        max_length=500,
        help_text=_("Of a service account that may import SIS data and read it."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    access_token_ends_on = forms.DateField(
        label=_("The token’s last day"),
        required=False,
        help_text=_("As Canvas shows it beside the token; blank where it does not end."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_access_token_ends_on(self) -> date | None:
        """Raises ValidationError for a day that is over, or further away than any token lives."""
        ends: date | None = self.cleaned_data["access_token_ends_on"]
        today = timezone.now().date()
        if ends and ends < today - timedelta(days=1):
            raise forms.ValidationError(_("This day is over. Make a new token in Canvas."))
        if ends and ends > today + LONGEST_LIFE:
            raise forms.ValidationError(_("This is more than ten years away. Check the year."))
        return ends


class CheckForm(forms.Form):
    """What a test may write in, if anything."""

    test_class = forms.CharField(
        label=_("Class for a write test (optional)"),
        required=False,
        max_length=255,
        widget=forms.TextInput(_HIDDEN | {"placeholder": "sourcedId"}),
    )


@district_page
def show(request: Any) -> HttpResponse:
    """Both connections, and the last trial of them."""
    return _shown(request)


def _shown(
    request: Any, refused: QSyncError | None = None, test: CheckForm | None = None
) -> HttpResponse:
    district = request.district
    context = {
        "tab": "connections",
        "q": _row(QConnection, district),
        "auths": AUTHS,
        "services": SERVICES,
        "canvas": _row(CanvasConnection, district),
        "check": district.checks.order_by("-pk").first(),
        "invitation": district.invitations.filter(purpose=CREDENTIALS).order_by("-pk").first(),
        "now": timezone.now(),
        "most_tries": invitations.MOST_TRIES,
        "refused": refused,
        "test": test or CheckForm(),
    }
    if not request.headers.get("HX-Request"):
        status = 429 if refused else 400 if test else 200
        return render(request, "account/connections.html", context, status=status)
    if context["check"] is None or context["check"].ended_at:
        # It has ended since: what comes next is another thing, too.
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "account/_check.html", context)


def _row(model: Any, district: District) -> Any:
    return model.objects.filter(district=district).first()


@district_form
def q(request: Any) -> HttpResponse:
    """Q's address, key and secret. New ones are tried first: the old ones hold until they work."""
    row = _row(QConnection, request.district) or QConnection(district=request.district)
    initial = {name: getattr(row, name) for name in QForm.base_fields if name not in QForm.secrets}
    return _form(request, row, QForm, initial, "account/connect_q.html")


@district_form
def canvas(request: Any) -> HttpResponse:
    """Canvas's address and an access token."""
    row = _row(CanvasConnection, request.district)
    hosts = request.launch_session.deployment.hosts
    row = row or CanvasConnection(
        district=request.district, base_url=f"https://{hosts[0]}" if hosts else ""
    )
    initial = {
        name: getattr(row, name)
        for name in CanvasForm.base_fields
        if name not in CanvasForm.secrets
    }
    return _form(request, row, CanvasForm, initial, "account/connect_canvas.html")


def _form(
    request: Any, row: Any, form_class: type[ConnectForm], initial: Any, template: str
) -> HttpResponse:
    has_secrets = bool(row.pk and getattr(row, f"sealed_{form_class.secrets[-1]}"))
    form = form_class(request.POST or None, initial=initial, has_secrets=has_secrets)
    failed: QSyncError | None = None
    if request.method == "POST" and form.is_valid():
        values, anyway = form.values(), request.POST.get("anyway") == "1"
        try:
            fill(row, values)
            failed = tried(row, is_asked=not anyway)
            if failed is None:
                row.refresh_from_db() if row.pk else None
                save(row, values, by=actor(request.launch))
                return _saved(request, row)
        except ConnectionRefused as error:
            name = error.field if error.field in form.fields else None
            form.add_error(name, f"{error} {error.remedy}")
    bad = bool(form.errors or failed)
    context = {"tab": "connections", "form": form, "failed": failed, "is_new": row.pk is None}
    return render(request, template, context, status=status_of(failed) if bad else 200)


def tried(row: QConnection | CanvasConnection, *, is_asked: bool = True) -> QSyncError | None:
    """Sign in with what was typed; what went wrong, if anything."""
    try:
        count_trial(row.district)
        if not is_asked:
            return None
        if isinstance(row, QConnection):
            return _of_q(row)
        with canvas_client_of(row) as canvas_:
            canvas_.account()
    except QSyncError as error:
        return error
    return None


def _of_q(row: QConnection) -> QSyncError | None:
    """Beyond the sign-in: a signed request shows a wrong key, and a wrong address answers too."""
    with q_client_of(row, is_hurried=True) as client:
        probe = client.probe("orgs")
    if probe.is_ok or probe.status not in WRONG_KEY_OR_ADDRESS:
        return None
    what = f"GET orgs was answered with {probe.status}."
    return error_for(probe.status)(what, description=probe.description, status=probe.status)


def status_of(failed: QSyncError | None) -> int:
    """Of a form that was not taken."""
    return 429 if isinstance(failed, TooManyTrials) else 400


def _saved(request: Any, row: QConnection | CanvasConnection) -> HttpResponse:
    district, by = request.district, actor(request.launch)
    if isinstance(row, CanvasConnection):
        district.refresh_from_db()
        with suppress(QSyncError):  # saved anyway: the next run asks again before it sends
            compare_canvas(district, by=by)
    check_now(district, by=by, is_changed=True)
    return to(request, "account:connections")


@district_action
def invite(request: Any) -> HttpResponse:
    """A one-time link for Q's administrator; link and code are shown this once."""
    by = actor(request.launch)
    code, word, invitation = invitations.invite_credentials(by=by, district=request.district)
    context = {
        "tab": "connections",
        "link": absolute("credentials", code),
        "word": f"{word[:3]} {word[3:]}",
        "invitation": invitation,
    }
    return render(request, "account/invited.html", context)


@district_action
def cancel(request: Any, invitation_id: int) -> HttpResponse:
    """Close a link that was not used."""
    found = request.district.invitations.filter(pk=invitation_id, purpose=CREDENTIALS).first()
    if found is None:
        raise Http404
    invitations.cancel(found, by=actor(request.launch))
    return to(request, "account:connections")


@district_action
def check(request: Any) -> HttpResponse:
    """Try both connections now; grades are written only in a class that is named for it."""
    test = CheckForm(request.POST)
    if not test.is_valid():
        return _shown(request, test=test)
    try:
        count_trial(request.district)
    except TooManyTrials as refused:
        return _shown(request, refused)
    check_now(request.district, by=actor(request.launch), **test.cleaned_data)
    return to(request, "account:connections")

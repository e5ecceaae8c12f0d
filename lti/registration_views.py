"""The page that Canvas shows its administrator while a registration is made."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lti import audience, frames, registration
from lti.errors import RegistrationError
from lti.views import refuse


@audience.public
@csrf_exempt  # No session exists yet; the form is sealed by us, for one invite code.
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """GET shows which account is being set up; POST registers, and closes the frame."""
    try:
        if request.method == "POST":
            offer = registration.Offer.unseal(request.POST.get("registration", ""))
            registration.register(offer)
            page = render(request, "lti/registered.html")
        else:
            offer = registration.look_at(
                code=request.GET.get("invite", ""),
                openid_configuration=request.GET.get("openid_configuration", ""),
                token=request.GET.get("registration_token", ""),
            )
            page = render(
                request,
                "lti/register.html",
                {"account": offer.account, "issuer": offer.issuer, "registration": offer.seal()},
            )
    except RegistrationError as error:
        return refuse(request, error)
    page["Cache-Control"] = "no-store"
    return frames.allow(page, settings.REGISTRATION_HOSTS)

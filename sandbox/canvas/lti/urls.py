"""The platform's paths: those of Canvas for tools, and the pages people meet tools on."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas.lti import app_pages, keys, launch, pages, registration, services


def jwks(request: HttpRequest) -> HttpResponse:
    """The platform's public keys."""
    return JsonResponse(keys.jwks(), headers={"Cache-Control": "max-age=864000"})


_COURSE = "courses/<id:course_id>"
_ACCOUNT = "accounts/<id:account_id>"

urlpatterns = [
    path("api/lti/security/jwks", jwks),
    path("api/lti/security/openid-configuration", registration.openid_configuration),
    path("api/lti/authorize_redirect", launch.authorize_redirect),
    path("api/lti/authorize", launch.authorize),
    path("api/lti/registrations", registration.create),
    path("api/lti/registrations/<id:number>/view", registration.view),
    path(f"api/lti/{_COURSE}/names_and_roles", services.names_and_roles),
    path("api/lti/accounts/<id:context_id>", services.account),
    path("act-as", pages.act_as),
    path("post_message_forwarding", pages.forwarding),
    path("lti/<id:name>.js", pages.script),
    path("brand_config.json", pages.brand),
    path(f"{_COURSE}/tabs", pages.tabs),
    path(f"{_COURSE}/external_tools/<id:tool_id>", pages.course_tool),
    path(f"{_COURSE}/external_content/success/<id:kind>", pages.returned),
    path(_ACCOUNT, pages.account),
    path(f"{_ACCOUNT}/external_tools/<id:tool_id>", pages.account_tool),
    path(f"{_ACCOUNT}/external_content/success/<id:kind>", pages.returned),
    path(f"{_ACCOUNT}/apps", app_pages.apps),
    path(f"{_ACCOUNT}/apps/register", app_pages.register),
    path(f"{_ACCOUNT}/apps/install", app_pages.install),
    path(f"{_ACCOUNT}/apps/change", app_pages.change),
    path(f"{_ACCOUNT}/developer_keys", app_pages.add_key),
    path(f"{_ACCOUNT}/registrations/<id:guid>", app_pages.review),
]

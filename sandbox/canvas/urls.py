"""What the local Canvas answers, path by path."""

from django.urls import include, path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas import oauth, pages
from sandbox.canvas.api import reports

urlpatterns = [
    path("", pages.index),
    path("", include("sandbox.canvas.lti.urls")),
    path("accounts", pages.accounts),
    path("terms", pages.terms),
    path("courses", pages.courses),
    path("courses/<id:number>", pages.course),
    path("", include("sandbox.canvas.gradebook.urls")),
    path("sections/<id:number>", pages.section),
    path("users", pages.users),
    path("users/<id:number>", pages.user),
    path("logins/<id:number>", pages.login),
    path("sis_imports", pages.imports),
    path("sis_imports/<id:number>", pages.sis_import),
    path("requests", pages.requests),
    path("api/v1/", include("sandbox.canvas.api.urls")),
    path("api/", include("sandbox.canvas.api.other_urls")),
    path("login/oauth2/auth", oauth.auth),
    path("login/oauth2/token", oauth.token),
    path("files/<id:file_id>/download", reports.download),
    path("sandbox/gradebook/", include("sandbox.canvas.gradebook.control")),
    path("sandbox/", include("sandbox.canvas.control")),
    path("sandbox/lti/", include("sandbox.canvas.lti.control")),
    path("sandbox/", include("sandbox.control")),
]

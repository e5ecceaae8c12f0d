"""What the local Canvas answers, path by path."""

from django.urls import include, path

import sandbox.paths  # noqa: F401 - registers the converter `id`
from sandbox.canvas import oauth
from sandbox.canvas.api import reports

urlpatterns = [
    path("api/v1/", include("sandbox.canvas.api.urls")),
    path("login/oauth2/auth", oauth.auth),
    path("login/oauth2/token", oauth.token),
    path("files/<id:file_id>/download", reports.download),
    path("sandbox/", include("sandbox.canvas.control")),
    path("sandbox/", include("sandbox.control")),
]

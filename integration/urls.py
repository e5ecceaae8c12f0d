"""Addresses of the whole product. Each view names its audience (lti/audience.py)."""

from django.urls import include, path

from integration.installation import probe
from integration.installation.views import page
from integration.invited import credentials
from integration.views import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("lti/", include("lti.urls")),
    path("account/", include("integration.account.urls")),
    path("account/grades/", include("gradesync.account_urls")),
    path("api/", include("integration.api.urls")),
    path("invitations/<str:code>/", credentials, name="credentials"),
    path("setup/probe", probe.answer, name="install-probe"),
    path("setup/<str:word>/", page, name="install"),
    path("courses/<int:course_id>/", include("gradesync.urls")),
]
handler500 = "lti.views.server_error"

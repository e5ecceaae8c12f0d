"""What the local Q answers, path by path."""

from django.urls import include, path, re_path

from sandbox.q import api, control, oauth2

urlpatterns = [
    re_path("^ims/oneroster/v1p1(?:/.*)?$", api.answer),
    path("token", oauth2.token),
    path("sandbox/records", control.change_records),
    path("sandbox/clock", control.set_clock),
    path("sandbox/forget-tokens", control.forget_tokens),
    path("sandbox/", include("sandbox.control")),
]

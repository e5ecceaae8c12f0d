"""What the local Q answers, path by path."""

from django.urls import include, path, re_path

import sandbox.paths  # noqa: F401 - it registers <id:…>
from sandbox.q import api, control, oauth2, pages, teacher_pages

handler500 = "sandbox.q.api.broken"

urlpatterns = [
    re_path("^ims/oneroster/v1p1(?:/.*)?$", api.answer),
    path("token", oauth2.token),
    path("sandbox/records", control.change_records),
    path("sandbox/clock", control.set_clock),
    path("sandbox/forget-tokens", control.forget_tokens),
    path("sandbox/quirks", control.change_quirks),
    path("sandbox/writers", control.told_writers),
    path("sandbox/next-day", control.next_day),
    path("", pages.index, name="index"),
    path("records/<str:name>", pages.listing, name="records"),
    path("records/<str:name>/<id:sourced_id>", pages.record, name="record"),
    path("classes", teacher_pages.classes, name="classes"),
    path("classes/<id:class_id>/gradebook", teacher_pages.gradebook, name="gradebook"),
    path("lineItems/<id:line_item>/edit", teacher_pages.line_item, name="line-item"),
    path("requests", pages.requests, name="requests"),
    path("next-day", pages.next_day, name="next-day"),
    path("sandbox/", include("sandbox.control")),
]

"""Addresses of the whole product."""

from django.urls import path

from integration.views import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

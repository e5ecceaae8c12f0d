"""What the local Canvas answers, path by path."""

from django.urls import include, path

urlpatterns = [path("sandbox/", include("sandbox.control"))]

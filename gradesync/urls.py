"""Addresses below /courses/<canvas id>/."""

from django.urls import path

from gradesync import views
from gradesync.screens import about

app_name = "course"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", about.help_page, name="help"),
]

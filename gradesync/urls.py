"""Addresses below /courses/<canvas id>/."""

from django.urls import path

from gradesync import views

app_name = "course"
urlpatterns = [
    path("", views.home, name="home"),
]

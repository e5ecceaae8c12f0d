"""Addresses below /account/grades/."""

from django.urls import path

from gradesync.screens import defaults, failing, why_score

app_name = "grading"
urlpatterns = [
    path("", defaults.show_levels, name="levels"),
    path("courses/", failing.show, name="courses"),
    path("why/", why_score.show, name="why"),
    path("find/", defaults.find, name="find"),
    path("account/", defaults.choose, {"where": "account"}, name="whole"),
    path("<str:where>/<int:place>/", defaults.choose, name="level"),
]

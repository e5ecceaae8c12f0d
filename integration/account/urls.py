"""Addresses below /account/."""

from django.urls import path

from integration.account import views

app_name = "account"
urlpatterns = [
    path("", views.show_overview, name="overview"),
    path("claim/", views.claim, name="claim"),
]

"""Addresses that platforms know; they never change."""

from django.urls import path

from lti import registration_views, views

app_name = "lti"
urlpatterns = [
    path("login/", views.begin, name="login"),
    path("launch/", views.receive, name="launch"),
    path("exchange/", views.exchange, name="exchange"),
    path("arrive/", views.arrive, name="arrive"),
    path("handover/", views.take_over, name="handover"),
    path("elsewhere/", views.elsewhere, name="elsewhere"),
    path("jwks.json", views.jwks, name="jwks"),
    path("config.json", views.config, name="config"),
    path("register/", registration_views.register, name="register"),
]

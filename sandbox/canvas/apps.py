"""Django's name for the local Canvas."""

from django.apps import AppConfig


class CanvasConfig(AppConfig):
    name = "sandbox.canvas"
    label = "canvas"
    default_auto_field = "django.db.models.BigAutoField"

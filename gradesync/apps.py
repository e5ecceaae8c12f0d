from django.apps import AppConfig


class GradesyncConfig(AppConfig):
    name = "gradesync"
    verbose_name = "Grade passback"
    default_auto_field = "django.db.models.BigAutoField"

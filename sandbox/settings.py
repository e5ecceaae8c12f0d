"""Django settings of the sandbox: two apps, a database file each, nothing from the environment.

`python -m sandbox` puts the home directory in SANDBOX_HOME before Django is set up.
"""

import os
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("SANDBOX_HOME") or "var/sandbox")


def _database(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / f"{name}.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            # A lost sandbox is made again, so a crash of the machine may cost the last writes.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }


SECRET_KEY = "the sandbox holds invented data and listens on 127.0.0.1 only"
DEBUG = False
# Fronts with a certificate pass the name on that they were called by.
ALLOWED_HOSTS = ["127.0.0.1", "[::1]", ".localhost", ".test", ".example.org"]
INSTALLED_APPS = ["sandbox.q", "sandbox.canvas"]
DATABASES = {"default": {}, "q": _database("q"), "canvas": _database("canvas")}
DATABASE_ROUTERS = ["sandbox.router.OneFilePerApp"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "sandbox.middleware.choose_app_and_log",
    "sandbox.canvas.lti.session.tell_who_acts",
]
ROOT_URLCONF = "sandbox.q.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "sandbox.canvas.lti.pages.person",
            ]
        },
    }
]
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = None
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["stderr"], "level": "ERROR"}},
}

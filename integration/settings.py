"""Settings, all from the environment; the README's table lists each. Nothing else reads it.

A missing or unsafe production setting stops start-up with a sentence that says what to set.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env()

DEBUG: bool = env.bool("DEBUG", False)


def _secret(name: str, *, development: str) -> str:
    value: str = env.str(name, "")
    return _long_enough(name, value) if value or not DEBUG else development


def _long_enough(name: str, value: str) -> str:
    if len(value) < 32:
        raise ImproperlyConfigured(
            f"Set {name} to at least 32 random characters; README, section Settings, says how. "
            "For a first look on your own machine, ./run demo sets everything itself."
        )
    return value


SECRET_KEY = _secret("SECRET_KEY", development="development only, never used where DEBUG is off")
# Newest first; a ciphertext made with any of them can be read (`rotate_keys --encryption`).
ENCRYPTION_KEYS: list[str] = [
    _long_enough("ENCRYPTION_KEYS", key.strip())
    for key in _secret(
        "ENCRYPTION_KEYS", development="development only never used where DEBUG is off"
    ).split(",")
]

BASE_URL: str = env.str("BASE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1"])
ALLOW_PRIVATE_ADDRESSES: list[str] = env.list("ALLOW_PRIVATE_ADDRESSES", [])
CA_BUNDLE: str = env.str("CA_BUNDLE", "")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "lti",
    "integration",
    "gradesync",
    # After integration, whose `qcluster` command is meant.
    "django_q",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "integration.urls"
WSGI_APPLICATION = "integration.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]


def _database() -> dict[str, Any]:
    """One database, from DATABASE_URL; SQLite under var/ where none is named."""
    config: dict[str, Any] = env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{VAR_DIR / 'qsync.sqlite3'}", conn_max_age=60
    )
    if config["ENGINE"].endswith("sqlite3"):
        VAR_DIR.mkdir(exist_ok=True)
        config["CONN_MAX_AGE"] = 0
        config["OPTIONS"] = {
            # A writer that begins as a reader can fail at its first write; IMMEDIATE waits instead.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"

# The queue is a doorbell; the ledger decides what is done. `retry` is more than three times
# `timeout`, because two tasks can wait locked ahead of a slow one.
Q_CLUSTER = {
    "name": "qsync",
    "orm": "default",
    "workers": 2,
    "timeout": 600,
    "retry": 1900,
    "bulk": 1,
    "queue_limit": 1,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "recycle": 50,
    "max_rss": 600_000,
    "save_limit": 500,
    "poll": 1,
    "guard_cycle": 1,
    # Nights are kept by our own table: one bad row of django-q's would stop them all.
    "scheduler": False,
    "time_zone": "UTC",
    "label": "Background work",
}

# Districts of one hour begin spread over so many minutes, each always at its own.
NIGHT_STAGGER_MINUTES: int = env.int("NIGHT_STAGGER_MINUTES", 30)

# A run's plan, by which it can be undone, and its findings; then the summary alone.
KEEP_PLANS_DAYS: int = env.int("KEEP_PLANS_DAYS", 30)
KEEP_RUNS_DAYS: int = env.int("KEEP_RUNS_DAYS", 400)
if not 1 <= KEEP_PLANS_DAYS <= KEEP_RUNS_DAYS:
    raise ImproperlyConfigured(
        "Set KEEP_PLANS_DAYS to at least 1, and KEEP_RUNS_DAYS to no fewer days than that."
    )

LOG_FORMAT: str = env.str("LOG_FORMAT", "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "integration.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": env.log_level("LOG_LEVEL", logging.INFO)},
}

if not DEBUG:
    SECURE_CONTENT_TYPE_NOSNIFF = True
    SECURE_REFERRER_POLICY = "same-origin"

"""Settings, all from the environment; the README's table lists each. Nothing else reads it.

A missing or unsafe production setting stops start-up with a sentence that says what to set.
"""

from __future__ import annotations

import logging
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env()

DEBUG: bool = env.bool("DEBUG", False)


def _secret(name: str, *, development: str, length: int = 32) -> str:
    value: str = env.str(name, "")
    return _long_enough(name, value, length) if value or not DEBUG else development


def _long_enough(name: str, value: str, length: int = 32) -> str:
    if len(value) < length:
        raise ImproperlyConfigured(
            f"Set {name} to at least {length} random characters; README, section Settings, says "
            "how. "
            "For a first look on your own machine, ./run demo sets everything itself."
        )
    return value


def _base_url() -> str:
    """Where this product is reached; links, launches and keys are made from it, never from Host."""
    url: str = env.str("BASE_URL", "http://localhost:8000").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured("Set BASE_URL to scheme and host, as https://qsync.example.org")
    if parts.scheme == "http" and not DEBUG:
        raise ImproperlyConfigured(
            "Set BASE_URL to an https address: Canvas opens this product in a frame, and browsers "
            "keep its cookies only over https."
        )
    return url


def _hosts_of(url: str) -> list[str]:
    host = urlsplit(url).hostname or ""
    return ["localhost", "127.0.0.1", host] if DEBUG else [host]


def _trusted_proxies() -> list[str]:
    named: list[str] = env.list("TRUSTED_PROXIES", [])
    if not named and not DEBUG:
        raise ImproperlyConfigured(
            "Set TRUSTED_PROXIES to the addresses or networks of the proxy that ends TLS before "
            "this product (as 10.0.0.0/8), to unix where it speaks through a socket, or to none "
            "where there is no proxy. Only a proxy named here may say that a request came by https."
        )
    if named == ["none"]:
        return []
    for one in map(str.strip, named):
        try:
            if one != "unix":
                ip_network(one, strict=False)
        except ValueError:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES: “{one}” is neither an address, a network, unix nor none."
            ) from None
    return named


SECRET_KEY = _secret(
    "SECRET_KEY", development="development only, never used where DEBUG is off", length=50
)
# Newest first; a ciphertext made with any of them can be read (`rotate_keys --encryption`).
ENCRYPTION_KEYS: list[str] = [
    _long_enough("ENCRYPTION_KEYS", key.strip())
    for key in _secret(
        "ENCRYPTION_KEYS", development="development only never used where DEBUG is off"
    ).split(",")
]

BASE_URL: str = _base_url()
# The host of BASE_URL is always allowed; no other name is needed but in development.
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", _hosts_of(BASE_URL))
# Whose X-Forwarded-Proto is believed: addresses or networks, "unix" for a socket, or "none".
TRUSTED_PROXIES: list[str] = _trusted_proxies()
# Canvas hosts that may register this tool, and frame the page that says why a launch failed.
REGISTRATION_HOSTS: list[str] = [
    host.lower()
    for host in env.list("REGISTRATION_HOSTS", ["*.instructure.com", "*.canvaslms.com"])
]
ALLOW_PRIVATE_ADDRESSES: list[str] = env.list("ALLOW_PRIVATE_ADDRESSES", [])
CA_BUNDLE: str = env.str("CA_BUNDLE", "")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "csp",
    "lti",
    "integration",
    "gradesync",
    "rest_framework",
    "drf_spectacular",
    # After integration, whose `qcluster` command is meant.
    "django_q",
]
MIDDLEWARE = [
    "integration.proxies.TrustedProxyMiddleware",
    # Before whatever may refuse a request: also our error pages ask for the secret.
    "lti.csrf.SessionSecretMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "lti.audience.AudienceMiddleware",
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
            " PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;",
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
# In which the pages are written; a launch in another language gets the default.
LANGUAGES = [("en", "English"), ("es", "Español")]
USE_I18N = True
FORMAT_MODULE_PATH = ["integration.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
_STATIC_FILES = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {"staticfiles": {"BACKEND": _STATIC_FILES}}

# Where a launch leads: each placement's page. The one tie from the launch room upwards.
LTI_PLACEMENTS = {
    "course_navigation": "course:home",
    "post_grades": "course:home",
    "account_navigation": "account:overview",
}

# The secret lives in the launch session; Django's own session framework is not used.
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "lti.views.csrf_failed"
# Nobody frames our pages but the Canvas of a launch (lti/frames.py).
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
        # The style sheet draws the arrow of a select.
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# A launch with its list of accounts fits; nothing of ours is larger.
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["integration.uploads.NoFiles"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

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


def _mail() -> dict[str, Any]:
    """How mail is sent: submission://user:password@host:587 (STARTTLS), or smtp://host:25.

    Without it mail is written to the log. dj-email-url takes a scheme that it does not know for
    plain SMTP, so a typing error would send the password in the clear.
    """
    url: str = env.str("EMAIL_URL", "") or "console://"
    scheme, _, rest = url.partition("://")
    if scheme == "smtp+tls":
        scheme = "submission"
    if scheme not in ("submission", "smtp", "console"):
        raise ImproperlyConfigured(
            "Set EMAIL_URL as submission://user:password@host:587, which is encrypted, or as "
            "smtp://host:25 for a mail server of your own network."
        )
    mail: dict[str, Any] = dj_email_url.parse(f"{scheme}://{rest}")
    return mail


vars().update(_mail())
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", f"qsync@{urlsplit(BASE_URL).hostname}")
# Who runs this installation, and is told when a district asks for it.
OPERATOR_EMAIL: str = env.str("OPERATOR_EMAIL", "")

# Districts of one hour begin spread over so many minutes, each always at its own.
NIGHT_STAGGER_MINUTES: int = env.int("NIGHT_STAGGER_MINUTES", 30)

# A run's plan, by which it can be undone, and its findings; then the summary alone.
KEEP_PLANS_DAYS: int = env.int("KEEP_PLANS_DAYS", 30)
KEEP_RUNS_DAYS: int = env.int("KEEP_RUNS_DAYS", 400)
if not 1 <= KEEP_PLANS_DAYS <= KEEP_RUNS_DAYS:
    raise ImproperlyConfigured(
        "Set KEEP_PLANS_DAYS to at least 1, and KEEP_RUNS_DAYS to no fewer days than that."
    )

# From one network address: sign-ins that are begun and left, and launches that are refused.
LOGINS_PER_MINUTE: int = env.int("LOGINS_PER_MINUTE", 60)
REFUSED_LAUNCHES_PER_MINUTE: int = env.int("REFUSED_LAUNCHES_PER_MINUTE", 60)
# Of one district: each asks addresses that a person typed in.
CONNECTION_TESTS_PER_MINUTE: int = env.int("CONNECTION_TESTS_PER_MINUTE", 6)

# Of one token: reads in each web process, what changes something in all together.
API_READS_PER_MINUTE: int = env.int("API_READS_PER_MINUTE", 600)
API_WRITES_PER_MINUTE: int = env.int("API_WRITES_PER_MINUTE", 60)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integration.api.access.Bearer"],
    "DEFAULT_PERMISSION_CLASSES": ["integration.api.access.HasRight"],
    "DEFAULT_THROTTLE_CLASSES": ["integration.api.access.PerToken"],
    "DEFAULT_PARSER_CLASSES": ["integration.api.wire.Json"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "integration.api.wire.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "integration.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "integration.api.problems.handler",
    # There are no users here but tokens.
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Q Sync for Canvas",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["integration.api.schema.strict"],
    "AUTHENTICATION_WHITELIST": ["integration.api.access.Bearer"],
}

LOG_LEVEL: int = env.log_level("LOG_LEVEL", logging.INFO)
LOG_FORMAT: str = env.str("LOG_FORMAT", "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "integration.logs.TextFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "integration.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": max(LOG_LEVEL, logging.INFO)},
    # Of others nothing below INFO: there they tell of statements, addresses and signatures.
    "loggers": {name: {"level": LOG_LEVEL} for name in ("integration", "gradesync", "lti")}
    # Django would mail its administrators a request with its cookies.
    | {"django": {"handlers": []}},
}

if not DEBUG:
    SECURE_SSL_REDIRECT = True
    # Asked from inside, where there is no TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

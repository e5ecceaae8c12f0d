"""Is this server set up as it has to be? Eight checks: what each found, and what to do.

The server asks itself by its public address, through whatever stands before it: a proxy that is
not trusted, or that takes a cookie or a header away, shows itself only there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from smtplib import SMTPException

from django.conf import settings
from django.core import mail
from django.db import Error as DatabaseProblem
from django.db import connection
from django.utils import timezone
from django.utils.timesince import timesince

from integration import secrets
from integration.connections import door
from integration.health import is_migrated
from integration.http import HttpError
from integration.http.retry import parse_http_date
from integration.installation import probe
from integration.models import CanvasConnection, Heartbeat
from integration.rotation import sealed_secrets
from integration.verification import CLOCKS_MAY_DIFFER, ENDS_SOON
from lti import tool_keys
from lti.models import Platform


class State(StrEnum):
    """All right; worth a look; or still to be done, without which Q Sync does not work."""

    OK = "OK"
    CHECK = "CHECK"
    TODO = "TODO"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check ended; `name` and `purpose` are the same each time."""

    state: State
    text: str
    remedy: str = ""
    name: str = ""
    purpose: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def findings() -> list[Finding]:
    """Make all checks, in the order in which a server is set up."""
    seen = probe.look()
    checks: list[tuple[str, str, Callable[[], Finding]]] = [
        ("Public address", "https, with a good certificate", lambda: _public_address(seen)),
        ("Database", "Reached, and its tables up to date", _database),
        ("Worker", "Runs the nights and what was queued", _worker),
        ("Clock", "Sign-ins and signatures rest on it", _clock),
        ("Encryption key", "Protects stored secrets", _encryption_key),
        ("Signing key", "Proves to Canvas that it is this server", lambda: _signing_key(seen)),
        ("Frame and cookies", "Pages open inside Canvas", lambda: _frame(seen)),
        ("Email", "Tells of plans that wait and nights that failed", _email),
    ]
    return [_named(name, purpose, check) for name, purpose, check in checks]


def _named(name: str, purpose: str, check: Callable[[], Finding]) -> Finding:
    try:
        found = check()
    except DatabaseProblem:
        found = Finding(State.TODO, "Not looked at.", "See to the database first.")
    return Finding(found.state, found.text, found.remedy, name, purpose)


def _public_address(seen: probe.Seen) -> Finding:
    address = settings.BASE_URL
    if seen.error is not None:
        remedy = "Start the web server and its proxy; see that BASE_URL is their address."
        return Finding(State.TODO, f"{address}: {seen.error}", f"{seen.error.remedy} {remedy}")
    if not seen.is_us:
        remedy = (
            "Point BASE_URL, or the proxy behind it, to this server. If it is this server, its "
            "name is not in ALLOWED_HOSTS."
        )
        return Finding(State.TODO, f"{address} is answered by something else.", remedy)
    if not seen.is_secure:
        text = f"{address} arrives here as plain http."
        if settings.DEBUG and address.startswith("http:"):
            return Finding(State.CHECK, text, "Good for development; Canvas needs https.")
        remedy = "Name the proxy in TRUSTED_PROXIES, and have it set X-Forwarded-Proto."
        return Finding(State.TODO, text, remedy)
    ends = seen.certificate_ends
    if ends is not None and ends - timezone.now() < ENDS_SOON:
        return Finding(State.CHECK, f"{address} · until {ends:%Y-%m-%d}", "Renew the certificate.")
    return Finding(State.OK, f"{address} · until {ends:%Y-%m-%d}" if ends else address)


def _database() -> Finding:
    try:
        migrated = is_migrated()
    except DatabaseProblem:
        return Finding(State.TODO, "It does not answer.", "See DATABASE_URL.")
    if not migrated:
        return Finding(State.TODO, "Tables are missing.", "Run manage.py migrate.")
    if connection.vendor == "sqlite":
        remedy = "For more than one worker, or more than a school, use PostgreSQL (DATABASE_URL)."
        return Finding(State.CHECK, "SQLite, up to date", remedy)
    version = ".".join(map(str, connection.get_database_version()))
    return Finding(State.OK, f"{connection.display_name} {version}, up to date")


def _worker() -> Finding:
    beat = Heartbeat.objects.first()
    if beat is None:
        return Finding(State.TODO, "None was seen yet.", "Start manage.py qcluster, supervised.")
    text = f"{beat.host}, last sweep {timesince(beat.swept_at)} ago"
    if not Heartbeat.is_fresh():
        return Finding(State.TODO, text, "Restart manage.py qcluster, the whole of it.")
    return Finding(State.OK, text)


def _clock() -> Finding:
    """Compared with a Canvas that is known, where there is one."""
    known = Platform.objects.order_by("pk").values_list("jwks_url", flat=True).first()
    known = known or CanvasConnection.objects.values_list("base_url", flat=True).first()
    zone = f"time zone {settings.TIME_ZONE}"
    if known is None:
        remedy = "Check again once Canvas is registered: the clock is compared with its clock."
        return Finding(State.CHECK, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {zone}", remedy)
    with closing(door(is_hurried=True)) as http:
        try:
            answer = http.request("GET", known, retry=False)
        except HttpError as error:
            return Finding(State.CHECK, f"Not compared: {error}", error.remedy)
    told = parse_http_date(answer.headers.get("Date"))
    if told is None:
        return Finding(State.CHECK, "Not compared: Canvas does not tell its time.")
    apart = abs(datetime.now(UTC) - told)
    text = f"{apart.total_seconds():.0f} seconds from Canvas’s · {zone}"
    if apart > CLOCKS_MAY_DIFFER:
        return Finding(State.TODO, text, "Have the clock set by NTP: Canvas refuses its sign-ins.")
    return Finding(State.OK, text)


def _encryption_key() -> Finding:
    if settings.DEBUG and settings.ENCRYPTION_KEYS[0].startswith("development only"):
        remedy = "Set ENCRYPTION_KEYS before secrets of a real district are stored."
        return Finding(State.CHECK, "The key for development, which everybody knows", remedy)
    try:
        readable = [secrets.reencrypt(token) for token in sealed_secrets()]
    except secrets.SecretUnreadable as error:
        return Finding(State.TODO, str(error), error.remedy)
    return Finding(State.OK, "Set, and stored secrets are readable" if readable else "Set")


def _signing_key(seen: probe.Seen) -> Finding:
    kid = tool_keys.signing_key().kid
    if kid in seen.published_keys:
        return Finding(State.OK, "RSA 2048, its public half can be fetched")
    remedy = "Let /lti/jwks.json through to this server: Canvas fetches it to know our signature."
    return Finding(State.TODO, "Its public half cannot be fetched from outside.", remedy)


def _frame(seen: probe.Seen) -> Finding:
    if not seen.is_us:
        return Finding(State.TODO, "Not looked at: the public address does not answer.")
    if lost := seen.lost:
        remedy = "Have the proxy leave headers and cookies of this server as they are."
        return Finding(State.TODO, f"On the way out something takes away {lost}.", remedy)
    return Finding(State.OK, "Frames are allowed for Canvas only, cookies are partitioned")


def _email() -> Finding:
    if "smtp" not in settings.EMAIL_BACKEND:
        return Finding(
            State.CHECK, "Not set up: what would be mailed is written to the log.", "Set EMAIL_URL."
        )
    try:
        with mail.get_connection():
            pass
    except (OSError, SMTPException) as error:
        text = f"{settings.EMAIL_HOST} does not take mail: {type(error).__name__}."
        return Finding(State.TODO, text, "See host, port, user and password in EMAIL_URL.")
    if settings.EMAIL_HOST_PASSWORD and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        text = f"{settings.EMAIL_HOST} takes mail, and its password travels unencrypted."
        return Finding(State.CHECK, text, "Write EMAIL_URL as submission://…")
    if not settings.OPERATOR_EMAIL:
        text, remedy = "Nobody is told of requests for the integration.", "Set OPERATOR_EMAIL."
        return Finding(State.CHECK, f"{settings.EMAIL_HOST} takes mail. {text}", remedy)
    return Finding(State.OK, f"{settings.EMAIL_HOST} takes mail")

"""A district, and how its two systems are reached."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from integration.secrets import Sealed


def is_time_zone(name: str) -> None:
    """Raises ValidationError."""
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a time zone such as America/Los_Angeles.")


class District(models.Model):
    """One Canvas root account with one Q service."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    time_zone = models.CharField(
        max_length=64, default="America/Los_Angeles", validators=[is_time_zone]
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    pause_reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Until a run has been carried out, what Canvas holds comes first (design 5.5).
    provisioned_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.slug


class QConnection(models.Model):
    """Where Q's OneRoster 1.1 service is, and how to sign in to it."""

    class Auth(models.TextChoices):
        OAUTH2 = "oauth2"
        OAUTH1_SHA1 = "oauth1-sha1"
        OAUTH1_SHA256 = "oauth1-sha256"
        BEARER = "bearer"

    class Service(models.TextChoices):
        BULK = "bulk"
        SCHOOL = "school"

    district = models.OneToOneField(District, models.CASCADE, related_name="q_connection")
    base_url = models.URLField(max_length=500)
    auth = models.CharField(max_length=16, choices=Auth.choices, default=Auth.OAUTH2)
    token_url = models.URLField(max_length=500, blank=True)
    scope = models.TextField(blank=True)
    sealed_key = models.TextField(blank=True, editable=False)
    sealed_secret = models.TextField(blank=True, editable=False)
    service = models.CharField(max_length=8, choices=Service.choices, default=Service.BULK)
    page_size = models.PositiveIntegerField(
        default=5000, validators=[MinValueValidator(1), MaxValueValidator(50_000)]
    )
    concurrency = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(16)]
    )
    requests_per_second = models.FloatField(null=True, blank=True)
    # What `verify` found out about this provider; later preflights read it.
    profile = models.JSONField(default=dict, blank=True)

    key = Sealed("sealed_key")
    secret = Sealed("sealed_secret")

    def __str__(self) -> str:
        return f"{self.base_url} ({self.auth})"


class CanvasConnection(models.Model):
    """Where the district's Canvas is, and on whose behalf we call it.

    Either an access token, or an OAuth client with a refresh token (canvas.md 3.1).
    """

    district = models.OneToOneField(District, models.CASCADE, related_name="canvas_connection")
    base_url = models.URLField(max_length=500)
    root_account_id = models.CharField(max_length=32, default="self")
    # Which Canvas this is, whatever its address: Canvas's own uuid of the account, once known.
    account_uuid = models.CharField(max_length=64, blank=True, editable=False)
    sealed_access_token = models.TextField(blank=True, editable=False)
    # As an admin read it off Canvas's page; Canvas tells it to nobody who calls.
    access_token_ends_on = models.DateField(null=True, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    sealed_client_secret = models.TextField(blank=True, editable=False)
    sealed_refresh_token = models.TextField(blank=True, editable=False)

    access_token = Sealed("sealed_access_token")
    client_secret = Sealed("sealed_client_secret")
    refresh_token = Sealed("sealed_refresh_token")

    def __str__(self) -> str:
        return self.base_url

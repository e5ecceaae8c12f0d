"""Platforms, their deployments, their keys and ours; sign-ins under way, and sessions.

No column holds a token, a state, a nonce or a cookie: only their SHA-256.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from lti.claims import Launch


class Platform(models.Model):
    """One registration of this tool: an issuer and the client id it gave us.

    Hosted Canvas has one issuer for all customers; production, beta and test have one each, so
    they are platforms of their own even where the client id is the same (canvas.md 1.1).
    """

    class Environment(models.TextChoices):
        PRODUCTION = "production"
        BETA = "beta"
        TEST = "test"

    issuer = models.CharField(max_length=255)
    client_id = models.CharField(max_length=255)
    auth_url = models.URLField(max_length=500)
    token_url = models.URLField(max_length=500)
    jwks_url = models.URLField(max_length=500)
    environment = models.CharField(
        max_length=16, choices=Environment.choices, default=Environment.PRODUCTION
    )
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "client_id"], name="one_platform_per_client"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} {self.client_id}"


class Deployment(models.Model):
    """One installation on a platform. Whose it is, is known by the app above, or by nobody yet."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="deployments")
    deployment_id = models.CharField(max_length=255)
    # tool_platform.guid of its first launch: the root account, by the platform's own word.
    guid = models.CharField(max_length=255, blank=True)
    # Hosts of this Canvas, as verified launches named them, newest first.
    hosts = models.JSONField(default=list)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "deployment_id"], name="one_deployment_per_id"
            ),
        ]

    def __str__(self) -> str:
        return self.deployment_id


class KeySet(models.Model):
    """The last good public keys of a platform, and when they were last asked for."""

    url = models.URLField(max_length=500, unique=True)
    # {kid: {"kty", "n", "e"}}
    keys = models.JSONField(default=dict)
    fetched_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)


class ToolKey(models.Model):
    """A key of ours. Published from the start, so that it is known before it signs."""

    kid = models.CharField(max_length=64, unique=True)
    public_jwk = models.JSONField()
    sealed_private_key = models.TextField(editable=False)
    signs_from = models.DateTimeField()
    published_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)


class LoginAttempt(models.Model):
    """A sign-in under way: state, nonce and browser in one row, taken once.

    `parked`, `code_hash`: a verified launch that waits for the browser to show, through the
    platform's storage, that it began it.
    """

    state_hash = models.CharField(max_length=64, unique=True)
    nonce_hash = models.CharField(max_length=64)
    browser_hash = models.CharField(max_length=64)
    platform = models.ForeignKey(Platform, models.CASCADE, related_name="+")
    # As the platform hinted, and its row where there is one already.
    hint = models.CharField(max_length=255, blank=True)
    deployment = models.ForeignKey(Deployment, models.CASCADE, null=True, related_name="+")
    uses_storage = models.BooleanField(default=False)
    expires_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    # Whence, as rates.name_of says it.
    who = models.CharField(max_length=32, blank=True, default="")
    code_hash = models.CharField(max_length=64, null=True, blank=True, unique=True)
    parked = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["who", "expires_at"], name="attempts_by_address")]


class LaunchSession(models.Model):
    """One person in one course or account, for as long as the launch counts."""

    key_hash = models.CharField(max_length=64, unique=True)
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="sessions")
    subject = models.CharField(max_length=255)
    launch = models.JSONField()
    csrf_secret = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    seen_at = models.DateTimeField(default=timezone.now)
    # A one-time word that lets another tab take the session over.
    handover_hash = models.CharField(max_length=64, null=True, blank=True, unique=True)
    handover_until = models.DateTimeField(null=True, blank=True)

    @cached_property
    def launched(self) -> Launch:
        """The launch that opened it."""
        return Launch.from_json(self.launch)


class Tally(models.Model):
    """How often somebody did a thing in a minute (rates.py)."""

    what = models.CharField(max_length=32)
    who = models.CharField(max_length=32)
    minute = models.DateTimeField(db_index=True)
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["what", "who", "minute"], name="one_tally_a_minute")
        ]

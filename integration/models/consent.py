"""An admin's way to Canvas and back, while it lasts: OAuth 2 in a tab of its own."""

from __future__ import annotations

from django.db import models

from integration.models.district import District
from integration.secrets import Sealed


class CanvasConsent(models.Model):
    """One sign-in to Canvas that was begun: who asked, for which key, and what became of it.

    Bound to the visit that asked (`session`), to the tab that was opened (`browser_hash`) and to
    one answer of Canvas (`state_hash`). The key is kept here until it has proved good, so that
    the connection there is holds until then.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="consents")
    session = models.ForeignKey("lti.LaunchSession", models.CASCADE, related_name="+")
    by = models.CharField(max_length=255)
    base_url = models.URLField(max_length=500)
    root_account_id = models.CharField(max_length=32)
    client_id = models.CharField(max_length=64)
    sealed_client_secret = models.TextField(editable=False)
    asks_for_scopes = models.BooleanField(default=True)
    word_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    state_hash = models.CharField(max_length=64, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # {"code", "message", "remedy"}; empty where it went well.
    error = models.JSONField(default=dict)

    client_secret = Sealed("sealed_client_secret")

"""Who did what, when; append-only, and without foreign keys, so history never blocks a deletion."""

from __future__ import annotations

from typing import Any

from django.db import models


class AuditEvent(models.Model):
    """Written in the transaction of the thing it tells of; secrets are masked before."""

    at = models.DateTimeField(auto_now_add=True)
    district = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=255)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=255, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["district", "-at"], name="audit_latest")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("An audit event is written once and never changed.")
        super().save(*args, **kwargs)

"""The sweeper's sign of life: one row, by the database's clock."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

STALE_AFTER = timedelta(minutes=3)


class Heartbeat(models.Model):
    """When the last sweep came to its end, and on which host."""

    swept_at = models.DateTimeField()
    host = models.CharField(max_length=255)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_heartbeat")]

    @classmethod
    def beat(cls, host: str) -> None:
        cls.objects.update_or_create(pk=1, defaults={"swept_at": Now(), "host": host})

    @classmethod
    def is_fresh(cls) -> bool:
        """Whether a sweep ended within STALE_AFTER."""
        return cls.objects.filter(swept_at__gt=Now() - STALE_AFTER).exists()

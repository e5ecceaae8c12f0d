"""Who did what, when; append-only, and without foreign keys, so history never blocks a deletion."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now


class AppendOnly(models.QuerySet[Any]):
    """Rows are added and read; nothing else."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("What is in the audit log is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("What is in the audit log is never deleted.")


class Written(models.Model):
    """Written once. The database refuses the rest (triggers of migration 0093).

    SQLite forgets a table's triggers when a migration alters it: such a migration makes them again.
    """

    objects = AppendOnly.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit event is written once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit event is never deleted.")


class AuditEvent(Written):
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


class AuditSeal(Written):
    """A link of the chain over all events: `hash` holds the event and the link before it."""

    number = models.BigIntegerField(primary_key=True)
    event = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

"""A trial of a district's connections: each step as it was found."""

from __future__ import annotations

from django.db import models

from integration.models.district import District


class ConnectionCheck(models.Model):
    """One trial, step by step; `steps` grows while it is under way.

    A step is {"name", "ok", "needed", "status", "seconds", "rows", "message", "remedy"}, fields
    without meaning left out (verification.Step).
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="checks")
    test_class = models.CharField(max_length=255, blank=True)
    by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    steps = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["district", "-created_at"], name="check_latest")]

    @property
    def failed(self) -> list[dict[str, object]]:
        """The needed steps that did not work."""
        return [step for step in self.steps if step["needed"] and not step["ok"]]

    @property
    def noticed(self) -> list[dict[str, object]]:
        """What did not work and is not needed for provisioning."""
        return [step for step in self.steps if not step["needed"] and not step["ok"]]

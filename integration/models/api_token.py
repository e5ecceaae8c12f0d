"""What a program signs in with: one district's, for some rights, until a day."""

from __future__ import annotations

from django.db import models

from integration.models.district import District


class ApiToken(models.Model):
    """Only a hash of the secret is kept; `hint` is its beginning, for people to tell them apart."""

    class Right(models.TextChoices):
        """What an operation asks for. `read` shows names; only `grades` and `send` show scores."""

        READ = "read", "see runs, plans, findings and the history"
        RUN = "run", "verify, evaluate, start runs, plan an undo"
        APPROVE = "approve", "approve and decline plans, carry an undo out"
        CONFIGURE = "configure", "change rules and schedule, pause and resume"
        GRADES = "grades", "see courses, previews and scores"
        SEND = "send", "preview grades and send them to Q"

    district = models.ForeignKey(District, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    rights = models.JSONField(default=list)
    created_by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    # To the minute: a busy program does not write a row with each request.
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.district} token {self.pk}"

    @property
    def actor(self) -> str:
        """How runs, approvals and the audit log name it."""
        return f"{self.name} (API)"

    def as_dict(self) -> dict[str, object]:
        """For lists and the audit log; nothing of the secret but its hint."""
        used, revoked = self.last_used_at, self.revoked_at
        return {
            "number": self.pk,
            "name": self.name,
            "hint": self.hint,
            "rights": self.rights,
            "expires_at": self.expires_at.isoformat(),
            "last_used_at": used.isoformat() if used else None,
            "revoked_at": revoked.isoformat() if revoked else None,
        }

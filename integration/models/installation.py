"""Which installation in Canvas belongs to which district, and the codes that make it so."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integration.models.district import District


class Installation(models.Model):
    """A deployment that a district has claimed. Nothing else says whose a launch is (design 3).

    `canvas` names the Canvas by what only its platform can say: issuer, client id and guid.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="installations")
    deployment = models.OneToOneField("lti.Deployment", models.CASCADE, related_name="installation")
    canvas = models.CharField(max_length=800)
    # The one that made the district; of two admins who try at once, the database lets one.
    is_first = models.BooleanField(default=False)
    claimed_by = models.CharField(max_length=255)
    claimed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["canvas"], condition=Q(is_first=True), name="one_district_per_canvas"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.deployment_id}"


class Invitation(models.Model):
    """A one-time code: to register a new Canvas, to claim an installation for a district, or to
    type Q's credentials in for one.
    """

    class Purpose(models.TextChoices):
        REGISTRATION = "registration"
        CLAIM = "claim"
        CREDENTIALS = "credentials"

    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    district = models.ForeignKey(
        District, models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    code_hash = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=255, blank=True)
    # Of a link for credentials: what is told by phone, and how often it was wrong.
    word_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

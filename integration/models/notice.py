"""Who is told of what by mail, and what was told."""

from __future__ import annotations

from django.db import models

from integration.models.district import District


class Recipient(models.Model):
    """Somebody who is told by mail when a district's provisioning needs a person."""

    district = models.ForeignKey(District, models.CASCADE, related_name="recipients")
    address = models.EmailField()
    waits = models.BooleanField(default=True)
    failed = models.BooleanField(default=True)
    silent = models.BooleanField(default=True)
    ends = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "address"], name="told_once"),
        ]


class Notice(models.Model):
    """One mail, written down with what it tells of and sent when the mail server lets it.

    `about` names what it tells of, so that nothing is told twice. Without a district it is for
    whoever runs this installation. No name, score or secret stands in it.
    """

    district = models.ForeignKey(
        District, models.CASCADE, null=True, blank=True, related_name="notices"
    )
    about = models.CharField(max_length=255, unique=True)
    what = models.CharField(max_length=16)
    subject = models.CharField(max_length=255)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)


class IntegrationRequest(models.Model):
    """An admin whose Canvas belongs to no district yet asks for the integration."""

    deployment = models.ForeignKey("lti.Deployment", models.CASCADE, related_name="+")
    contact = models.CharField(max_length=255)
    address = models.EmailField()
    institution = models.CharField(max_length=255)
    in_use = models.CharField(max_length=255, blank=True)
    canvas = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)

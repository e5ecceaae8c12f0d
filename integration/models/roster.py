"""What Canvas last accepted from us: the truth that the next diff is made against."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integration.models.district import District
from integration.models.ledger import Run


class RosterRow(models.Model):
    """One SIS row as Canvas last accepted it, named by its key. Written in bulk, never one by one.

    `row` is a JSON list in the order of the kind's columns (provisioning/rows.py).
    `origin` "canvas" means: seen in Canvas before our first run, not ours to remove.
    """

    class Origin(models.TextChoices):
        OURS = "ours"
        CANVAS = "canvas"

    district = models.ForeignKey(District, models.CASCADE, related_name="roster_rows")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=800)
    school = models.CharField(max_length=255, blank=True)
    digest = models.BinaryField(max_length=16)
    row = models.TextField()
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.OURS)
    removed_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "kind", "key"], name="one_row_per_key"),
        ]
        # A night begins by reading these digests, all of them; the index holds just that.
        indexes = [
            models.Index(
                fields=["district", "kind", "digest"],
                condition=Q(origin="ours", removed_at=None),
                name="accepted_digest",
            ),
        ]


class RefusedRow(models.Model):
    """A row that Canvas refused: not sent again every night, for nothing will have changed.

    It is sent again when its content has changed, when somebody or something it names has
    arrived since, and else after a week.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="refused_rows")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=800)
    digest = models.BinaryField(max_length=16)
    message = models.TextField()
    refused_at = models.DateTimeField(default=timezone.now)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "kind", "key"], name="one_refusal_per_key"),
        ]


class SetAside(models.Model):
    """A line that a person left out when approving the rest; it rests on later nights too.

    `digest` names what was to be sent: when Q says something else, it is planned again. Only what
    Canvas held before us and is not ours rests on then, until Q says the same as Canvas.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="set_aside")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=800)
    group = models.CharField(max_length=255, blank=True)
    action = models.CharField(max_length=8)
    digest = models.BinaryField(max_length=16)
    by = models.CharField(max_length=255)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "kind", "key"], name="one_rest_per_key"),
        ]


class CourseAssignment(models.Model):
    """Keeps a section in its Canvas course for good, whatever becomes of teacher or course code."""

    district = models.ForeignKey(District, models.CASCADE, related_name="course_assignments")
    sis_section_id = models.CharField(max_length=255)
    sis_course_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["district", "sis_section_id"], name="one_course_per_section"
            ),
        ]

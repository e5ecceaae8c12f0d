"""What every academic session was when it was last read, and the Canvas term that it became."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integration.models.district import District
from integration.models.ledger import Run


class TermAssignment(models.Model):
    """Keeps a session in its Canvas term for good, and stands in for it on a night it is unread.

    `planned_by` is the run that would change it; None once that run has been carried out.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="term_assignments")
    planned_by = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+")
    sourced_id = models.CharField(max_length=255)
    sis_term_id = models.CharField(max_length=255)
    title = models.TextField()
    type = models.TextField()
    start_date = models.CharField(max_length=10, blank=True)
    end_date = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["district", "sourced_id"],
                condition=Q(planned_by=None),
                name="one_term_per_session",
            ),
        ]

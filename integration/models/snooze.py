"""What an admin does not want to be shown for a week."""

from __future__ import annotations

from django.db import models

from integration.models.district import District


class Snooze(models.Model):
    """One line of “Needs attention” rests until a day, or until it is of more than it was.

    `about` names the line's cause, `count` is how many things it was of.
    """

    district = models.ForeignKey(District, models.CASCADE, related_name="snoozes")
    about = models.CharField(max_length=100)
    count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "about"], name="one_snooze_a_cause"),
        ]

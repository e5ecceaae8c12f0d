"""What a district has chosen for its provisioning."""

from __future__ import annotations

import hashlib
import json
from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.forms.models import model_to_dict

from integration.models.district import District

SCHEDULE = ("night_at", "is_automatic", "nights_from", "blackouts")
# A plan is the same whatever these are.
OF_NO_PLAN = (*SCHEDULE, "silent_feed_days")


def is_share(value: float) -> None:
    """Raises ValidationError, also for what is no number at all."""
    if not 0 <= value <= 1:
        raise ValidationError("A share is a number from 0 to 1.")


ONE_WORD = RegexValidator(r"^[^\s\x00-\x1f\x7f]*$", "It holds a space or a control character.")
ONE_LINE = RegexValidator(r"^[^\x00-\x1f\x7f]*$", "It holds a control character.")


def are_ids(value: object) -> None:
    """Raises ValidationError where it is no list of ids, each once."""
    is_list = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
    if not is_list or len(set(value)) != len(value):  # type: ignore[arg-type,call-overload]  # it is
        raise ValidationError("Schools are named by their sourcedIds, each once.")


# Larger ones are slips of a finger, and no clock or counter holds the largest.
MOST = {
    **dict.fromkeys(("completed_after_days", "deleted_after_days", "silent_feed_days"), 3_650),
    **dict.fromkeys(("removed_floor", "removed_ceiling", "changed_floor"), 100_000_000),
    "plan_hours": 24 * 365,
}


class ProvisioningPolicy(models.Model):
    """Mapping rules, removal ladder and limits; design 5 gives the meaning and the defaults.

    Shares are 0 to 1. A plan is bound to `digest()`: when a rule changes, it is stale.
    """

    class Grouping(models.TextChoices):
        """Which classes share a Canvas course."""

        CLASS = "class"
        COURSE = "course"
        TEACHER = "teacher"

    class Removal(models.TextChoices):
        """What becomes of an enrollment that Q no longer holds."""

        INACTIVE = "inactive"
        COMPLETED = "completed"
        DELETED = "deleted"

    district = models.OneToOneField(District, models.CASCADE, related_name="policy")
    grouping = models.CharField(max_length=8, choices=Grouping.choices, default=Grouping.CLASS)
    guardians = models.BooleanField(default=False)
    end_date_inclusive = models.BooleanField(default=True)
    enrollment_removal = models.CharField(
        max_length=16, choices=Removal.choices, default=Removal.INACTIVE
    )
    # Days from one step down to the next; 0: it is never taken (provisioning/ladder.py).
    completed_after_days = models.PositiveSmallIntegerField(default=0)
    deleted_after_days = models.PositiveSmallIntegerField(default=0)
    # Which field of a Q user is its SIS ID in Canvas: sourcedId, identifier, or a userIds type.
    user_sis_id = models.CharField(max_length=64, default="sourcedId", validators=[ONE_LINE])
    # Put before the SIS IDs of terms, accounts, courses and sections.
    sis_id_prefix = models.CharField(max_length=32, blank=True, validators=[ONE_WORD])
    # sourcedIds of the schools (or what is above them) that come over; none: all of them do.
    schools = models.JSONField(default=list, blank=True, validators=[are_ids])
    # OneRoster role to Canvas role, laid over the table in provisioning/rules.py.
    roles = models.JSONField(default=dict, blank=True)

    removed_share = models.FloatField(default=0.10, validators=[is_share])
    removed_floor = models.PositiveIntegerField(default=5)
    removed_ceiling = models.PositiveIntegerField(default=2000)
    changed_share = models.FloatField(default=0.75, validators=[is_share])
    changed_floor = models.PositiveIntegerField(default=50)
    plan_hours = models.PositiveSmallIntegerField(default=24)
    # Days of nights that find nothing new in Q, until somebody is told; 0: never.
    silent_feed_days = models.PositiveSmallIntegerField(default=7)

    # [{"from", "until", "reason"}], local dates, both included: limits are looser (holds.py).
    rollovers = models.JSONField(default=list, blank=True)

    # When a night's run begins by itself (nights.py); integration/schedule.py changes it.
    night_at = models.TimeField(default=time(2, 0))
    is_automatic = models.BooleanField(default=False)
    # Nights that began before are not made up for.
    nights_from = models.DateTimeField(null=True, blank=True)
    # [{"from", "until", "reason"}], local dates, both included.
    blackouts = models.JSONField(default=list, blank=True)

    @classmethod
    def of(cls, district: District) -> ProvisioningPolicy:
        """As it is stored, or as it is before anything was chosen."""
        return cls.objects.filter(district=district).first() or cls(district=district)

    def clean(self) -> None:
        """Raises ValidationError for a number that is too large."""
        wrong = {}
        for name, most in MOST.items():
            try:
                MaxValueValidator(most)(getattr(self, name))
            except ValidationError as error:
                wrong[name] = error
        if wrong:
            raise ValidationError(wrong)

    def digest(self) -> str:
        """Name the rules of this policy by their content; when a run begins is none of them."""
        content = json.dumps(model_to_dict(self, exclude=OF_NO_PLAN), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

"""Changes a district's mapping rules and limits; says what was changed, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from integration.models import AuditEvent, District, ProvisioningPolicy

RULES = (
    "grouping",
    "guardians",
    "schools",
    "user_sis_id",
    "sis_id_prefix",
    "enrollment_removal",
    "completed_after_days",
    "deleted_after_days",
    "removed_share",
    "removed_floor",
    "removed_ceiling",
    "changed_share",
    "changed_floor",
    "plan_hours",
    "silent_feed_days",
    "end_date_inclusive",
)


def rules(policy: ProvisioningPolicy) -> dict[str, Any]:
    """What may be chosen, as it is chosen now."""
    return model_to_dict(policy, fields=RULES)


@transaction.atomic
def change_policy(
    district: District, values: Mapping[str, Any], *, actor: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set rules; what differed before, and what it is now. Nothing is written if nothing differs.

    Raises:
        ValidationError: a value that no district can have; nothing was changed.
    """
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    was = rules(policy)
    for name, value in values.items():
        setattr(policy, name, value)
    policy.full_clean()
    now = rules(policy)
    changed = [name for name in RULES if was[name] != now[name]]
    before, after = ({name: side[name] for name in changed} for side in (was, now))
    if changed:
        policy.save(update_fields=changed)
        AuditEvent.objects.create(
            district=district.slug,
            actor=actor,
            action="policy.changed",
            subject=district.slug,
            before=before,
            after=after,
        )
    return before, after

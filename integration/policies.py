"""Changes a district's mapping rules and limits; says what was changed, and by whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.models import model_to_dict

from integration.models import AuditEvent, Change, District, ProvisioningPolicy, RosterRow, Run
from integration.provisioning.rows import ACCOUNTS

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


def known_schools(district: District) -> set[str]:
    """sourcedIds of what Q had when it was last read, and of what is chosen already.

    For when Q is not asked. Empty before anything was read: then nobody knows.
    """
    policy = ProvisioningPolicy.of(district)
    prefix = policy.sis_id_prefix
    held = RosterRow.objects.filter(district=district, kind=ACCOUNTS.name, removed_at=None)
    last = (
        district.runs.filter(kind=Run.Kind.PROVISIONING)
        .exclude(read_at=None)
        .order_by("-pk")
        .first()
    )
    planned = Change.objects.filter(run=last, kind=ACCOUNTS.name)
    keys = {*held.values_list("key", flat=True), *planned.values_list("key", flat=True)}
    known = {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
    return known | set(policy.schools) if known else set()


def check_schools(district: District, ids: Collection[str]) -> None:
    """Are these schools that Q had when it was last read, or that are chosen already?

    For those who cannot look at Q first. Before anything was read nobody knows, and all may be.

    Raises:
        ValidationError: names those that are not known.
    """
    known = known_schools(district)
    if known and (unknown := set(ids) - known):
        named = ", ".join(sorted(unknown))
        told = f"Q had no school {named} when it was last read. A new one is known after a night."
        raise ValidationError({"schools": [told]})


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

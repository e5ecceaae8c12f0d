"""How near a plan's removals come to the district's limit, for whoever decides about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from integration.models import District, ProvisioningPolicy, RosterRow, Run
from integration.provisioning.limits import limits_of, rollover_now


@dataclass(frozen=True, slots=True)
class Near:
    """Of one kind, in the whole district: how many would go, of how many, and how many may."""

    removed: int
    accepted: int
    limit: int

    @property
    def is_above(self) -> bool:
        return self.removed > self.limit


def near_limits(run: Run) -> dict[str, Near]:
    """Kind to figures, of the kinds of which the plan takes something away; two questions."""
    removed = {kind: int(count.get("removed", 0)) for kind, count in run.counts.items()}
    if not any(removed.values()):
        return {}
    policy = ProvisioningPolicy.of(run.district)
    limits = limits_of(policy)
    if rollover_now(policy):
        limits = limits.loosened()
    accepted = _accepted(run.district, [kind for kind, count in removed.items() if count])
    return {
        kind: Near(removed[kind], count, limits.removable(count))
        for kind, count in accepted.items()
    }


def _accepted(district: District, kinds: list[str]) -> dict[str, int]:
    rows = RosterRow.objects.filter(
        district=district, removed_at=None, origin=RosterRow.Origin.OURS, kind__in=kinds
    )
    return dict(rows.values_list("kind").annotate(count=Count("pk")).order_by())

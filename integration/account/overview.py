"""What the account's first page shows. Reads our own tables only; asks nobody."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from integration.models import District, ProvisioningPolicy, RosterRow, Run
from integration.schedule import ScheduleRefused, tonight_of

_RUNS = 5
_SHOWN = ("courses", "sections", "users", "enrollments")


@dataclass(frozen=True, slots=True)
class Connection:
    """One of the two systems, and whether we know how to reach it."""

    name: str
    address: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """How many rows of a kind Canvas has accepted from us."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`schools`: SIS IDs of the sub-tree that is shown; None for the whole district."""

    district: District
    connections: list[Connection]
    waiting: list[Run]
    runs: list[Run]
    next_at: datetime | None
    holdings: list[Holding]
    schools: frozenset[str] | None = None


def of_district(district: District) -> Overview:
    """Everything, for an admin of the root account."""
    runs = list(district.runs.order_by("-created_at")[:_RUNS])
    held = district.runs.filter(state=Run.State.HELD).order_by("-created_at")[:_RUNS]
    return Overview(
        district=district,
        connections=_connections(district),
        waiting=list(held),
        runs=runs,
        next_at=_next_night(district),
        holdings=_holdings(district, None),
    )


def of_sub_account(district: District, sis_id: str) -> Overview:
    """An admin's own sub-tree: what Canvas holds there, and when the next night is.

    A run, its counts and its plan are the whole district's, so they are not shown.
    """
    schools = _below(district, sis_id)
    return Overview(
        district=district,
        connections=[],
        waiting=[],
        runs=[],
        next_at=_next_night(district),
        holdings=_holdings(district, schools),
        schools=schools,
    )


def _connections(district: District) -> list[Connection]:
    found = []
    for name, relation in (("Canvas", "canvas_connection"), ("Q", "q_connection")):
        row = getattr(district, relation, None)
        found.append(Connection(name, row.base_url if row else "", row is not None))
    return found


def _next_night(district: District) -> datetime | None:
    policy = ProvisioningPolicy.objects.filter(district=district).first()
    if policy is None:
        return None
    policy.district = district
    try:
        return tonight_of(policy, timezone.now()).next_at
    except ScheduleRefused:
        return None


def _holdings(district: District, schools: frozenset[str] | None) -> list[Holding]:
    rows = RosterRow.objects.filter(district=district, removed_at=None, kind__in=_SHOWN)
    if schools is not None:
        rows = rows.filter(school__in=schools)
    counted = dict(rows.values_list("kind").annotate(count=Count("pk")).order_by())
    return [Holding(kind, counted.get(kind, 0)) for kind in _SHOWN]


def _below(district: District, sis_id: str) -> frozenset[str]:
    """This account and all below it, as our own imports made the tree."""
    if not sis_id:
        return frozenset()
    children = defaultdict(list)
    rows = RosterRow.objects.filter(district=district, kind="accounts", removed_at=None)
    for key, row in rows.values_list("key", "row"):
        children[json.loads(row)[1]].append(key)
    found, new = {sis_id}, [sis_id]
    while new:
        new = [child for one in new for child in children[one] if child not in found]
        found.update(new)
    return frozenset(found)

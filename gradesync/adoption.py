"""Is this line item in Q already? By id, by our marker, else by title and day. PURE.

A guess is never made: where two fit, or where one fits two of ours, a person says which (F50).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gradesync.ids import ItemKey
from gradesync.titles import folded
from integration.oneroster.gradebook_types import LineItem


@dataclass(frozen=True, slots=True)
class Sought:
    """A line item of ours without a link. `made_id` is the id made for it, and its marker."""

    key: ItemKey
    made_id: str
    titles: frozenset[str]
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """`is_ours`: we wrote it (its id or marker says so); else it is adopted."""

    line_item: LineItem
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """There is none; one may be made."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    candidates: tuple[LineItem, ...]


Match: TypeAlias = Found | Absent | Ambiguous


def find_all(
    sought: Iterable[Sought],
    line_items: Iterable[LineItem],
    *,
    linked: Collection[str],
    zone: ZoneInfo,
) -> dict[ItemKey, Match]:
    """Look for each in one class. `line_items`: those of the class, `linked`: ids that are taken.

    A line item that carries a marker belongs to that marker alone.
    """
    sought = list(sought)
    free = [one for one in line_items if one.is_active and one.sourced_id not in linked]
    ours = {one.key: _marked(one, free) for one in sought}
    claimed = {item.sourced_id for found in ours.values() for item in found}
    plain = [one for one in free if not one.marker and one.sourced_id not in claimed]
    alike = {one.key: _alike(one, plain, zone) for one in sought if not ours[one.key]}
    return {one.key: _match(one.key, ours[one.key], alike) for one in sought}


def _match(key: ItemKey, ours: list[LineItem], alike: Mapping[ItemKey, list[LineItem]]) -> Match:
    if ours:
        return Found(ours[0], is_ours=True) if len(ours) == 1 else Ambiguous(tuple(ours))
    candidates = alike[key]
    if not candidates:
        return Absent()
    rivals = sum(candidates[0] in theirs for theirs in alike.values())
    if len(candidates) > 1 or rivals > 1:
        return Ambiguous(tuple(candidates))
    return Found(candidates[0], is_ours=False)


def _marked(one: Sought, free: Iterable[LineItem]) -> list[LineItem]:
    return [item for item in free if one.made_id in (item.sourced_id, item.marker)]


def _alike(one: Sought, plain: Iterable[LineItem], zone: ZoneInfo) -> list[LineItem]:
    titles, day = {folded(title) for title in one.titles}, _day(one.due_at, zone)
    return [
        item
        for item in plain
        if folded(item.fields.title) in titles and _day(item.fields.due_at, zone) == day
    ]


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return at.astimezone(zone).date() if at else None

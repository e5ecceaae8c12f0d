"""Which Q category an assignment group has in a class. PURE (design 6.5, F52).

Chosen by id; else the one category of that name; else the district's default. Whatever is used
for a first write is to be kept as chosen, so that a later rename on either side breaks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gradesync.titles import folded
from integration.oneroster.gradebook_types import Category


@dataclass(frozen=True, slots=True)
class Choice:
    """`how`: chosen by a person, suggested by name, the default; or none, or the chosen is gone."""

    how: Literal["chosen", "name", "default", "none", "gone"]
    category: Category | None = None


def offered(categories: Iterable[Category], class_id: str) -> list[Category]:
    """What may be chosen for a class: its own, and those of every class. Never another class's."""
    return [one for one in categories if one.is_active and one.class_id in ("", class_id)]


def category_for(
    group_name: str, chosen_id: str, default: str, categories: Iterable[Category], class_id: str
) -> Choice:
    """Decide for one group in one class. `chosen_id` is "" while nobody chose.

    `default` is a sourcedId, or a name that is looked for in each class; "" for none.
    """
    possible = offered(categories, class_id)
    by_id = {one.sourced_id: one for one in possible}
    if chosen_id:
        chosen = by_id.get(chosen_id)
        return Choice("chosen", chosen) if chosen else Choice("gone")
    if named := _named(group_name, possible):
        return Choice("name", named)
    if default and (fallback := by_id.get(default) or _named(default, possible)):
        return Choice("default", fallback)
    return Choice("none")


def _named(name: str, possible: Iterable[Category]) -> Category | None:
    """The one category of this name: the class's own before one of every class; two are none."""
    found = [one for one in possible if folded(one.title) == folded(name)]
    own = [one for one in found if one.class_id]
    decisive = own or found
    return decisive[0] if len(decisive) == 1 else None

"""Which lines of a course a run is about: all of them, or those that somebody asked for. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from gradesync.lines import ItemLine, Line

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """None: not narrowed. A line must be inside each of them.

    sections: Canvas ids, of whoever may see and send those only. items: assignments, as
    `item_name` names them. keys: single lines; a line item goes with the scores that are in it.
    """

    sections: frozenset[str] | None = None
    items: frozenset[str] | None = None
    keys: frozenset[Key] | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From what `as_row` made."""
        keys = stored.get("keys")
        return cls(
            _set(stored.get("sections")),
            _set(stored.get("items")),
            None if keys is None else frozenset(tuple(one) for one in keys),
        )

    def as_row(self) -> dict[str, Any]:
        """As plain JSON, the same for the same scope; {} for the whole course."""
        named = {"sections": self.sections, "items": self.items, "keys": self.keys}
        return {
            name: sorted(list(one) if isinstance(one, tuple) else one for one in found)
            for name, found in named.items()
            if found is not None
        }

    @property
    def is_whole(self) -> bool:
        """Does it tell of everything that a person with these sections can see?"""
        return self.items is None and self.keys is None


def item_name(what: str, canvas_id: str) -> str:
    """An assignment or course grade, whatever the class; as `Change.item` holds it."""
    return f"{what}:{canvas_id}"


def name_of(line: Line) -> str:
    return item_name(line.item.what, line.item.canvas_id)


def within(lines: Iterable[Line], scope: Scope) -> Iterator[Line]:
    """The lines that are inside."""
    items_of_keys = {_item_of(key) for key in scope.keys or ()}
    for line in lines:
        if scope.sections is not None and scope.sections.isdisjoint(line.section_ids):
            continue
        if scope.items is not None and name_of(line) not in scope.items:
            continue
        is_named = line.key in (scope.keys or ())
        is_of_named = isinstance(line, ItemLine) and _item_of(line.key) in items_of_keys
        if scope.keys is None or is_named or is_of_named:
            yield line


def _item_of(key: Key) -> Key:
    """What, Canvas id and class: the same in a line item's key and in those of its scores."""
    return key[1:4]


def _set(stored: Any) -> frozenset[str] | None:
    return None if stored is None else frozenset(stored)

"""Long lists in pages of fifty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

T = TypeVar("T")
PAGE = 50
# Nobody leafs that far; whoever wants all takes the file.
LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page: `first` to `last` of `total`, counted from 1; 0 where there is no such page."""

    rows: Sequence[T]
    number: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return (self.number - 1) * PAGE + len(self.rows)

    @property
    def newer(self) -> int:
        return self.number - 1

    @property
    def older(self) -> int:
        return self.number + 1 if self.last < self.total and self.rows else 0


def page_of(rows: QuerySet[Any], asked: str, total: int | None = None) -> Page[Any]:
    """The page that the address asks for; the first one where it asks for none."""
    number = int(asked) if asked.isdecimal() and 0 < int(asked[:7]) <= LAST_PAGE else 1
    start = (number - 1) * PAGE
    count = rows.count() if total is None else total
    return Page(list(rows[start : start + PAGE]), number, count)

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
    """One page: `first` to `last` of `total`, counted from 1; 0 where there is no such page.

    `total` is None where it was not counted and there is more: of a search through very many rows
    only the page itself is looked for.
    """

    rows: Sequence[T]
    number: int
    total: int | None

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
        is_more = self.total is None or self.last < self.total
        return self.number + 1 if is_more and self.rows else 0


def page_of(
    rows: QuerySet[Any], asked: str, total: int | None = None, *, counts: bool = True
) -> Page[Any]:
    """The page that the address asks for; the first one where it asks for none.

    `total`: how many there are, where that is known. `counts`: else they are counted.
    """
    number = int(asked) if asked.isdecimal() and 0 < int(asked[:7]) <= LAST_PAGE else 1
    start = (number - 1) * PAGE
    if total is None and not counts:
        some = list(rows[start : start + PAGE + 1])
        is_end = len(some) <= PAGE and (some or not start)
        return Page(some[:PAGE], number, start + len(some) if is_end else None)
    count = rows.count() if total is None else total
    return Page(list(rows[start : start + PAGE]), number, count)

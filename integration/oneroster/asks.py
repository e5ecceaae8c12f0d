"""What is asked of a provider page by page, what comes, and what all of it proves. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["first", "grid", "next", "gap", "tail", "hole", "end"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: where to start, how many to ask for, and what for.

    `joins`: it asks for the last record of the page before once more.
    """

    offset: int
    limit: int
    purpose: Purpose
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """What paging needs to know of an answer."""

    ids: Sequence[str]  # of usable and unusable records alike, or their stand-ins, in order
    total: int | None = None
    next_offset: int | None = None
    revision: str = ""
    deviations: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a reading is everything the provider has. Only then may absence mean anything.

    `joined`: no record can have slipped from a page not yet read to one that was. A reading that is
    complete and not joined proves absence only together with a second one.
    """

    complete: bool
    reason: str  # why not; blank if complete
    joined: bool
    total: int | None
    received: int
    distinct: int
    pages: int
    deviations: tuple[str, ...]

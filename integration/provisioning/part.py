"""Which lines of a plan go, when only a part of it is approved. PURE (design 5.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    KINDS,
    OBSERVERS,
    SECTIONS,
    TERMS,
    USERS,
    Kind,
    Row,
)

# Column by column, the kind of the row that a row stands on: Canvas refuses it without.
STANDS_ON: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    OBSERVERS: (("observer_id", USERS), ("student_id", USERS)),
    ENROLLMENTS: (("section_id", SECTIONS), ("user_id", USERS)),
    SECTIONS: (("course_id", COURSES),),
    COURSES: (("account_id", ACCOUNTS), ("term_id", TERMS)),
    ACCOUNTS: (("parent_account_id", ACCOUNTS),),
}


class Chooses(Protocol):
    """What says which lines are wanted, by kind and school."""

    def wants(self, kind: Kind, school: str) -> bool:
        """Is a line of this kind, of this school ("": of none), wanted for itself?"""


@dataclass(frozen=True, slots=True)
class Part:
    """Some schools and some kinds of a plan; an empty set means all of them.

    `removals`: whether anything of it is taken away, too.
    """

    schools: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    removals: bool = True

    def wants(self, kind: Kind, school: str) -> bool:
        return (not self.kinds or kind.name in self.kinds) and (
            not self.schools or school in self.schools
        )

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"schools": sorted(self.schools), "kinds": sorted(self.kinds)}
        return told if self.removals else told | {"removals": False}


@dataclass(frozen=True, slots=True)
class Line:
    """A planned line, as far as choosing needs it."""

    key: str
    school: str
    row: Row


def chosen(part: Chooses, lines_of: Callable[[Kind], Iterable[Line]]) -> Iterator[tuple[Kind, str]]:
    """The (kind, key) of each line that goes: what the part wants, and all that it stands on."""
    needed: dict[Kind, set[str]] = defaultdict(set)
    for kind in reversed(KINDS):
        lines: Iterable[Line] = lines_of(kind)
        if any(parent is kind for _, parent in STANDS_ON.get(kind, ())):
            lines = _with_parents(kind, list(lines), part, needed[kind])
        for line in lines:
            if line.key in needed[kind] or part.wants(kind, line.school):
                yield kind, line.key
                for column, parent in STANDS_ON.get(kind, ()):
                    needed[parent].add(line.row[kind.index(column)])


def _with_parents(kind: Kind, lines: list[Line], part: Chooses, needed: set[str]) -> list[Line]:
    """For a kind that stands on itself: add to `needed` all above what goes."""
    row_of = {line.key: line.row for line in lines}
    waiting = [line.key for line in lines if line.key in needed or part.wants(kind, line.school)]
    columns = [column for column, parent in STANDS_ON[kind] if parent is kind]
    while waiting:
        key = waiting.pop()
        for column in columns if key in row_of else ():
            above = row_of[key][kind.index(column)]
            if above not in needed:
                needed.add(above)
                waiting.append(above)
    return lines

"""Which lines of a plan go, when only a part of it is approved, and which rest with what rests.

PURE (design 5.7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    """A planned line, as far as choosing needs it. `is_new`: Canvas does not have it."""

    key: str
    school: str
    row: Row
    is_new: bool = True


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


def stranded(
    resting: Mapping[Kind, Collection[str]], lines_of: Callable[[Kind], Iterable[Line]]
) -> Iterator[tuple[Kind, str]]:
    """The (kind, key) of each line that stands on something new that rests, all the way down."""
    missing = defaultdict(set, {kind: set(keys) for kind, keys in resting.items()})
    for kind in KINDS:
        on = [(kind.index(column), missing[parent]) for column, parent in STANDS_ON.get(kind, ())]
        if not any(keys for _, keys in on):
            continue
        for line in _from_above(kind, lines_of(kind)):
            if any(line.row[place] in keys for place, keys in on):
                yield kind, line.key
                if line.is_new:
                    missing[kind].add(line.key)


def _from_above(kind: Kind, lines: Iterable[Line]) -> Iterator[Line]:
    """For a kind that stands on itself, each line after the one that it stands on."""
    columns = [column for column, parent in STANDS_ON[kind] if parent is kind]
    if not columns:
        yield from lines
        return
    place = kind.index(columns[0])
    line_of = {line.key: line for line in lines}
    below: dict[str, list[Line]] = defaultdict(list)
    for line in line_of.values():
        below[line.row[place]].append(line)
    waiting = [line for line in line_of.values() if line.row[place] not in line_of]
    while waiting:
        yield (line := waiting.pop())
        waiting += below[line.key]

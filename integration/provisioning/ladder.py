"""What becomes of an enrollment that Q no longer holds, over time: inactive, completed, deleted.

The first step is taken by the night that finds it gone. Each further one follows after the
policy's days, on a night that has proven it is still gone, and only as far as the limits on
removals leave room for it: a ladder never holds a night. PURE.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from integration.provisioning.adoption import as_row
from integration.provisioning.compare import Accepted, Planned
from integration.provisioning.holds import Limits, Tally
from integration.provisioning.rows import ENROLLMENTS, Row, digest

INACTIVE, COMPLETED, DELETED = "inactive", "completed", "deleted"
STILL_GONE = "still not in Q"
_STATUS = ENROLLMENTS.index("status")


@dataclass(frozen=True, slots=True)
class Step:
    """From one status to the next, so many days after the one was reached."""

    status: str
    to: str
    days: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Days from each step to the next; 0: that step is never taken."""

    completed_after: int = 0
    deleted_after: int = 0

    def steps(self) -> list[Step]:
        """The further steps, the last first, so that nobody takes two in one night."""
        found: list[Step] = []
        if self.deleted_after:
            found.append(Step(COMPLETED, DELETED, self.deleted_after))
        if self.completed_after:
            found.append(Step(INACTIVE, COMPLETED, self.completed_after))
        elif self.deleted_after:
            found.append(Step(INACTIVE, DELETED, self.deleted_after))
        return found


class Room:
    """How many more removals tonight's limits leave, in each school and in total."""

    def __init__(self, tallies: Iterable[Tally], limits: Limits) -> None:
        accepted = removed = 0
        self._schools: dict[str, int] = {}
        for tally in tallies:
            accepted += tally.accepted
            removed += tally.removed
            if tally.school:
                self._schools[tally.school] = limits.removable(tally.accepted) - tally.removed
        self._limits = limits
        self._total = limits.removable(accepted) - removed

    def take(self, school: str) -> bool:
        """Take one place, if there is one."""
        here = self._schools.get(school, self._limits.removable(0)) if school else self._total
        if min(here, self._total) <= 0:
            return False
        self._total -= 1
        if school:
            self._schools[school] = here - 1
        return True


def climbing(
    step: Step,
    taken_away: Iterable[tuple[str, Accepted]],
    room: Room,
    resting: Callable[[Collection[Planned]], Collection[str]] = lambda _: (),
) -> Iterator[Planned]:
    """The lines of those that take this step, as far as there is room; the others wait.

    `resting`: the keys of those lines that will not go. They are told of and take up no room: each
    night they would be the first to take it.
    """
    lines = [
        Planned(key, "removed", there.row, after, digest(after), there.group, STILL_GONE)
        for key, there in taken_away
        if (after := _climbed(step, as_row(there.row)))
    ]
    rest = resting(lines)
    for line in lines:
        if line.key in rest or room.take(line.group):
            yield line


def _climbed(step: Step, row: Row) -> Row | None:
    """The row one step further down; None where it is not there to take it."""
    return (*row[:_STATUS], step.to, *row[_STATUS + 1 :]) if row[_STATUS] == step.status else None

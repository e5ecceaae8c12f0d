"""Which accepted rows belong to a term that is over: nothing of it is ever taken away. PURE.

Canvas concludes a term by its dates. Many a feed drops what is over, and marks it `tobedeleted`;
neither is a reason to touch what students look back at (D2, F9).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integration.provisioning.adoption import as_row
from integration.provisioning.compare import Accepted
from integration.provisioning.rows import (
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    TERMS,
    Kind,
    Row,
)

TERM_ENDED = "term ended"
# The ends of rows that name no dates of their own.
_END = {kind: kind.index("end_date") for kind in (TERMS, SECTIONS, ENROLLMENTS)}
_COURSE = SECTIONS.index("course_id")
_TERM = COURSES.index("term_id")

Find = Callable[[Kind, Collection[str]], Mapping[str, Accepted]]


@dataclass(slots=True)
class Endings:
    """What is over at `now`, by the accepted rows that `find` looks up, and tonight's `terms`.

    `terms`: SIS ID to end, of those that Q sent tonight; they say more than what was accepted.
    """

    now: datetime
    find: Find
    terms: Mapping[str, str] = field(default_factory=dict)
    _is_over: dict[Kind, dict[str, bool]] = field(default_factory=dict)

    def look_at(self, kind: Kind, rows: Iterable[Row]) -> None:
        """Look up what is needed to tell of these rows, in as few questions as possible."""
        if kind is ENROLLMENTS:
            self._look_up(SECTIONS, {row[0] for row in rows})
        elif kind is SECTIONS:
            self._look_up(COURSES, {row[_COURSE] for row in rows})
        elif kind is COURSES:
            self._look_up(TERMS, {row[_TERM] for row in rows})

    def covers(self, kind: Kind, row: Row) -> bool:
        """Is the term of this row over? Its own later or earlier end decides where it has one.

        `look_at` was told of the row before.
        """
        own = row[_END[kind]] if kind in _END else ""
        if kind is TERMS:
            return self._is_past(self.terms.get(row[0], own))
        if own and (kind is SECTIONS or not self._is_past(own)):
            return self._is_past(own)
        if kind is ENROLLMENTS:
            return self._is_over.get(SECTIONS, {}).get(row[0], False)
        if kind is SECTIONS:
            return self._is_over.get(COURSES, {}).get(row[_COURSE], False)
        if kind is COURSES:
            return self._is_over.get(TERMS, {}).get(row[_TERM], False)
        return False

    def _look_up(self, kind: Kind, keys: set[str]) -> None:
        known = self._is_over.setdefault(kind, {})
        wanted = keys - known.keys() - {""}
        found = {key: as_row(one.row) for key, one in self.find(kind, wanted).items()}
        self.look_at(kind, found.values())
        known |= {key: key in found and self.covers(kind, found[key]) for key in wanted}
        if kind is TERMS:
            known |= {key: self._is_past(self.terms[key]) for key in wanted & self.terms.keys()}

    def _is_past(self, end: str) -> bool:
        try:
            return datetime.fromisoformat(end) < self.now
        except (ValueError, TypeError):  # no end, or one that only Canvas can read
            return False

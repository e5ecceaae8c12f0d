"""What differs between this night's rows and what Canvas last accepted. PURE.

An unchanged row costs one digest and one set look-up; only the others are looked at by key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from integration.marks import Marks, mark
from integration.provisioning.adoption import as_row
from integration.provisioning.enrollments import preferred
from integration.provisioning.rows import ENROLLMENTS, Kind, Row, digests

# "equal": Canvas holds it as wanted already; recorded as accepted, never sent.
Action = Literal["added", "changed", "removed", "kept", "equal"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row as Canvas has it. `ours`: accepted from us; else only seen there.

    A `None` column is one that Canvas does not tell.
    """

    row: tuple[str | None, ...]
    digest: bytes
    ours: bool
    removed: bool
    group: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of the plan: `before` is None for a new row."""

    key: str
    action: Action
    before: tuple[str | None, ...] | None
    after: Row
    digest: bytes
    group: str
    reason: str = ""


# Why a row becomes ours that Canvas held before us, with content of its own or as Q has it.
HAD_BEFORE = "Canvas had it before"
# Begins the status of an accepted row whose import ended without telling; what was sent follows.
UNSURE = "?"
# How far down a row is taken, the first step first (ladder.py).
_DOWN = ("inactive", "completed", "deleted")


class Comparison:
    """Compares the rows of one kind, a batch at a time.

    `accepted`: digests of the rows that Canvas last accepted and that are not removed; the
    comparison keeps them, for there may be millions.
    `find`: looks rows up by key. `group_of`: which school's limits a row counts for.

    After the last batch: `duplicates` of keys that came before (the caller lets `preferred`
    decide), and `unseen` digests.
    """

    def __init__(
        self,
        kind: Kind,
        accepted: set[bytes],
        *,
        find: Callable[[Collection[str]], Mapping[str, Accepted]],
        group_of: Callable[[Row], str],
    ) -> None:
        self.kind = kind
        self.unseen = accepted
        self.same = 0
        self.duplicates: list[Planned] = []
        # Marks, not keys: a first night of a large district has a million of them.
        self._settled = Marks()
        self._find = find
        self._group_of = group_of

    def take(self, rows: Sequence[Row]) -> list[Planned]:
        """Compare one batch; give back what is to be planned."""
        named = digests(rows)
        known = self.unseen.intersection(named)
        self.unseen -= known
        self.same += len(known)
        if len(known) == len(named):
            return []
        others: dict[str, tuple[Row, bytes]] = {}
        for row, digest in zip(rows, named, strict=True):
            if digest in known:
                known.remove(digest)  # the same row once more is a duplicate
            else:
                self._collect(others, row, digest)
        return self._plan(others) if others else []

    def _collect(self, others: dict[str, tuple[Row, bytes]], row: Row, digest: bytes) -> None:
        key = self.kind.key(row)
        if key in others:
            lesser = others[key] if preferred(row, others[key][0]) is row else (row, digest)
            self.duplicates.append(self._planned(key, *lesser))
            if lesser[0] is row:
                return
        others[key] = (row, digest)

    def _planned(self, key: str, row: Row, digest: bytes) -> Planned:
        return Planned(key, "added", None, row, digest, self._group_of(row))

    def _plan(self, others: Mapping[str, tuple[Row, bytes]]) -> list[Planned]:
        found = self._find(others.keys())
        return [
            line
            for key, (row, digest) in others.items()
            if (line := self._line(self._planned(key, row, digest), found.get(key))) is not None
        ]

    def _line(self, new: Planned, there: Accepted | None) -> Planned | None:
        if (settled := mark(new.key)) in self._settled:
            self.duplicates.append(new)
            return None
        if there is not None and self._came_already(there):
            row = as_row(there.row)
            if preferred(row, new.after) is row:
                self.duplicates.append(new)
                return None
            self.duplicates.append(self._planned(new.key, row, there.digest))
            self.same -= 1
        self._settled.add({settled})
        return self._judged(new, there)

    def _judged(self, new: Planned, there: Accepted | None) -> Planned:
        if there is not None and not there.removed:
            self.unseen.discard(there.digest)
        line = judged(self.kind, new, there)
        self.same += line.action == "equal"
        return line

    def _came_already(self, there: Accepted) -> bool:
        """Was the accepted row of this key itself among this night's rows?"""
        return there.ours and not there.removed and there.digest not in self.unseen


def judged(kind: Kind, new: Planned, there: Accepted | None) -> Planned:
    """What a wanted row is, beside what Canvas has under its key."""
    if there is None:
        return replace(new, action="added", before=None)
    if there.removed:
        return replace(new, action="changed", before=there.row, reason="returned")
    if is_unsure(kind, there.row):
        return replace(new, action="changed", before=there.row, reason="unconfirmed")
    action: Action = "equal" if same_in_canvas(kind, there.row, new.after) else "changed"
    reason = "" if there.ours else HAD_BEFORE
    return replace(new, action=action, before=there.row, reason=reason)


def unsure(kind: Kind, row: Row) -> Row:
    """The row as accepted when nobody can tell whether Canvas took it: it equals no wanted row."""
    position = kind.index("status")
    return (*row[:position], UNSURE + row[position], *row[position + 1 :])


def is_unsure(kind: Kind, row: Sequence[str | None]) -> bool:
    """Is it unknown whether Canvas took this row, which was sent?"""
    return (row[kind.index("status")] or "").startswith(UNSURE)


def removed(kind: Kind, key: str, there: Accepted, gone: str) -> tuple[Row, Action]:
    """The row to send for one that Q no longer holds, and what that is called.

    Only kinds that name a `gone` status are ever taken away (design 5.6). A step that Canvas may
    have taken already is repeated: nobody comes back up because an import broke off.
    """
    before = as_row(there.row)
    if kind.gone is None:
        return before, "kept"
    position = kind.index("status")
    status = gone if kind is ENROLLMENTS else kind.gone
    sent = before[position].removeprefix(UNSURE)
    if is_unsure(kind, before) and sent in _DOWN:
        status = max(status, sent, key=_DOWN.index)
    return (*before[:position], status, *before[position + 1 :]), "removed"


# What Canvas calls a row that is there; the SIS import says "active" for all of them.
_ALIVE = frozenset({"active", "published", "unpublished", "available", "claimed", "created"})


def same_in_canvas(kind: Kind, there: tuple[str | None, ...], row: Row) -> bool:
    """Would sending `row` leave Canvas as it is? Dates are compared as instants."""
    for column, old, new in zip(kind.columns, there, row, strict=True):
        if old == new or (not new and (old is None or column in kind.keeps)):
            continue
        if column == "status" and kind is not ENROLLMENTS and old in _ALIVE and new in _ALIVE:
            continue
        if column in kind.dates and old and new and _same_instant(old, new):
            continue
        return False
    return True


def _same_instant(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except ValueError:  # written in some way of Canvas's own: then it is sent again
        return False

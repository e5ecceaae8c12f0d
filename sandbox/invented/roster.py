"""The records of the invented district as Q should hold them, and what a day changes in them."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from sandbox.invented.maker import Record

# How an office takes something back: the record says so, or is no longer there, or (of
# enrollments) has its last day behind it.
Habit = Literal["tobedeleted", "absent", "ended"]
COLLECTIONS: Final = (
    "orgs",
    "academicSessions",
    "courses",
    "users",
    "demographics",
    "classes",
    "enrollments",
)
REMEMBERED_DAYS: Final = 20


class Roster:
    """Records by collection and id. A record held here is never altered, only replaced."""

    def __init__(self) -> None:
        self.day = 0
        self.held: dict[str, dict[str, Record]] = {name: {} for name in COLLECTIONS}
        self._enrolled: dict[str, dict[str, None]] = {}
        self._upserts: dict[str, dict[str, None]] = {name: {} for name in COLLECTIONS}
        self._deletes: dict[str, dict[str, None]] = {name: {} for name in COLLECTIONS}
        self._new: set[tuple[str, str]] = set()
        self._forget_on: dict[tuple[str, str], int] = {}

    def load(self, name: str, record: Record) -> None:
        """Hold what Q holds already."""
        sourced_id = record["sourcedId"]
        self._unlink(name, sourced_id)
        self.held[name][sourced_id] = record
        if name == "enrollments" and record["status"] == "active":
            for each in ("user", "class"):
                self._enrolled.setdefault(record[each]["sourcedId"], {})[sourced_id] = None

    def put(self, name: str, record: Record) -> Record:
        """Hold a record, in place of any with its id."""
        sourced_id = record["sourcedId"]
        if sourced_id not in self.held[name] and sourced_id not in self._deletes[name]:
            self._new.add((name, sourced_id))
        self.load(name, record)
        self._upserts[name][sourced_id] = None
        self._deletes[name].pop(sourced_id, None)
        if record["status"] == "active":
            self._forget_on.pop((name, sourced_id), None)
        return record

    def edit(self, name: str, sourced_id: str, **fields: Any) -> Record:
        """Replace some fields of a record."""
        return self.put(name, {**self.held[name][sourced_id], **fields})

    def drop(self, name: str, sourced_id: str) -> None:
        """Let a record be gone."""
        self._unlink(name, sourced_id)
        if self.held[name].pop(sourced_id, None):
            self._upserts[name].pop(sourced_id, None)
            if (name, sourced_id) not in self._new:
                self._deletes[name][sourced_id] = None
            self._forget_on.pop((name, sourced_id), None)

    def withdraw(self, name: str, sourced_id: str, habit: Habit) -> None:
        """Take a record back. One that is to be deleted is gone for good some weeks later."""
        if habit == "absent":
            self.drop(name, sourced_id)
        elif sourced_id in self.held[name]:
            self.edit(name, sourced_id, status="tobedeleted")
            self._unlink(name, sourced_id)
            self._forget_on[name, sourced_id] = self.day + REMEMBERED_DAYS

    def forget_old(self) -> int:
        """Drop what was to be deleted long enough; how many."""
        old = [key for key, day in self._forget_on.items() if day <= self.day]
        for name, sourced_id in old:
            self.drop(name, sourced_id)
        return len(old)

    def enrollments(self, *, user: str = "", class_id: str = "", role: str = "") -> list[Record]:
        """Those of a user, a class or both that were not taken back."""
        held = self.held["enrollments"]
        found = (held[each] for each in self._enrolled.get(user or class_id, ()))
        return [
            each
            for each in found
            if (not class_id or each["class"]["sourcedId"] == class_id)
            and (not role or each["role"] == role)
        ]

    def changes(self) -> tuple[dict[str, list[Record]], dict[str, list[str]]]:
        """What was put and dropped since the last call. Q stamps what it takes in."""
        put = {
            name: [_unstamped(self.held[name][each]) for each in ids]
            for name, ids in self._upserts.items()
            if ids
        }
        gone = {name: list(ids) for name, ids in self._deletes.items() if ids}
        self._new.clear()
        for name in COLLECTIONS:
            self._upserts[name], self._deletes[name] = {}, {}
        return put, gone

    def _unlink(self, name: str, sourced_id: str) -> None:
        before = self.held[name].get(sourced_id)
        if name == "enrollments" and before:
            for each in _ends(before):
                self._enrolled.get(each, {}).pop(sourced_id, None)


def _ends(enrollment: Record) -> Iterator[str]:
    yield enrollment["user"]["sourcedId"]
    yield enrollment["class"]["sourcedId"]


def _unstamped(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "dateLastModified"}

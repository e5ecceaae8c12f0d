"""What Q says tonight, read as the rules say: a part of the pure model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

Record = dict[str, Any]
Q = Mapping[str, Mapping[str, Record]]
Row = tuple[Any, ...]

ROLES = {"student": "student", "teacher": "teacher", "aide": "ta"}
NOT_ENROLLED = ("administrator", "proctor", "guardian", "parent", "relative")
GUARDIANS = ("guardian", "parent", "relative")
# Nobody knows whether Canvas took what was sent last.
UNSURE: Row = ("unsure",)


class Member(NamedTuple):
    """A place in a section."""

    section: str
    user: str
    role: str


@dataclass
class Wanted:
    """What Q says tonight, and what it says nothing certain about.

    `rows`: {kind: {key: row}}; `school_of`: whose limits a row counts for. A place that `frozen`
    covers stays whatever it is.
    """

    rows: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    school_of: dict[Any, str] = field(default_factory=dict)
    over: dict[str, date | None] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)

    def frozen(self, member: Member) -> bool:
        return (
            member.section in self.sections
            or member.user in self.users
            or (member.section, member.user) in self.pairs
        )


def terms_of(q: Q) -> dict[str, tuple[str, str]]:
    """{session: (first, last day)} of those that count."""
    return {
        key: (one["startDate"], one["endDate"])
        for key, one in q["academicSessions"].items()
        if one["status"] == "active" and one["startDate"] <= one["endDate"]
    }


def fill_in_classes(
    q: Q, wanted: Wanted, terms: Mapping[str, tuple[str, str]], schools: Collection[str]
) -> set[str]:
    """Fill in sections and courses; the classes that are not to be in Canvas."""
    inactive = set()
    for key, record in q["classes"].items():
        if record["status"] != "active":
            inactive.add(key)
            continue
        title = record.get("title") or record.get("classCode")
        if not title:
            continue
        own = [terms[one["sourcedId"]] for one in record["terms"] if one["sourcedId"] in terms]
        first, last = (
            min((one[0] for one in own), default=""),
            max((one[1] for one in own), default=""),
        )
        school = record["school"]["sourcedId"]
        wanted.school_of[key] = school if school in schools else ""
        wanted.over[key] = date.fromisoformat(last) if last else None
        wanted.rows["sections"][key] = (title, first, last, len(own) > 1)
        course = q["courses"].get(record["course"]["sourcedId"], {})
        code = record.get("classCode") or course.get("courseCode")
        wanted.rows["courses"][key] = (
            title,
            code,
            wanted.school_of[key],
            own[:1],
        )
    return inactive


def there(q: Q, kind: str) -> Collection[str]:
    """Records that are there and could not be mapped: those rows are not gone."""
    if kind == "users":
        return {
            key
            for key, one in q["users"].items()
            if one["status"] == "active" and one["role"] not in GUARDIANS
        }
    if kind in ("sections", "courses"):
        return {key for key, one in q["classes"].items() if one["status"] == "active"}
    return ()


def later(row: Row) -> tuple[str, str]:
    """Of two enrollments of one person in one class the one that lasts longer is meant."""
    return (row[1] or "9", row[0])

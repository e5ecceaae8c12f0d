"""What each of the two systems holds, in the words of Canvas's rows. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from integration.provisioning.adoption import as_row
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    SECTIONS,
    TERMS,
    USERS,
    Kind,
    Row,
)

# What is compared row by row; enrollments follow their section and user.
COMPARED = (ACCOUNTS, TERMS, COURSES, SECTIONS, USERS)

Rows = dict[str, Row]
# (SIS user ID, Canvas role)
Member = tuple[str, str]
# SIS section ID to those who are active in it. The texts are shared: there are a million.
Members = dict[str, set[Member]]


def no_rows() -> dict[Kind, Rows]:
    return {kind: {} for kind in COMPARED}


@dataclass(slots=True)
class QSide:
    """Q as the district's mapping rules would bring it over.

    `school_of`: SIS user ID to an account's. `other_ids`: {rule: {SIS user ID: what it would be by
    that rule}}. `shared_logins`: sourcedIds of users who have one login with another.
    """

    rows: dict[Kind, Rows] = field(default_factory=no_rows)
    members: Members = field(default_factory=dict)
    school_of: Mapping[str, str] = field(default_factory=dict)
    other_ids: dict[str, dict[str, str]] = field(default_factory=dict)
    shared_logins: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CanvasSide:
    """Canvas as its provisioning report tells it; without what is deleted.

    `integration_ids`: {kind: {integration ID: SIS ID}}. `without_id`: how many of a kind have no
    SIS ID. `logins_without_id`: folded.
    """

    rows: dict[Kind, Rows] = field(default_factory=no_rows)
    members: Members = field(default_factory=dict)
    integration_ids: dict[Kind, dict[str, str]] = field(
        default_factory=lambda: {kind: {} for kind in COMPARED}
    )
    without_id: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(COMPARED, 0))
    logins_without_id: set[str] = field(default_factory=set)

    def take(self, kind: Kind, report: Iterable[Mapping[str, str]]) -> None:
        """Take in one file of the provisioning report."""
        for line in report:
            if line.get("status") == "deleted":
                continue
            key = line.get(kind.columns[0], "")
            if not key:
                self.without_id[kind] += 1
                if kind is USERS and line.get("login_id"):
                    self.logins_without_id.add(line["login_id"].casefold())
                continue
            self.rows[kind][key] = as_row(tuple(line.get(column) for column in kind.columns))
            if other := line.get("integration_id"):
                self.integration_ids[kind][other] = key

    def take_members(self, report: Iterable[Mapping[str, str]]) -> None:
        """Take in the report's enrollments: who is active, and came by a SIS import."""
        known: dict[str, str] = {}
        for line in report:
            section, user = line.get("section_id", ""), line.get("user_id", "")
            by_hand = line.get("created_by_sis", "").casefold() in ("false", "f", "0")
            if section and user and line.get("status") == "active" and not by_hand:
                add_member(self.members, known, section, user, line.get("role", ""))


def add_member(members: Members, known: dict[str, str], section: str, user: str, role: str) -> None:
    """`known` holds each text once."""
    member = (known.setdefault(user, user), known.setdefault(role, role))
    members.setdefault(known.setdefault(section, section), set()).add(member)

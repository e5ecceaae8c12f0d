"""What other mapping rules would make of real records of Q: some are read, nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from integration.oneroster.client import OneRosterClient
from integration.oneroster.types import Class, Problem, User
from integration.provisioning.classes import place_classes
from integration.provisioning.people import map_people
from integration.provisioning.rows import Row
from integration.provisioning.rules import Rules

# Of each collection so many records are looked at.
SAMPLE = 500
# What a rule itself brings about, and not the record.
OF_THE_RULE = frozenset({"roster.no-sis-id", "roster.duplicate-sis-id"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that would become something else. `before` is "" where it would be new."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(slots=True)
class Preview:
    """`looked_at`: {kind: records}. `collisions`: what two records would share, or lack."""

    looked_at: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    collisions: list[Problem] = field(default_factory=list)


def preview(q: OneRosterClient, now: Rules, wanted: Rules) -> Preview:
    """Map the first records of Q by both rules, and put them side by side.

    Raises:
        OneRosterError: Q does not answer.
    """
    result = Preview()
    users, classes = _some(q, "users"), _some(q, "classes")
    _users(result, users, now, wanted)
    _classes(result, classes, now, wanted)
    return result


def _some(q: OneRosterClient, collection: str) -> dict[str, Any]:
    records = (one for page in q.read(collection) for one in page.records)
    return {one.sourced_id: one for one in islice(records, SAMPLE)}


def _users(result: Preview, users: dict[str, User], now: Rules, wanted: Rules) -> None:
    result.looked_at["users"] = len(users)
    sides: list[dict[str, Row]] = []
    for rules in (now, wanted):
        people = map_people(users, rules, account_of={}, accepted=lambda _: False)
        rows = {row.user_id: row for row in people.rows}
        sides.append({key: rows[user_id] for key, user_id in people.user_of.items()})
        if rules is wanted:
            result.collisions += [one for one in people.problems if one.code in OF_THE_RULE]
    before, after = sides
    for key in before.keys() | after.keys():
        ids = [side[key][0] if key in side else "" for side in sides]
        if ids[0] != ids[1]:
            row = before.get(key) or after[key]
            result.differences.append(Difference("users", f"{row[2]} {row[3]}", *ids))


def _classes(result: Preview, classes: dict[str, Class], now: Rules, wanted: Rules) -> None:
    result.looked_at["sections"] = len(classes)
    before, after = (
        place_classes(classes, rules, account_of={}, term_of={}).place_of for rules in (now, wanted)
    )
    for key in before.keys() & after.keys():
        ids = before[key].sis_section_id, after[key].sis_section_id
        if ids[0] != ids[1]:
            result.differences.append(Difference("sections", before[key].class_.title, *ids))

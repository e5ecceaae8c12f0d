"""Why a Q record is, or is not, in Canvas: from facts to sentences. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from integration.oneroster.types import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Org,
    Record,
    User,
)
from integration.provisioning.people import sis_id
from integration.provisioning.rows import (
    ACCOUNTS,
    COURSES,
    ENROLLMENTS,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
    Kind,
)
from integration.provisioning.rules import GUARDIANS, Rules

Verdict = Literal["in Canvas", "waiting", "refused", "left out", "not meant for Canvas", "unknown"]

# What a person may call a kind, and the OneRoster collection it is read from.
COLLECTIONS = {
    "org": "orgs",
    "session": "academicSessions",
    "term": "academicSessions",
    "course": "courses",
    "class": "classes",
    "user": "users",
    "enrollment": "enrollments",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record's row would be: its kind and its key in Canvas."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What we know of one place. Run numbers are ours, the import id is Canvas's."""

    place: Place
    columns: dict[str, str] = field(default_factory=dict)
    accepted_by: int | None = None
    sis_import: str = ""
    removed: bool = False
    planned_by: int | None = None
    planned_state: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trace, as sentences in the order of the flow, and what it comes to."""

    verdict: Verdict
    steps: tuple[str, ...]


def places(record: Record, rules: Rules) -> list[Place]:
    """Where the rows of a record are, as far as the record itself tells."""
    prefixed = rules.prefix + record.sourced_id
    match record:
        case Org():
            return [Place(ACCOUNTS, prefixed)]
        case AcademicSession():
            return [Place(TERMS, prefixed)]
        case Course():
            return []
        case Class():
            return [Place(SECTIONS, prefixed), Place(COURSES, prefixed)]
        case User():
            return [Place(USERS, sis_id(record, rules.user_sis_id))]
        case Enrollment():
            role = rules.canvas_role(record.role)
            section = rules.prefix + record.class_.sourced_id
            return [
                Place(ENROLLMENTS, SEPARATOR.join((section, record.user.sourced_id, role or "")))
            ]
    return []


def not_meant(record: Record, rules: Rules) -> str:
    """Why a record as it stands has no row of its own, or ""."""
    match record:
        case _ if record.status != "active":
            return "Q has marked it tobedeleted."
        case User() if record.role in GUARDIANS and not rules.guardians:
            return "Guardians are not provisioned in this district (a switch in the policy)."
        case Enrollment() if rules.canvas_role(record.role) is None:
            return f"The role {record.role} has no enrollment in Canvas."
        case AcademicSession() if record.type not in ("term", "semester"):
            return f"A {record.type} becomes a Canvas term only if a class names it."
        case Org() if record.type in ("district", "state", "national"):
            return "It is Canvas's root account or above it, where Q holds only one district."
        case Course():
            return "A course is not in Canvas by itself: its classes are; explain one of them."
    return ""


def explain(
    record: Record | None,
    facts: list[Fact],
    findings: list[str],
    rules: Rules,
) -> Explanation:
    """Tell the story of one record. `findings`: what the latest run said about it."""
    known = any(fact.accepted_by is not None or fact.refusal for fact in facts)
    if record is None and not known and not findings:
        never = "Canvas never got it from us" if facts else "its row in Canvas is not known"
        return Explanation("unknown", (f"Q does not hold this record, and {never}.",))
    steps = ["Q holds it."] if record is not None else []
    if record is None and not findings:
        steps = ["Q no longer holds it."]
    reason = not_meant(record, rules) if record is not None else ""
    if reason:
        steps.append(reason)
    steps += findings
    for fact in facts:
        steps += _told(fact)
    is_meant = record is not None and not reason
    return Explanation(_verdict(facts, findings, is_meant=is_meant), tuple(steps))


def _told(fact: Fact) -> list[str]:
    name = f"{fact.place.kind.name[:-1]} {fact.place.key.replace(SEPARATOR, ' / ')}"
    told: list[str] = []
    if fact.accepted_by is not None:
        by = f"run {fact.accepted_by}"
        by += f", SIS import {fact.sis_import}" if fact.sis_import else ""
        what = "accepted"
        if fact.removed:
            what = "kept" if _is_there(fact) else "taken away"
        told.append(f"Canvas has {what} the {name} ({by}).")
        told.append("  " + ", ".join(f"{column}={value}" for column, value in fact.columns.items()))
    if fact.planned_by is not None and fact.planned_state == "planned":
        told.append(f"A change to the {name} waits in the plan of run {fact.planned_by}.")
    if fact.refusal:
        told.append(f"Canvas refused the {name}: {fact.refusal}")
    return told


def _verdict(facts: list[Fact], findings: list[str], *, is_meant: bool) -> Verdict:
    if any(fact.refusal for fact in facts):
        return "refused"
    if any(map(_is_there, facts)):
        return "in Canvas"
    if any(fact.planned_state == "planned" for fact in facts):
        return "waiting"
    if findings:
        return "left out"
    return "waiting" if is_meant else "not meant for Canvas"


def _is_there(fact: Fact) -> bool:
    """Also what Q no longer holds, where it is left in Canvas: its kind always is, or its term is
    over."""
    is_left = fact.place.kind.gone is None or fact.columns.get("status") == "active"
    stays = not fact.removed or is_left
    return fact.accepted_by is not None and stays

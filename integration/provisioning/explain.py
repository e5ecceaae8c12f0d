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
from integration.phrases import Phrase
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
    """What we know of one place. Run numbers are ours, the import id is Canvas's.

    `plan`: how the run that planned a change to it stands, as a sentence; `after`: what becomes of
    a row that was taken away.
    """

    place: Place
    columns: dict[str, str] = field(default_factory=dict)
    accepted_by: int | None = None
    sis_import: str = ""
    removed: bool = False
    planned_by: int | None = None
    planned_state: str = ""
    plan: str = ""
    set_aside_by: str = ""
    refusal: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a record, and what it comes to; "" where it does not keep it out.

    `of_another`: what Canvas has under its ID is somebody or something else.
    """

    sentence: str
    verdict: Literal["left out", "not meant for Canvas", ""] = "left out"
    of_another: bool = False


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
    """Why a record as it stands has no row of its own, and what to do about it; or ""."""
    match record:
        case _ if record.status != "active":
            return Phrase(
                "Q has marked it {status}. If it should be in Canvas, make it active in Q again.",
                status=record.status,
            )
        case User() if record.role in GUARDIANS and not rules.guardians:
            return Phrase(
                "Guardians are not provisioned in this district. A switch in the mapping rules "
                "brings them over as observers."
            )
        case Enrollment() if rules.canvas_role(record.role) is None:
            return Phrase(
                "The role {role} has no enrollment in Canvas. The mapping rules say which role "
                "becomes what; else correct the role in Q.",
                role=record.role,
            )
        case AcademicSession() if record.type not in ("term", "semester"):
            return Phrase(
                "A {type} becomes a Canvas term only if a class names it. Give the classes this "
                "session in Q if it should be one.",
                type=record.type,
            )
        case Org() if record.type in ("district", "state", "national"):
            return Phrase(
                "It is Canvas's root account or above it, where Q holds only one district. "
                "There is nothing to do."
            )
        case Course():
            return Phrase(
                "A course is not in Canvas by itself: its classes are; explain one of them."
            )
    return ""


NOT_THERE = (
    "Check the kind and the ID: it is the sourcedId in Q, not a number of Canvas. The search finds "
    "people, classes and enrollments by name and login as well."
)
NEVER = "Q does not hold this record, and Canvas never got it from us."
NOT_KNOWN = "Q does not hold this record, and its row in Canvas is not known."


def explain(
    record: Record | None,
    facts: list[Fact],
    notes: list[Note],
    rules: Rules,
    around: list[str] | None = None,
) -> Explanation:
    """Tell the story of one record.

    `notes`: what was found about it, and about what it names. `around`: how the district's runs
    stand, for what should be in Canvas and is not there yet.
    """
    known = any(fact.accepted_by is not None or fact.refusal for fact in facts)
    if record is None and not known and not notes:
        return Explanation("unknown", (NEVER if facts else NOT_KNOWN, NOT_THERE))
    steps = ["Q holds it."] if record is not None else []
    if record is None and not notes:
        steps = ["Q no longer holds it."]
    if record is not None and (reason := not_meant(record, rules)):
        notes = [Note(reason, "not meant for Canvas"), *notes]
    steps += [note.sentence for note in notes]
    if known and any(note.of_another for note in notes):
        steps.append(Phrase("What Canvas has under that ID is another one:"))
    for fact in facts:
        steps += _told(fact)
    verdict = _verdict(facts, notes, is_in_q=record is not None)
    # Where a plan holds it, how that stands has been said with it.
    if verdict == "waiting" and not any(fact.plan or fact.set_aside_by for fact in facts):
        steps += around or []
    return Explanation(verdict, tuple(steps))


ACCEPTED = {
    "accepted": "Canvas has accepted the {row} ({by}).",
    "kept": "Canvas has kept the {row} ({by}).",
    "taken away": "Canvas has taken away the {row} ({by}).",
}
IMPORTED = "run {run}, SIS import {sis_import}"


def _told(fact: Fact) -> list[str]:
    row = f"{fact.place.kind.name[:-1]} {fact.place.key.replace(SEPARATOR, ' / ')}"
    told: list[str] = []
    if fact.accepted_by is not None:
        stays = "kept" if _is_there(fact) else "taken away"
        template = ACCEPTED["accepted" if not fact.removed else stays]
        by = Phrase(IMPORTED if fact.sis_import else "run {run}",
                    run=fact.accepted_by, sis_import=fact.sis_import)  # fmt: skip
        told.append(Phrase(template, row=row, by=by))
        told.append("  " + ", ".join(f"{column}={value}" for column, value in fact.columns.items()))
        if fact.removed and fact.after:
            told.append(fact.after)
    told += _planned(fact, row)
    if fact.refusal:
        told.append(
            Phrase("Canvas refused the {row}: {message}", row=row, message=fact.refusal),
        )
        told.append(
            Phrase(
                "Correct what Canvas names; the row is sent again when it has changed, and else "
                "after a week."
            )
        )
    return told


# No person left it out, but what it stands on.
STANDS_ON_RESTING = "stands on what rests"
# By the state of the planned change; what is not here is told by what Canvas has accepted or
# refused, or by the finding of a changed id.
PLANNED = {
    "planned": "A change to the {row} waits in the plan of run {run}.",
    "set aside": "A change to the {row} rests: {by} left it out when the rest of run {run} was "
    "approved. Press “Plan again what was set aside” on the page “Provisioning” to have it back.",
    STANDS_ON_RESTING: "Nothing of the {row} is sent: what it stands on was set aside, and Canvas "
    "does not have it. Press “Plan again what was set aside” on the page “Provisioning” to have "
    "both back.",
    "left": "It is not known whether Canvas took the {row} in run {run}; the next run sends it "
    "again.",
}


# A rule, and no person, leaves it out.
SCHOOL_RESTS = "school rests"
OF_RESTING_SCHOOL = (
    "Nothing of the {row} is sent: its school is not among those that come over. "
    "Canvas keeps what it has (Rules, Which schools come over)."
)


def _planned(fact: Fact, row: str) -> list[str]:
    is_left_out = fact.planned_state == SCHOOL_RESTS
    template = OF_RESTING_SCHOOL if is_left_out else PLANNED.get(fact.planned_state)
    if fact.planned_by is None or template is None:
        return []
    told: list[str] = [Phrase(template, row=row, run=fact.planned_by, by=fact.set_aside_by)]
    return [*told, fact.plan] if fact.plan else told


def _verdict(facts: list[Fact], notes: list[Note], *, is_in_q: bool) -> Verdict:
    if any(note.of_another for note in notes):
        return "left out"
    if any(fact.refusal for fact in facts):
        return "refused"
    if any(map(_is_there, facts)):
        return "in Canvas"
    if any(fact.planned_state in PLANNED for fact in facts):
        return "waiting"
    if any(fact.planned_state == SCHOOL_RESTS for fact in facts):
        return "not meant for Canvas"
    verdicts = {note.verdict for note in notes}
    if "left out" in verdicts:
        return "left out"
    is_meant = is_in_q and "not meant for Canvas" not in verdicts
    return "waiting" if is_meant else "not meant for Canvas"


def _is_there(fact: Fact) -> bool:
    """Also what Q no longer holds, where it is left in Canvas: its kind always is, or its term is
    over."""
    is_left = fact.place.kind.gone is None or fact.columns.get("status") == "active"
    stays = not fact.removed or is_left
    return fact.accepted_by is not None and stays

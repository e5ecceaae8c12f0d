"""Why one record of Q is, or is not, in Canvas: from what Q gives and our own tables tell."""

from __future__ import annotations

import json

from django.db.models import Q

from integration.models import (
    Change,
    CourseAssignment,
    District,
    Finding,
    ProvisioningPolicy,
    RefusedRow,
    RosterRow,
    Run,
)
from integration.oneroster.client import OneRosterClient
from integration.oneroster.errors import UnusableRecord
from integration.oneroster.types import Enrollment, User
from integration.provisioning.explain import Explanation, Fact, Place, explain, places
from integration.provisioning.people import sis_id
from integration.provisioning.plan import rules_of
from integration.provisioning.renames import TYPES
from integration.provisioning.rows import (
    ACCOUNTS,
    CHANGE_SIS_ID,
    COURSES,
    SECTIONS,
    SEPARATOR,
    TERMS,
    USERS,
)
from integration.provisioning.rules import Rules
from integration.provisioning.run import PLANS


def why(district: District, collection: str, sourced_id: str, q: OneRosterClient) -> Explanation:
    """The trace from Q's record through the rule to Canvas's row, or the reason it is not there.

    `collection` as in OneRoster: "orgs", "academicSessions", "courses", "classes", "users",
    "enrollments". Asks Q for this record, and Canvas for nothing.

    Raises:
        OneRosterError: Q does not answer.
    """
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    rules = rules_of(policy, district.time_zone)
    findings = _findings(district, sourced_id)
    try:
        record = q.find(collection, sourced_id)
    except UnusableRecord as error:
        record = None
        findings = [f"Q holds it, and it cannot be used: {error}", *findings]
    found = places(record, rules) if record else _guess(collection, sourced_id, rules)
    if isinstance(record, Enrollment):
        user = q.find("users", record.user.sourced_id)
        if isinstance(user, User):
            found = [_with_user(found[0], user, rules)]
    findings += _renames(district, found)
    facts = [_fact(district, _kept(district, place)) for place in found]
    return explain(record, facts, findings, rules)


# The kinds of Canvas that a record is found under by its own id.
GUESSES = {
    "orgs": (ACCOUNTS,),
    "academicSessions": (TERMS,),
    "classes": (SECTIONS, COURSES),
    "users": (USERS,),
}


def _guess(collection: str, sourced_id: str, rules: Rules) -> list[Place]:
    """Where a record that Q does not give (any more) would be."""
    prefix = "" if collection == "users" else rules.prefix
    return [Place(kind, prefix + sourced_id) for kind in GUESSES.get(collection, ())]


def _kept(district: District, place: Place) -> Place:
    """A class's course is the one that its section stays in, whatever the grouping."""
    if place.kind is not COURSES:
        return place
    kept = CourseAssignment.objects.filter(district=district, sis_section_id=place.key).first()
    return Place(COURSES, kept.sis_course_id) if kept else place


def _with_user(place: Place, user: User, rules: Rules) -> Place:
    section, _, role = place.key.split(SEPARATOR)
    return Place(place.kind, SEPARATOR.join((section, sis_id(user, rules.user_sis_id), role)))


def _fact(district: District, place: Place) -> Fact:
    named = {"kind": place.kind.name, "key": place.key}
    accepted = RosterRow.objects.filter(
        district=district, origin=RosterRow.Origin.OURS, **named
    ).first()
    change = Change.objects.filter(run__district=district, **named).order_by("-pk").first()
    refused = RefusedRow.objects.filter(district=district, **named).first()
    return Fact(
        place,
        columns=dict(zip(place.kind.columns, json.loads(accepted.row), strict=True))
        if accepted
        else {},
        accepted_by=accepted.run_id if accepted else None,
        sis_import=_import_of(accepted.run) if accepted and accepted.run else "",
        removed=bool(accepted and accepted.removed_at),
        planned_by=change.run_id if change else None,
        planned_state=change.state if change else "",
        refusal=refused.message if refused else "",
    )


def _import_of(run: Run) -> str:
    return next((str(sent["id"]) for sent in run.sent.get("imports", [])), "")


def _renames(district: District, found: list[Place]) -> list[str]:
    """What became of the ids under which a record is looked for; where it is now is added."""
    told: list[str] = []
    lines = Change.objects.filter(
        run__district=district, kind=CHANGE_SIS_ID.name, state=Change.State.CONFIRMED
    )
    for place in list(found):
        type_ = TYPES.get(place.kind, "")
        to = Q(key__startswith=f"{place.key}{SEPARATOR}")
        by = Q(key__endswith=f"{SEPARATOR}{place.key}{SEPARATOR}{type_}")
        for line in lines.filter(to | by).order_by("pk"):
            old, new, of = line.key.split(SEPARATOR)
            if of == type_:
                told.append(f"The {of} {old} is {new} in Canvas since run {line.run_id}.")
                found += [Place(place.kind, new)] if Place(place.kind, new) not in found else []
    return told


def _findings(district: District, sourced_id: str) -> list[str]:
    """What the latest run that read Q said about this record."""
    run = district.runs.filter(kind__in=PLANS).exclude(read_at=None).order_by("-pk").first()
    found = Finding.objects.filter(run=run, sourced_id=sourced_id).order_by("pk") if run else []
    return [f"{finding.reason} {finding.remedy}" for finding in found]

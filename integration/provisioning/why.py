"""Why one record of Q is, or is not, in Canvas: from what Q gives and our own tables tell."""

from __future__ import annotations

import json

from django.db.models import Q

from integration.models import (
    Change,
    CourseAssignment,
    District,
    ProvisioningPolicy,
    RefusedRow,
    RosterRow,
    Run,
    SetAside,
)
from integration.oneroster.client import OneRosterClient
from integration.oneroster.types import Enrollment, User
from integration.phrases import Phrase
from integration.provisioning.explain import (
    SCHOOL_RESTS,
    STANDS_ON_RESTING,
    Explanation,
    Fact,
    Note,
    Place,
    explain,
    places,
)
from integration.provisioning.found_about import Asked, beside
from integration.provisioning.not_yet import next_plan, plan_of
from integration.provisioning.people import sis_id
from integration.provisioning.plan import rules_of
from integration.provisioning.renames import TYPES
from integration.provisioning.resting import STANDING
from integration.provisioning.rows import (
    ACCOUNTS,
    CHANGE_SIS_ID,
    COURSES,
    ENROLLMENTS,
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
    "enrollments". Asks Q for this record and for what it names, and Canvas for nothing.

    Raises:
        OneRosterError: Q does not answer.
    """
    policy, _ = ProvisioningPolicy.objects.get_or_create(district=district)
    asked = Asked(district, rules_of(policy, district.time_zone), q)
    rules = asked.rules
    record, notes = asked.look_up(collection, sourced_id)
    found = places(record, rules) if record else _guess(collection, sourced_id, rules)
    if isinstance(record, Enrollment):
        named = asked.named_by(record)
        notes += named.notes
        if named.user is not None:
            found = [_with_user(found[0], named.user, rules)]
    notes += [Note(told, "") for told in _renames(district, found)]
    found = [_kept(district, place) for place in found]
    notes += [*asked.of_rows(found), *beside(district, record, found)]
    facts = [_fact(policy, place) for place in found]
    return explain(record, facts, notes, rules, next_plan(district))


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


def _fact(policy: ProvisioningPolicy, place: Place) -> Fact:
    district = policy.district
    named = {"kind": place.kind.name, "key": place.key}
    accepted = RosterRow.objects.filter(
        district=district, origin=RosterRow.Origin.OURS, **named
    ).first()
    changes = Change.objects.filter(run__district=district, run__kind__in=PLANS, **named)
    change = changes.select_related("run__district__policy").order_by("-pk").first()
    refused = RefusedRow.objects.filter(district=district, **named).first()
    aside = SetAside.objects.filter(district=district, **named).first()
    is_planned = change is not None and change.state == Change.State.PLANNED
    return Fact(
        place,
        columns=dict(zip(place.kind.columns, json.loads(accepted.row), strict=True))
        if accepted
        else {},
        accepted_by=accepted.run_id if accepted else None,
        sis_import=_import_of(accepted.run) if accepted and accepted.run else "",
        removed=bool(accepted and accepted.removed_at),
        planned_by=change.run_id if change else None,
        planned_state=_state(change),
        plan=plan_of(change.run) if change and is_planned else "",
        set_aside_by=aside.by if aside else "",
        refusal=refused.message if refused else "",
        after=_after(policy, place, accepted.run if accepted else None),
    )


def _state(change: Change | None) -> str:
    """How the last plan left it; a line that no person left out says so itself."""
    if change is None:
        return ""
    if change.state != Change.State.SET_ASIDE or not change.message:
        return change.state
    return STANDS_ON_RESTING if change.message == STANDING else SCHOOL_RESTS


def _after(policy: ProvisioningPolicy, place: Place, run: Run | None) -> str:
    """What becomes of a row that was taken away."""
    if run is not None and run.kind == Run.Kind.UNDO:
        return Phrase("That run took an earlier one back. The next run plans it as Q has it then.")
    told = Phrase("When Q has it again, the next run brings it back.")
    if place.kind is not ENROLLMENTS:
        return told
    if policy.enrollment_removal != "inactive":
        return told
    return Phrase(
        "Q no longer has it: it is inactive first, completed after {completed} days and deleted "
        "after {deleted} more (0: never; Rules). {told}",
        completed=policy.completed_after_days,
        deleted=policy.deleted_after_days,
        told=told,
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

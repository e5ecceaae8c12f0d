"""Records as Q sends them, valid by default: what a test does not name does not matter to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integration.oneroster.compact import Users
from integration.oneroster.types import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Org,
    Problem,
    R,
    Ref,
    User,
)
from integration.provisioning.classes import Places, place_classes
from integration.provisioning.lean import lean_people
from integration.provisioning.people import People, map_people
from integration.provisioning.rules import Rules
from integration.provisioning.structure import Term

PLAIN = Rules()
FALL = Term("fall", "2026-08-15", "2026-12-18")
SPRING = Term("spring", "2027-01-05", "2027-06-04")


def org(sourced_id: str, level: str = "school", parent: str = "", **fields: Any) -> Org:
    return Org(
        **{"sourced_id": sourced_id, "status": "active", "type": level, "name": sourced_id.title()}
        | {"parent": Ref(parent) if parent else None}
        | fields
    )


def session(sourced_id: str, **fields: Any) -> AcademicSession:
    return AcademicSession(
        **{"sourced_id": sourced_id, "status": "active", "title": "Fall", "type": "term"}
        | {"start_date": FALL.start, "end_date": FALL.end}
        | fields
    )


def course(sourced_id: str = "algebra", **fields: Any) -> Course:
    return Course(
        **{"sourced_id": sourced_id, "status": "active", "title": "Algebra", "course_code": "ALG"}
        | fields
    )


def class_(
    sourced_id: str = "c1",
    *,
    course: str = "algebra",
    school: str = "north",
    terms: tuple[str, ...] = ("fall",),
    **fields: Any,
) -> Class:
    return Class(
        **{"sourced_id": sourced_id, "status": "active", "title": "Algebra 1", "class_code": "A1"}
        | {"course": Ref(course) if course else None, "school": Ref(school) if school else None}
        | {"terms": tuple(map(Ref, terms))}
        | fields
    )


def user(sourced_id: str = "sam", role: str = "student", **fields: Any) -> User:
    return User(
        **{"sourced_id": sourced_id, "status": "active", "role": role, "username": sourced_id}
        | {"given_name": sourced_id.title(), "family_name": "Reed"}
        | {"email": f"{sourced_id}@example.org", "orgs": (Ref("north"),)}
        | fields
    )


def enrollment(
    user: str = "sam", class_: str = "c1", role: str = "student", **fields: Any
) -> Enrollment:
    return Enrollment(
        **{"sourced_id": f"{user}-{class_}-{role}", "status": "active", "role": role}
        | {"user": Ref(user), "class_": Ref(class_)}
        | fields
    )


def by_id(*records: R) -> dict[str, R]:
    return {record.sourced_id: record for record in records}


def codes(problems: list[Problem]) -> list[tuple[str, str]]:
    """What was found, and about whom."""
    return sorted((one.code, one.sourced_id) for one in problems)


def placed(*classes: Class, rules: Rules = PLAIN) -> Places:
    """Classes in their places, in a district that knows one school and two terms."""
    return place_classes(
        by_id(*classes),
        rules,
        account_of={"north": "north", "district": ""},
        term_of={"fall": FALL, "spring": SPRING, "autumn": FALL},
    )


def peopled(
    *users: User, rules: Rules = PLAIN, accepted: tuple[str, ...] = (), **accounts: str
) -> People:
    """The people; and what a night keeps of each record gives the same ones."""

    def mapped(records: Iterable[User]) -> People:
        return map_people(
            by_id(*records),
            rules,
            account_of=accounts or {"north": "north"},
            accepted=lambda user_id: user_id in accepted,
        )

    people = mapped(users)
    lean = lean_people(rules)
    assert mapped(lean(users)) == people
    assert mapped(lean(Users.of(users))) == people
    return people

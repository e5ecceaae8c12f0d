"""OneRoster records for tests: valid by default, one keyword away from wrong."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]


def ref(sourced_id: str, type_: str) -> Record:
    return {"sourcedId": sourced_id, "type": type_, "href": ""}


def _record(sourced_id: str, fields: Record, more: Record) -> Record:
    base = {
        "sourcedId": sourced_id,
        "status": "active",
        "dateLastModified": "2026-11-01T00:00:00.000Z",
    }
    return base | fields | more


def org(sourced_id: str, **more: Any) -> Record:
    return _record(sourced_id, {"name": f"School {sourced_id}", "type": "school"}, more)


def session(sourced_id: str, **more: Any) -> Record:
    # It still runs, on whatever day the tests do: what is over is never taken away.
    fields = {
        "title": "Autumn",
        "type": "term",
        "startDate": "2026-08-17",
        "endDate": "2099-12-18",
        "schoolYear": "2100",
    }
    return _record(sourced_id, fields, more)


def course(sourced_id: str, **more: Any) -> Record:
    return _record(sourced_id, {"title": "Algebra", "courseCode": "ALG"}, more)


def class_(
    sourced_id: str,
    *,
    course: str = "C1",
    school: str = "S1",
    terms: tuple[str, ...] = ("T1",),
    **more: Any,
) -> Record:
    fields = {
        "title": f"Class {sourced_id}",
        "classCode": sourced_id,
        "classType": "scheduled",
        "course": ref(course, "course"),
        "school": ref(school, "org"),
        "terms": [ref(term, "academicSession") for term in terms],
    }
    return _record(sourced_id, fields, more)


def user(sourced_id: str, *, school: str = "S1", **more: Any) -> Record:
    fields = {
        "username": f"{sourced_id.lower()}@example.org",
        "enabledUser": "true",
        "givenName": "Given",
        "familyName": sourced_id,
        "role": "student",
        "email": f"{sourced_id.lower()}@example.org",
        "orgs": [ref(school, "org")],
    }
    return _record(sourced_id, fields, more)


def enrollment(
    sourced_id: str, user: str, class_: str = "K1", *, school: str = "S1", **more: Any
) -> Record:
    fields = {
        "user": ref(user, "user"),
        "class": ref(class_, "class"),
        "school": ref(school, "org"),
        "role": "student",
        "primary": "false",
    }
    return _record(sourced_id, fields, more)


def small_district(
    students: int = 3, schools: tuple[str, ...] = ("S1",)
) -> dict[str, list[Record]]:
    """A district with a teacher and some students in one class of each school."""
    district = org("D", type="district")
    records: dict[str, list[Record]] = {
        "orgs": [district],
        "academicSessions": [session("T1")],
        "courses": [course("C1")],
        "classes": [],
        "users": [],
        "enrollments": [],
    }
    for school in schools:
        number = school.removeprefix("S")
        records["orgs"].append(org(school, parent=ref("D", "org")))
        records["classes"].append(class_(f"K{number}", school=school))
        people = [f"P{number}-{index}" for index in range(students)]
        teacher = f"TEACHER{number}"
        records["users"] += [user(teacher, school=school, role="teacher")]
        records["users"] += [user(person, school=school) for person in people]
        records["enrollments"].append(
            enrollment(
                f"E-{teacher}", teacher, f"K{number}", school=school, role="teacher", primary="true"
            )
        )
        records["enrollments"] += [
            enrollment(f"E-{person}", person, f"K{number}", school=school) for person in people
        ]
    return records

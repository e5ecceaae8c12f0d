"""Ids that change in Q: grades follow, and there is no second line item and no second result."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gradesync.models import AssignmentSync, SentResult
from tests.gradesync.shell.course import CLASS, Course, gradebook_of
from tests.integration.provisioning.records import class_, enrollment, ref, small_district, user

LOGIN = {"username": "p1-0@example.org", "email": "p1-0@example.org", "familyName": "P1-0"}


def essay_of(course: Course, *students: str) -> str:
    made = course.make("Essay")
    for number, student in enumerate(students):
        course.grade(made, student, 10 + number)
    return made


def scores(course: Course) -> dict[str, Any]:
    return {student: score for (_, student), (_, score) in course.scores().items()}


def comes_again(change_q: Any, **more: Any) -> None:
    """P1-0 is P9-0 from now on."""
    change_q(
        upsert={
            "users": [user("P9-0", **LOGIN, **more)],
            "enrollments": [enrollment("E-P9-0", "P9-0")],
        },
        delete={"users": ["P1-0"], "enrollments": ["E-P1-0"]},
    )


def q_follows(course: Course) -> None:
    """Q calls the student otherwise in its gradebook too, as a real one does."""
    result = course.result("Essay", "P1-0")
    course.edit("results", result, student=ref("P9-0", "user"))


def approved(provision: Any) -> None:
    _, waiting = provision()
    code, answer = provision(f"--approve={waiting['digest']}", "--kind=change_sis_id")
    assert code == 0, answer


@pytest.mark.parametrize("follows", [True, False], ids=["Q follows", "Q does not"])
def test_a_student_under_another_id_has_no_second_result(
    course, sync, change_q, provision, follows
):
    essay = essay_of(course, "P1-0", "P1-1")
    assert sync()[0] == 0
    comes_again(change_q)
    if follows:
        q_follows(course)
    approved(provision)
    course.forget()
    course.grade(essay, "P9-0", 15)
    code, answer = sync()
    assert code == 0, answer
    assert len(course.in_q("results")) == 2
    if follows:
        assert scores(course) == {"P9-0": 15, "P1-1": 11}
        assert course.writes() == {"PUT results": 1}
    else:
        # The old one stays as it is, and a person says what the new one gets.
        assert "score.removed-in-q" in {one["code"] for one in answer["findings"]}
        assert course.writes() == Counter()


def by_identifier() -> dict[str, Any]:
    records = small_district(students=2) | gradebook_of()
    for one in records["users"]:
        one["identifier"] = f"N-{one['sourcedId']}"
    return records


@pytest.mark.parametrize("roster", [by_identifier()], ids=["by identifier"])
@pytest.mark.parametrize("policy_words", [("--user-sis-id=identifier",)], ids=[""])
def test_where_the_sis_id_is_no_sourced_id_the_confirmed_value_follows_the_student(
    course, sync, change_q, provision
):
    essay = essay_of(course, "N-P1-0", "N-P1-1")
    assert sync()[0] == 0
    comes_again(change_q, identifier="N-P1-0")
    q_follows(course)
    assert provision()[0] == 0
    course.forget()
    course.grade(essay, "N-P1-0", 15)
    code, answer = sync()
    assert code == 0, answer
    assert scores(course) == {"P9-0": 15, "P1-1": 11}
    assert course.writes() == {"PUT results": 1}
    assert set(SentResult.objects.values_list("student_id", flat=True)) == {"P9-0", "P1-1"}


def class_comes_again(course: Course, change_q: Any, people: tuple[str, ...]) -> None:
    """K1 is K9 from now on, in Q's gradebook too."""
    items = course.in_q("lineItems")
    change_q(
        upsert={
            "classes": [class_("K9", title="Class K1", classCode=CLASS)],
            "enrollments": [
                enrollment("E9-T", "TEACHER1", "K9", role="teacher", primary="true"),
                *(enrollment(f"E9-{person}", person, "K9") for person in people),
            ],
        },
        delete={
            "classes": [CLASS],
            "enrollments": ["E-TEACHER1", *(f"E-{person}" for person in people)],
        },
    )
    for item in items:
        course.edit("lineItems", item, **{"class": ref("K9", "class")})


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "answer lost"])
def test_a_class_under_another_id_has_no_second_line_item(
    course, sandbox, sync, change_q, provision, q_quirks, q_fault, answered
):
    people = ("P1-0", "P1-1", "P1-2")
    essay = essay_of(course, *people)
    if not answered:
        # Q gives ids of its own, took the line item, and is gone before anybody hears of it.
        q_quirks(own_ids=True)
        q_fault({"method": "PUT", "path": "/lineItems/", "times": 1}, drop=True)
        q_fault({"method": "GET", "path": "/ims/", "after": 8}, status=503, apply=False)
    code, _ = sync()
    assert (code == 0) is answered
    course.control("q", "DELETE", "faults")
    (before,) = course.in_q("lineItems")
    class_comes_again(course, change_q, people)
    approved(provision)
    assert AssignmentSync.objects.get().class_id == "K9"
    course.grade(essay, "P1-0", 15)
    code, answer = sync()
    if not answered:
        code, answer = sync()  # the first one ended what had been planned
    assert code == 0, answer
    renamed = Course(sandbox, "K9")
    (after,) = renamed.in_q("lineItems")
    assert after["sourcedId"] == before["sourcedId"]
    assert scores(renamed) == {"P1-0": 15, "P1-1": 11, "P1-2": 12}
    assert len(renamed.in_q("results")) == 3

"""What is said before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gradesync import preflight
from gradesync.categories import Choice
from gradesync.problems import problem
from gradesync.profile import Profile
from gradesync.sections import LinkedClass, Student
from integration.canvas.gradebook_types import Course, Override
from integration.oneroster.gradebook_types import GradingPeriod
from tests.gradesync.makers import (
    ALGEBRA,
    DUE,
    FALL,
    HOMEWORK,
    assignment,
    fields,
    graded,
    rules,
)
from tests.gradesync.test_periods import canvas_period, local

ONE = LinkedClass(ALGEBRA, ("sec1",))
COURSE = Course("77", "Algebra 1")
ZERO = Profile(takes_zero_maximum=True)


def codes(problems):
    return [one.code for one in problems]


@pytest.mark.parametrize(
    ("course", "linked", "given", "expected"),
    [
        (COURSE, [ONE], rules(), []),
        (COURSE, [ONE], rules(is_provisioned=False), ["course.not-provisioned"]),
        (COURSE, [], rules(), ["course.no-sections"]),
        (replace(COURSE, is_published=False), [ONE], rules(), ["course.unpublished"]),
    ],
)
def test_f62_a_course_that_is_not_ready_says_what_to_do(course, linked, given, expected):
    found = preflight.of_course(course, linked, given)
    assert codes(found) == expected
    assert all(one.remedy and one.scope == "course" for one in found)


@pytest.mark.parametrize(
    ("work", "given", "expected"),
    [
        ({}, rules(), []),
        ({"grading_type": "not_graded"}, rules(), ["assignment.not-graded"]),
        ({"is_published": False}, rules(), ["assignment.unpublished"]),
        ({"name": " "}, rules(), ["assignment.unnamed"]),
        ({"identifies_students": False}, rules(), ["assignment.anonymous-survey"]),
        ({"points_possible": None}, rules(), ["assignment.zero-points"]),
        ({"omit_from_final_grade": True}, rules(), ["assignment.not-counted"]),
        (
            {"omit_from_final_grade": True},
            rules(settings={"uncounted": "skip"}),
            ["assignment.left-uncounted"],
        ),
        ({"points_possible": Decimal(0)}, rules(profile=ZERO), ["assignment.zero-points"]),
        (
            {"points_possible": Decimal(0)},
            rules(settings={"zero_points": "send"}),
            ["assignment.zero-points"],
        ),
        (
            {"points_possible": Decimal(0)},
            rules(settings={"zero_points": "send"}, profile=ZERO),
            [],
        ),
        (
            {"points_possible": Decimal(0)},
            rules(settings={"zero_points": "send", "scale": "percent"}, profile=ZERO),
            ["assignment.zero-points"],
        ),
    ],
)
def test_what_is_wrong_with_an_assignment(work, given, expected):
    assert codes(preflight.of_assignment(assignment(**work), given)) == expected


BY_NAME = (Override(DUE, student_ids=frozenset({"s1"})),)


@pytest.mark.parametrize(
    ("work", "settings", "expected"),
    [
        ({}, {}, []),
        ({"overrides": BY_NAME}, {}, ["assignment.single-students"]),
        ({"overrides": BY_NAME}, {"single_students": "skip"}, ["assignment.single-students"]),
        (
            {"overrides": BY_NAME, "is_for_overrides_only": True},
            {},
            ["assignment.single-students"],
        ),
        (
            {"overrides": BY_NAME, "is_for_overrides_only": True},
            {"single_students": "skip"},
            ["assignment.single-students-only"],
        ),
    ],
)
def test_dates_of_single_students(work, settings, expected):
    found = preflight.of_students(assignment(**work), ONE, rules(settings=settings))
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("source", "title", "expected"),
    [
        ("Quiz", "Quiz", []),
        (" Quiz  1 ", "Quiz 1", []),
        ("", "Untitled", []),
        ("Q" * 31, "QQQ #abcd", ["assignment.name-long"]),
        ("Quiz", "Quiz #abcd", ["assignment.name-taken"]),
    ],
)
def test_a_title_that_is_sent_in_another_form_is_told(source, title, expected):
    found = preflight.of_title(source, title, 30)
    assert codes(found) == expected
    assert not any(one.stops for one in found)


@pytest.mark.parametrize(
    ("choice", "profile", "expected"),
    [
        (Choice("chosen", HOMEWORK), Profile(), []),
        (Choice("name", HOMEWORK), Profile(), ["assignment.category-suggested"]),
        (Choice("default", HOMEWORK), Profile(), ["assignment.category-defaulted"]),
        (Choice("gone"), Profile(), ["assignment.category-gone"]),
        (Choice("none"), Profile(), ["assignment.no-category"]),
        (Choice("none"), Profile(needs_category=False), []),
    ],
)
def test_f52_the_fallback_is_always_told(choice, profile, expected):
    found = preflight.of_category(choice, "Homework", ALGEBRA, rules(profile=profile))
    assert codes(found) == expected


CLOSED = GradingPeriod("gp1", "Fall", FALL.first_date, FALL.last_date, date(2026, 11, 1))
CLOSED_HERE = canvas_period(local("2026-08-17"), local("2026-12-19"), local("2026-11-22"))
OVER = ["assignment.period-closed"]


@pytest.mark.parametrize(
    ("class_", "periods", "due_at", "settings", "expected"),
    [
        (ALGEBRA, [], DUE, {}, []),
        (replace(ALGEBRA, periods=(CLOSED,)), [], DUE, {}, OVER),
        (replace(ALGEBRA, periods=(CLOSED,)), [], DUE, {"closed_periods": "send"}, []),
        (ALGEBRA, [CLOSED_HERE], DUE, {}, OVER),
        (ALGEBRA, [CLOSED_HERE], None, {}, []),
    ],
)
def test_f56_a_closed_period_holds_what_is_due_in_it(class_, periods, due_at, settings, expected):
    given = rules(settings=settings)
    found = preflight.of_period(fields(due_at=due_at), class_, periods, given)
    assert codes(found) == expected


def test_f56_a_closed_period_holds_its_course_grade():
    mine = canvas_period(local("2026-08-17"), local("2026-12-19"))
    assert codes(preflight.of_course_period(mine, CLOSED, rules())) == OVER
    assert preflight.of_course_period(mine, FALL, rules()) == []
    sent = rules(settings={"closed_periods": "send"})
    assert preflight.of_course_period(mine, CLOSED, sent) == []


HERE = Student("s1", "S1", ("sec1",), is_current=True)
WITH_ROSTER = replace(ALGEBRA, students=frozenset({"S1"}))


@pytest.mark.parametrize(
    ("student", "class_", "row", "expected"),
    [
        (HERE, ALGEBRA, None, ""),
        (HERE, WITH_ROSTER, graded("1"), ""),
        (replace(HERE, is_current=False), ALGEBRA, None, "student.left"),
        (replace(HERE, sourced_id=""), ALGEBRA, None, "student.no-sis-id"),
        (replace(HERE, sourced_id="S2"), WITH_ROSTER, None, "student.not-in-class"),
        (HERE, ALGEBRA, graded("1", is_assigned=False), "student.not-assigned"),
    ],
)
def test_f54_whose_scores_are_not_written(student, class_, row, expected):
    assert preflight.student_gate(student, class_, row) == expected


def test_what_blocks_is_told_before_what_waits():
    waits = problem("assignment.period-closed")
    blocks = problem("assignment.unpublished")
    warns = problem("assignment.single-students")
    assert preflight.gate([warns, waits, blocks]) == "assignment.unpublished"
    assert preflight.gate([waits, warns]) == "assignment.period-closed"
    assert preflight.gate([warns]) == ""

"""Course grades: which number, of which period, and when none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gradesync.course_grades import outcome, wants
from gradesync.course_settings import Settings
from gradesync.profile import Profile
from gradesync.scores import Held, Nothing, Send
from integration.canvas.gradebook_types import Course, CourseGrade
from tests.gradesync.makers import value

COURSE = Course("77", "Algebra 1")
ROSA = CourseGrade(
    "s1",
    current_score=Decimal("91.239"),
    final_score=Decimal("84.5"),
    current_grade="A-",
    final_grade="B",
)
OVERRIDDEN = replace(ROSA, override_score=Decimal("95"), override_grade="A")
LETTERS = Profile(letter_field="ext_grade", takes_above_maximum=True)


@pytest.mark.parametrize(
    ("grade", "settings", "profile", "expected"),
    [
        (ROSA, {}, Profile(), value("91.24")),
        (ROSA, {"course_grade_number": "final"}, Profile(), value("84.5")),
        (OVERRIDDEN, {}, Profile(), value("95")),
        (OVERRIDDEN, {"course_grade_number": "final"}, Profile(), value("95")),
        (ROSA, {"course_grade_letter": True}, LETTERS, value("91.24", letter="A-")),
        (
            ROSA,
            {"course_grade_letter": True, "course_grade_number": "final"},
            LETTERS,
            value("84.5", letter="B"),
        ),
        (OVERRIDDEN, {"course_grade_letter": True}, LETTERS, value("95", letter="A")),
        (ROSA, {"course_grade_letter": True}, Profile(), value("91.24")),
        (ROSA, {}, LETTERS, value("91.24")),
        (ROSA, {"decimals": 0}, Profile(), value("91")),
    ],
)
def test_f56_the_override_else_the_number_that_was_chosen(grade, settings, profile, expected):
    assert outcome(COURSE, grade, Settings(**settings), profile) == Send(expected)


@pytest.mark.parametrize(
    ("course", "grade", "profile", "expected"),
    [
        (replace(COURSE, hides_totals=True), ROSA, Profile(), Held("course.totals-hidden")),
        (COURSE, CourseGrade("s1"), Profile(), Nothing()),
        (
            COURSE,
            CourseGrade("s1", current_score=Decimal(-1)),
            Profile(),
            Held("score.negative", value("-1")),
        ),
        (
            COURSE,
            CourseGrade("s1", current_score=Decimal(104)),
            Profile(takes_above_maximum=False),
            Held("score.above-maximum", value("104")),
        ),
        (
            COURSE,
            CourseGrade("s1", current_score=Decimal(104)),
            Profile(),
            Send(value("104"), ("score.extra-credit",)),
        ),
    ],
)
def test_f56_what_the_student_does_not_see_is_not_sent(course, grade, profile, expected):
    assert outcome(course, grade, Settings(), profile) == expected


@pytest.mark.parametrize(
    ("chosen", "whole", "period"),
    [
        ("off", False, False),
        ("course", True, False),
        ("periods", False, True),
        ("both", True, True),
    ],
)
def test_course_grades_are_off_until_they_are_switched_on(chosen, whole, period):
    settings = Settings(course_grades=chosen)
    assert (wants(settings, ""), wants(settings, "p1")) == (whole, period)

"""Which class a section is, and whose an assignment is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradesync.sections import (
    LinkedClass,
    Student,
    dates_for,
    is_for,
    linked_classes,
    students_of,
)
from integration.canvas.gradebook_types import Enrollment, Override, Section
from integration.oneroster.gradebook_types import Class
from tests.gradesync.makers import DUE, assignment

CLASSES = {"c1": Class("c1", "Algebra 1"), "c2": Class("c2", "Algebra 2")}
BY_SIS_ID = {"sis-c1": "c1", "sis-c2": "c2", "sis-c9": "c9"}


def linked(*sections: Section, links: dict[str, str] | None = None):
    found, problems = linked_classes(sections, CLASSES, BY_SIS_ID, links or {})
    return (
        [(one.class_.sourced_id, one.section_ids) for one in found],
        [one.code for one in problems],
    )


def test_a_section_belongs_to_the_class_of_its_sis_id():
    assert linked(Section("1", "P1", "sis-c1")) == ([("c1", ("1",))], [])


def test_f34_a_cross_listed_section_keeps_the_class_it_comes_from():
    home = Section("1", "P1", "sis-c1")
    away = Section("2", "P2", "sis-c2", nonxlist_course_id="88")
    assert linked(home, away)[0] == [("c1", ("1",)), ("c2", ("2",))]


def test_a_kept_link_wins_because_it_follows_a_renamed_id():
    assert linked(Section("1", "P1", "sis-c1"), links={"1": "c2"})[0] == [("c2", ("1",))]


@pytest.mark.parametrize(
    ("sis_id", "code"),
    [
        ("", "section.no-sis-id"),
        ("sis-c9", "section.unknown-class"),
        ("strange", "section.unknown-class"),
    ],
)
def test_a_section_without_a_class_is_told(sis_id, code):
    assert linked(Section("1", "P1", sis_id)) == ([], [code])


def test_two_sections_of_one_class_share_it_and_that_is_told():
    found = linked(Section("1", "P1", "sis-c1"), Section("2", "P2"), links={"2": "c1"})
    assert found == ([("c1", ("1", "2"))], ["section.shares-class"])


ONE = LinkedClass(CLASSES["c1"], ("sec1", "sec2"))
KNOWN = {"sis-s1": "S1"}


def students(*enrollments: Enrollment):
    return students_of(ONE, enrollments, KNOWN)


def test_f54_the_test_student_has_no_line_ever():
    assert students(Enrollment("s1", "sec1", "sis-s1", is_test_student=True)) == []


def test_f54_who_left_one_section_and_is_in_the_other_is_there():
    left = Enrollment("s1", "sec1", "sis-s1", state="deleted")
    here = Enrollment("s1", "sec2", "sis-s1")
    assert students(left, here) == [Student("s1", "S1", ("sec2",), is_current=True)]


@pytest.mark.parametrize("state", ["completed", "inactive", "rejected", "deleted"])
def test_f54_who_left_is_not_current(state):
    [student] = students(Enrollment("s1", "sec1", "sis-s1", state=state))
    assert not student.is_current


@pytest.mark.parametrize("sis_user_id", ["", "sis-nobody"])
def test_a_student_whom_q_does_not_know_has_no_sourced_id(sis_user_id):
    [student] = students(Enrollment("s1", "sec1", sis_user_id))
    assert student.sourced_id == ""


def test_students_of_other_sections_are_not_of_this_class():
    assert students(Enrollment("s1", "sec9", "sis-s1")) == []


LATER = DUE.replace(day=25)
FOR_ONE = assignment(overrides=(Override(LATER, section_id="sec1"),))
ROSA = Student("s1", "S1", ("sec1",), is_current=True)


def test_f53_the_date_of_a_section_is_its_own_else_everyone_elses():
    assert dates_for(FOR_ONE, "sec1").due_at == LATER
    assert dates_for(FOR_ONE, "sec2").due_at == DUE


def test_f53_work_for_one_section_is_not_for_the_other():
    only = replace(FOR_ONE, is_for_overrides_only=True)
    assert is_for(only, ROSA)
    assert not is_for(only, replace(ROSA, section_ids=("sec2",)))
    assert not dates_for(only, "sec2").has_section


def test_f53_work_for_one_student_is_for_them_alone():
    by_name = Override(LATER, student_ids=frozenset({"s1"}))
    only = assignment(is_for_overrides_only=True, overrides=(by_name,))
    assert is_for(only, ROSA)
    assert not is_for(only, replace(ROSA, canvas_id="s2"))

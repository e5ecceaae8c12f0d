"""The due date that a line item gets (F61)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gradesync.due_dates import due_date, end_of
from gradesync.profile import Profile
from gradesync.sections import LinkedClass
from integration.canvas.gradebook_types import Override
from integration.oneroster.gradebook_types import Class
from tests.gradesync.makers import ALGEBRA, CREATED, DUE, FALL, assignment, rules

ONE = LinkedClass(ALGEBRA, ("sec1",))
LATER = DUE + timedelta(days=5)
AFTER_ALL = end_of(date(2027, 7, 1), rules())


def found(linked=ONE, given=None, **fields):
    date_ = due_date(assignment(**fields), linked, given or rules())
    return date_.at, [one.code for one in date_.problems]


def asking(**settings):
    return rules(settings=settings)


def test_the_date_for_everyone_is_the_date_of_the_class():
    assert found() == (DUE, [])


def test_a_section_has_its_own_date():
    assert found(overrides=(Override(LATER, section_id="sec1"),)) == (LATER, [])


def test_of_two_sections_of_one_class_the_latest_date_is_sent():
    both = replace(ONE, section_ids=("sec1", "sec2"))
    assert found(both, overrides=(Override(LATER, section_id="sec2"),)) == (LATER, [])


def test_work_for_single_students_has_the_latest_of_their_dates():
    named = frozenset({"s1"})
    overrides = (Override(LATER, student_ids=named), Override(DUE, student_ids=named))
    assert found(overrides=overrides, is_for_overrides_only=True) == (LATER, [])


LAST_DAY = end_of(date(2027, 6, 4), rules())


@pytest.mark.parametrize(
    ("fields", "given", "at", "codes"),
    [
        ({"due_at": None}, rules(), None, ["assignment.no-due-date"]),
        ({"due_at": None}, rules(profile=Profile(needs_due_date=False)), None, []),
        (
            {"due_at": None},
            asking(due_date_missing="assigned"),
            end_of(date(2026, 9, 1), rules()),
            ["assignment.due-date-made"],
        ),
        (
            {"due_at": None, "unlock_at": CREATED + timedelta(days=2)},
            asking(due_date_missing="assigned"),
            end_of(date(2026, 9, 3), rules()),
            ["assignment.due-date-made"],
        ),
        (
            {"due_at": None},
            asking(due_date_missing="end"),
            LAST_DAY,
            ["assignment.due-date-made", "assignment.outside-periods"],
        ),
        (
            {"due_at": AFTER_ALL},
            rules(),
            AFTER_ALL,
            ["assignment.due-outside", "assignment.outside-periods"],
        ),
        (
            {"due_at": AFTER_ALL},
            asking(due_date_outside="nearest"),
            LAST_DAY,
            ["assignment.due-moved", "assignment.outside-periods"],
        ),
        (
            {"due_at": end_of(date(2026, 8, 1), rules())},
            asking(due_date_outside="nearest"),
            end_of(date(2026, 8, 17), rules()),
            ["assignment.due-moved"],
        ),
        ({"due_at": end_of(date(2026, 12, 18), rules())}, rules(),
         end_of(date(2026, 12, 18), rules()), []),
        ({"due_at": end_of(date(2026, 12, 19), rules())}, rules(),
         end_of(date(2026, 12, 19), rules()), ["assignment.outside-periods"]),
    ],
)  # fmt: skip
def test_f61_what_is_sent_and_what_is_told(fields, given, at, codes):
    assert found(ONE, given, **fields) == (at, codes)


def test_f61_a_class_whose_end_nobody_knows_has_no_last_day_to_send():
    open_ended = LinkedClass(Class("c1", "Algebra"), ("sec1",))
    given = asking(due_date_missing="end")
    assert found(open_ended, given, due_at=None) == (None, ["assignment.no-due-date"])
    assert found(open_ended, given, due_at=AFTER_ALL) == (AFTER_ALL, [])


def test_f61_a_class_with_one_open_end_says_so():
    half = LinkedClass(Class("c1", "Algebra", last_date=date(2026, 10, 1)), ("sec1",))
    [told] = due_date(assignment(), half, rules()).problems
    assert told.sentence.endswith("Nov 19, 2026, is outside the class's dates in Q (open to "
                                  "Oct 1, 2026).")  # fmt: skip


def test_work_is_never_assigned_after_it_is_due():
    late = assignment(unlock_at=LATER)
    assert due_date(late, ONE, rules()).assigned_at == DUE
    assert due_date(assignment(), ONE, rules()).assigned_at == CREATED
    undated = due_date(assignment(due_at=None), ONE, rules())
    assert (undated.at, undated.assigned_at) == (None, CREATED)


def test_the_dates_are_those_of_the_districts_clock():
    # 07:59 in UTC on the 19th is the evening of the 18th in Los Angeles.
    assert FALL.last_date == date(2026, 12, 18)
    last_minute = DUE.replace(month=12, day=19)
    assert found(due_at=last_minute) == (last_minute, [])

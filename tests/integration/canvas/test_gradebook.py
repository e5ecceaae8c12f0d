"""A course is read as its teachers grade it: everything, exactly, in few requests."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

COURSE = "/api/v1/courses/9"
ASSIGNMENTS = f"{COURSE}/assignments"
SUBMISSIONS = f"{COURSE}/students/submissions"
DUE = datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC)


def work(number="1", **fields):
    plain = {"id": number, "name": "Essay", "assignment_group_id": "4", "published": True}
    dates = {"created_at": "2026-09-01T16:00:00Z", "due_at": "2026-11-20T07:59:59Z"}
    return plain | dates | {"grading_type": "points", "submission_types": ["on_paper"]} | fields


@pytest.fixture
def book(client):
    return client.gradebook("9")


@pytest.fixture
def read_one(canvas, book):
    def run(**fields):
        canvas.on(ASSIGNMENTS, canvas.page([work(**fields)]))
        return book.assignments()[0]

    return run


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "assignment"),
        ({"quiz_id": "3", "submission_types": ["online_quiz"]}, "quiz"),
        ({"is_quiz_lti_assignment": True, "submission_types": ["external_tool"]}, "new_quiz"),
        ({"submission_types": ["discussion_topic"]}, "discussion"),
    ],
)
def test_each_kind_of_assignment_is_told_apart(read_one, fields, kind):
    assert read_one(**fields).kind == kind


@pytest.mark.parametrize(
    "fields",
    [
        {"submission_types": ["not_graded"]},
        {"submission_types": ["wiki_page"]},
        {"hide_in_gradebook": True},
    ],
)
def test_what_no_gradebook_shows_is_not_graded(read_one, fields):
    assert read_one(**fields).grading_type == "not_graded"


def test_the_date_asked_for_is_the_one_for_everybody(canvas, read_one):
    assert read_one().due_at == DUE
    assert canvas.requests[0].args["override_assignment_dates"] == "false"


def test_checkpoints_are_due_when_the_last_of_them_is(read_one):
    parts = [{"due_at": "2026-11-10T00:00:00Z"}, {"due_at": "2026-11-20T07:59:59Z"}]
    read = read_one(due_at=None, has_sub_assignments=True, checkpoints=parts)
    assert (read.due_at, read.has_checkpoints) == (DUE, True)


def test_thirty_overrides_are_all_there_though_canvas_only_counts_their_dates(read_one):
    overrides = [
        {"id": str(i), "course_section_id": str(i), "due_at": "2026-11-20T07:59:59Z"}
        for i in range(30)
    ]
    read = read_one(has_overrides=True, all_dates_count=30, overrides=overrides)
    assert {one.section_id for one in read.overrides} == {str(i) for i in range(30)}
    assert read.overrides[0].due_at == DUE


def test_overrides_that_the_list_leaves_out_are_asked_for(canvas, read_one):
    canvas.on(f"{ASSIGNMENTS}/1/overrides", canvas.page([{"id": "1", "student_ids": ["5"]}]))
    read = read_one(has_overrides=True)
    assert read.overrides[0].student_ids == {"5"}


def test_the_members_of_a_group_are_asked_for_once(canvas, book):
    override = {"id": "1", "group_id": "7", "due_at": None}
    rows = [work("1", overrides=[override]), work("2", overrides=[override])]
    canvas.on(ASSIGNMENTS, canvas.page(rows))
    canvas.on("/api/v1/groups/7/users", canvas.page([{"id": "5"}, {"id": "6"}]))
    read = book.assignments()
    assert [one.overrides[0].student_ids for one in read] == [{"5", "6"}] * 2
    assert len(canvas.asked("/api/v1/groups/7/users")) == 1


def test_scores_are_the_digits_that_canvas_wrote(canvas, book):
    row = b'{"assignment_id":"1","user_id":"5","score":89.9949999999999999}'
    canvas.on(SUBMISSIONS, canvas.bytes(b"[%b]" % row, kind="application/json"))
    assert next(book.submissions("1")).score == Decimal("89.9949999999999999")


def test_a_quick_look_names_the_time_that_it_starts_from(canvas, book):
    canvas.on(SUBMISSIONS, canvas.page([]))
    assert list(book.submissions(graded_since=DUE)) == []
    assert canvas.requests[0].args["graded_since"] == "2026-11-20T07:59:59Z"


def test_grades_are_what_the_student_may_see_and_once_for_each(canvas, book):
    grades = {"current_score": 91.5, "unposted_current_score": 12, "override_score": 95}
    row = {"user_id": "5", "course_section_id": "2", "sis_user_id": "s5"}
    row |= {"enrollment_state": "active", "type": "StudentEnrollment", "grades": grades}
    canvas.on(f"{COURSE}/enrollments", canvas.page([row, row | {"course_section_id": "3"}]))
    enrollments, course_grades = book.enrollments()
    assert [one.section_id for one in enrollments] == ["2", "3"]
    (grade,) = course_grades
    assert (grade.current_score, grade.override_score) == (Decimal("91.5"), Decimal(95))
    asked = canvas.requests[0].args
    assert asked.getlist("type[]") == ["StudentEnrollment"]
    assert {"inactive", "deleted", "completed"} <= set(asked.getlist("state[]"))


def test_the_grades_of_a_period_are_asked_for_by_its_id(canvas, book):
    row = {"user_id": "5", "course_section_id": "2", "grades": {"final_score": 70}}
    canvas.on(f"{COURSE}/enrollments", canvas.page([row]))
    (grade,) = book.grades("31")
    assert (grade.grading_period_id, grade.final_score) == ("31", Decimal(70))
    assert canvas.requests[0].args["grading_period_id"] == "31"


def test_a_grading_period_without_dates_is_none(canvas, book):
    dates = {"start_date": "2026-08-17T00:00:00Z", "end_date": "2026-12-18T00:00:00Z"}
    rows = [{"id": "1", "title": "Fall"} | dates, {"id": "2", "title": "Odd"}]
    canvas.on(f"{COURSE}/grading_periods", canvas.json({"grading_periods": rows}))
    assert [one.canvas_id for one in book.periods()] == ["1"]

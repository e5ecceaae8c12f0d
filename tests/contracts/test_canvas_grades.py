"""How Canvas reckons course grades, and which period a submission is of."""

import pytest

from tests.contracts.canvas_api import Api
from tests.contracts.gradebook_api import FUTURE, Book, book, post_policy
from tests.sandbox_process import Canvas

FIRST = "2120-01-15T00:00:00Z"
SECOND = "2120-03-15T00:00:00Z"


@pytest.fixture
def own(canvas: Canvas) -> Book:
    """A course whose grades no other test looks at."""
    return book(Api(canvas))


def group(own: Book, name: str, weight: int = 0, **rules: object) -> int:
    sent = {"name": name, "group_weight": weight, "rules": rules}
    return int(own.api.ask("POST", f"{own.path}/assignment_groups", json=sent).json()["id"])


def test_current_leaves_out_what_is_not_graded_and_final_counts_it_as_nothing(own: Book):
    own.grade(own.make(), "15")
    own.make()
    grades = own.grades()
    assert (grades["current_score"], grades["final_score"]) == (75.0, 37.5)
    assert (grades["current_grade"], "override_score" in grades) == (None, False)
    nothing = own.grades("B")
    assert (nothing["current_score"], nothing["final_score"]) == (None, 0.0)


@pytest.mark.rule("canvas.hidden-not-counted")
def test_a_hidden_grade_counts_in_the_unposted_totals_only(own: Book):
    own.grade(own.make(), "10")
    made = own.make()
    own.grade(made, "20")
    post_policy(own.api, "hideAssignmentGrades", assignmentId=str(made["id"]))
    grades = own.grades()
    assert (grades["current_score"], grades["unposted_current_score"]) == (50.0, 75.0)
    assert (grades["final_score"], grades["unposted_final_score"]) == (25.0, 75.0)


def test_excused_and_omitted_work_does_not_count(own: Book):
    own.grade(own.make(), "10")
    own.mark(own.make(), excuse=True)
    own.grade(own.make(omit_from_final_grade=True), "0")
    own.grade(own.make(points_possible=0), "2")
    assert own.grades()["final_score"] == 60.0


@pytest.mark.rule("canvas.weights")
def test_weighted_groups_are_scaled_up_to_what_counts(own: Book):
    homework, tests, empty = group(own, "H", 30), group(own, "T", 50), group(own, "E", 20)
    own.grade(own.make(assignment_group_id=homework), "20")
    own.grade(own.make(assignment_group_id=tests, points_possible=100), "50")
    own.make(assignment_group_id=empty, points_possible=0)
    assert own.grades()["current_score"] == 58.33
    own.api.put(own.path, **{"course[apply_assignment_group_weights]": "true"})
    assert own.grades()["current_score"] == 68.75


@pytest.mark.rule("canvas.drop-rules")
def test_a_group_drops_what_lowers_the_grade_most(own: Book):
    rules = group(own, "H", drop_lowest=1)
    # 5 of 10 is the worst share, yet 30 of 100 lowers the grade more.
    for score, points in (("5", 10), ("30", 100), ("9", 10)):
        own.grade(own.make(assignment_group_id=rules, points_possible=points), score)
    assert own.grades()["current_score"] == 70.0


@pytest.mark.rule("canvas.override-only-if-set")
def test_an_override_stands_in_the_grades_once_a_person_set_it(own: Book):
    own.grade(own.make(), "10")
    own.api.put(f"{own.path}/settings", allow_final_grade_override="true")
    path = f"{own.path}/gradebook/final_grade_overrides"
    given = {"grade_overrides": [{"student_id": own.users["A"], "override_score": 91.5}]}
    assert own.api.ask("PUT", path, json=given).status_code == 200
    grades = own.grades()
    assert (grades["override_score"], grades["current_score"]) == (91.5, 50.0)
    assert "override_score" not in own.grades("B")
    given["grade_overrides"][0]["override_score"] = ""
    own.api.ask("PUT", path, json=given)
    assert "override_score" not in own.grades()


def test_a_scheme_gives_the_totals_letters(own: Book):
    own.grade(own.make(), "17")
    entry = [{"name": "Good", "value": 80}, {"name": "Poor", "value": 0}]
    sent = {"title": "Two", "grading_scheme_entry": entry}
    scheme = own.api.ask("POST", f"{own.path}/grading_standards", json=sent).json()
    assert scheme["grading_scheme"][0] == {"name": "Good", "value": 0.8}
    own.api.put(own.path, **{"course[grading_standard_id]": scheme["id"]})
    assert (own.grades()["current_grade"], own.grades("B")["final_grade"]) == ("Good", "Poor")


@pytest.mark.rule("canvas.period-by-due-date")
def test_a_submission_is_of_the_period_in_which_it_is_due(own: Book):
    one, two = own.periods(
        ("Q1", "2120-01-01T00:00:00Z", "2120-02-01T00:00:00Z"),
        ("Q2", "2120-02-01T00:00:00Z", "2120-04-01T00:00:00Z"),
    )
    assert isinstance(one["id"], str)
    made = own.make(due_at=FIRST)
    own.override(made, student_ids=[own.users["B"]], title="B", due_at=SECOND)
    undated = own.make()
    assert own.cell(made)["grading_period_id"] == int(one["id"])
    assert own.cell(made, "B")["grading_period_id"] == int(two["id"])
    assert own.cell(undated)["grading_period_id"] == int(two["id"])
    own.grade(made, "10")
    own.grade(undated, "20")
    assert own.grades(grading_period_id=one["id"])["current_score"] == 50.0
    assert own.grades(grading_period_id=two["id"])["current_score"] == 100.0
    of_one = own.cells(grading_period_id=one["id"])
    assert [row["user_id"] for row in of_one] == [own.users["A"]]
    found = own.api.get(f"{own.path}/grading_periods")["grading_periods"]
    assert [(each["title"], each["is_closed"]) for each in found] == [("Q1", False), ("Q2", False)]
    asked = {"grading_period_id": 999999}
    answer = own.api.ask("GET", f"{own.path}/enrollments", params=asked)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid grading_period_id"})


def test_a_student_who_is_taken_out_keeps_no_submission_and_gets_it_back(own: Book):
    made = own.make(due_at=FUTURE)
    own.grade(made, "11")
    own.api.sent_well("section_id,user_id,role,status\n@S,@A,student,deleted")
    assert [row["user_id"] for row in own.cells()] == [own.users["B"]]
    own.api.sent_well("section_id,user_id,role,status\n@S,@A,student,active")
    assert own.cell(made)["score"] == 11.0


def test_the_grade_log_tells_who_gave_which_grade(own: Book):
    made = own.make()
    own.grade(made, "11")
    own.grade(made, "12")
    first, second = own.api.get(f"audit/grade_change/courses/{own.course_id}")["events"]
    assert (first["grade_before"], first["grade_after"]) == ("11", "12")
    assert (second["grade_before"], second["links"]["assignment"]) == (None, made["id"])

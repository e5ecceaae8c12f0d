"""A public Canvas client, unchanged, reads and grades in the gradebook of the server under test."""

import canvasapi
import pytest
from canvasapi.course import Course
from canvasapi.exceptions import BadRequest, ResourceDoesNotExist

from tests.contracts.canvas_api import Api
from tests.contracts.gradebook_api import FUTURE, Book, book
from tests.sandbox_process import Canvas

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly:UserWarning")


@pytest.fixture(scope="module")
def mine(canvas: Canvas) -> Book:
    return book(Api(canvas), *(f"N{n}" for n in range(12)))


@pytest.fixture(scope="module")
def course(canvas: Canvas, mine: Book) -> Course:
    return canvasapi.Canvas(canvas.url, canvas.token).get_course(mine.course_id)


def test_it_makes_an_assignment_with_overrides_and_reads_it(course: Course, mine: Book):
    override = {"course_section_id": mine.sections["S"], "due_at": FUTURE}
    made = course.create_assignment(
        {
            "name": "By a client",
            "points_possible": 10,
            "submission_types": ["online_text_entry", "online_url"],
            "published": True,
            "assignment_overrides": [override],
        }
    )
    found = course.get_assignment(made.id, include=["overrides", "all_dates"])
    assert (found.name, found.points_possible) == ("By a client", 10.0)
    assert found.submission_types == ["online_text_entry", "online_url"]
    assert [each.course_section_id for each in found.overrides] == [mine.sections["S"]]
    assert "By a client" in [each.name for each in course.get_assignments(per_page=1)]
    made.edit(assignment={"name": "Edited by a client"})
    assert course.get_assignment(made.id).name == "Edited by a client"
    made.delete()
    with pytest.raises(ResourceDoesNotExist):
        course.get_assignment(made.id)


def test_it_grades_and_reads_every_submission_of_the_course(course: Course, mine: Book):
    made = course.get_assignment(mine.make()["id"])
    user = mine.users["N3"]
    made.get_submission(user).edit(submission={"posted_grade": "17.5"}, comment={})
    assert made.get_submission(user).score == 17.5
    rows = list(
        course.get_multiple_submissions(
            student_ids=["all"], assignment_ids=[made.id], include=["user"], per_page=5
        )
    )
    assert len(rows) == 12
    assert {row.user_id: row.score for row in rows}[user] == 17.5
    grouped = list(course.get_multiple_submissions(student_ids=["all"], grouped=True))
    assert len(grouped) == 12
    assert made.id in {each.assignment_id for each in grouped[0].submissions}


def test_it_reads_grades_groups_periods_and_sections(course: Course, mine: Book):
    mine.periods(("Q1", "2120-01-01T00:00:00Z", "2120-02-01T00:00:00Z"))
    students = list(course.get_enrollments(type=["StudentEnrollment"], include=["current_points"]))
    assert len(students) == 12
    assert all("unposted_final_score" in each.grades for each in students)
    (group,) = course.get_assignment_groups(include=["assignments"])
    assert (group.name, bool(group.assignments)) == ("Assignments", True)
    (period,) = course.get_grading_periods()
    assert (period.title, period.is_closed) == ("Q1", False)
    sections = [each.id for each in course.get_sections()]
    assert mine.sections["S"] in sections


def test_it_sets_a_late_policy_and_a_grading_scheme(course: Course):
    policy = {"late_submission_deduction_enabled": True, "late_submission_deduction": 5}
    assert course.create_late_policy(late_policy=policy).late_submission_deduction == 5.0
    course.edit_late_policy(late_policy={"late_submission_deduction": 7})
    assert course.get_late_policy().late_submission_deduction == 7.0
    scheme = [{"name": "Good", "value": 80}, {"name": "Poor", "value": 0}]
    made = course.add_grading_standards("Two", scheme)
    assert made.grading_scheme[0]["name"] == "Good"


def test_it_makes_a_quiz_a_discussion_and_hides_grades(canvas: Canvas, course: Course, mine: Book):
    quiz = course.create_quiz({"title": "Quiz", "quiz_type": "assignment", "published": True})
    assert course.get_assignment(quiz.assignment_id).quiz_id == quiz.id
    talk = course.create_discussion_topic(title="Talk", assignment={"points_possible": 3})
    assert course.get_assignment(talk.assignment_id).submission_types == ["discussion_topic"]
    made = mine.make()
    mine.grade(made, "3", "N0")
    client = canvasapi.Canvas(canvas.url, canvas.token)
    given = f'(input: {{assignmentId: "{made["id"]}"}})'
    text = f"mutation {{ hideAssignmentGrades{given} {{ errors {{ message }} }} }}"
    assert client.graphql(text)["data"]["hideAssignmentGrades"] == {"errors": None}
    assert course.get_assignment(made["id"]).get_submission(mine.users["N0"]).posted_at is None


def test_it_understands_a_refusal(course: Course):
    with pytest.raises(BadRequest):
        list(course.get_multiple_submissions(student_ids=["all"], enrollment_state="gone"))

"""How Canvas tells submissions, and what becomes of one that is graded, excused, late, hidden."""

from typing import Any

import pytest
import requests

from tests.contracts.canvas_api import TIMEOUT, Api
from tests.contracts.gradebook_api import FUTURE, PAST, Book, book, post_policy
from tests.sandbox_process import Canvas, Sandbox

ONE_DAY_LATE = "2020-03-02T11:00:00Z"


@pytest.fixture(scope="module")
def course(canvas: Canvas) -> Book:
    return book(Api(canvas))


def of(made: dict[str, Any]) -> dict[str, object]:
    return {"assignment_ids[]": made["id"]}


@pytest.mark.rule("canvas.row-before-work")
def test_a_submission_is_there_before_any_work(course: Book):
    made = course.make(due_at=FUTURE)
    rows = course.cells(**of(made))
    assert {row["user_id"] for row in rows} == {course.users["A"], course.users["B"]}
    row = rows[0]
    assert (row["workflow_state"], row["score"], row["excused"]) == ("unsubmitted", None, False)
    assert (row["posted_at"], row["graded_at"], row["attempt"]) == (None, None, None)
    assert row["cached_due_date"] == FUTURE


def test_a_score_is_graded_and_posted_at_once(course: Book):
    row = course.grade(course.make(), "17.5")
    assert (row["score"], row["grade"], row["entered_score"]) == (17.5, "17.5", 17.5)
    assert (row["workflow_state"], row["grade_matches_current_submission"]) == ("graded", True)
    assert row["posted_at"]
    assert row["graded_at"]


@pytest.mark.parametrize(
    ("grading_type", "typed", "score", "grade"),
    [
        ("points", "85%", 17.0, "17"),
        ("points", "25", 25.0, "25"),
        ("points", "-3", -3.0, "-3"),
        ("percent", "85%", 17.0, "85%"),
        ("pass_fail", "complete", 20.0, "complete"),
        ("pass_fail", "incomplete", 0.0, "incomplete"),
        ("letter_grade", "A", 20.0, "A"),
        ("letter_grade", "15", 15.0, "C"),
        ("points", "a lot", None, None),
    ],
)
def test_a_typed_grade_means_a_score(
    course: Book, grading_type: str, typed: str, score: float | None, grade: str | None
):
    row = course.grade(course.make(grading_type=grading_type), typed)
    assert (row["score"], row["grade"]) == (score, grade)


@pytest.mark.rule("canvas.excused-has-no-score")
def test_excused_work_has_no_score(course: Book):
    made = course.make()
    course.grade(made, "12")
    row = course.mark(made, excuse=True)
    assert (row["excused"], row["score"], row["grade"]) == (True, None, None)
    again = course.grade(made, "13")
    assert (again["excused"], again["score"]) == (False, 13.0)


@pytest.mark.rule("canvas.cleared-grade")
def test_a_grade_that_is_taken_away_leaves_nothing(course: Book):
    made = course.make()
    course.grade(made, "12")
    row = course.grade(made, "")
    assert (row["score"], row["grade"], row["graded_at"]) == (None, None, None)
    assert row["workflow_state"] == "unsubmitted"


@pytest.mark.rule("canvas.late-policy")
def test_a_late_policy_lowers_the_score_only(canvas: Canvas):
    own = book(Api(canvas))
    policy = {
        "late_submission_deduction_enabled": True,
        "late_submission_deduction": 10,
        "late_submission_minimum_percent_enabled": True,
        "late_submission_minimum_percent": 60,
    }
    sent = {"late_policy": policy}
    made = own.make(due_at=PAST)
    own.hand_in(made, at=ONE_DAY_LATE)
    own.grade(made, "18")
    answer = own.api.ask("POST", f"{own.path}/late_policy", json=sent)
    assert (answer.status_code, answer.json()["late_policy"]["course_id"]) == (201, own.course_id)
    row = own.cell(made)
    assert (row["late"], row["seconds_late"]) == (True, 23 * 3600)
    assert (row["score"], row["points_deducted"], row["entered_score"]) == (16.0, 2.0, 18.0)
    forgiven = own.mark(made, late_policy_status="none")
    assert (forgiven["late"], forgiven["score"], forgiven["points_deducted"]) == (False, 18.0, 0.0)
    week = own.mark(made, late_policy_status="late", seconds_late_override=7 * 86_400)
    assert (week["score"], week["late_policy_status"]) == (12.0, "late")


def test_late_and_missing_are_as_the_teacher_says(course: Book):
    made = course.make(due_at=PAST)
    assert course.cell(made)["missing"] is True
    row = course.mark(made, late_policy_status="extended")
    assert (row["missing"], row["late"]) == (False, False)
    assert course.mark(made, late_policy_status="missing")["missing"] is True
    assert course.mark(made, excuse=True)["missing"] is False
    path = course.cell_path(made, "A")
    wrong = {"submission": {"late_policy_status": "lost"}}
    assert course.api.ask("PUT", path, json=wrong).status_code == 400


def test_missing_work_is_graded_by_the_policy_once_it_is_published_and_due(canvas: Canvas):
    own = book(Api(canvas))
    made, ahead = own.make(due_at=PAST, published=False), own.make(due_at=FUTURE)
    policy = {"missing_submission_deduction_enabled": True, "missing_submission_deduction": 75}
    own.api.ask("POST", f"{own.path}/late_policy", json={"late_policy": policy})
    unpublished = own.cell(made)
    assert (unpublished["missing"], unpublished["score"]) == (False, None)
    own.change(made, published=True)
    row = own.cell(made)
    assert (row["missing"], row["score"], row["grader_id"]) == (True, 5.0, None)
    assert (row["workflow_state"], own.cell(ahead)["score"]) == ("graded", None)


@pytest.mark.rule("canvas.hidden-until-posted")
def test_grades_are_hidden_until_they_are_posted(course: Book):
    made = course.make()
    number = str(made["id"])
    post_policy(course.api, "setAssignmentPostPolicy", assignmentId=number, postManually=True)
    assert course.grade(made, "12")["posted_at"] is None
    assert (course.read(made)["post_manually"], course.read(made)["muted"]) == (True, True)
    post_policy(course.api, "postAssignmentGrades", assignmentId=number, gradedOnly=True)
    assert course.cell(made)["posted_at"]
    assert course.cell(made, "B")["posted_at"] is None
    post_policy(course.api, "hideAssignmentGrades", assignmentId=number)
    assert course.cell(made)["posted_at"] is None
    assert course.cell(made)["score"] == 12.0


@pytest.mark.rule("canvas.resubmitted")
def test_work_handed_in_again_keeps_a_score_that_does_not_match(course: Book):
    made = course.make()
    course.hand_in(made)
    course.grade(made, "12")
    row = course.hand_in(made, at=ONE_DAY_LATE)
    assert (row["score"], row["attempt"], row["workflow_state"]) == (12.0, 2, "submitted")
    assert row["grade_matches_current_submission"] is False


@pytest.mark.rule("canvas.moderated-waits")
def test_grades_of_moderated_work_wait_to_be_published(course: Book):
    made = course.make(moderated_grading=True, grader_count=2)
    assert course.grade(made, "12")["score"] is None
    path = f"{course.path}/assignments/{made['id']}/provisional_grades/publish"
    course.api.post(path)
    assert (course.cell(made)["score"], course.read(made)["grades_published"]) == (12.0, True)


@pytest.mark.rule("canvas.graded-together")
def test_students_who_work_together_are_graded_together(course: Book):
    category = course.api.post(f"{course.path}/group_categories", name="Teams")["id"]
    group = course.api.post(f"group_categories/{category}/groups", name="Team")["id"]
    members = {"members": [course.users["A"], course.users["B"]]}
    assert course.api.ask("PUT", f"groups/{group}", json=members).status_code == 200
    made = course.make(group_category_id=category)
    course.grade(made, "12")
    assert course.cell(made, "B")["score"] == 12.0
    alone = course.make(group_category_id=category, grade_group_students_individually=True)
    course.grade(alone, "12")
    assert course.cell(alone, "B")["score"] is None


@pytest.mark.rule("canvas.differentiated")
def test_who_is_not_assigned_the_work_has_no_submission(course: Book):
    made = course.make(only_visible_to_overrides=True)
    assert course.cells(**of(made)) == []
    course.override(made, student_ids=[course.users["B"]], title="B", due_at=FUTURE)
    (row,) = course.cells(**of(made))
    assert (row["user_id"], row["cached_due_date"]) == (course.users["B"], FUTURE)
    assert course.api.ask("GET", course.cell_path(made, "A")).status_code == 404


@pytest.mark.rule("canvas.published-only")
def test_of_unpublished_work_nothing_is_told(course: Book):
    made = course.make(published=False)
    assert made["id"] not in {row["assignment_id"] for row in course.cells()}


@pytest.mark.rule("canvas.invalid-assignment-ids")
def test_one_assignment_that_is_unpublished_spoils_the_call(course: Book):
    ids = [course.make()["id"], course.make(published=False)["id"]]
    asked = {"student_ids[]": "all", "assignment_ids[]": ids}
    answer = course.api.ask("GET", f"{course.path}/students/submissions", params=asked)
    assert answer.status_code == 403
    assert answer.json() == {"error": "invalid assignment ids requested"}


@pytest.mark.rule("canvas.too-many-students")
def test_more_than_100_named_students_are_refused(course: Book):
    asked = {"student_ids[]": [course.users["A"]] * 101}
    answer = course.api.ask("GET", f"{course.path}/students/submissions", params=asked)
    assert (answer.status_code, answer.json()) == (400, {"error": "too many students"})


@pytest.mark.rule("canvas.since")
def test_graded_since_is_strict_and_leaves_out_what_was_never_graded(course: Book):
    made = course.make()
    when = course.grade(made, "12")["graded_at"]
    path = {**of(made), "graded_since": when}
    assert course.cells(**path) == []
    before = {**of(made), "graded_since": "2000-01-01T00:00:00Z"}
    assert [row["user_id"] for row in course.cells(**before)] == [course.users["A"]]
    asked = {"student_ids[]": "all", "graded_since": "yesterday"}
    answer = course.api.ask("GET", f"{course.path}/students/submissions", params=asked)
    assert answer.status_code == 400
    assert answer.json() == {"errors": {"graded_since": "Invalid datetime for graded_since"}}


def test_a_wrong_enrollment_state_is_refused(course: Book):
    asked = {"student_ids[]": "all", "enrollment_state": "gone"}
    answer = course.api.ask("GET", f"{course.path}/students/submissions", params=asked)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid enrollment_state"})


@pytest.mark.rule("canvas.by-student")
def test_submissions_come_by_student_and_shortened_when_asked_so(course: Book):
    made = course.make()
    asked = {"student_ids[]": "all", **of(made)}
    by_student = course.api.get(f"{course.path}/students/submissions", grouped=1, **asked)
    assert [each["sis_user_id"] for each in by_student] == [course.api.id(n) for n in ("@A", "@B")]
    assert all(len(each["submissions"]) == 1 for each in by_student)
    assert "body" not in course.cells(**of(made), **{"exclude_response_fields[]": "body"})[0]
    only = course.cells(**of(made), **{"response_fields[]": ["user_id", "score"]})[0]
    assert only.keys() == {"user_id", "score"}
    with_user = course.cells(**of(made), **{"include[]": "user"})[0]
    assert with_user["user"]["sis_user_id"] == course.api.id("@A")


def test_a_section_has_the_submissions_of_its_students_wherever_it_is_taught(canvas: Canvas):
    own = book(Api(canvas), "A", sections=("S",))
    other = book(Api(canvas), "B", sections=("S",))
    path = f"sections/{other.sections['S']}/crosslist/{own.course_id}"
    assert own.api.ask("POST", path).json()["nonxlist_course_id"] == other.course_id
    made = own.make()
    ids = {row["user_id"] for row in own.cells(**of(made))}
    assert ids == {own.users["A"], other.users["B"]}
    path = f"sections/{other.sections['S']}/students/submissions"
    rows = own.api.get(path, **{"student_ids[]": "all"}, **of(made))
    assert [row["user_id"] for row in rows] == [other.users["B"]]


def test_pages_of_submissions_are_linked_to_the_end(course: Book):
    asked = {"student_ids[]": "all", "per_page": 3}
    pages = list(course.api.pages(f"{course.path}/students/submissions", **asked))
    ids = [row["id"] for page in pages for row in page.json()]
    assert sorted(ids) == sorted(row["id"] for row in course.cells())
    assert len(ids) == len(set(ids))


@pytest.mark.rule("canvas.by-student")
def test_a_page_by_student_has_so_many_students_each_with_all_their_work(canvas: Canvas):
    own = book(Api(canvas), "A", "B", "C")
    work = {own.make()["id"] for _ in range(4)}
    asked = {"student_ids[]": "all", "grouped": 1, "per_page": 2}
    pages = list(own.api.pages(f"{own.path}/students/submissions", **asked))
    told = [each for page in pages for each in page.json()]
    assert [len(page.json()) for page in pages] == [2, 1]
    assert {each["user_id"] for each in told} == {own.users[who] for who in "ABC"}
    for each in told:
        assert each.keys() >= {"user_id", "section_id", "sis_user_id", "submissions"}
        assert {row["assignment_id"] for row in each["submissions"]} == work
        assert {row["user_id"] for row in each["submissions"]} == {each["user_id"]}
    flat = own.cells()
    assert sorted(row["id"] for each in told for row in each["submissions"]) == sorted(
        row["id"] for row in flat
    )


@pytest.mark.rule("canvas.page-clamp")
def test_a_page_by_student_has_at_most_100_of_them(course: Book):
    asked = {"student_ids[]": "all", "grouped": 1, "per_page": 1000}
    path = f"{course.path}/students/submissions"
    page = course.api.ask("GET", path, params=asked)
    assert "per_page=100>" in page.headers["Link"]
    assert [each["user_id"] for each in page.json()] == [course.users["A"], course.users["B"]]


def test_many_grades_are_given_at_once(course: Book):
    made = course.make()
    data = {str(course.users["A"]): {"posted_grade": "3"}, str(course.users["B"]): {"excuse": 1}}
    path = f"{course.path}/assignments/{made['id']}/submissions/update_grades"
    job = course.api.ask("POST", path, json={"grade_data": data}).json()
    assert course.api.get(f"progress/{job['id']}")["workflow_state"] == "completed"
    assert (course.cell(made)["score"], course.cell(made, "B")["excused"]) == (3.0, True)


# -- what only the sandbox can be asked, for it takes other people's tokens or its test control


@pytest.fixture
def mine(sandbox: Sandbox) -> Book:
    return book(Api(sandbox.canvas))


def as_somebody(own: Book, who: str) -> requests.Session:
    asked = {"user_id": own.users[who]}
    url = f"{own.api.canvas.url}/sandbox/tokens"
    session = requests.Session()
    token = requests.post(url, json=asked, timeout=TIMEOUT).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


@pytest.mark.rule("canvas.grades-of-others")
def test_a_student_sees_their_own_posted_grades_only(mine: Book):
    made = mine.make()
    mine.grade(made, "12")
    session = as_somebody(mine, "A")
    root = f"{mine.api.root}/{mine.path}"
    asked = {"student_ids[]": "all"}
    rows = session.get(f"{root}/students/submissions", params=asked, timeout=TIMEOUT).json()
    assert [(row["user_id"], row["score"]) for row in rows] == [(mine.users["A"], 12.0)]
    other = session.get(f"{mine.api.root}/{mine.cell_path(made, 'B')}", timeout=TIMEOUT)
    assert other.status_code == 403
    post_policy(mine.api, "hideAssignmentGrades", assignmentId=str(made["id"]))
    own = session.get(f"{mine.api.root}/{mine.cell_path(made, 'A')}", timeout=TIMEOUT).json()
    assert (own["score"], own["grade"], own["posted_at"]) == (None, None, None)
    teacher = as_somebody(mine, "T")
    seen = teacher.get(f"{root}/students/submissions", params=asked, timeout=TIMEOUT).json()
    assert len(seen) == 2


@pytest.mark.rule("canvas.checkpoints-pending")
def test_a_discussion_is_pending_until_all_its_checkpoints_are_graded(mine: Book):
    control = f"{mine.api.canvas.url}/sandbox/gradebook/assignments"
    asked = {"course": str(mine.course_id), "kind": "checkpoints"}
    made = requests.post(control, json=asked, timeout=TIMEOUT).json()
    shown = mine.read(made, **{"include[]": "checkpoints"})
    assert [each["tag"] for each in shown["checkpoints"]] == ["reply_to_topic", "reply_to_entry"]
    assert (shown["has_sub_assignments"], shown["points_possible"]) == (True, 10.0)
    first = mine.grade(made, "4", sub_assignment_tag="reply_to_topic")
    assert (first["score"], first["workflow_state"]) == (4.0, "pending_review")
    second = mine.grade(made, "5", sub_assignment_tag="reply_to_entry")
    assert (second["score"], second["workflow_state"]) == (9.0, "graded")
    parts = mine.cell(made, **{"include[]": "sub_assignment_submissions"})
    scores = {
        each["sub_assignment_tag"]: each["score"] for each in parts["sub_assignment_submissions"]
    }
    assert scores == {"reply_to_topic": 4.0, "reply_to_entry": 5.0}
    assert [row["assignment_id"] for row in mine.cells()] == [made["id"]] * 2

"""How Canvas tells assignments, their groups and dates, and whom they are for."""

import pytest

from tests.contracts.canvas_api import Api
from tests.contracts.gradebook_api import FUTURE, PAST, Book, book
from tests.sandbox_process import Canvas

LATER = "2121-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def course(canvas: Canvas) -> Book:
    """Two students in one section, another section without any."""
    return book(Api(canvas), sections=("S", "R"))


def names(items: list[dict]) -> list[str]:
    return [each["name"] for each in items]


def test_an_assignment_is_told_with_the_keys_of_canvas(course: Book):
    shown = course.read(course.make(description="Do it", due_at="2120-03-01T14:00:00+02:00"))
    assert (shown["points_possible"], shown["grading_type"]) == (20.0, "points")
    assert shown["due_at"] == FUTURE
    assert (shown["published"], shown["workflow_state"]) == (True, "published")
    empty = ("unlock_at", "lock_at", "grading_standard_id", "group_category_id", "final_grader_id")
    assert [shown[name] for name in empty] == [None] * len(empty)
    assert (shown["allowed_attempts"], shown["max_name_length"]) == (-1, 255)
    assert (shown["sis_assignment_id"], shown["integration_data"]) == (None, {})
    absent = {"quiz_id", "is_quiz_lti_assignment", "discussion_topic", "overrides", "all_dates"}
    assert not absent & shown.keys()


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ({"submission_types": ["none"], "points_possible": None}, {"points_possible": None}),
        ({"quiz_lti": True}, {"is_quiz_lti_assignment": True}),
        ({"submission_types": ["not_graded"], "grading_type": "not_graded"}, {}),
        ({"submission_types": ["on_paper"], "grading_type": "letter_grade"}, {}),
        ({"moderated_grading": True, "grader_count": 2}, {"grades_published": False}),
        ({"anonymous_grading": True}, {"post_manually": True}),
        ({"omit_from_final_grade": True, "hide_in_gradebook": True}, {}),
        ({"post_to_sis": True, "integration_data": {"a": 1}}, {"integration_data": {"a": 1}}),
    ],
)
def test_what_kind_it_is_can_be_read(course: Book, made: dict, shown: dict):
    found = course.read(course.make(**made))
    known = {name: value for name, value in made.items() if name != "quiz_lti"}
    assert {name: found[name] for name in known | shown} == known | shown


def test_a_quiz_and_a_discussion_have_an_assignment_that_names_them(course: Book):
    sent = {"quiz": {"title": "Survey", "quiz_type": "graded_survey", "published": True}}
    quiz = course.api.ask("POST", f"{course.path}/quizzes", json=sent).json()
    survey = course.read({"id": quiz["assignment_id"]})
    assert (survey["quiz_id"], survey["is_quiz_assignment"]) == (quiz["id"], False)
    assert survey["submission_types"] == ["online_quiz"]
    sent = {"title": "Talk", "published": True, "assignment": {"points_possible": 5}}
    topic = course.api.ask("POST", f"{course.path}/discussion_topics", json=sent).json()
    talk = course.read({"id": topic["assignment_id"]})
    assert talk["discussion_topic"]["id"] == topic["id"]
    assert (talk["submission_types"], talk["points_possible"]) == (["discussion_topic"], 5.0)


@pytest.mark.rule("canvas.dates-of-caller")
def test_the_date_is_the_callers_unless_it_is_asked_for_as_set(course: Book):
    made = course.make(due_at=FUTURE)
    section = course.sections["S"]
    assert course.override(made, course_section_id=section, due_at=LATER).status_code == 201
    assert course.read(made)["due_at"] == LATER
    assert course.read(made, override_assignment_dates="false")["due_at"] == FUTURE


def test_overrides_and_all_dates_come_when_asked_for(course: Book):
    made = course.make(due_at=FUTURE)
    course.override(made, course_section_id=course.sections["S"], due_at=LATER)
    course.override(made, student_ids=[course.users["A"]], title="A alone", lock_at=LATER)
    shown = course.read(made, **{"include[]": ["overrides", "all_dates"]})
    by_section, by_student = shown["overrides"]
    assert (by_section["course_section_id"], by_section["due_at"]) == (
        course.sections["S"],
        LATER,
    )
    assert by_student["student_ids"] == [course.users["A"]]
    assert "due_at" not in by_student
    base, first, second = shown["all_dates"]
    assert (base["base"], base["due_at"]) == (True, FUTURE)
    assert (first["set_type"], first["set_id"]) == ("CourseSection", course.sections["S"])
    assert (second["set_type"], second["lock_at"]) == ("ADHOC", LATER)


@pytest.mark.rule("canvas.all-dates-limit")
def test_of_25_overrides_only_the_number_is_told(canvas: Canvas):
    many = book(Api(canvas), *(f"N{n}" for n in range(25)))
    made = many.make()
    for who, user in many.users.items():
        if who != "T":
            answer = many.override(made, student_ids=[user], title=who, due_at=PAST)
            assert answer.status_code == 201
    shown = many.read(made, **{"include[]": "all_dates"})
    assert "all_dates" not in shown
    assert shown["all_dates_count"] == 26


def test_overrides_sent_with_an_assignment_take_the_place_of_all_before(course: Book):
    made = course.make()
    course.override(made, course_section_id=course.sections["S"], due_at=LATER)
    other = [{"course_section_id": course.sections["R"], "due_at": FUTURE}]
    assert course.change(made, assignment_overrides=other).status_code == 200
    (left,) = course.read(made, **{"include[]": "overrides"})["overrides"]
    assert left["course_section_id"] == course.sections["R"]


def test_the_list_is_chosen_and_ordered(canvas: Canvas):
    own = book(Api(canvas))
    first = own.make("Beta", due_at=LATER, post_to_sis=True)
    own.make("Alpha", due_at=PAST)
    own.make("Gamma", published=False)
    path = f"{own.path}/assignments"
    assert names(own.api.get(path)) == ["Beta", "Alpha", "Gamma"]
    assert names(own.api.get(path, order_by="name")) == ["Alpha", "Beta", "Gamma"]
    assert names(own.api.get(path, search_term="alp")) == ["Alpha"]
    assert names(own.api.get(path, post_to_sis="true")) == ["Beta"]
    assert names(own.api.get(path, bucket="past")) == ["Alpha"]
    assert names(own.api.get(path, bucket="undated")) == ["Gamma"]
    assert names(own.api.get(path, **{"assignment_ids[]": [first["id"], 999999]})) == ["Beta"]
    assert own.api.ask("GET", path, params={"bucket": "lost"}).status_code == 400
    assert names(own.api.all(path, per_page=1)) == ["Beta", "Alpha", "Gamma"]


def test_a_deleted_assignment_is_in_no_list_and_404(course: Book):
    made = course.make("Gone")
    path = f"{course.path}/assignments/{made['id']}"
    assert course.api.ask("DELETE", path).json()["workflow_state"] == "deleted"
    assert course.api.ask("GET", path).status_code == 404
    assert "Gone" not in names(course.api.all(f"{course.path}/assignments", per_page=100))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"grading_type": "stars"}, "grading_type"),
        ({"due_at": "soon"}, "due_at"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(course: Book, wrong: dict, field: str):
    answer = course.api.ask(
        "POST", f"{course.path}/assignments", json={"assignment": {"name": "Wrong", **wrong}}
    )
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_work_that_was_handed_in_cannot_be_unpublished(course: Book):
    made = course.make()
    course.hand_in(made)
    assert course.change(made, published=False).status_code == 400
    assert course.read(made)["unpublishable"] is False


def test_groups_tell_weights_rules_and_their_assignments(canvas: Canvas):
    own = book(Api(canvas))
    path = f"{own.path}/assignment_groups"
    sent = {"name": "Tests", "group_weight": 40, "rules": {"drop_lowest": 1}}
    made = own.api.ask("POST", path, json=sent).json()
    work = own.make(assignment_group_id=made["id"])
    own.api.ask("PUT", f"{path}/{made['id']}", json={"rules": {"never_drop": [work["id"]]}})
    shown = own.api.get(path, **{"include[]": "assignments"})
    tests = next(each for each in shown if each["name"] == "Tests")
    assert (tests["group_weight"], tests["rules"]) == (40.0, {"never_drop": [work["id"]]})
    assert [each["id"] for each in tests["assignments"]] == [work["id"]]
    wish = {"Accept": "application/json+canvas-string-ids"}
    as_text = own.api.ask("GET", f"{path}/{made['id']}", headers=wish).json()
    assert as_text["rules"]["never_drop"] == [str(work["id"])]


@pytest.mark.rule("canvas.sis-assignments")
def test_the_sis_is_offered_the_flagged_assignments_section_by_section(canvas: Canvas):
    own = book(Api(canvas), sections=("S", "R"))
    made = own.make("Flagged", post_to_sis=True, due_at=FUTURE)
    own.make("Not flagged")
    own.override(made, course_section_id=own.sections["S"], due_at=LATER)
    url = f"{canvas.url}/api/sis/courses/{own.course_id}/assignments"
    (item,) = own.api.get(url)
    assert (item["name"], item["include_in_final_grade"]) == ("Flagged", True)
    by_name = {each["sis_id"]: each for each in item["sections"]}
    mine = by_name[own.api.id("@S")]
    assert (mine["override"]["due_at"], mine["origin_course"]["id"]) == (LATER, own.course_id)
    assert "override" not in by_name[own.api.id("@R")]
    answer = own.api.ask("PUT", url.replace("assignments", "disable_post_to_sis"))
    assert answer.status_code == 204
    assert own.read(made)["post_to_sis"] is False

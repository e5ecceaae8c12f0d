"""All submissions of a course come in a few pages of students, and nobody slips past."""

from decimal import Decimal

import pytest

from integration.canvas.by_student import ROWS_ON_A_PAGE, every_submission, students_on_a_page
from integration.canvas.errors import Unavailable
from integration.http.errors import ConnectFailed

PATH = "/api/v1/courses/9/students/submissions"


def row(assignment, student, score=1):
    return {"assignment_id": assignment, "user_id": student, "score": score}


def student(number, *rows, section="1"):
    return {"user_id": number, "section_id": section, "submissions": list(rows)}


@pytest.fixture
def book(client):
    return client.gradebook("9")


@pytest.fixture
def read(book):
    def run(*students, assignments=1):
        rows = book.every_submission(assignments, students)
        return {(one.assignment_id, one.student_id): one.score for one in rows}

    return run


def test_students_come_with_all_their_rows_page_by_page(canvas, read):
    second = f"{PATH}?page=2"
    canvas.on(PATH, canvas.page([student("5", row("1", "5", 7), row("2", "5", 8))], second))
    canvas.on(second, canvas.page([student("6", row("1", "6", 9))]))
    assert read("5", "6", assignments=2) == {("1", "5"): 7, ("2", "5"): 8, ("1", "6"): 9}
    asked = canvas.requests[0].args
    assert (asked["grouped"], asked["student_ids[]"], asked["per_page"]) == ("1", "all", "100")
    assert "body" in asked.getlist("exclude_response_fields[]")
    assert len(canvas.requests) == 2


def test_scores_are_exact_among_students_too(canvas, read):
    told = b'[{"user_id":"5","submissions":[{"assignment_id":"1","score":89.9949999999999999}]}]'
    canvas.on(PATH, canvas.bytes(told, kind="application/json"))
    assert read("5") == {("1", "5"): Decimal("89.9949999999999999")}


@pytest.mark.parametrize(
    ("assignments", "students"), [(1, 100), (40, 100), (41, 97), (400, 10), (9_000, 1)]
)
def test_a_page_is_of_no_more_students_than_rows_allow(assignments, students):
    assert students_on_a_page(assignments) == students
    assert students == 1 or students * assignments <= ROWS_ON_A_PAGE


def test_somebody_in_two_sections_is_read_once(canvas, read):
    second = f"{PATH}?page=2"
    canvas.on(PATH, canvas.page([student("5", row("1", "5", 7))], second))
    canvas.on(second, canvas.page([student("5", row("1", "5", 8), section="2")]))
    assert read("5") == {("1", "5"): 8}, "as it was read last"


def test_who_slipped_past_between_two_pages_is_asked_for_by_name(canvas, read):
    canvas.on(PATH, canvas.page([student("5", row("1", "5"))]), canvas.page([row("1", "6", 3)]))
    assert read("5", "6") == {("1", "5"): 1, ("1", "6"): 3}
    assert canvas.requests[1].args.getlist("student_ids[]") == ["6"]


def test_nobody_is_asked_for_again_who_has_no_work(canvas, read):
    canvas.on(PATH, canvas.page([student("5")]))
    assert read("5") == {}
    assert len(canvas.requests) == 1


def test_of_those_that_canvas_will_not_tell_of_nothing_is_known(canvas, read):
    refused = canvas.error(401, "user not authorized to perform that action")
    canvas.on(PATH, canvas.page([student("5", row("1", "5"))]), refused)
    assert read("5", "6") == {("1", "5"): 1}


def test_a_hundred_are_named_at_a_time(canvas, read):
    canvas.on(PATH, canvas.page([student("x")]), canvas.page([]))
    read(*map(str, range(150)))
    assert [len(one.args.getlist("student_ids[]")) for one in canvas.requests] == [1, 100, 50]


def test_a_canvas_that_answers_row_by_row_is_read_so_with_full_pages(canvas, read):
    second = f"{PATH}?page=2"
    flat = canvas.page([row("1", "5", 7)], second)
    canvas.on(PATH, flat, flat)
    canvas.on(second, canvas.page([row("1", "6", 8)]))
    assert read("5", "6", assignments=400) == {("1", "5"): 7, ("1", "6"): 8}
    assert [one.args.get("per_page") for one in canvas.requests] == ["10", "100", None]


def test_pages_that_are_too_large_are_asked_for_smaller_and_then_row_by_row(canvas, read):
    down = canvas.error(503, "try later")
    canvas.on(f"{PATH}?page=2", canvas.page([row("1", "6")]))
    flat = canvas.page([row("1", "5")], f"{PATH}?page=2")

    def answer(request):
        return (down if request.args.get("grouped") else flat)(request)

    canvas.on(PATH, answer)
    assert read("5", "6") == {("1", "5"): 1, ("1", "6"): 1}
    asked = [(one.args.get("grouped"), one.args.get("per_page")) for one in canvas.requests]
    assert asked == [("1", "100"), ("1", "20"), (None, "100"), (None, None)]


def test_smaller_pages_begin_anew(canvas, read):
    down = canvas.error(500, "too much")

    def answer(request):
        whole = canvas.page([student("5", row("1", "5")), student("6", row("1", "6"))])
        cut = canvas.page([student("5", row("1", "5", 99))], f"{PATH}?page=2")
        return (whole if request.args.get("per_page") == "20" else cut)(request)

    canvas.on(PATH, answer)
    canvas.on(f"{PATH}?page=2", down)
    assert read("5", "6") == {("1", "5"): 1, ("1", "6"): 1}


def test_a_canvas_that_cannot_be_reached_once_is_asked_again():
    tried = []

    def pages(params, per_page=100, *, retry=None):
        tried.append(per_page)
        if len(tried) == 1:
            raise ConnectFailed("refused")
        yield student("5", row("1", "5", 7))

    assert [one.score for one in every_submission(pages, 1, ["5"])] == [7]
    assert tried == [100, 20]


def test_a_canvas_that_is_down_is_said_to_be(canvas, read):
    canvas.on(PATH, canvas.error(503, "try later"))
    with pytest.raises(Unavailable):
        read("5")


def test_where_nothing_is_published_nothing_is_asked(canvas, read):
    assert read("5", assignments=0) == {}
    assert canvas.requests == []

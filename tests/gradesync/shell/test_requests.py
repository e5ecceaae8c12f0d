"""How many requests a sync costs: they grow with pages, never with students × assignments."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from gradesync.automatic import look
from gradesync.models import CourseSync
from integration.canvas import by_student
from integration.connections import canvas_client
from integration.models import District
from tests.gradesync.shell.course import Course

COURSE_PATHS = {"", "sections", "assignment_groups", "grading_periods", "assignments"}
COURSE_PATHS |= {"enrollments", "students/submissions"}


def read_in_canvas(course: Course) -> Counter[str]:
    prefix = f"/api/v1/courses/{course.canvas_id}"
    paths = (one["path"].partition("?")[0] for one in course.requests("canvas"))
    return Counter(path.removeprefix(prefix).strip("/") for path in paths)


def graded(course: Course, students: int, works: int) -> None:
    for number in range(works):
        made = course.make(f"Work {number}")
        grades = {f"sis_user_id:P1-{who}": {"posted_grade": who + 1} for who in range(students)}
        path = f"assignments/{made}/submissions/update_grades"
        course.in_canvas("POST", path, grade_data=grades)


@pytest.fixture
def nothing_new(course, sync):
    """A press with nothing new, of a course that was synced; what it asked."""

    def run() -> tuple[Counter[str], Counter[str]]:
        assert sync()[0] == 0
        course.forget()
        code, told = sync()
        assert (code, told["sent"]) == (0, {"line_items": 0, "results": 0})
        q: Any = Counter(one["method"] for one in course.requests("q") if "/ims/" in one["path"])
        return read_in_canvas(course), q

    return run


@pytest.mark.parametrize(("students", "works"), [(2, 1), (3, 8), (12, 8)])
def test_a_press_with_nothing_new_asks_seven_times_whatever_the_size(
    course, nothing_new, students, works
):
    graded(course, students, works)
    canvas, q = nothing_new()
    assert canvas == dict.fromkeys(COURSE_PATHS, 1)
    assert q.keys() == {"GET"}
    assert q["GET"] <= 11


@pytest.mark.parametrize("students", [12])
def test_students_of_three_pages_cost_two_requests_more(course, nothing_new, monkeypatch):
    graded(course, students=12, works=8)
    monkeypatch.setattr(by_student, "ROWS_ON_A_PAGE", 5 * 8)
    canvas, _ = nothing_new()
    assert canvas == dict.fromkeys(COURSE_PATHS, 1) | {"students/submissions": 3}


def test_an_automatic_look_is_one_request(course, sync):
    graded(course, 3, 8)
    assert sync()[0] == 0
    course.forget()
    look(CourseSync.objects.get(), canvas_client(District.objects.get()), timezone.now())
    assert read_in_canvas(course) == {"students/submissions": 1}
    assert course.requests("q") == []

"""The local Canvas's gradebook pages, and the control that fills one: of the sandbox alone."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.contracts.canvas_api import TIMEOUT, Api, course, enrollments, section, users
from tests.contracts.gradebook_api import FUTURE, Book, book
from tests.contracts.test_canvas_pages_of_the_sandbox import page
from tests.sandbox_process import Sandbox


@pytest.fixture
def own(sandbox: Sandbox) -> Book:
    return book(Api(sandbox.canvas), sections=("S", "R"))


def send(own: Book, path: str, **form: Any) -> None:
    url = f"{own.api.canvas.url}/{own.path}/gradebook{path}"
    answer = requests.post(url, data=form, timeout=TIMEOUT, allow_redirects=False)
    assert (answer.status_code, "problem" in answer.headers["Location"]) == (302, False)


def control(own: Book, what: str, **asked: Any) -> Any:
    url = f"{own.api.canvas.url}/sandbox/gradebook/{what}"
    answer = requests.post(url, json=asked, timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def cell_of(made: dict[str, Any], own: Book, who: str = "A") -> str:
    return f"{made['id']}.{own.users[who]}"


def test_every_page_is_sound(own: Book):
    control(own, "fill", course=own.course_id, assignments=27)
    work = own.api.all(f"{own.path}/assignments", per_page=100)
    root = f"/{own.path}/gradebook"
    for path in ("", "?columns=2", "/settings", *(f"/assignments/{one['id']}" for one in work)):
        page(own.api, root + path)
    for row in own.cells()[:30]:
        page(own.api, f"{root}/cells/{row['assignment_id']}/{row['user_id']}")


def test_what_is_typed_into_the_grid_is_graded_and_nothing_else(own: Book):
    made, other = own.make(), own.make()
    own.grade(other, "5")
    first, second = cell_of(made, own), cell_of(other, own)
    own.grade(other, "6")
    form = {f"was.{first}": "", f"now.{first}": "85%", f"was.{second}": "5", f"now.{second}": "5"}
    send(own, "", **form)
    assert (own.cell(made)["score"], own.cell(other)["score"]) == (17.0, 6.0)
    send(own, "", **{f"was.{first}": "17", f"now.{first}": "ex"})
    assert own.cell(made)["excused"] is True
    send(own, "", **{f"was.{first}": "EX", f"now.{first}": ""})
    assert (own.cell(made)["excused"], own.cell(made)["score"]) == (False, None)


def test_a_final_grade_is_overridden_in_the_grid(own: Book):
    own.make()
    send(own, "/settings", allow_final_grade_override="on", late_submission_interval="day")
    user = own.users["A"]
    send(own, "", **{f"override-was.{user}": "", f"override.{user}": "88.5"})
    assert own.grades()["override_score"] == 88.5


def test_a_cell_is_marked_hidden_and_told_in_its_log(own: Book):
    made = own.make(due_at="2020-01-01T00:00:00Z")
    own.grade(made, "15")
    where = f"/cells/{made['id']}/{own.users['A']}"
    send(own, where, grade="15", status="late", days_late="2", comment="Late", do="grade")
    row = own.cell(made)
    assert (row["late"], row["seconds_late"], row["score"]) == (True, 172_800, 15.0)
    send(own, where, do="hide")
    assert own.cell(made)["posted_at"] is None
    html = page(own.api, f"/{own.path}/gradebook{where}")
    assert "Grade log" in html
    assert "Service Admin" in html


def test_an_assignment_of_each_kind_is_added_on_the_page(own: Book):
    kinds = re.findall(r'<option value="([\w-]+)">', page(own.api, f"/{own.path}/gradebook"))
    for kind in kinds:
        send(own, "/new", kind=kind, name=f"Of {kind}", due_at=FUTURE)
    names = [one["name"] for one in own.api.all(f"{own.path}/assignments", per_page=100)]
    assert sorted(names) == sorted(f"Of {kind}" for kind in kinds)
    assert len(names) > 20


def test_an_assignment_is_edited_posted_and_given_other_dates_on_its_page(own: Book):
    made = own.make()
    where = f"/assignments/{made['id']}"
    form = {"name": "By hand", "points_possible": "40", "published": "on", "post_manually": "on"}
    send(own, where, **form, grading_type="percent", do="save")
    shown = own.read(made)
    assert (shown["name"], shown["points_possible"], shown["post_manually"]) == (
        "By hand",
        40.0,
        True,
    )
    own.grade(made, "20")
    send(own, where, do="post-graded", section=str(own.sections["R"]))
    assert own.cell(made)["posted_at"] is None
    send(own, where, do="post-graded")
    assert own.cell(made)["posted_at"]
    send(own, where, do="override", section=str(own.sections["S"]), due_at=FUTURE)
    assert own.cell(made)["cached_due_date"] == FUTURE


def test_a_section_is_cross_listed_and_taken_back_on_the_settings_page(own: Book):
    other = book(Api(own.api.canvas), "X")
    section = own.sections["R"]
    send(own, "/settings", do="cross-list", section=str(section), into=str(other.course_id))
    assert own.api.section("@R")["nonxlist_course_id"] == own.course_id
    send(other, "/settings", do="take-back", section=str(section))
    assert own.api.section("@R")["course_id"] == own.course_id


def test_the_same_students_and_seed_get_the_same_grades(sandbox: Sandbox):
    api = Api(sandbox.canvas)
    names = [f"@N{n}" for n in range(6)]
    api.sent_well(users(*names))
    found = [_filled(api, number, seed, names) for number, seed in enumerate((3, 3, 4))]
    assert found[0] == found[1]
    assert found[1] != found[2]


def _filled(api: Api, number: int, seed: int, names: list[str]) -> list[str]:
    """What every student got in a course of their own, by the names of the assignments."""
    rows = [f"@S{number},{each},student,active" for each in names]
    place = section(f"@S{number}", of=f"@C{number}")
    api.sent_well(course(f"@C{number}"), place, enrollments(*rows))
    url = f"{api.canvas.url}/sandbox/gradebook/fill"
    asked = {"course": api.id(f"@C{number}"), "seed": seed}
    told = requests.post(url, json=asked, timeout=TIMEOUT).json()["courses"][0]
    path = f"courses/{told['course_id']}"
    titles = {one["id"]: one["name"] for one in api.all(f"{path}/assignments", per_page=100)}
    cells = api.all(f"{path}/students/submissions", **{"student_ids[]": "all", "per_page": 100})
    assert (len(titles), len(cells)) == (12, 72)
    kept = ("user_id", "score", "excused", "submitted_at", "graded_at", "late_policy_status")
    return sorted(str([titles[c["assignment_id"]], *(c[name] for name in kept)]) for c in cells)


def test_a_gradebook_holds_every_state_a_reader_stumbles_over(own: Book):
    asked = {"sis_course_id": own.api.id("@full"), "students": 40, "assignments": 27}
    told = control(own, "fill", **asked)["courses"][0]
    path = f"courses/{told['course_id']}/students/submissions"
    rows = own.api.all(path, **{"student_ids[]": "all", "per_page": 100})
    assert {row["workflow_state"] for row in rows} == {
        "unsubmitted", "submitted", "graded", "pending_review",
    }  # fmt: skip
    assert any(row["excused"] for row in rows)
    assert any(row["points_deducted"] for row in rows)
    assert any(row["grade_matches_current_submission"] is False for row in rows)
    assert any(row["score"] is not None and row["posted_at"] is None for row in rows)
    assert any(row["missing"] and row["score"] is None for row in rows)
    work = own.api.all(
        f"courses/{told['course_id']}/assignments",
        **{"per_page": 100, "include[]": ["all_dates", "checkpoints"]},
    )
    assert any("all_dates_count" in one for one in work)
    assert any(one.get("checkpoints") for one in work)
    assert {one["points_possible"] for one in work} >= {None, 0.0}
    assert not all(one["published"] for one in work)


def test_a_test_student_is_in_every_list_without_a_sis_id(own: Book):
    told = control(own, "fill", course=own.course_id, test_student=True)["courses"][0]
    assert told["students"] == 3
    (row,) = own.api.get(f"{own.path}/enrollments", **{"type[]": "StudentViewEnrollment"})
    assert (row["user"]["name"], row["sis_user_id"]) == ("Test Student", None)
    assert row["user_id"] in {each["user_id"] for each in own.cells()}


def test_what_was_kept_comes_back_with_its_totals(own: Book):
    made = own.make()
    own.grade(made, "10")
    port = f"{own.api.canvas.url}/sandbox"
    requests.post(f"{port}/keep?name=grades", timeout=TIMEOUT)
    own.grade(made, "20")
    assert own.grades()["final_score"] == 100.0
    assert requests.post(f"{port}/back?name=grades", timeout=TIMEOUT).status_code == 204
    assert own.grades()["final_score"] == 50.0
    assert (len(own.cells()), own.cell(made)["score"]) == (2, 10.0)


def test_work_becomes_missing_as_the_clock_goes_on(own: Book):
    made = own.make(due_at=FUTURE)
    policy = {"missing_submission_deduction_enabled": True, "missing_submission_deduction": 100}
    own.api.ask("POST", f"{own.path}/late_policy", json={"late_policy": policy})
    assert own.cell(made)["score"] is None
    clock = f"{own.api.canvas.url}/sandbox/clock"
    requests.post(clock, json={"ahead": 200 * 366 * 86_400}, timeout=TIMEOUT)
    try:
        assert (own.cell(made)["missing"], own.cell(made)["score"]) == (True, 0.0)
    finally:
        requests.post(clock, json={"ahead": 0}, timeout=TIMEOUT)


def test_without_a_sis_integration_there_is_no_list_for_an_sis(own: Book):
    switch = f"{own.api.canvas.url}/sandbox/gradebook/sis"
    url = f"{own.api.canvas.url}/api/sis/courses/{own.course_id}/assignments"
    requests.put(switch, json={"enabled": False}, timeout=TIMEOUT)
    try:
        answer = own.api.ask("GET", url)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_enabled")
    finally:
        requests.put(switch, json={"enabled": True}, timeout=TIMEOUT)
    assert own.api.get(url) == []
    own.api.put(own.path, **{"course[event]": "claim"})
    assert own.api.ask("GET", url).json()["code"] == "unpublished_course"


def test_a_teacher_does_not_grade_in_a_closed_period(own: Book):
    own.periods(("Q1", "2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"))
    made = own.make(due_at="2020-01-15T00:00:00Z")
    asked = {"user_id": own.users["T"]}
    tokens = f"{own.api.canvas.url}/sandbox/tokens"
    token = requests.post(tokens, json=asked, timeout=TIMEOUT).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"submission": {"posted_grade": "3"}}
    path = own.cell_path(made, "A")
    assert own.api.ask("PUT", path, json=sent, headers=headers).status_code == 403
    work = f"{own.path}/assignments/{made['id']}"
    changed = {"assignment": {"points_possible": 5}}
    assert own.api.ask("PUT", work, json=changed, headers=headers).status_code == 403
    flag = {"assignment": {"post_to_sis": True}}
    assert own.api.ask("PUT", work, json=flag, headers=headers).status_code == 200
    assert own.read(made)["in_closed_grading_period"] is True
    assert own.grade(made, "3")["score"] == 3.0


def test_who_is_limited_to_a_section_sees_and_grades_only_its_students(own: Book):
    columns = "section_id,user_id,role,status,limit_section_privileges"
    own.api.sent_well(
        users("@L", "@Z"), enrollments("@R,@Z,student,active"), f"{columns}\n@R,@L,teacher,active,1"
    )
    people = {each: int(own.api.users(each)["id"]) for each in ("@L", "@Z")}
    made = own.make()
    host = urlsplit(own.api.canvas.url)
    cookie = {f"canvas_session_{host.port}": f"{people['@L']}.0.0"}
    root = f"{own.api.canvas.url}/{own.path}/gradebook"

    def told(method: str, path: str, **form: Any) -> int:
        asked = {"data": form, "cookies": cookie, "timeout": TIMEOUT, "allow_redirects": False}
        return requests.request(method, root + path, **asked).status_code

    mine, other = people["@Z"], own.users["A"]
    cells = {who: f"/cells/{made['id']}/{who}" for who in (mine, other)}
    assert [told("GET", cells[who]) for who in (mine, other)] == [200, 403]
    assert [told("POST", cells[who], grade="5") for who in (mine, other)] == [302, 403]
    name = f"{made['id']}.{other}"
    assert told("POST", "", **{f"was.{name}": "", f"now.{name}": "5"}) == 403
    assert told("POST", "", **{f"override-was.{other}": "", f"override.{other}": "5"}) == 403
    assert own.cell(made)["score"] is None
    assert own.cells(**{"student_ids[]": mine})[0]["score"] == 5

"""Bad nights of Canvas: lost answers, broken imports, others before us, hand edits (F32-F40)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import (
    facts,
    hand_made,
    imports,
    signed_in,
)
from tests.integration.provisioning.records import enrollment, small_district, user
from tests.integration.provisioning.test_one_run import by_id, enrollments
from tests.integration.provisioning.test_what_must_stay import active, findings, hold_codes

pytestmark = pytest.mark.one_database


@pytest.fixture
def canvas_control(sandbox) -> Callable[..., Any]:
    """Asks the local Canvas for something at /sandbox/."""

    def ask(path: str, body: Any = None, method: str = "POST") -> Any:
        url = f"{origin(sandbox.canvas.url)}/sandbox/{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    return ask


@pytest.fixture
def lived(q_holds, connect, provision):
    q_holds(small_district(students=4))
    connect()
    assert provision()[0] == 0


@pytest.mark.fault("F32")
@pytest.mark.parametrize("answer", [{"drop": True}, {"status": 502}, {"reset": True}])
def test_of_an_import_whose_answer_is_lost_there_is_one(
    answer, lived, change_q, provision, sandbox, canvas_fault
):
    change_q(upsert={"users": [user("NEW")]})
    canvas_fault("POST", "/sis_imports", apply=True, **answer)
    code, told = provision()
    assert (code, told["state"]) == (0, "done")
    assert len(imports(sandbox.canvas)) == 2
    assert "NEW" in by_id(sandbox.canvas, "users")


@pytest.mark.fault("F33")
def test_a_row_that_canvas_refuses_is_told_by_its_record_and_goes_again_once_it_changed(
    lived, change_q, provision, sandbox
):
    taken = "user_id,login_id,status\nOTHER,new@example.org,active\n"
    hand_made(sandbox.canvas, {"users.csv": taken})
    new = {"username": "new@example.org", "email": "new@example.org"}
    # The login is somebody's whom our own claims do not know: it is taken between two looks.
    change_q(upsert={"users": [user("P1-0", **new)]})
    _, answer = provision()
    (told,) = findings(answer, "canvas.row-refused")
    assert (told["kind"], told["sourced_id"]) == ("users", "P1-0") and told["reason"]
    before = len(imports(sandbox.canvas))
    _, answer = provision()
    assert [one["sourced_id"] for one in findings(answer, "canvas.still-refused")] == ["P1-0"]
    assert len(imports(sandbox.canvas)) == before
    change_q(upsert={"users": [user("P1-0", username="free@example.org")]})
    assert provision()[0] == 0
    assert by_id(sandbox.canvas, "users")["P1-0"]["login_id"] == "free@example.org"


@pytest.mark.fault("F34")
def test_a_section_that_a_teacher_moved_to_another_course_stays_there_with_its_people(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=2, schools=("S1", "S2")))
    connect()
    assert provision()[0] == 0
    api = signed_in(sandbox.canvas)
    root = f"{sandbox.canvas.url}/api/v1"
    section = api.get(f"{root}/sections/sis_section_id:K2", timeout=30).json()
    course = api.get(f"{root}/courses/sis_course_id:K1", timeout=30).json()
    moved = f"{root}/sections/{section['id']}/crosslist/{course['id']}"
    api.post(moved, timeout=30).raise_for_status()
    change_q(
        upsert={
            "classes": [small_district(schools=("S1", "S2"))["classes"][1] | {"title": "Renamed"}],
            "users": [user("NEW", school="S2")],
            "enrollments": [enrollment("E-NEW", "NEW", "K2", school="S2")],
        }
    )
    assert provision()[0] == 0
    now = api.get(f"{root}/sections/sis_section_id:K2", timeout=30).json()
    assert (now["course_id"], now["name"]) == (course["id"], "Renamed")
    there = enrollments(sandbox.canvas, section_id="K2", status="active")
    assert {one[0] for one in there} == {"TEACHER2", "P2-0", "P2-1", "NEW"}


@pytest.mark.fault("F36")
@pytest.mark.parametrize("state", ["failed", "aborted"])
@pytest.mark.parametrize("rows", [1, 3, 6])
def test_after_an_import_that_broke_off_the_next_night_starts_from_what_is_there(
    rows, state, lived, change_q, provision, sandbox, canvas_control
):
    change_q(
        upsert={
            "users": [user("NEW"), user("P1-1", givenName="Another")],
            "enrollments": [enrollment("E-NEW", "NEW")],
        },
        delete={"enrollments": ["E-P1-0"]},
    )
    canvas_control("imports/fail", {"how": "partial", "rows": rows, "state": state})
    code, answer = provision()
    if code:
        assert answer["error"]["code"] == "provisioning.import-failed"
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert active(sandbox.canvas) == {"TEACHER1", "P1-1", "P1-2", "P1-3", "NEW"}
    assert by_id(sandbox.canvas, "users")["P1-1"]["first_name"] == "Another"
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F36")
def test_what_a_broken_import_let_in_goes_again_where_q_has_taken_it_back(
    lived, change_q, provision, sandbox, canvas_control
):
    change_q(upsert={"users": [user("NEW")], "enrollments": [enrollment("E-NEW", "NEW")]})
    canvas_control("imports/fail", {"how": "partial", "rows": 2})
    assert provision()[1]["error"]["code"] == "provisioning.import-failed"
    assert "NEW" in active(sandbox.canvas)
    change_q(delete={"enrollments": ["E-NEW"]})
    assert provision()[0] == 0
    assert "NEW" not in active(sandbox.canvas)


@pytest.mark.fault("F37")
def test_another_vendors_import_is_waited_for(lived, change_q, provision, sandbox, canvas_control):
    canvas_control("imports/foreign")
    # It ends when we have looked three times at ours, which stands behind it.
    fault = {
        "match": {"method": "GET", "path": r"/sis_imports/\d+$", "after": 3, "times": 1},
        "do": {"control": [{"path": "/sandbox/imports/foreign/release"}]},
    }
    canvas_control("faults", fault)
    change_q(upsert={"users": [user("NEW")]})
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert len(answer["sent"]["imports"]) == 1
    assert len(imports(sandbox.canvas)) == 3
    assert "NEW" in by_id(sandbox.canvas, "users")


@pytest.mark.fault("F38")
def test_a_canvas_that_says_too_much_at_once_is_waited_for(
    lived, change_q, provision, sandbox, canvas_control
):
    change_q(upsert={"users": [user("NEW")]})
    for path in ("/sis_imports$", "/reports/"):
        limit = {"status": 403, "body": "403 Forbidden (Rate Limit Exceeded)"}
        canvas_control("faults", {"match": {"path": path, "times": 1}, "do": limit})
    assert provision()[0] == 0
    assert len(imports(sandbox.canvas)) == 2
    assert "NEW" in by_id(sandbox.canvas, "users")


@pytest.mark.fault("F40")
def test_an_approval_is_for_the_plan_that_was_read(q_holds, change_q, connect, provision, sandbox):
    q_holds(small_district(students=24))
    connect()
    assert provision()[0] == 0
    change_q(delete={"enrollments": [f"E-P1-{index}" for index in range(8)]})
    _, first = provision()
    assert hold_codes(first) == {"too-many-removed"}
    change_q(delete={"enrollments": ["E-P1-20"]})
    _, second = provision()
    code, refused = provision("--approve", first["digest"])
    assert (code, refused["error"]["code"]) == (1, "provisioning.plan-refused")
    assert second["digest"] in refused["error"]["message"]
    assert len(active(sandbox.canvas)) == 25
    assert provision("--approve", second["digest"])[0] == 0
    assert len(active(sandbox.canvas)) == 16


@pytest.mark.fault("F20")
def test_what_was_changed_by_hand_is_left_as_it_is(lived, provision, sandbox):
    row = "section_id,user_id,role,status\nK1,P1-0,student,deleted\n"
    hand_made(sandbox.canvas, {"enrollments.csv": row})
    before = facts(sandbox.canvas)
    assert provision()[1]["sent"] == {}
    assert facts(sandbox.canvas) == before

"""What we believe Canvas holds, compared with what it says itself."""

from __future__ import annotations

from typing import Any

import pytest

from integration.models import AuditEvent, ProvisioningPolicy, RosterRow, Run
from tests.integration.provisioning.held_by_canvas import hand_made, held, imports, signed_in, sis
from tests.integration.provisioning.records import class_, enrollment, small_district, user

pytestmark = pytest.mark.one_database


@pytest.fixture
def drift(manage):
    return lambda *words: manage("drift", "lakeside", *words)


@pytest.fixture
def provisioned(q_holds, connect, provision):
    def run(students: int = 3) -> None:
        q_holds(small_district(students=students))
        connect()
        assert provision()[0] == 0

    return run


def found(answer: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    return {
        (one["code"], one["kind"], one.get("sourced_id", ""), one.get("field", ""))
        for one in answer["findings"]
    }


def delete_section(sandbox: Any) -> None:
    hand_made(
        sandbox.canvas,
        {"sections.csv": "section_id,course_id,name,status\nK1,K1,Class K1,deleted\n"},
    )


def test_a_canvas_that_nobody_touched_has_not_drifted(provisioned, drift):
    provisioned()
    code, answer = drift()
    assert (code, answer["state"], answer["findings"]) == (0, "done", [])
    assert answer["counts"]["enrollments"] == {"same": 4}


def test_the_check_sends_nothing_and_asks_nothing_of_q(provisioned, drift, sandbox, asked_of_q):
    provisioned()
    number, asked = len(imports(sandbox.canvas)), len(asked_of_q())
    delete_section(sandbox)
    drift("--repair")
    assert (len(imports(sandbox.canvas)), len(asked_of_q())) == (number + 1, asked)


@pytest.mark.fault("F20")
def test_a_section_deleted_by_hand_is_found_and_comes_back_after_repair(
    provisioned, drift, provision, sandbox
):
    provisioned()
    delete_section(sandbox)
    assert ("drift.missing", "sections", "K1", "") in found(drift()[1])
    assert provision()[1]["sent"] == {}
    answer = drift("--repair")[1]
    assert answer["counts"]["sections"] == {"missing": 1, "forgotten": 1}
    assert answer["counts"]["enrollments"] == {"missing": 4, "forgotten": 4}
    assert provision()[0] == 0
    assert [row["section_id"] for row in sis(held(sandbox.canvas), "sections")] == ["K1"]
    assert drift()[1]["findings"] == []


def test_without_repair_the_next_run_sends_nothing(provisioned, drift, provision, sandbox):
    provisioned()
    delete_section(sandbox)
    drift()
    assert provision()[1]["sent"] == {}


def test_a_name_edited_by_hand_is_listed_with_both_values_and_is_not_fought(
    provisioned, drift, provision, sandbox
):
    provisioned()
    url = f"{sandbox.canvas.url}/api/v1/courses/sis_course_id:K1"
    form = {"course[name]": "Algebra with Rosa"}
    signed_in(sandbox.canvas).put(url, data=form, timeout=30).raise_for_status()
    answer = drift("--repair")[1]
    assert found(answer) == {("drift.differs", "courses", "K1", "long_name")}
    assert "“Class K1”; Canvas's: “Algebra with Rosa”" in answer["findings"][0]["reason"]
    assert answer["counts"]["courses"] == {"differs": 1}
    assert provision()[1]["sent"] == {}


@pytest.mark.fault("F20")
def test_another_status_is_told_as_such(provisioned, drift, sandbox):
    provisioned()
    row = "section_id,user_id,role,status\nK1,P1-0,student,completed\n"
    hand_made(sandbox.canvas, {"enrollments.csv": row})
    assert found(drift()[1]) == {("drift.status", "enrollments", "K1 P1-0 student", "status")}


def test_somebody_let_in_again_after_q_took_them_out_is_found(
    provisioned, drift, provision, change_q, sandbox
):
    provisioned()
    change_q(delete={"enrollments": ["E-P1-0"]})
    provision()
    assert drift()[1]["findings"] == []
    row = "section_id,user_id,role,status\nK1,P1-0,student,active\n"
    hand_made(sandbox.canvas, {"enrollments.csv": row})
    assert found(drift()[1]) == {("drift.status", "enrollments", "K1 P1-0 student", "status")}


def test_what_others_made_in_canvas_is_no_drift(provisioned, drift, sandbox):
    provisioned()
    hand_made(
        sandbox.canvas, {"users.csv": "user_id,login_id,status\nTHEIRS,theirs@example.org,active\n"}
    )
    assert drift()[1]["findings"] == []


def test_more_missing_rows_than_the_limit_are_listed_and_not_sent_again(
    provisioned, drift, provision, sandbox
):
    provisioned(students=20)
    delete_section(sandbox)
    answer = drift("--repair")[1]
    assert ("drift.too-many-missing", "enrollments", "", "") in found(answer)
    assert answer["counts"]["enrollments"] == {"missing": 21}
    ProvisioningPolicy.objects.update(removed_share=1.0)
    assert drift("--repair")[1]["counts"]["enrollments"]["forgotten"] == 21
    assert AuditEvent.objects.filter(action="drift.forgotten").count() == 2


def test_a_class_that_q_no_longer_holds_does_not_come_back(
    q_holds, connect, provision, change_q, drift, sandbox
):
    records = small_district()
    records["classes"].append(class_("K9"))
    records["enrollments"].append(enrollment("E-9", "P1-0", "K9"))
    q_holds(records)
    connect()
    provision()
    row = "section_id,course_id,name,status\nK9,K9,Class K9,deleted\n"
    hand_made(sandbox.canvas, {"sections.csv": row})
    change_q(delete={"classes": ["K9"], "enrollments": ["E-9"]})
    drift("--repair")
    assert provision()[0] == 0
    assert "K9" not in {row["section_id"] for row in held(sandbox.canvas)["sections"]}


def test_a_district_that_was_never_provisioned_has_nothing_to_compare(
    q_holds, connect, drift, sandbox
):
    q_holds(small_district())
    connect()
    code, answer = drift()
    assert (code, answer["counts"], answer["findings"]) == (0, {}, [])


def test_a_run_on_its_way_to_canvas_is_not_compared(provisioned, change_q, provision, drift):
    provisioned()
    change_q(upsert={"users": [user("P1-0", givenName="New")]})
    provision()
    Run.objects.filter(pk=Run.objects.latest("pk").pk).update(
        state=Run.State.RUNNING, cursor="sent"
    )
    code, answer = drift()
    assert (code, answer["error"]["code"]) == (1, "provisioning.run-under-way")


def test_a_row_whose_import_ended_without_telling_is_no_drift(provisioned, drift):
    provisioned()
    row = RosterRow.objects.get(kind="users", key="P1-0")
    RosterRow.objects.filter(pk=row.pk).update(row=row.row.replace('"active"', '"?"'))
    assert drift()[1]["findings"] == []

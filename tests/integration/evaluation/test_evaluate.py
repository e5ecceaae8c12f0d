"""A Canvas that another integration filled under ids of its own, beside the Q that is to come."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from integration.models import Change, CourseAssignment, RosterRow, Run
from tests.integration.provisioning.held_by_canvas import hand_made, held, imports, signed_in
from tests.integration.provisioning.records import Record, class_, enrollment, small_district, user

pytestmark = pytest.mark.one_database

STUDENTS = 5
# Two classes that nobody could tell from one another.
HALLS = [class_(key, title="Study hall", classCode="SH") for key in ("K8", "K9")]


def old_district() -> dict[str, list[Record]]:
    records = small_district(students=STUDENTS)
    records["classes"] += HALLS
    return records


def under_other_ids(value: Any) -> Any:
    """The same records, each id and each pointer with Q's own prefix."""
    if isinstance(value, list):
        return [under_other_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"Q-{inner}" if key == "sourcedId" else under_other_ids(inner)
        for key, inner in value.items()
    }


def new_district() -> dict[str, list[Record]]:
    """As the old one under other ids; and four things are different."""
    records = under_other_ids(old_district())
    people = {one["sourcedId"]: one for one in records["users"]}
    # P1-2 is gone, and another person has the username now.
    people["Q-P1-2"] |= {"givenName": "Other", "familyName": "Body", "email": "o@example.org"}
    # P1-3 is still at school, and no longer in the class.
    records["enrollments"] = [
        one for one in records["enrollments"] if one["user"]["sourcedId"] != "Q-P1-3"
    ]
    # Somebody new, and somebody who has an account that was made by hand.
    records["users"] += [user("Q-NEW"), user("Q-HAND", username="byhand@example.org")]
    records["enrollments"].append(enrollment("Q-E-NEW", "Q-NEW", "Q-K1", school="Q-S1"))
    return records


@pytest.fixture
def converting(q_holds, connect, provision, sandbox):
    """Canvas holds the old district, and Q the new one."""
    q_holds(old_district())
    connect()
    assert provision()[0] == 0
    account = f"{sandbox.canvas.url}/api/v1/accounts/{sandbox.canvas.account_id}"
    made = signed_in(sandbox.canvas).post(
        f"{account}/users",
        data={"user[name]": "By Hand", "pseudonym[unique_id]": "byhand@example.org"},
        timeout=30,
    )
    assert made.ok, made.text
    # As if the old integration had filled it: we know of nothing.
    RosterRow.objects.all().delete()
    CourseAssignment.objects.all().delete()
    q_holds(new_district())


@pytest.fixture
def evaluate(manage):
    return lambda *words: manage("evaluate", "lakeside", *words)


def lines(answer: dict[str, Any], action: str) -> dict[str, set[tuple[str, str]]]:
    """{kind: {(Q's id, Canvas's id)}} of the run's lines that say this."""
    found: dict[str, set[tuple[str, str]]] = {}
    for line in Change.objects.filter(run=answer["run"], action=action):
        q_id, canvas_id, _ = line.key.split("\x1f")
        found.setdefault(line.kind, set()).add((q_id, canvas_id))
    return found


def test_every_match_collision_and_loss_of_access_is_found_and_nothing_is_written(
    converting, evaluate, sandbox, tmp_path
):
    before, number = held(sandbox.canvas), len(imports(sandbox.canvas))
    code, answer = evaluate("--output", str(tmp_path))
    assert (code, answer["state"]) == (0, "done"), answer

    same_people = {("Q-" + key, key) for key in ("TEACHER1", "P1-0", "P1-1", "P1-3", "P1-4")}
    assert lines(answer, "matched") == {
        "accounts": {("Q-S1", "S1")},
        "terms": {("Q-T1", "T1")},
        "courses": {("Q-K1", "K1")},
        "sections": {("Q-K1", "K1")},
        "users": same_people,
    }
    assert lines(answer, "collides") == {"users": {("Q-P1-2", "P1-2")}}
    assert lines(answer, "unclear") == {"sections": {("Q-K8", ""), ("Q-K9", "")}}
    assert lines(answer, "adopts") == {"users": {("Q-HAND", "")}}
    assert lines(answer, "loses") == {
        "enrollments": {
            ("Q-K1", "K1 P1-2 student"),
            ("Q-K1 Q-P1-3", "K1 P1-3 student"),
        }
    }
    assert ("Q-NEW", "") in lines(answer, "new")["users"]
    enrollments = answer["counts"]["enrollments"]
    assert (enrollments["matched"], enrollments["gone"], enrollments["new"]) == (4, 2, 2)

    assert held(sandbox.canvas) == before
    assert len(imports(sandbox.canvas)) == number
    assert not RosterRow.objects.exists()

    told = {one["code"]: one for one in answer["findings"]}
    assert answer["verdict"].startswith("Not ready yet: ")
    assert "evaluation.fix.ids-differ" in told
    assert "evaluation.decide.loses-access" in told
    _check_files(tmp_path, same_people)


def _check_files(directory: Path, same_people: set[tuple[str, str]]) -> None:
    with (directory / "evaluation.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == Change.objects.filter(run__kind=Run.Kind.EVALUATION).count()
    losing = {row["name"] for row in rows if row["verdict"] == "loses"}
    assert losing == {"Given P1-2", "Given P1-3"}
    with (directory / "change_sis_id.csv").open(encoding="utf-8", newline="") as file:
        changed = {(row["old_id"], row["new_id"], row["type"]) for row in csv.DictReader(file)}
    assert {(old, new, "user") for new, old in same_people} <= changed
    assert ("K1", "Q-K1", "course") in changed


def test_once_the_changed_ids_are_in_canvas_everything_is_the_same(
    converting, evaluate, sandbox, tmp_path
):
    evaluate("--output", str(tmp_path))
    text = (tmp_path / "change_sis_id.csv").read_text(encoding="utf-8")
    hand_made(sandbox.canvas, {"change_sis_id.csv": text})
    _, answer = evaluate()
    assert lines(answer, "matched") == {}
    assert answer["counts"]["users"]["same"] == 5
    assert answer["counts"]["sections"]["same"] == 1


def test_ids_that_stand_in_another_field_of_q_are_told_as_a_rule(
    q_holds, connect, provision, evaluate
):
    records = small_district(students=STUDENTS)
    q_holds(records)
    connect()
    assert provision()[0] == 0
    for one in records["users"]:
        one["identifier"], one["sourcedId"] = one["sourcedId"], f"guid-{one['sourcedId']}"
    for one in records["enrollments"]:
        one["user"]["sourcedId"] = f"guid-{one['user']['sourcedId']}"
    q_holds(records)
    _, answer = evaluate()
    told = next(one for one in answer["findings"] if one["code"] == "evaluation.fix.ids-differ")
    assert "Choose “identifier” as a user's SIS ID on the page “Rules”" in told["remedy"]
    assert "6 users have another ID" in told["reason"]


def test_a_canvas_that_holds_what_q_holds_is_ready(q_holds, connect, provision, evaluate):
    q_holds(small_district(students=2))
    connect()
    assert provision()[0] == 0
    code, answer = evaluate()
    assert code == 0
    assert answer["verdict"].startswith("Ready to convert")
    assert answer["counts"]["enrollments"] == {
        "q": 3,
        "canvas": 3,
        "same": 3,
        "matched": 0,
        "new": 0,
        "gone": 0,
    }


def test_an_evaluation_cannot_be_undone(q_holds, connect, evaluate, manage):
    q_holds(small_district(students=1))
    connect()
    _, answer = evaluate()
    code, undone = manage("undo", str(answer["run"]))
    assert (code, undone["error"]["code"]) == (1, "provisioning.nothing-to-undo")


def test_a_q_that_fails_ends_the_evaluation_with_what_to_do(q_holds, connect, evaluate, manage):
    q_holds(small_district(students=1))
    connect(q_secret="wrong")
    code, answer = evaluate()
    assert (code, answer["state"]) == (1, "failed")
    assert answer["error"]["remedy"]
    assert Run.objects.get(pk=answer["run"]).state == Run.State.FAILED

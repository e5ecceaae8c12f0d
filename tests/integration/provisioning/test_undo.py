"""A run taken back: what returns to what it was, what is left and why, seen in Canvas."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integration.models import (
    Approval,
    AuditEvent,
    CanvasConnection,
    Change,
    District,
    Operation,
    ProvisioningPolicy,
    Run,
)
from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import hand_made, held, imports, signed_in
from tests.integration.provisioning.lived_in import LivedIn, lived_in
from tests.integration.provisioning.records import (
    class_,
    enrollment,
    org,
    ref,
    session,
    small_district,
    user,
)

pytestmark = pytest.mark.one_database


@pytest.fixture
def undo(manage):
    return lambda run, *words: manage("undo", str(run), *words)


@pytest.fixture
def lived_in_canvas(sandbox, settings):
    """From now on Canvas tells of people's activity as it is told to."""
    with lived_in(sandbox.canvas.url) as door:

        def begin() -> LivedIn:
            settings.ALLOW_PRIVATE_ADDRESSES += [door.url.removeprefix("http://")]
            CanvasConnection.objects.update(base_url=door.url)  # the same Canvas, by another way
            return door

        yield begin


@pytest.fixture
def snapshot(sandbox):
    """All that Canvas holds under SIS ids, as far as an import can say it."""

    def take() -> dict[str, set[tuple[str, ...]]]:
        columns = {
            "accounts": ("account_id", "name", "parent_account_id"),
            "terms": ("term_id", "name", "start_date", "end_date"),
            "courses": ("course_id", "short_name", "long_name", "account_id", "term_id"),
            "sections": ("section_id", "course_id", "name", "start_date", "end_date"),
            "users": ("user_id", "login_id", "first_name", "last_name", "email"),
            "enrollments": ("section_id", "user_id", "role", "status"),
        }
        there = held(sandbox.canvas)
        return {
            kind: {tuple(row[name] for name in names) for row in there[kind] if row[names[0]]}
            for kind, names in columns.items()
        }

    return take


@pytest.fixture
def two_nights(q_holds, change_q, connect, provision, snapshot):
    """A first night, then a second one with these changes; gives the second and what was before."""

    def run(**changes: Any) -> tuple[dict[str, Any], dict[str, set[tuple[str, ...]]]]:
        q_holds(small_district())
        connect()
        assert provision()[0] == 0
        before = snapshot()
        change_q(**changes)
        code, answer = provision()
        assert code == 0, answer
        return answer, before

    return run


NEW_CLASS = {
    "classes": [class_("K9")],
    "enrollments": [enrollment("E-9", "P1-0", "K9"), enrollment("E-8", "P1-1", "K9")],
}


def codes(answer: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["code"], finding.get("sourced_id", "")) for finding in answer["findings"]}


def in_canvas(sandbox: Any, method: str, path: str, **form: str) -> None:
    url = f"{sandbox.canvas.url}/api/v1/{path}"
    signed_in(sandbox.canvas).request(method, url, data=form, timeout=30).raise_for_status()


# --- what goes back -----------------------------------------------------------------------------


def test_undo_restores_each_changed_and_removed_row_and_takes_new_ones_away(
    two_nights, undo, snapshot
):
    night, before = two_nights(
        upsert={
            **NEW_CLASS,
            "users": [user("P1-0", givenName="Wrong"), user("P1-2", email="wrong@example.org")],
            "orgs": [org("S1", name="Wrong school", parent=ref("D", "org"))],
            "academicSessions": [session("T1", title="Wrong term", endDate="2027-01-20")],
        },
        delete={"enrollments": ["E-P1-1"]},
    )
    assert snapshot() != before
    code, answer = undo(night["run"])
    assert (code, answer["state"], answer["findings"]) == (0, "done", [])
    assert snapshot() == before


def test_created_people_schools_and_terms_stay_and_are_listed(two_nights, undo, snapshot):
    new = {
        "users": [user("NEW")],
        "orgs": [org("S2", parent=ref("D", "org"))],
        "academicSessions": [session("T2", title="Spring")],
    }
    night, _ = two_nights(upsert=new)
    after = snapshot()
    code, answer = undo(night["run"])
    stays = {("undo.stays", one) for one in ("NEW", "S2", "T2")}
    assert (code, codes(answer), answer["sent"]) == (0, stays, {})
    assert answer["counts"]["users"] == {"left": 1}
    assert snapshot() == after


def test_a_second_undo_of_the_same_run_sends_nothing(two_nights, undo, sandbox):
    night, _ = two_nights(upsert={"users": [user("P1-0", givenName="Wrong"), user("NEW")]})
    assert undo(night["run"])[1]["sent"] != {}
    number = len(imports(sandbox.canvas))
    code, again = undo(night["run"])
    assert (code, again["state"], again["sent"]) == (0, "done", {})
    assert len(imports(sandbox.canvas)) == number


@pytest.mark.parametrize("rows", range(6))
@pytest.mark.fault("F36")
def test_an_undo_that_broke_off_is_brought_to_its_end_by_the_next_one(
    rows, two_nights, undo, snapshot, sandbox
):
    """Courses, sections, people, enrollments: each of its rows may be the last that was taken."""
    night, before = two_nights(
        upsert={**NEW_CLASS, "users": [user("P1-0", givenName="Wrong")]},
        delete={"enrollments": ["E-P1-1"]},
    )
    broken = {"how": "partial", "rows": rows, "state": "aborted"}
    url = f"{origin(sandbox.canvas.url)}/sandbox/imports/fail"
    requests.post(url, json=broken, timeout=60).raise_for_status()
    code, answer = undo(night["run"])
    assert (code, answer["error"]["code"]) == (1, "provisioning.import-failed")
    code, answer = undo(night["run"])
    assert (code, answer["state"], answer["findings"]) == (0, "done", [])
    assert snapshot() == before
    assert undo(night["run"])[1]["sent"] == {}


def test_an_undo_can_itself_be_undone(two_nights, undo, snapshot):
    night, before = two_nights(
        upsert={**NEW_CLASS, "users": [user("P1-0", givenName="Right")]},
        delete={"enrollments": ["E-P1-1"]},
    )
    after = snapshot()
    taken_back = undo(night["run"])[1]
    assert snapshot() == before
    assert undo(taken_back["run"])[0] == 0
    assert snapshot() == after


def test_the_next_night_sends_the_change_again_and_the_undo_says_so(
    two_nights, undo, provision, snapshot
):
    night, _ = two_nights(upsert={**NEW_CLASS, "users": [user("P1-0", givenName="Wrong")]})
    after = snapshot()
    assert "the next night sends it again" in undo(night["run"])[1]["note"]
    code, answer = provision()
    assert (code, answer["counts"]["users"]["changed"]) == (0, 1)
    assert snapshot() == after


def test_sign_in_providers_set_by_hand_survive_an_undo(two_nights, undo, sandbox):
    night, _ = two_nights(upsert={"users": [user("P1-0", givenName="Wrong")]})
    login = (
        "user_id,login_id,status,authentication_provider_id\nP1-0,p1-0@example.org,active,canvas\n"
    )
    hand_made(sandbox.canvas, {"users.csv": login})
    assert undo(night["run"])[0] == 0
    row = next(row for row in held(sandbox.canvas)["users"] if row["user_id"] == "P1-0")
    assert (row["first_name"], bool(row["authentication_provider_id"])) == ("Given", True)


# --- shown first --------------------------------------------------------------------------------


def test_plan_only_shows_the_inverse_and_sends_nothing(two_nights, undo, sandbox, snapshot):
    night, before = two_nights(upsert=NEW_CLASS)
    number = len(imports(sandbox.canvas))
    code, shown = undo(night["run"], "--plan-only")
    assert (code, shown["state"], shown["counts"]["enrollments"]["removed"]) == (2, "held", 2)
    assert len(imports(sandbox.canvas)) == number
    assert undo(night["run"], "--digest", shown["digest"])[0] == 0
    assert snapshot() == before


def test_plan_only_with_nothing_to_send_is_done(two_nights, undo):
    night, _ = two_nights(upsert={"users": [user("NEW")]})
    assert undo(night["run"], "--plan-only")[0] == 0


def test_another_digest_is_refused_and_sends_nothing(two_nights, undo, sandbox):
    night, _ = two_nights(upsert=NEW_CLASS)
    number = len(imports(sandbox.canvas))
    code, refused = undo(night["run"], "--digest", "0" * 64)
    assert (code, refused["error"]["code"]) == (1, "provisioning.plan-refused")
    assert len(imports(sandbox.canvas)) == number


def test_limits_do_not_hold_an_undo_and_its_approval_has_a_person(two_nights, undo):
    night, _ = two_nights(upsert=NEW_CLASS)
    ProvisioningPolicy.objects.update(removed_floor=0, removed_share=0.0)
    assert undo(night["run"])[0] == 0
    taken_back = Run.objects.get(kind=Run.Kind.UNDO)
    assert Approval.objects.get().digest == taken_back.plan_digest
    assert AuditEvent.objects.filter(action="run.undone", subject=f"run {night['run']}").exists()


# --- what is left -------------------------------------------------------------------------------


def test_what_a_later_run_changed_is_left(two_nights, change_q, provision, undo, snapshot):
    night, _ = two_nights(
        upsert={"users": [user("P1-0", givenName="One"), user("P1-1", givenName="One")]}
    )
    change_q(upsert={"users": [user("P1-0", givenName="Two")]})
    provision()
    answer = undo(night["run"])[1]
    assert codes(answer) == {("undo.changed-later", "P1-0")}
    names = {row[0]: row[2] for row in snapshot()["users"]}
    assert (names["P1-0"], names["P1-1"]) == ("Two", "Given")


def test_what_was_changed_or_deleted_in_canvas_by_hand_is_left(two_nights, undo, sandbox):
    night, _ = two_nights(
        upsert={
            **NEW_CLASS,
            "users": [user("P1-0", givenName="One"), user("P1-1", givenName="One")],
        }
    )
    in_canvas(sandbox, "PUT", "users/sis_user_id:P1-0", **{"user[sortable_name]": "Hand, By"})
    hand_made(
        sandbox.canvas,
        {
            "enrollments.csv": (
                "section_id,user_id,role,status\nK9,P1-0,student,completed\nK9,P1-1,student,deleted\n"
            )
        },
    )
    answer = undo(night["run"])[1]
    assert codes(answer) == {
        ("undo.changed-by-hand", "P1-0"),
        ("undo.changed-by-hand", "K9 P1-0 student"),
        ("undo.gone-in-canvas", "K9 P1-1 student"),
        ("undo.used", "K9"),
    }
    assert answer["counts"]["users"] == {"changed": 1, "left": 1}


def test_a_published_course_counts_as_used(two_nights, undo, sandbox):
    night, _ = two_nights(upsert={"classes": [class_("K9")]})
    in_canvas(sandbox, "PUT", "courses/sis_course_id:K9", **{"course[event]": "offer"})
    assert codes(undo(night["run"])[1]) == {("undo.used", "K9")}
    assert "K9" in {row["course_id"] for row in held(sandbox.canvas)["courses"]}


def test_a_section_with_somebody_enrolled_by_hand_is_left_and_its_course_too(
    two_nights, undo, sandbox
):
    night, _ = two_nights(upsert=NEW_CLASS)
    form = {"enrollment[user_id]": "sis_user_id:P1-2", "enrollment[enrollment_state]": "active"}
    in_canvas(sandbox, "POST", "sections/sis_section_id:K9/enrollments", **form)
    answer = undo(night["run"])[1]
    left = [(finding["kind"], finding["code"]) for finding in answer["findings"]]
    assert sorted(left) == [("courses", "undo.used"), ("sections", "undo.used")]
    assert answer["counts"]["enrollments"] == {"removed": 2}


def test_a_course_with_somebody_in_its_default_section_is_left(two_nights, undo, sandbox):
    night, _ = two_nights(upsert={"classes": [class_("K9")]})
    form = {"enrollment[user_id]": "sis_user_id:P1-2", "enrollment[enrollment_state]": "active"}
    in_canvas(sandbox, "POST", "courses/sis_course_id:K9/enrollments", **form)
    answer = undo(night["run"])[1]
    assert [(one["kind"], one["code"]) for one in answer["findings"]] == [("courses", "undo.used")]


def test_a_section_that_is_taught_in_another_course_by_hand_is_left(two_nights, undo, sandbox):
    night, _ = two_nights(upsert={"classes": [class_("K9")]})
    in_canvas(sandbox, "POST", "sections/sis_section_id:K9/crosslist/sis_course_id:K1")
    answer = undo(night["run"])[1]
    assert [(one["kind"], one["code"]) for one in answer["findings"]] == [("sections", "undo.used")]
    assert answer["counts"]["courses"] == {"removed": 1}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"last_activity_at": "2026-11-24T08:00:00Z"}, "undo.used"),
        ({"grades": {"unposted_current_score": 0}}, "undo.used"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "undo.existed-before"),
    ],
)
def test_an_enrollment_that_was_used_or_is_older_is_left_with_its_section_and_course(
    told, code, two_nights, undo, sandbox, lived_in_canvas
):
    night, _ = two_nights(upsert=NEW_CLASS)
    lived_in_canvas().told["P1-0"] = told
    answer = undo(night["run"])[1]
    left = {(finding["kind"], finding["code"]) for finding in answer["findings"]}
    assert left == {("enrollments", code), ("sections", "undo.used"), ("courses", "undo.used")}
    there = {
        row["user_id"] for row in held(sandbox.canvas)["enrollments"] if row["section_id"] == "K9"
    }
    assert there == {"P1-0"}


@pytest.mark.parametrize(
    ("last_activity", "counts"),
    [(None, {"removed": 1}), ("2026-11-24T08:00:00Z", {"left": 1})],
)
def test_a_guardian_is_unlinked_again_unless_they_came(
    last_activity, counts, q_holds, change_q, connect, provision, undo, lived_in_canvas
):
    q_holds(small_district())
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), guardians=True)
    provision()
    change_q(upsert={"users": [user("MUM", role="guardian", agents=[ref("P1-0", "user")])]})
    night = provision()[1]
    lived_in_canvas().told["MUM"] = {"last_activity_at": last_activity}
    answer = undo(night["run"])[1]
    assert answer["counts"]["observers"] == counts
    assert ("undo.stays", "MUM") in codes(answer)


def test_what_canvas_does_not_tell_about_is_left(two_nights, undo, lived_in_canvas):
    night, _ = two_nights(upsert=NEW_CLASS)
    lived_in_canvas().untold.add("last_activity_at")
    answer = undo(night["run"])[1]
    assert ("undo.not-told", "K9 P1-0 student") in codes(answer)
    assert answer["sent"] == {}


def test_a_plan_that_waits_is_out_of_date_once_something_was_taken_back(
    two_nights, change_q, provision, undo
):
    night, _ = two_nights(upsert={"users": [user("P1-0", givenName="Wrong")]})
    change_q(upsert={"users": [user("P1-0", givenName="Third")]})
    waiting = provision("--plan-only")[1]["digest"]
    assert undo(night["run"])[0] == 0
    code, refused = provision("--approve", waiting)
    assert (code, refused["error"]["code"]) == (1, "provisioning.plan-refused")
    assert "has taken something back since" in refused["error"]["message"]


def test_an_interrupted_undo_is_finished_by_the_next_one(two_nights, undo, snapshot):
    night, before = two_nights(upsert=NEW_CLASS)
    shown = undo(night["run"], "--plan-only")[1]
    Run.objects.filter(pk=shown["run"]).update(state=Run.State.RUNNING, cursor="planned")
    run = Run.objects.get(pk=shown["run"])
    Operation.objects.create(
        run=run, dedupe_key=f"run {run.pk} import", body_digest="x", state="sending", attempts=1
    )
    code, again = undo(night["run"])
    assert (code, again["sent"]) == (0, {})
    assert Run.objects.get(pk=shown["run"]).state == Run.State.DONE
    assert snapshot() == before


# --- what it asks Canvas ------------------------------------------------------------------------


@pytest.fixture
def asked_of_canvas(undo, sandbox):
    """What the undo of a run asks Canvas about use: paths below /api/v1, without their query."""

    def run(number: int) -> list[str]:
        log = f"{sandbox.canvas.url}/sandbox/log"
        requests.delete(log, timeout=60).raise_for_status()
        assert undo(number, "--plan-only")[0] == 2
        asked = [one["path"] for one in requests.get(log, timeout=60).json()["requests"]]
        paths = [path.removeprefix("/api/v1/").partition("?")[0] for path in asked]
        return sorted(
            path for path in paths if path.startswith(("sections/sis", "users/", "courses/"))
        )

    return run


CLASSES = [class_(f"K1{number}") for number in range(7)]


def joining(*students: str) -> list[dict[str, Any]]:
    """Each of these students in each of CLASSES."""
    return [
        enrollment(f"{one['sourcedId']}-{student}", student, one["sourcedId"])
        for one in CLASSES
        for student in students
    ]


def test_an_undo_asks_about_a_created_section_once_however_many_are_in_it(
    two_nights, asked_of_canvas
):
    people = [user(f"N{number}") for number in range(40)]
    inside = [enrollment(f"E-{one['sourcedId']}", one["sourcedId"], "K9") for one in people]
    night, _ = two_nights(
        upsert={"classes": [class_("K9")], "users": people, "enrollments": inside}
    )
    assert asked_of_canvas(night["run"]) == [
        "courses/sis_course_id:K9",
        "sections/sis_section_id:K9/enrollments",
    ]


def test_an_undo_asks_once_about_a_student_who_came_into_many_classes(
    two_nights, change_q, provision, undo, asked_of_canvas, sandbox
):
    two_nights(upsert={"classes": CLASSES, "enrollments": joining("P1-0")})
    change_q(upsert={"users": [user("NEW")], "enrollments": joining("NEW")})
    night = provision()[1]
    assert night["counts"]["enrollments"]["added"] == len(CLASSES)
    assert asked_of_canvas(night["run"]) == ["users/sis_user_id:NEW/enrollments"]
    assert undo(night["run"])[1]["counts"]["enrollments"] == {"removed": len(CLASSES)}
    enrolled = {row["user_id"] for row in held(sandbox.canvas)["enrollments"]}
    assert ("NEW" in enrolled, "P1-0" in enrolled) == (False, True)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"last_activity_at": "2026-11-24T08:00:00Z"}, "undo.used"),
        ({"grades": {"unposted_current_score": 0}}, "undo.used"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "undo.existed-before"),
    ],
)
def test_what_a_student_of_many_classes_used_is_left(
    told, code, two_nights, change_q, provision, undo, lived_in_canvas
):
    two_nights(upsert={"classes": CLASSES})
    change_q(upsert={"users": [user("NEW"), user("TOO")], "enrollments": joining("NEW", "TOO")})
    night = provision()[1]
    lived_in_canvas().told["NEW"] = told
    answer = undo(night["run"])[1]
    left = {(code, f"{one['sourcedId']} NEW student") for one in CLASSES}
    assert codes(answer) == {*left, ("undo.stays", "NEW"), ("undo.stays", "TOO")}
    assert answer["counts"]["enrollments"] == {"removed": 7, "left": 7}


def test_of_the_person_whose_token_asks_canvas_lists_nothing_deleted(
    two_nights, change_q, provision, undo, lived_in_canvas
):
    two_nights(upsert={"classes": CLASSES})
    change_q(upsert={"users": [user("NEW"), user("TOO")], "enrollments": joining("NEW", "TOO")})
    night = provision()[1]
    lived_in_canvas().own = "NEW"
    answer = undo(night["run"])[1]
    left = {("undo.not-told", f"{one['sourcedId']} NEW student") for one in CLASSES}
    assert codes(answer) == {*left, ("undo.stays", "NEW"), ("undo.stays", "TOO")}
    assert answer["counts"]["enrollments"] == {"removed": 7, "left": 7}


# --- what cannot be undone ----------------------------------------------------------------------


def test_an_undo_whose_before_images_are_gone_says_so(two_nights, undo):
    night, _ = two_nights(upsert={"users": [user("P1-0", givenName="Wrong")]})
    Change.objects.filter(run=night["run"]).delete()
    code, answer = undo(night["run"])
    assert (code, answer["error"]["code"]) == (1, "provisioning.before-gone")


def test_a_run_that_sent_nothing_cannot_be_undone(q_holds, connect, provision, undo, manage):
    q_holds(small_district())
    connect()
    held_run = provision("--plan-only")[1]["run"]
    assert undo(held_run)[1]["error"]["code"] == "provisioning.nothing-to-undo"
    assert undo(4711)[1]["error"]["code"] == "command.unusable"
    drift = manage("drift", "lakeside")[1]["run"]
    assert undo(drift)[1]["error"]["code"] == "provisioning.nothing-to-undo"

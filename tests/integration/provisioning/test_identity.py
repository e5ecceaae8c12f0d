"""The same person, class, term or school under another id, and one id for two: end to end."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integration.models import (
    AuditEvent,
    Change,
    CourseAssignment,
    District,
    ProvisioningPolicy,
    RefusedRow,
    RosterRow,
    Run,
)
from integration.provisioning import following
from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import held, imports, sis
from tests.integration.provisioning.records import (
    class_,
    course,
    enrollment,
    org,
    ref,
    session,
    small_district,
    user,
)

pytestmark = pytest.mark.one_database

STUDENTS = 6


def seats(sandbox) -> dict[str, tuple[str, str]]:
    """Login of each student to the Canvas course they are in, and how."""
    tables = held(sandbox.canvas)
    login_of = {row["canvas_user_id"]: row["login_id"] for row in tables["users"]}
    found: dict[str, tuple[str, str]] = {}
    for row in tables["enrollments"]:
        if row["role"] == "student":
            login = login_of[row["canvas_user_id"]]
            assert login not in found, "enrolled twice"
            found[login] = (row["canvas_course_id"], row["status"])
    return found


def ids(sandbox, kind: str) -> set[str]:
    return {row[f"{kind[:-1]}_id"] for row in sis(held(sandbox.canvas), kind)}


def sent(answer: dict[str, Any]) -> list[int]:
    return [one["rows"] for one in answer["sent"].get("imports", [])]


def codes(answer: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in answer["findings"]}


@pytest.fixture
def district(q_holds, connect, provision):
    """One school, one class with a teacher and six students, in Canvas."""
    q_holds(small_district(students=STUDENTS))
    connect()
    assert provision()[0] == 0


def rekeyed_class(old: str = "K1", new: str = "N1", **fields: Any) -> dict[str, Any]:
    people = [f"P1-{index}" for index in range(STUDENTS)]
    moved = [enrollment(f"E-{person}", person, new) for person in people]
    teacher = enrollment("E-TEACHER1", "TEACHER1", new, role="teacher", primary="true")
    record = class_(new, **{"title": f"Class {old}", "classCode": old} | fields)
    return {
        "upsert": {"classes": [record], "enrollments": [*moved, teacher]},
        "delete": {"classes": [old]},
    }


def rekeyed_user(old: str = "P1-0", new: str = "X-0", **fields: Any) -> dict[str, Any]:
    mail = f"{old.lower()}@example.org"
    record = user(new, **{"username": mail, "email": mail, "familyName": old} | fields)
    moved = enrollment(f"E-{old}", new)
    return {"upsert": {"users": [record], "enrollments": [moved]}, "delete": {"users": [old]}}


def rekeyed_term(old: str = "T1", new: str = "T9", **fields: Any) -> dict[str, Any]:
    record = session(new, **fields)
    return {
        "upsert": {"academicSessions": [record], "classes": [class_("K1", terms=(new,))]},
        "delete": {"academicSessions": [old]},
    }


def rekeyed_school(old: str = "S1", new: str = "S9") -> dict[str, Any]:
    people = [user(f"P1-{index}", school=new) for index in range(STUDENTS)]
    staff = user("TEACHER1", school=new, role="teacher")
    record = org(new, name=f"School {old}", parent=ref("D", "org"))
    return {
        "upsert": {
            "orgs": [record],
            "classes": [class_("K1", school=new)],
            "users": [*people, staff],
        },
        "delete": {"orgs": [old]},
    }


RENAMES = {
    "class": (rekeyed_class, "sections", "K1", "N1", 2),
    "user": (rekeyed_user, "users", "P1-0", "X-0", 1),
    "term": (rekeyed_term, "terms", "T1", "T9", 1),
    "school": (rekeyed_school, "accounts", "S1", "S9", 1),
}


# --- what does not change the id moves nobody ---------------------------------------------------


@pytest.mark.parametrize("grouping", ["class", "course", "teacher"])
@pytest.mark.parametrize("what", ["teacher", "course code"])
def test_a_change_of_teacher_or_course_code_leaves_students_in_the_same_canvas_course(
    what, grouping, q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district(students=STUDENTS))
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), grouping=grouping)
    provision()
    before = seats(sandbox)
    if what == "teacher":
        taught = enrollment("E-TEACHER1", "NEXT", role="teacher", primary="true")
        change_q(upsert={"users": [user("NEXT", role="teacher")], "enrollments": [taught]})
    else:
        change_q(upsert={"courses": [course("C9", courseCode="ALG-2")]}, delete={"courses": ["C1"]})
        change_q(upsert={"classes": [class_("K1", course="C9")]})
    code, answer = provision()
    assert (code, answer["holds"]) == (0, [])
    assert seats(sandbox) == before


# --- renamed ids --------------------------------------------------------------------------------


@pytest.mark.fault("F12")
@pytest.mark.parametrize("what", RENAMES)
def test_a_renamed_record_waits_with_nothing_of_it_sent_while_the_rest_goes_on(
    what, district, change_q, provision, sandbox
):
    rekey, kind = RENAMES[what][:2]
    before = (seats(sandbox), ids(sandbox, kind))
    change_q(**rekey())
    change_q(upsert={"users": [user("NEW-1", username="new-1")]})
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert sent(answer) == [1]
    (hold,) = answer["holds"]
    assert (hold["code"], hold["kind"], hold["count"]) == ("ids-changed", kind, 1)
    added = {"NEW-1"} if kind == "users" else set()
    assert (seats(sandbox), ids(sandbox, kind)) == (before[0], before[1] | added)
    code, answer = provision()
    assert (code, sent(answer), answer["holds"][0]["code"]) == (0, [], "ids-changed")


@pytest.mark.parametrize("what", RENAMES)
def test_an_approved_rename_leaves_students_in_the_same_course_and_the_next_night_is_quiet(
    what, district, change_q, provision, sandbox
):
    rekey, kind, old, new, rows = RENAMES[what]
    before = seats(sandbox)
    change_q(**rekey())
    digest = provision()[1]["digest"]
    code, answer = provision("--approve", digest, "--kind", "change_sis_id")
    assert (code, answer["state"], sent(answer)) == (0, "done", [rows])
    there = ids(sandbox, kind)
    assert new in there
    assert old not in there
    assert seats(sandbox) == before
    code, answer = provision()
    assert (code, sent(answer), answer["holds"], codes(answer)) == (0, [], [], set())
    assert AuditEvent.objects.filter(action="plan.approved").count() == 1


def test_everything_that_is_remembered_follows_a_rename(district, change_q, provision, sandbox):
    told: list[Any] = []
    following.FOLLOWERS.append(lambda of, names: told.append((of.slug, names)))
    try:
        change_q(**rekeyed_class())
        digest = provision()[1]["digest"]
        provision("--approve", digest, "--kind", "change_sis_id")
    finally:
        following.FOLLOWERS.pop()
    assert CourseAssignment.objects.get().sis_section_id == "N1"
    assert CourseAssignment.objects.get().sis_course_id == "N1"
    assert not RosterRow.objects.filter(key__startswith="K1").exists()
    assert [(slug, {k.name: v for k, v in names.items()}) for slug, names in told] == [
        ("lakeside", {"sections": {"K1": "N1"}, "courses": {"K1": "N1"}})
    ]


def test_what_else_changed_beside_the_id_goes_the_night_after(
    district, change_q, provision, sandbox
):
    change_q(**rekeyed_class(title="Algebra for all"))
    digest = provision()[1]["digest"]
    provision("--approve", digest)
    assert sent(provision()[1]) == [2]
    (section,) = sis(held(sandbox.canvas), "sections")
    assert (section["section_id"], section["name"]) == ("N1", "Algebra for all")


def test_a_declined_rename_is_sent_as_something_new_and_something_gone(
    district, change_q, provision, sandbox
):
    change_q(**rekeyed_class())
    digest = provision()[1]["digest"]
    assert provision("--decline", digest, "--record", "K9")[0] == 1
    assert provision("--decline", digest)[0] == 0
    code, answer = provision()
    assert (code, answer["holds"][0]["code"]) == (2, "all-replaced")
    provision("--approve", answer["digest"])
    assert ids(sandbox, "sections") == {"K1", "N1"}


def test_a_stale_or_unknown_digest_renames_nothing(district, change_q, provision, sandbox):
    change_q(**rekeyed_class())
    digest = provision()[1]["digest"]
    provision("--approve", digest)
    code, answer = provision("--approve", digest)
    assert (code, answer["error"]["code"]) == (1, "provisioning.plan-refused")
    assert len(imports(sandbox.canvas)) == 2


def test_a_rename_that_canvas_refuses_is_a_finding_and_waits_again(
    district, change_q, provision, sandbox, canvas_side
):
    canvas_side({"users.csv": "user_id,login_id,status\nX-0,someone,active\n"})
    change_q(**rekeyed_user())
    digest = provision()[1]["digest"]
    code, answer = provision("--approve", digest)
    assert (code, codes(answer)) == (1, {"canvas.row-refused"})
    assert RosterRow.objects.filter(kind="users", key="P1-0").exists()
    assert provision()[1]["holds"][0]["code"] == "ids-changed"


def test_an_id_that_somebody_changed_in_canvas_by_hand_is_followed(
    district, change_q, provision, sandbox, canvas_side
):
    canvas_side({"change_sis_id.csv": "old_id,new_id,type\nP1-0,X-0,user\n"})
    change_q(**rekeyed_user())
    provision("--approve", provision()[1]["digest"])
    assert RosterRow.objects.filter(kind="users", key="X-0").exists()
    assert not RefusedRow.objects.exists()
    code, answer = provision()
    assert (code, sent(answer), answer["holds"]) == (0, [], [])


@pytest.mark.parametrize("state", ["failed", "aborted"])
def test_after_an_import_that_told_nothing_it_is_seen_in_canvas_which_ids_changed(
    state, district, change_q, provision, canvas_fault
):
    change_q(**rekeyed_class())
    digest = provision()[1]["digest"]
    canvas_fault("GET", "/sis_imports/2$", body={"id": 2, "workflow_state": state, "progress": 50})
    code, answer = provision("--approve", digest)
    assert (code, answer["error"]["code"]) == (1, "provisioning.import-failed")
    canvas_fault()
    assert RosterRow.objects.get(kind="sections").key == "N1"
    code, answer = provision()
    assert (code, sent(answer), answer["holds"]) == (0, [], [])


def test_a_rename_whose_end_was_not_seen_is_finished_before_the_next_night_plans(
    district, change_q, provision, sandbox, canvas_fault
):
    before = seats(sandbox)
    change_q(**rekeyed_class())
    digest = provision()[1]["digest"]
    canvas_fault("GET", "/sis_imports/2$", status=404)
    assert provision("--approve", digest)[0] == 1
    canvas_fault()
    code, answer = provision()
    assert (code, sent(answer), answer["holds"]) == (0, [], [])
    assert (len(imports(sandbox.canvas)), seats(sandbox)) == (2, before)


# --- the id scheme ------------------------------------------------------------------------------


@pytest.fixture
def other_scheme(q_holds, connect, provision, change_q):
    """Everybody has another id than yesterday, and somebody a new name."""
    q_holds(small_district(students=20))
    connect()
    provision()
    old = ["TEACHER1", *(f"P1-{index}" for index in range(20))]
    change = [rekeyed_user(one, f"guid-{one}") for one in old]
    change[0]["upsert"]["users"][0] |= {"role": "teacher"}
    change[0]["upsert"]["enrollments"] = [
        enrollment("E-TEACHER1", "guid-TEACHER1", role="teacher", primary="true")
    ]
    for one in change:
        change_q(**one)
    return provision()


@pytest.mark.fault("F11")
def test_a_change_of_the_id_scheme_holds_everything_and_shows_who_is_who(other_scheme, sandbox):
    code, answer = other_scheme
    assert (code, answer["state"], sent(answer)) == (2, "held", [])
    (hold,) = answer["holds"]
    assert (hold["code"], hold["kind"], hold["count"]) == ("id-scheme", "users", 21)
    previewed = [one for one in answer["findings"] if one["code"] == "roster.id-changed"]
    assert len(previewed) == 21
    told = "Canvas has P1-7; Q now says guid-P1-7."
    assert any(told in one["reason"] for one in previewed)


@pytest.mark.fault("F11")
def test_an_approved_id_scheme_renames_everybody_and_doubles_nobody(
    other_scheme, provision, sandbox
):
    before = (seats(sandbox), len(held(sandbox.canvas)["users"]))
    code, answer = provision("--approve", other_scheme[1]["digest"])
    assert (code, answer["state"], sent(answer)) == (0, "done", [21])
    assert (seats(sandbox), len(held(sandbox.canvas)["users"])) == before
    assert "guid-P1-7" in ids(sandbox, "users")
    code, answer = provision()
    assert (code, sent(answer), answer["holds"]) == (0, [], [])


# --- one id for two -----------------------------------------------------------------------------


def next_year() -> dict[str, Any]:
    """K1 is another class now: another term, another title, other students."""
    term = session("T2", title="Spring", startDate="2100-01-11", endDate="2100-06-04")
    people = [user(f"P2-{index}") for index in range(STUDENTS)]
    seated = [enrollment(f"E2-{index}", f"P2-{index}") for index in range(STUDENTS)]
    return {
        "upsert": {
            "academicSessions": [term],
            "classes": [class_("K1", terms=("T2",), title="Biology", classCode="BIO")],
            "users": people,
            "enrollments": seated,
        },
        "delete": {"enrollments": [f"E-P1-{index}" for index in range(STUDENTS)]},
    }


def test_a_recycled_class_id_waits_and_nobody_is_moved(district, change_q, provision, sandbox):
    before = seats(sandbox)
    change_q(**next_year())
    code, answer = provision()
    assert (code, answer["state"], "roster.id-recycled" in codes(answer)) == (0, "done", True)
    assert seats(sandbox) == before
    assert {row["long_name"] for row in sis(held(sandbox.canvas), "courses")} == {"Class K1"}


def test_a_recycled_class_id_waits_also_on_a_night_that_proves_nobody_gone(
    district, change_q, provision, sandbox, q_control
):
    before = seats(sandbox)
    change = next_year()
    change["upsert"]["enrollments"] = change["upsert"]["enrollments"][:2]
    change_q(**change)
    more = {"match": {"path": "/enrollments"}, "do": {"headers": {"X-Total-Count": "99"}}}
    q_control("faults", more)
    code, answer = provision()
    assert (code, answer["holds"], "roster.id-unproven" in codes(answer)) == (0, [], True)
    assert {row["long_name"] for row in sis(held(sandbox.canvas), "courses")} == {"Class K1"}
    requests.delete(f"{origin(sandbox.q.url)}/sandbox/faults", timeout=60)
    assert "roster.id-recycled" in codes(provision()[1])
    assert seats(sandbox) == before


def test_an_approved_recycled_class_gets_a_course_of_its_own(
    district, change_q, provision, sandbox
):
    before = seats(sandbox)
    change_q(**next_year())
    provision("--approve", provision()[1]["digest"])
    code, answer = provision()
    if answer["state"] == "held":  # six of seven enrollments are gone: more than a tenth
        code, answer = provision("--approve", answer["digest"])
    assert code == 0
    after = seats(sandbox)
    old, new = {after[one][0] for one in before}, {after[one][0] for one in after.keys() - before}
    assert len(new) == 1
    assert old == {seat for seat, _ in before.values()}
    assert not old & new
    assert {status for seat, status in after.values() if seat in old} == {"inactive"}


def test_a_class_that_goes_on_into_the_next_term_with_its_students_is_the_same(
    district, change_q, provision, sandbox
):
    before = seats(sandbox)
    term = session("T2", title="Spring", startDate="2100-01-11", endDate="2100-06-04")
    change_q(
        upsert={
            "academicSessions": [term],
            "classes": [class_("K1", terms=("T2",), title="Algebra B")],
        }
    )
    code, answer = provision()
    assert (code, answer["holds"], sent(answer) != []) == (0, [], True)
    assert seats(sandbox) == before


def test_a_user_id_that_becomes_somebody_else_waits_and_then_is_an_account_of_its_own(
    district, change_q, provision, sandbox
):
    before = seats(sandbox)
    somebody = user(
        "P1-0", username="zoe", email="zoe@example.org", givenName="Zoe", familyName="Young"
    )
    change_q(upsert={"users": [somebody]})
    code, answer = provision()
    assert (code, sent(answer), "roster.id-recycled" in codes(answer)) == (0, [], True)
    assert provision("--approve", answer["digest"])[0] == 0
    provision()
    after = seats(sandbox)
    assert after["zoe"] == (before["p1-0@example.org"][0], "active")
    assert after["p1-0@example.org"][1] == "inactive"


# --- taken back, and told -----------------------------------------------------------------------


def test_an_undone_rename_is_renamed_back(district, change_q, provision, manage, sandbox):
    change_q(**rekeyed_class())
    run = provision("--approve", provision()[1]["digest"])[1]["run"]
    code, answer = manage("undo", str(run))
    assert (code, sent(answer)) == (0, [2])
    assert ids(sandbox, "sections") == {"K1"}
    assert RosterRow.objects.get(kind="sections").key == "K1"
    assert sent(manage("undo", str(run))[1]) == []


def test_an_old_id_that_somebody_took_meanwhile_is_not_given_back(
    district, change_q, provision, manage, sandbox, canvas_side
):
    change_q(**rekeyed_user())
    run = provision("--approve", provision()[1]["digest"])[1]["run"]
    canvas_side({"users.csv": "user_id,login_id,status\nP1-0,other,active\n"})
    code, answer = manage("undo", str(run))
    assert (code, sent(answer), codes(answer)) == (0, [], {"undo.id-taken"})


def test_explain_knows_a_waiting_and_a_finished_rename(district, change_q, provision, manage):
    change_q(**rekeyed_class())
    digest = provision()[1]["digest"]
    told = manage("explain", "lakeside", "class", "N1")[1]
    assert "K1" in " ".join(told["steps"])
    provision("--approve", digest)
    told = manage("explain", "lakeside", "class", "K1")[1]
    assert told["verdict"] == "in Canvas"
    assert any("N1" in step for step in told["steps"])


@pytest.mark.parametrize("what", RENAMES)
def test_what_may_be_renamed_waits_also_where_not_all_of_q_could_be_read(
    what, district, change_q, provision, sandbox
):
    rekey, kind = RENAMES[what][:2]
    before = (seats(sandbox), ids(sandbox, kind))
    change = rekey(username="other") if what == "user" else rekey()
    change_q(**change)
    nameless = {"class": "classes", "user": "users", "term": "academicSessions", "school": "orgs"}
    collection = nameless[what]
    record = dict(change["upsert"][collection][0])
    change_q(upsert={collection: [{**record, "sourcedId": ""}]})
    code, answer = provision()
    assert (code, answer["holds"], sent(answer)) == (0, [], [])
    # A session is remembered: what is like it goes on as the same term.
    assert ("roster.id-unproven" in codes(answer)) is (what != "term")
    assert (seats(sandbox), ids(sandbox, kind)) == before


def test_the_rest_of_a_held_plan_names_an_approved_term_by_its_new_id(
    district, change_q, provision, sandbox
):
    change_q(**rekeyed_term())
    change_q(upsert={"classes": [class_("K1", terms=("T9",), title="Better")]})
    change_q(upsert={"classes": [class_("K7", terms=("T9",), title="Seventh")]})
    code, answer = provision("--plan-only")
    assert (code, answer["state"]) == (2, "held")
    code, answer = provision("--approve", answer["digest"])
    assert (code, sent(answer)) == (0, [5])
    rows = sis(held(sandbox.canvas), "courses")
    assert {(row["long_name"], row["term_id"]) for row in rows} == {
        ("Better", "T9"),
        ("Seventh", "T9"),
    }
    code, answer = provision()
    assert (code, sent(answer), answer["holds"]) == (0, [], [])


# --- a night that reads less --------------------------------------------------------------------


def test_a_session_unread_for_a_night_moves_no_course_of_a_merged_term(
    q_holds, change_q, connect, provision, sandbox
):
    records = small_district(schools=("S1", "S2"))
    records["academicSessions"].append(session("T0"))
    records["classes"][1] = class_("K2", school="S2", terms=("T0",))
    q_holds(records)
    connect()
    assert provision()[0] == 0
    terms = {row["course_id"]: row["term_id"] for row in sis(held(sandbox.canvas), "courses")}
    (kept,) = set(terms.values())
    lost = kept if kept in ("T0", "T1") else ""
    change_q(upsert={"academicSessions": [session(lost, startDate="2026-02-30")]})
    code, answer = provision()
    assert (code, sent(answer)) == (0, [])
    change_q(upsert={"academicSessions": [session(lost)]})
    assert sent(provision()[1]) == []


def test_a_course_record_unread_for_a_night_renames_no_shared_course(
    q_holds, change_q, connect, provision, sandbox
):
    q_holds(small_district())
    connect()
    ProvisioningPolicy.objects.create(district=District.objects.get(), grouping="course")
    provision()
    change_q(upsert={"courses": [course("C1", status="what?")], "classes": [class_("K5")]})
    code, answer = provision()
    assert (code, sent(answer)) == (0, [1])
    (row,) = sis(held(sandbox.canvas), "courses")
    assert row["long_name"] == "Algebra"
    assert Change.objects.filter(run=Run.objects.latest("pk"), kind="courses").count() == 0

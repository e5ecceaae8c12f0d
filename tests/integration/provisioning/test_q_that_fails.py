"""Bad nights of Q, seen from outside: what the run says, and what Canvas holds (F1-F31)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.conftest import origin
from tests.integration.provisioning.held_by_canvas import facts, imports
from tests.integration.provisioning.records import (
    class_,
    enrollment,
    session,
    small_district,
    user,
)
from tests.integration.provisioning.test_one_run import by_id, enrollments
from tests.integration.provisioning.test_what_must_stay import active, findings, hold_codes

pytestmark = pytest.mark.one_database

PAGE = 10
EVERYBODY = {"TEACHER1", *(f"P1-{index}" for index in range(24))}
ENROLLMENTS = ["E-TEACHER1", *(f"E-P1-{index}" for index in range(24))]

CONTROL = ("csv", "nul")  # names with a line break, or a NUL

Fault = Callable[..., None]


@pytest.fixture
def fault(q_control) -> Fault:
    """From now on this happens to requests that look so: fault("/users", after=1, status=500)."""

    def run(path: str, *, after: int = 0, times: int | None = None, **do: Any) -> None:
        match: dict[str, Any] = {"path": path, "after": after}
        q_control(
            "faults", {"match": match | ({"times": times} if times is not None else {}), "do": do}
        )

    return run


@pytest.fixture
def lived(q_holds, connect, provision):
    """A first night of a class of 24, read in pages of ten, one after another."""
    q_holds(small_district(students=24))
    connect(q_page_size=str(PAGE), q_concurrency="1")
    assert provision()[0] == 0


def assert_nothing_was_sent(sandbox: Any, first_night: int = 1) -> None:
    assert len(imports(sandbox.canvas)) == first_night
    assert active(sandbox.canvas) == EVERYBODY


def assert_repaired(provision: Any, sandbox: Any, q_control: Any) -> None:
    """The next good night: done, and Canvas holds everybody."""
    requests.delete(f"{origin(sandbox.q.url)}/sandbox/faults", timeout=60)
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    assert active(sandbox.canvas) == EVERYBODY


# --- pages --------------------------------------------------------------------------------------


@pytest.mark.fault("F1")
def test_an_error_on_a_page_in_the_middle_ends_the_run_and_sends_nothing(
    lived, fault, provision, sandbox, q_control, change_q
):
    change_q(delete={"enrollments": ["E-P1-0"]})
    fault(r"/enrollments.*offset=18&", status=500)
    code, answer = provision()
    assert (code, answer["state"], answer["sent"]) == (1, "failed", {})
    assert "enrollments" in answer["error"]["message"] and answer["error"]["remedy"]
    assert_nothing_was_sent(sandbox)
    change_q(upsert={"enrollments": [enrollment("E-P1-0", "P1-0")]})
    assert_repaired(provision, sandbox, q_control)


@pytest.mark.fault("F2")
@pytest.mark.parametrize("how", [{"cut": 300}, {"truncate": 0.5}, {"drop": True}])
def test_half_a_page_is_asked_for_again_and_never_believed(how, lived, fault, provision, sandbox):
    fault(r"/enrollments.*offset=18&", times=1, **how)
    code, answer = provision()
    # A body that ends where its length says, in the middle of its JSON, is Q's own mistake.
    assert code == (1 if "truncate" in how else 0)
    assert answer["sent"] == {}
    assert_nothing_was_sent(sandbox)


@pytest.mark.fault("F3")
@pytest.mark.parametrize("collection", ["enrollments", "classes", "orgs"])
def test_a_collection_that_is_empty_tonight_is_held(collection, lived, fault, provision, sandbox):
    fault(rf"/{collection}", body={collection: []}, headers={"X-Total-Count": "0"})
    code, answer = provision()
    assert code == 2 and "empty-feed" in hold_codes(answer)
    assert_nothing_was_sent(sandbox)


@pytest.mark.fault("F4")
@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html><title>Sign in</title>",
        {"imsx_codeMajor": "failure", "imsx_description": "no"},
        {"error": "unauthorised"},
    ],
)
def test_a_page_that_is_no_collection_ends_the_run(body, lived, fault, provision, sandbox):
    fault(r"/users", body=body)
    code, answer = provision()
    assert (code, answer["error"]["code"], answer["sent"]) == (1, "oneroster.protocol", {})
    assert "Sign in" not in answer["error"]["message"]
    assert_nothing_was_sent(sandbox)


@pytest.mark.fault("F5")
@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("total", [True, False])
def test_an_error_behind_the_last_page_is_the_end_only_where_the_total_is_satisfied(
    status, total, q_holds, connect, provision, fault, sandbox
):
    # Two full pages of enrollments, so that there is an end to be asked for. Where there is a
    # total, the second page begins with the last record of the first.
    students = 18 if total else 19
    q_holds(small_district(students=students))
    connect(q_page_size=str(PAGE), q_concurrency="1")
    if not total:
        fault(r"/enrollments", headers={"X-Total-Count": None})
    fault(rf"/enrollments.*offset={students + 1}&", status=status)
    code, answer = provision()
    assert (code, answer["state"]) == ((0, "done") if total else (1, "failed"))


@pytest.mark.fault("F6")
@pytest.mark.parametrize("goes", ["before", "meanwhile"])
def test_a_row_that_is_inserted_while_reading_makes_nobody_double_and_nobody_absent(
    goes, lived, fault, change_q, provision, sandbox
):
    """Where somebody goes meanwhile, Q's total stays the same."""
    gone = {"enrollments": ["E-P1-22"]}
    if goes == "before":
        change_q(delete=gone)
    for turn in range(2):  # the second time, too
        come = {"enrollments": [enrollment(f"A-FIRST-{turn}", "P1-0")]}
        insert = {"upsert": come, "delete": gone if goes == "meanwhile" else {}}
        fault(r"/enrollments.*offset=9&", after=turn, times=1, records=insert)
    code, answer = provision()
    assert code == 0
    assert findings(answer, "roster.absence-not-proven")
    assert active(sandbox.canvas) == EVERYBODY  # also who was absent: nothing was proven


@pytest.mark.fault("F6")
def test_enrollments_that_move_while_they_are_read_are_read_again_once(
    lived, fault, change_q, provision, sandbox
):
    change_q(upsert={"users": [user("NEW")]}, delete={"enrollments": ["E-P1-22"]})
    come = {"enrollments": [enrollment("A-FIRST", "P1-0"), enrollment("ZZZ", "NEW")]}
    fault(r"/enrollments.*offset=9&", times=1, records={"upsert": come})
    code, answer = provision()
    assert (code, findings(answer, "roster.absence-not-proven")) == (0, [])
    assert active(sandbox.canvas) == EVERYBODY - {"P1-22"} | {"NEW"}


@pytest.mark.fault("F7")
@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("comes", ["nobody", "somebody"])
def test_a_student_who_is_skipped_while_another_goes_is_not_removed(
    comes, total, lived, fault, provision, sandbox, change_q
):
    """Where somebody comes meanwhile, Q's total stays the same."""
    change_q(upsert={"users": [user("NEW")]})
    if not total:  # each page says what is left to the next one, and no more
        fault(r"/enrollments", headers={"X-Total-Count": None})
    come = {"enrollments": [enrollment("ZZZ", "NEW")]} if comes == "somebody" else {}
    # Whoever stands first goes: the tenth of the next page moves to the page that was read.
    changes = {"delete": {"enrollments": ["E-P1-0"]}, "upsert": come}
    fault(rf"/enrollments.*offset={9 if total else 10}&", times=1, records=changes)
    code, _ = provision()
    assert code in (0, 1)
    assert active(sandbox.canvas) >= EVERYBODY - {"P1-0"}
    assert provision()[0] == 0
    new = {"NEW"} if comes == "somebody" else set[str]()
    assert active(sandbox.canvas) == EVERYBODY - {"P1-0"} | new


@pytest.mark.fault("F7")
def test_a_student_who_is_skipped_is_not_removed_either_where_enrollments_have_no_ids(
    lived, fault, provision, sandbox, q_control, change_q
):
    change_q(upsert={"users": [user("NEW")]})
    q_control("quirks", {"missing-sourcedId": [*ENROLLMENTS, "ZZZ"]})
    comes = {"enrollments": [enrollment("ZZZ", "NEW")]}
    changes = {"delete": {"enrollments": ["E-P1-0"]}, "upsert": comes}
    fault(r"/enrollments.*offset=9&", times=1, records=changes)
    code, answer = provision()
    assert (code, answer["counts"]["enrollments"].get("removed", 0)) == (0, 0)
    assert active(sandbox.canvas) == EVERYBODY


@pytest.mark.fault("F7")
def test_a_student_on_a_page_that_a_link_leaves_out_is_not_removed(
    lived, fault, provision, sandbox, q_control
):
    """Pages hold eight of the ten that are asked for, and the link counts ten."""
    q_control("quirks", {"page-limit": PAGE - 2, "total": "missing"})
    for offset in (0, PAGE):
        link = f'<{sandbox.q.url}/enrollments?limit={PAGE}&offset={offset + PAGE}>; rel="next"'
        fault(rf"/enrollments.*offset={offset}&", headers={"Link": link})
    code, answer = provision()
    assert (code, answer["sent"], answer["findings"]) == (0, {}, [])
    assert active(sandbox.canvas) == EVERYBODY


@pytest.mark.fault("F7")
def test_a_student_behind_an_empty_page_that_leads_on_is_not_removed(
    lived, fault, provision, sandbox, q_control
):
    q_control("quirks", {"total": "missing"})
    link = f'<{sandbox.q.url}/enrollments?limit={PAGE}&offset={3 * PAGE}>; rel="next"'
    empty = {"body": {"enrollments": []}, "headers": {"Link": link}}
    fault(rf"/enrollments.*offset={2 * PAGE}&", **empty)
    code, answer = provision()
    assert (code, answer["sent"]) == (0, {})
    assert "roster.absence-not-proven" in {one["code"] for one in answer["findings"]}
    assert active(sandbox.canvas) == EVERYBODY


# --- what the records say -----------------------------------------------------------------------


@pytest.mark.fault("F8")
def test_a_student_who_loses_every_class_stays_a_user(lived, change_q, provision, sandbox):
    change_q(delete={"enrollments": ["E-P1-0"]})
    assert provision()[0] == 0
    assert enrollments(sandbox.canvas, user_id="P1-0") == {("P1-0", "student", "inactive")}
    assert by_id(sandbox.canvas, "users")["P1-0"]["status"] == "active"


@pytest.mark.fault("F9")
def test_a_term_that_q_no_longer_holds_takes_nobody_out(lived, change_q, provision, sandbox):
    change_q(upsert={"academicSessions": [session("T2", title="Spring")]})
    assert provision()[0] == 0
    change_q(delete={"academicSessions": ["T1"]})
    code, answer = provision()
    assert code == 0
    assert not [count for count in answer["counts"].values() if count.get("removed")]
    assert "T1" in by_id(sandbox.canvas, "terms")
    assert active(sandbox.canvas) == EVERYBODY


@pytest.mark.fault("F10")
def test_classes_that_are_all_new_wait_for_a_person(lived, change_q, provision, sandbox):
    change_q(
        delete={
            "classes": ["K1"],
            "enrollments": ["E-TEACHER1", *(f"E-P1-{index}" for index in range(24))],
        },
        upsert={
            "academicSessions": [session("T9", startDate="2027-08-16", endDate="2027-12-17")],
            "classes": [class_("K9", terms=("T9",))],
            "enrollments": [enrollment(f"E9-{index}", f"P1-{index}", "K9") for index in range(24)],
        },
    )
    code, answer = provision()
    assert code == 2 and hold_codes(answer)
    assert_nothing_was_sent(sandbox)
    assert provision("--approve", answer["digest"])[0] == 0
    assert enrollments(sandbox.canvas, section_id="K9", status="active")


@pytest.mark.fault("F11")
def test_ids_that_all_change_wait_and_make_nobody_twice(lived, q_holds, provision, sandbox):
    records = small_district(students=24)
    records["users"] = [one | {"sourcedId": f"X{one['sourcedId']}"} for one in records["users"]]
    for one in records["enrollments"]:
        one["user"] = one["user"] | {"sourcedId": f"X{one['user']['sourcedId']}"}
    q_holds(records)
    code, answer = provision()
    assert code == 2 and "id-scheme" in hold_codes(answer)
    assert set(by_id(sandbox.canvas, "users")) == EVERYBODY
    assert_nothing_was_sent(sandbox)


@pytest.mark.fault("F17")
@pytest.mark.parametrize("how", ["tobedeleted", "absent"])
def test_somebody_who_went_and_comes_again_is_the_same_user(
    how, lived, change_q, provision, sandbox
):
    before = by_id(sandbox.canvas, "users")["P1-0"]["canvas_user_id"]
    if how == "absent":
        change_q(delete={"users": ["P1-0"], "enrollments": ["E-P1-0"]})
    else:
        gone = {"status": "tobedeleted"}
        change_q(
            upsert={
                "users": [user("P1-0", **gone)],
                "enrollments": [enrollment("E-P1-0", "P1-0", **gone)],
            }
        )
    assert provision()[0] == 0
    assert "P1-0" not in active(sandbox.canvas)
    change_q(upsert={"users": [user("P1-0")], "enrollments": [enrollment("E-P1-0", "P1-0")]})
    assert provision()[0] == 0
    after = by_id(sandbox.canvas, "users")["P1-0"]
    assert (after["canvas_user_id"], after["status"]) == (before, "active")
    assert active(sandbox.canvas) == EVERYBODY


@pytest.mark.fault("F18")
def test_a_class_without_anything_is_a_course_all_the_same(q_holds, connect, provision, sandbox):
    records = small_district(students=2)
    records["academicSessions"].append(
        session("T2", title="Later", startDate="2099-12-21", endDate="2100-05-28")
    )
    records["classes"] += [
        class_("BARE", terms=(), grades=None, course="nowhere", school="nowhere"),
        class_("LONG", terms=("T1", "T2")),
        class_("MANY"),
    ]
    teachers = [user(f"T{index}", role="teacher") for index in range(5)]
    records["users"] += teachers
    records["enrollments"] += [
        enrollment(f"E-T{index}", f"T{index}", "MANY", role="teacher", primary="true")
        for index in range(5)
    ]
    q_holds(records)
    connect()
    code, answer = provision()
    assert (code, answer["state"]) == (0, "done")
    sections = by_id(sandbox.canvas, "sections")
    assert set(sections) == {"K1", "BARE", "LONG", "MANY"}
    assert (sections["LONG"]["start_date"][:7], sections["LONG"]["end_date"][:7]) == (
        *("2026-08", "2100-05"),
    )
    assert len(enrollments(sandbox.canvas, section_id="MANY", role="teacher")) == 5


@pytest.mark.fault("F19")
def test_a_change_that_q_does_not_stamp_is_seen(lived, change_q, provision, sandbox):
    stamp = {"dateLastModified": "2001-01-01T00:00:00.000Z"}
    change_q(
        upsert={
            "users": [user("P1-0", givenName="Another", **stamp)],
            "enrollments": [enrollment("E-P1-1", "P1-2", "K1", **stamp)],
        }
    )
    _, answer = provision()
    assert answer["counts"]["users"]["changed"] == 1
    assert by_id(sandbox.canvas, "users")["P1-0"]["first_name"] == "Another"
    assert "P1-1" not in active(sandbox.canvas)


@pytest.mark.fault("F21")
@pytest.mark.parametrize("auth", ["oauth2", "oauth1-sha256"])
@pytest.mark.parametrize("ahead", [-270, 600])
def test_a_q_whose_clock_is_wrong_loses_nobody(
    ahead, auth, q_holds, connect, provision, sandbox, q_control
):
    q_holds(small_district(students=24))
    q_control("quirks", {"clock-skew": ahead if auth == "oauth2" else max(ahead, -ahead) // 3})
    connect(q_auth=auth)
    assert provision()[0] == 0
    assert active(sandbox.canvas) == EVERYBODY


@pytest.mark.fault("F23")
@pytest.mark.parametrize("names", ["unicode", "emoji", "rtl", "csv", "long", "nul"])
def test_names_of_every_kind_come_to_canvas_as_they_are(
    names, q_holds, connect, provision, sandbox, q_control
):
    q_holds(small_district(students=6))
    connect()
    assert provision()[0] == 0
    q_control("quirks", {"names": names})
    code, answer = provision()
    people = by_id(sandbox.canvas, "users")
    if names in CONTROL:  # Canvas takes none of these, so each is left as it was, and listed
        assert code == 1 or findings(answer, "roster.control-character")
        assert {one["first_name"] for one in people.values()} == {"Given"}
    else:
        assert code == 0
        assert {one["first_name"][:5] for one in people.values()} == {"Given"}
        assert {len(one["first_name"]) for one in people.values()} != {5}
    assert active(sandbox.canvas) == {"TEACHER1", *(f"P1-{index}" for index in range(6))}
    assert provision()[1].get("sent", {}) == {}


@pytest.mark.fault("F24")
def test_a_larger_class_costs_no_more_questions_to_the_database(q_holds, connect, provision):
    counts = []
    for students in (20, 200):
        q_holds(small_district(students=students))
        connect()
        provision()
        with CaptureQueriesContext(connection) as queries:
            code, answer = provision()
        assert (code, answer["sent"]) == (0, {})
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 5


@pytest.mark.fault("F28")
def test_a_token_that_ends_in_the_middle_of_a_night_loses_nobody(
    lived, fault, provision, sandbox, change_q
):
    change_q(upsert={"users": [user("NEW")], "enrollments": [enrollment("E-NEW", "NEW")]})
    fault(
        r"/enrollments.*offset=9&",
        times=1,
        control=[{"path": "/sandbox/forget-tokens"}],
    )
    assert provision()[0] == 0
    assert active(sandbox.canvas) == {*EVERYBODY, "NEW"}


@pytest.mark.fault("F29")
def test_a_key_that_is_revoked_in_the_middle_of_a_night_is_said_after_few_calls(
    lived, fault, provision, sandbox, asked_of_q
):
    fault(r"/enrollments", status=401)
    fault(r"/token", status=401, body={"error": "invalid_client"})
    before = len(asked_of_q())
    code, answer = provision()
    assert (code, answer["error"]["code"]) == (1, "oneroster.credentials-rejected")
    assert len([path for path in asked_of_q()[before:] if "/token" in path]) <= 3
    assert_nothing_was_sent(sandbox)


@pytest.mark.fault("F30")
def test_a_q_that_says_too_fast_is_waited_for(lived, fault, provision, sandbox, change_q):
    change_q(upsert={"users": [user("NEW")], "enrollments": [enrollment("E-NEW", "NEW")]})
    fault(r"/users", times=2, status=429, headers={"Retry-After": "1"})
    fault(r"/enrollments", times=1, status=429, headers={"Retry-After": {"in_seconds": 1}})
    assert provision()[0] == 0
    assert "NEW" in active(sandbox.canvas)


# --- deviations of providers, alone and in pairs ------------------------------------------------

# What changes how a page looks, and must change nothing of what Canvas holds (oneroster.md 9).
HARMLESS: dict[str, Any] = {
    "collection-key": True,
    "bare-array": True,
    "empty-collection": 404,
    "beyond-end": 404,
    "not-offered": ["demographics"],
    "link": "https://oneroster.example.org",
    "page-limit": 5,
    "duplicates": 1,
    "unstable-order": True,
    "sort-unsupported": 400,
    "filter-unsupported": 400,
    "null-for-missing": True,
    "references": "bare",
    "enumerations": "mixed",
    "dates": "us",
    "times": "zoneless",
    "booleans": "json",
    "numbers-as-text": True,
    "school-year": "range",
    "roles": True,
    "bom": True,
    "gzip": True,
    "error-shape": "flat",
    "clock-skew": 240,
    "token-lifetime": 5,
    "token-uses": 3,
    "total": "missing",
}


def canvas_after(quirks: dict[str, Any], provision: Any, q_control: Any, sandbox: Any) -> Any:
    """What Canvas holds after two nights with these; the second one may add what was doubted."""
    q_control("quirks", quirks)
    code, answer = provision()
    assert code == 0, (quirks, answer.get("error"), answer.get("holds"))
    return facts(sandbox.canvas)


@pytest.mark.fault("F6", "F18", "F21")
@pytest.mark.parametrize("name", HARMLESS)
def test_each_deviation_of_a_provider_leaves_the_same_canvas(
    name, q_holds, connect, provision, q_control, sandbox
):
    q_holds(small_district(students=12))
    connect(q_page_size=str(PAGE))
    there = canvas_after({name: HARMLESS[name]}, provision, q_control, sandbox)
    assert {one[1] for one in there["enrollments"]} == {
        *("TEACHER1", *(f"P1-{index}" for index in range(12))),
    }
    assert {one[0] for one in there["sections"]} == {"K1"}


# And what adds nothing, and must take nothing away.
LATER = HARMLESS | {"missing-sourcedId": ENROLLMENTS}

# Neither a total that holds nor an empty page tells where a collection ends.
WITHOUT_END = [("beyond-end", "duplicates"), ("beyond-end", "total")]
PAIRS = [pair for pair in itertools.combinations(LATER, 2) if pair not in WITHOUT_END]


def assert_pairs_change_nothing(
    pairs: list[tuple[str, ...]], provision: Any, q_control: Any, sandbox: Any
) -> None:
    """A night after a first one, for each pair: whatever is read differently would be sent."""
    different = []
    for pair in pairs:
        q_control("quirks", {name: LATER[name] for name in pair})
        code, answer = provision()
        if code or answer["sent"]:
            different.append((pair, answer.get("error"), answer.get("counts")))
        requests.delete(f"{origin(sandbox.q.url)}/sandbox/quirks", timeout=60)
    assert different == []


@pytest.mark.fault("F18")
def test_some_pairs_of_deviations_of_the_day_change_nothing(lived, provision, q_control, sandbox):
    seed = f"{datetime.now(UTC):%Y-%m-%d}"
    pairs = random.Random(seed).sample(PAIRS, 12)
    assert_pairs_change_nothing(pairs, provision, q_control, sandbox)


@pytest.mark.fault("F18")
@pytest.mark.parametrize("pair", WITHOUT_END, ids=str)
def test_a_q_that_tells_nowhere_where_its_records_end_is_told_of_and_nothing_is_sent(
    lived, provision, q_control, sandbox, pair
):
    before = active(sandbox.canvas)
    q_control("quirks", {name: HARMLESS[name] for name in pair})
    code, answer = provision()
    assert (code, answer["error"]["code"], answer["sent"]) == (1, "oneroster.not-offered", {})
    assert active(sandbox.canvas) == before


@pytest.mark.prove
@pytest.mark.fault("F18")
def test_no_pair_of_deviations_changes_anything(lived, provision, q_control, sandbox):
    assert_pairs_change_nothing(PAIRS, provision, q_control, sandbox)

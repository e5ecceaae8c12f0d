"""What can be made to go wrong in the local Canvas, as a client sees it."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.contracts.canvas_api import PATIENCE_SECONDS, Api, course, users
from tests.sandbox.ports import Port, canvas_port
from tests.sandbox_process import running_sandbox

HEADER = "user_id,login_id,full_name,status"


@pytest.fixture(scope="module")
def canvas_only():
    with running_sandbox("--students", "0") as started:
        yield started.canvas


@pytest.fixture
def api(canvas_only) -> Api:
    return Api(canvas_only)


@pytest.fixture
def control(canvas_only):
    port = canvas_port(canvas_only)
    yield port
    port.told("POST", "reset")
    port.told("DELETE", "faults")


def people(count: int) -> str:
    return users(*(f"@U{number}" for number in range(count)))


def imported(api: Api) -> int:
    found = api.all("accounts/1/users", search_term=api.word, per_page=100)
    return len(found)


def until(api: Api, path: str, field: str, value: str) -> dict:
    """What is at `path` once its field has this value."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := api.get(path))[field] != value:
        assert time.monotonic() < end, found
        time.sleep(0.03)
    return dict(found)


@pytest.mark.parametrize("how", ["failed", "aborted"])
def test_the_next_import_may_fail_or_be_aborted_with_nothing_done(api, control, how):
    control.told("POST", "imports/fail", {"how": how})
    assert api.send(people(3))["workflow_state"] == how
    assert imported(api) == 0
    assert api.send(people(3))["workflow_state"] == "imported"


@pytest.mark.parametrize("state", ["failed", "aborted"])
def test_an_import_may_stop_half_way(api, control, state):
    control.told("POST", "imports/fail", {"how": "partial", "rows": 60, "state": state})
    done = api.send(people(100))
    assert (done["workflow_state"], done["data"]["counts"]["users"]) == (state, 60)
    assert bool(done.get("processing_errors")) is (state == "failed")
    assert imported(api) == 60


def test_rows_are_counted_over_all_types_in_their_order(api, control):
    control.told("POST", "imports/fail", {"how": "partial", "rows": 3})
    done = api.send(people(5), course("@C"))
    counts = done["data"]["counts"]
    assert (counts["courses"], counts["users"]) == (1, 2)
    assert done["data"]["completed_importers"] == ["course"]


def test_one_type_may_be_of_no_use_while_the_others_are_imported(api, control):
    control.told("POST", "imports/fail", {"how": "failed_with_messages", "type": "course"})
    done = api.send(people(2), course("@C"))
    assert done["workflow_state"] == "failed_with_messages"
    assert [text for _, text in done["processing_errors"]] == ["Malformed CSV"]
    assert imported(api) == 2
    assert api.ask("GET", "courses/sis_course_id:@C").status_code == 404


def test_an_import_waits_for_that_of_another_vendor(api, control):
    number = control.told("POST", "imports/foreign")["id"]
    ours = api.begin(people(1))
    other = until(api, f"accounts/1/sis_imports/{number}", "workflow_state", "importing")
    assert other["user"]["name"] == "Other Vendor"
    (running,) = api.get("accounts/1/sis_imports/importing")["sis_imports"]
    assert running["id"] == number
    assert api.get(f"accounts/1/sis_imports/{ours['id']}")["workflow_state"] == "created"
    assert control.told("POST", "imports/foreign/release") == {"released": [number]}
    assert api.finished(ours)["workflow_state"] == "imported"
    assert api.get(f"accounts/1/sis_imports/{number}")["workflow_state"] == "imported"


def test_another_vendors_import_may_be_aborted(api, control):
    number = control.told("POST", "imports/foreign")["id"]
    until(api, f"accounts/1/sis_imports/{number}", "workflow_state", "importing")
    api.put(f"accounts/1/sis_imports/{number}/abort")
    assert api.send(people(1))["workflow_state"] == "imported"
    assert api.get(f"accounts/1/sis_imports/{number}")["workflow_state"] == "aborted"


def test_a_reset_ends_what_was_planned_and_what_waits(api, control):
    control.told("POST", "imports/foreign")
    control.told("POST", "imports/fail", {"how": "failed"})
    control.told("PUT", "sis", {"allowed": False})
    control.told("POST", "reset")
    assert api.send(people(1))["workflow_state"] == "imported"


def test_what_was_to_go_wrong_may_be_taken_back(api, control):
    control.told("POST", "imports/fail", {"how": "failed"})
    control.told("DELETE", "imports/fail")
    assert api.send(people(1))["workflow_state"] == "imported"


def test_what_canvas_held_can_be_kept_and_comes_back(api, control):
    api.sent_well(people(2))
    control.told("POST", "keep?name=two")
    api.sent_well(people(5))
    assert imported(api) == 5
    control.told("POST", "back?name=two")
    assert imported(api) == 2
    assert api.send(people(3))["workflow_state"] == "imported"
    assert control.control("POST", "back?name=never").status_code == 409


def test_imports_are_dated_by_a_clock_that_can_be_set(api, control):
    control.told("POST", "clock", {"ahead": 400 * 86_400})
    ahead = datetime.fromisoformat(api.sent_well(people(1))["created_at"])
    assert ahead - datetime.now(UTC) > timedelta(days=399)
    control.told("POST", "clock", {"ahead": 0})
    assert datetime.fromisoformat(api.sent_well(people(2))["created_at"]) < ahead


def test_the_permission_to_import_may_be_taken_away(api, control):
    control.told("PUT", "sis", {"allowed": False})
    refused = api.ask("GET", "accounts/1/sis_imports")
    assert (refused.status_code, refused.json()["status"]) == (403, "unauthorized")
    assert api.ask("GET", "accounts/1").status_code == 200
    control.told("PUT", "sis", {"allowed": True})
    assert api.ask("GET", "accounts/1/sis_imports").status_code == 200


def test_a_report_may_fail_and_the_next_one_not(api, control):
    control.told("POST", "reports/fail", {"how": "error"})
    path = "accounts/1/reports/provisioning_csv"
    begun = api.post(path, **{"parameters[users]": "1"})
    failed = until(api, f"{path}/{begun['id']}", "status", "error")
    assert "attachment" not in failed
    assert api.report("provisioning_csv", users="1").status_code == 200


def test_a_report_may_never_end(api, control):
    control.told("POST", "reports/fail", {"how": "endless"})
    path = "accounts/1/reports/provisioning_csv"
    begun = api.post(path, **{"parameters[users]": "1"})
    until(api, f"{path}/{begun['id']}", "status", "running")
    assert api.report("provisioning_csv", users="1").status_code == 200
    assert api.get(f"{path}/{begun['id']}")["status"] == "running"


def test_a_token_may_lose_its_scopes(canvas_only, control):
    token = control.told("POST", "tokens", {})["token"]
    mine = Port(f"{canvas_only.url}/api/v1", canvas_only.pages, f"Bearer {token}")
    assert mine.ask("/accounts/1").status_code == 200
    control.told("PUT", "tokens", {"token": token, "scopes": ["url:GET|/api/v1/courses/:id"]})
    assert mine.ask("/accounts/1").status_code == 401


def test_a_token_may_be_taken_away_in_the_middle_of_a_list(canvas_only, control):
    token = control.told("POST", "tokens", {})["token"]
    mine = Port(f"{canvas_only.url}/api/v1", canvas_only.pages, f"Bearer {token}")
    revoke = {"method": "DELETE", "path": "/sandbox/tokens", "body": {"token": token}}
    control.fault({"control": [revoke]}, path="/users", after=1, times=1)
    assert [mine.ask("/accounts/1/users").status_code for _ in range(3)] == [200, 401, 401]


def test_a_course_may_go_between_a_list_and_the_look_at_it(api, control):
    api.sent_well(course("@C"))
    number = api.course()["id"]
    bearer = {"Authorization": f"Bearer {api.canvas.token}"}
    path = f"/api/v1/courses/{number}?event=delete"
    gone = {"method": "DELETE", "path": path, "headers": bearer}
    control.fault({"control": [gone]}, method="GET", path=f"/courses/{number}$", times=1)
    assert api.ask("GET", f"courses/{number}").status_code == 404


def test_a_key_may_be_off_and_its_tokens_with_it(api, control):
    control.told("PUT", "developer-key", {"on": False})
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "10000000000001"}
    secret = {"client_secret": "canvas-developer-secret"}
    answer = api.ask("POST", f"{api.canvas.url}/login/oauth2/token", data=form | secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")
    control.told("PUT", "developer-key", {"on": True})
    again = api.ask("POST", f"{api.canvas.url}/login/oauth2/token", data=form | secret)
    assert again.json()["error_description"] == "refresh_token not found"


@pytest.mark.parametrize("path", ["imports/fail", "reports/fail"])
def test_a_mishap_that_does_not_exist_is_refused(control, path):
    assert control.control("POST", path, {"how": "spontaneously"}).status_code == 400

"""Faults on request: each is seen by a client that knows nothing of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.ports import ORGS, Port, q_port, statuses
from tests.sandbox_process import running_sandbox


def test_a_fault_comes_after_so_many_requests_and_goes_after_so_many(q):
    q.fault({"status": 500}, path="/orgs", after=1, times=2)
    assert statuses(q, 4) == [200, 500, 500, 200]


def test_a_fault_meets_its_method_and_its_path_with_the_query_only(q):
    q.fault({"status": 503}, method="get", path=r"/orgs\?.*offset=2$")
    assert statuses(q, 1, "/orgs?offset=1") == [200]
    assert statuses(q, 1, "/orgs?offset=2") == [503]
    assert q.ask("/orgs?offset=2", "DELETE").status_code == 405


def test_faults_are_listed_with_how_often_they_came_and_taken_away(q):
    number = q.fault({"status": 500}, path="/orgs", after=1)
    statuses(q, 2)
    (told,) = q.told("GET", "faults")["faults"]
    assert (told["id"], told["seen"], told["hits"]) == (number, 2, 1)
    assert q.told("DELETE", f"faults/{number}") is None
    assert statuses(q, 1) == [200]


def test_both_ports_have_faults_of_their_own(q, canvas):
    canvas.fault({"status": 502})
    assert canvas.ask("/accounts").status_code == 502
    assert q.ask(ORGS).status_code == 200


def test_two_faults_on_one_request_act_together(q):
    q.fault({"status": 429})
    q.fault({"headers": {"Retry-After": "7"}})
    answer = q.ask(ORGS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_what_is_not_carried_out_is_not_carried_out(q):
    number = q.fault({"status": 500}, method="PUT")
    body = {"category": {"sourcedId": "never", "title": "Never"}}
    assert q.ask("/categories/never", "PUT", json=body).status_code == 500
    q.control("DELETE", f"faults/{number}")
    assert q.ask("/categories/never").status_code == 404


def test_a_request_can_take_effect_and_be_answered_wrongly(q):
    q.fault({"status": 500, "apply": True}, method="PUT")
    body = {"category": {"sourcedId": "kept", "title": "Kept"}}
    assert q.ask("/categories/kept", "PUT", json=body).status_code == 500
    assert q.ask("/categories/kept").status_code == 200


def test_a_request_can_take_effect_and_its_answer_be_lost(q):
    q.fault({"drop": True}, method="PUT", times=1)
    body = {"category": {"sourcedId": "lost", "title": "Lost"}}
    with pytest.raises(requests.ConnectionError):
        q.ask("/categories/lost", "PUT", json=body)
    assert q.ask("/categories/lost").status_code == 200


def test_a_request_can_be_lost_before_it_takes_effect(q):
    q.fault({"drop": True, "apply": False}, method="PUT", times=1)
    with pytest.raises(requests.ConnectionError):
        q.ask("/categories/gone", "PUT", json={"category": {"sourcedId": "gone", "title": "G"}})
    assert q.ask("/categories/gone").status_code == 404


def test_data_may_change_between_two_pages(q):
    here = {"sourcedId": "between", "name": "Between", "type": "school"}
    q.fault({"records": {"upsert": {"orgs": [here]}}}, path="offset=1", times=1)
    assert q.ask("/orgs/between").status_code == 404
    q.ask("/orgs?offset=1")
    assert q.ask("/orgs/between").status_code == 200
    q.told("POST", "records", {"delete": {"orgs": ["between"]}})


def test_a_fault_may_ask_anything_of_its_own_port(q):
    q.fault({"control": [{"path": "/sandbox/forget-tokens"}]}, path="offset=5", times=1)
    assert statuses(q, 1) == [200]
    assert statuses(q, 1, "/orgs?offset=5") == [401]
    assert statuses(q, 1) == [401]


def test_a_held_request_waits_until_it_is_released(q):
    number = q.fault({"hold": True}, path="/orgs", times=2)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(requests.get, q.root + ORGS, timeout=60) for _ in range(2)]
        assert q.told("POST", f"faults/{number}/wait", {"holding": 2})["holding"] == 2
        assert not any(each.done() for each in asked)
        q.told("POST", f"faults/{number}/release")
        assert [each.result().status_code for each in asked] == [401, 401]


def test_held_requests_may_be_let_go_one_by_one(q):
    number = q.fault({"hold": True}, path="/orgs")
    gone = threading.Semaphore(0)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(requests.get, q.root + ORGS, timeout=60).add_done_callback(
                lambda _: gone.release()
            )
        q.told("POST", f"faults/{number}/wait", {"holding": 2})
        q.told("POST", f"faults/{number}/release", {"count": 1})
        assert gone.acquire(timeout=60)
        assert q.told("GET", f"faults/{number}")["holding"] == 1
        q.control("DELETE", f"faults/{number}")
        assert gone.acquire(timeout=60)


def test_a_request_may_be_held_when_it_has_taken_effect(q):
    number = q.fault({"hold": "after"}, method="PUT")
    body = {"category": {"sourcedId": "held", "title": "Held"}}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(q.ask, "/categories/held", "PUT", json=body)
        q.told("POST", f"faults/{number}/wait", {"holding": 1})
        assert q_port_reads(q, "/categories/held") == 200
        assert not asked.done()
        q.told("POST", f"faults/{number}/release")
        assert asked.result().status_code == 201


def q_port_reads(q: Port, path: str) -> int:
    """On a connection of its own, for a session serves one thread."""
    headers = {"Authorization": str(q.session.headers["Authorization"])}
    return requests.get(q.root + path, headers=headers, timeout=60).status_code


def test_who_waits_in_vain_is_told(q):
    number = q.fault({"hold": True})
    asked = {"holding": 1, "seconds": 0.01}
    assert q.control("POST", f"faults/{number}/wait", asked).status_code == 408


def test_the_log_says_which_faults_met_a_request(q):
    number = q.fault({"status": 500}, times=1)
    statuses(q, 2)
    first, second = q.told("GET", "log")["requests"][-2:]
    assert first["faults"] == [number]
    assert "faults" not in second


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": {}},
        {"do": {"explode": True}},
        {"match": {"where": "x"}, "do": {"status": 500}},
        {"match": {"path": "("}, "do": {"status": 500}},
        {"do": {"headers": {"Transfer-Encoding": "chunked"}}},
        {"do": {"monster": {"dragon": 1}}},
        {"do": {"control": [{"path": "/sandbox/nothing"}]}},
        [],
    ],
)
def test_a_fault_that_does_not_exist_is_refused(q, wrong):
    assert q.control("POST", "faults", wrong).status_code == 400


def test_records_are_nothing_that_canvas_has(canvas):
    do = {"records": {"upsert": {}}}
    assert canvas.control("POST", "faults", {"do": do}).status_code == 400


@pytest.mark.parametrize("path", ["faults/999", "faults/999/release", "faults/999/wait"])
def test_a_fault_that_is_not_there_is_not_found(q, path):
    method = "GET" if path == "faults/999" else "POST"
    assert q.control(method, path, {"hits": 1}).status_code == 404


def test_control_itself_is_met_by_no_fault(q):
    q.fault({"status": 500})
    assert q.control("GET", "log").status_code == 200


def test_a_reset_takes_all_faults_away():
    with running_sandbox("--students", "0") as started:
        port = q_port(started.q)
        port.fault({"status": 500})
        port.told("POST", "reset")
        assert port.told("GET", "faults") == {"faults": []}

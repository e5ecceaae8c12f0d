"""Every write once, each answer taken for what it says, and what is unknown looked at first."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest

from gradesync import sync as presses
from gradesync.models import AssignmentSync
from gradesync.push import advance
from integration import connections
from integration.models import Operation, QConnection, Run
from tests.gradesync.oneroster_schema import STRICT
from tests.gradesync.shell.conftest import PROFILE

RESULTS, ITEMS = "/results/", "/lineItems/"


@pytest.fixture
def essay(course) -> str:
    """An essay with three scores that Q does not have yet."""
    made = course.make("Essay")
    for student, score in (("P1-0", 10), ("P1-1", 11), ("P1-2", 12)):
        course.grade(made, student, score)
    return made


def scores(course) -> list[Decimal | None]:
    found = course.scores()
    return [found.get(("Essay", f"P1-{one}"), ("", None))[1] for one in range(3)]


def codes(answer) -> list[str]:
    return [one["code"] for one in answer["findings"]]


@pytest.mark.fault("F57")
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_one_refused_result_stops_only_itself(course, sync, essay, q_quirks, status):
    refused = {"status": status, "text": "The window is shut", "students": ["P1-1"]}
    q_quirks(result_refused=refused)
    code, answer = sync()
    assert (code, answer["state"]) == (1, "done")
    assert scores(course) == [10, None, 12]
    (told,) = [one for one in answer["findings"] if one["code"] == "q.rejected"]
    assert "The window is shut" in told["reason"]
    q_quirks(result_refused=False)
    course.forget()
    assert sync()[0] == 0
    assert (scores(course), course.writes()) == ([10, 11, 12], {"PUT results": 1})


def test_scores_of_a_refused_line_item_are_not_sent(course, sync, essay, q_fault):
    q_fault({"method": "PUT", "path": ITEMS}, status=422, body={"error": "no"}, apply=False)
    code, answer = sync()
    assert code == 1
    assert course.writes() == {"PUT lineItems": 1}
    assert answer["outcome"] == {"refused": 1, "left": 3}


@pytest.mark.fault("F58")
def test_a_lost_answer_is_looked_at_before_anything_is_sent_again(course, sync, essay, q_fault):
    q_fault({"method": "PUT", "path": RESULTS, "times": 1}, drop=True)
    q_fault({"method": "PUT", "path": ITEMS, "times": 1}, drop=True)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 3}


def test_a_lost_request_is_sent_again_with_the_same_body(course, sync, essay, q_fault):
    q_fault({"method": "PUT", "path": RESULTS, "times": 1}, drop=True, apply=False)
    q_fault({"method": "PUT", "path": ITEMS, "times": 1}, drop=True, apply=False)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]
    assert course.writes() == {"PUT lineItems": 2, "PUT results": 4}


@pytest.mark.fault("F58")
def test_a_teacher_who_edits_behind_a_lost_answer_is_not_written_over(course, sync, essay, q_fault):
    assert sync()[0] == 0
    course.grade(essay, "P1-0", 15)
    edited = course.result("Essay", "P1-0") | {"score": 4.0}
    edited["lineItem"], edited["student"] = dict(edited["lineItem"]), dict(edited["student"])
    records = {"upsert": {"results": [edited]}}
    path = {"method": "GET", "path": "/lineItems/[^/]+/results", "times": 1}
    q_fault({"method": "PUT", "path": RESULTS, "times": 1}, drop=True)
    q_fault(path, records=records)
    course.forget()
    code, answer = sync()
    assert (code, answer["outcome"]) == (1, {"left": 1})
    assert scores(course) == [4, 11, 12]
    assert course.writes() == {"PUT results": 1}
    assert "score.changed-in-q" in codes(sync()[1])


@pytest.mark.fault("F59")
@pytest.mark.parametrize(
    "quirk",
    [
        {"put_status": 200},
        {"put_status": 201},
        {"put_status": 204},
        {"put_body": "empty"},
        {"put_body": "bare"},
        {"put_body": "status"},
    ],
)
def test_whatever_a_yes_looks_like_it_is_one(course, sync, essay, q_quirks, quirk):
    q_quirks(**quirk)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]


@pytest.mark.fault("F59")
def test_a_provider_that_allocates_ids_is_followed(course, sync, essay, q_quirks):
    q_quirks(own_ids=True)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]
    (item,) = course.in_q("lineItems")
    assert AssignmentSync.objects.get().sourced_id == item["sourcedId"]
    course.grade(essay, "P1-0", 15)
    course.forget()
    assert sync()[0] == 0
    assert (scores(course), course.writes()) == ([15, 11, 12], {"PUT results": 1})
    assert len(course.in_q("results")) == 3


@pytest.mark.fault("F59")
def test_ids_that_q_allocates_are_found_though_every_first_answer_is_lost(
    course, sync, essay, q_quirks, q_fault
):
    q_quirks(own_ids=True)
    q_fault({"method": "PUT", "path": ITEMS, "times": 1}, drop=True)
    q_fault({"method": "PUT", "path": RESULTS, "times": 1}, drop=True)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]
    assert (len(course.in_q("lineItems")), len(course.in_q("results"))) == (1, 3)


def test_q_that_is_busy_is_waited_for(course, sync, essay, q_fault):
    q_fault({"method": "PUT", "path": RESULTS, "times": 2}, status=429, apply=False)
    assert sync()[0] == 0
    assert scores(course) == [10, 11, 12]


def test_q_that_goes_down_leaves_the_run_waiting_and_nothing_is_lost(
    course, sync, essay, q_fault, q_quirks
):
    q_fault({"path": "/ims/", "after": 12}, status=503, apply=False)
    code, answer = sync()
    assert (code, answer["state"]) == (1, "failed")
    assert Run.objects.latest("pk").state == Run.State.WAITING
    course.control("q", "DELETE", "faults")
    code, again = sync()
    assert (code, again["run"]) == (0, answer["run"])
    assert scores(course) == [10, 11, 12]


@pytest.mark.fault("F46")
def test_a_score_changed_under_way_arrives_with_the_next_plan(course, sync, essay, q_fault):
    district = QConnection.objects.get().district
    run, _ = presses.press(
        presses.course_of(district, course.canvas_id), actor="Rosa", consents=True
    )

    def watch(stage: str, done: int, total: int | None) -> None:
        if stage == "sending line items":
            course.grade(essay, "P1-0", 19)

    with connections.canvas_client(district) as canvas:
        advance(run, q=partial(connections.q_client, district), canvas=canvas, watch=watch)
    assert run.state == "done"
    assert sync()[0] == 0
    assert scores(course) == [19, 11, 12]


@pytest.mark.fault("F46")
def test_a_plan_that_was_overtaken_writes_nothing(course, sync, essay):
    _, old = sync("--preview")
    assert sync()[0] == 0
    course.forget()
    code, told = sync(f"--approve={old['digest']}")
    assert (code, told["error"]["code"]) == (1, "grades.plan-refused")
    assert course.writes() == Counter()


@pytest.mark.fault("F44")
def test_a_second_press_joins_the_run_that_is_going(course, essay, sync):
    kept = presses.course_of(QConnection.objects.get().district, course.canvas_id)
    first, is_new = presses.press(kept, actor="Rosa", consents=True)
    second, is_second_new = presses.press(kept, actor="Theo")
    assert (is_new, is_second_new, second.pk) == (True, False, first.pk)
    code, answer = sync()
    assert (code, answer["run"]) == (0, first.pk)
    assert course.writes() == {"PUT lineItems": 1, "PUT results": 3}


@pytest.mark.fault("F86")
def test_a_stopped_run_says_so_and_the_next_one_sends_the_rest(course, essay, sync, q_fault):
    district = QConnection.objects.get().district
    QConnection.objects.update(concurrency=1)
    second = q_fault({"method": "PUT", "path": RESULTS, "after": 1, "times": 1}, hold=True)
    number = second.rpartition("/")[2]
    run, _ = presses.press(
        presses.course_of(district, course.canvas_id), actor="Rosa", consents=True
    )

    def watch(stage: str, done: int, total: int | None) -> None:
        """Rosa presses stop while Q takes its time over the second score."""
        if stage == "sending scores" and done == 1 and not presses.cancel(run, actor="Rosa"):
            course.control("q", "POST", f"faults/{number}/release")

    with connections.canvas_client(district) as canvas:
        advance(run, q=partial(connections.q_client, district), canvas=canvas, watch=watch)
    assert (run.state, run.error["code"]) == ("failed", "grades.cancelled")
    assert course.writes()["PUT results"] == 2
    code, answer = sync()
    assert (code, answer["counts"]["result"]["new"]) == (0, 1)
    assert (scores(course), course.writes()["PUT results"]) == ([10, 11, 12], 3)


def test_a_q_that_rounds_what_it_is_sent_is_told_of(course, sync, q_quirks):
    course.grade(course.make("Essay"), "P1-0", 10.6)
    q_quirks(score_rounded=True)
    code, answer = sync()
    assert code == 1
    assert "q.not-kept" in codes(answer)
    QConnection.objects.update(profile={**PROFILE, "score_decimals": 0})
    assert sync()[0] == 0


def test_each_write_is_an_operation_that_was_written_down(course, sync, essay):
    sync()
    states = Operation.objects.filter(run__kind=Run.Kind.GRADES).values_list("state", "attempts")
    assert list(states) == [("done", 1)] * 4


def test_the_one_departure_from_oneroster_is_a_result_without_score(course, sync, essay, payloads):
    """Only what is excused, or cleared where DELETE is not proved (design 6.6)."""
    QConnection.objects.update(profile={"takes_not_submitted_without_score": True})
    course.mark(essay, "P1-1", excuse=True)
    assert sync()[0] == 0
    course.grade(essay, "P1-2", "")
    assert sync()[0] == 0
    found = [
        (body["result"]["scoreStatus"], error.message)
        for kind, body in payloads
        for error in STRICT[kind].iter_errors(body)
    ]
    missing = "'score' is a required property"
    assert found == [("exempt", missing), ("not submitted", missing)]

    QConnection.objects.update(profile={"takes_exempt_without_score": False})
    payloads.clear()
    course.mark(essay, "P1-0", excuse=True)
    assert sync()[0] == 0
    ((kind, body),) = payloads
    STRICT[kind].validate(body)
    assert (body["result"]["scoreStatus"], body["result"]["score"]) == ("exempt", 0)


@pytest.mark.parametrize(("says", "state"), [("n", "held"), ("y", "done")])
def test_in_a_terminal_a_first_sync_asks_and_names_the_counts(
    course, sync, essay, monkeypatch, says, state
):
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or says)
    code, told = sync()
    assert (len(asked), told["state"], code) == (1, state, {"held": 2, "done": 0}[state])
    assert told["holds"] == [{"code": "first-sync", "count": 3}]
    assert len(course.scores()) == (3 if says == "y" else 0)
    if says == "n":
        assert sync("--yes")[0] == 0
        assert (len(asked), scores(course)) == (1, [10, 11, 12])


def test_many_replaced_scores_are_asked_for_too(course, sync, essay, choose, monkeypatch):
    choose(review_above=2)
    assert sync()[0] == 0
    for number in range(3):
        course.grade(essay, f"P1-{number}", 15)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    code, told = sync()
    assert (code, told["holds"]) == (2, [{"code": "many-replaced", "count": 3}])
    assert scores(course) == [10, 11, 12]
    code, sent = sync(f"--approve={told['digest']}")
    assert (code, scores(course)) == (0, [15, 15, 15]), sent

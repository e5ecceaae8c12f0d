"""A teacher's gradebook in the local Q: edited by hand, told apart from what a client wrote."""

import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.asking import Asking, listed
from tests.sandbox.ports import TIMEOUT, Port, q_port
from tests.sandbox_process import running_sandbox


@pytest.fixture(scope="module")
def started():
    with running_sandbox("--students", "20", "--seed", "5") as sandbox:
        yield sandbox.q


@pytest.fixture
def asking(started) -> Asking:
    port = q_port(started)
    (item, *_) = listed(port.ask("/lineItems"))
    class_id = item["class"]["sourcedId"]
    student = listed(port.ask(f"/classes/{class_id}/students"))[0]["sourcedId"]
    names = {"category": "category", "period": "gradingPeriod"}
    ids = {name: item[field]["sourcedId"] for name, field in names.items()}
    return Asking(
        port,
        class_id=class_id,
        student=student,
        token_url=started.token_url,
        credentials=(started.key, started.secret),
        **ids,
    )


def page(port: Port, path: str) -> str:
    """A page, sound in what every page has to have."""
    answer = requests.get(f"{port.origin}{path}", timeout=TIMEOUT)
    assert answer.status_code == 200, path
    html = answer.text
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', html)) <= set(ids)
    assert html.count("<caption>") == html.count("<table>")
    return html


def send(port: Port, path: str, **form: Any) -> None:
    answer = requests.post(
        f"{port.origin}{path}", data=form, timeout=TIMEOUT, allow_redirects=False
    )
    assert (answer.status_code, "problem" in answer.headers["Location"]) == (302, False)


def home(asking: Asking) -> str:
    return f"/classes/{quote(asking.class_id, safe='')}/gradebook"


def put_result(asking: Asking, score: float, **more: Any) -> tuple[str, str]:
    """The ids of a new line item and of the result that a client put into it."""
    item, result = str(uuid.uuid4()), str(uuid.uuid4())
    asking.put_item(f"/lineItems/{item}", title="By a client")
    asking.put(
        f"/results/{result}",
        "result",
        lineItem={"sourcedId": item},
        student={"sourcedId": asking.student},
        scoreStatus="fully graded",
        scoreDate="2026-09-02",
        score=score,
        **more,
    )
    return item, result


def type_score(asking: Asking, item: str, was: str, now: str) -> None:
    send(asking.port, home(asking), item=item, student=asking.student, was=was, now=now)


def test_the_pages_are_sound_and_found(asking: Asking):
    item, _ = put_result(asking, 7)
    assert home(asking) in page(asking.port, "/classes")
    assert "By a client" in page(asking.port, home(asking))
    page(asking.port, f"/lineItems/{item}/edit")


def test_a_score_that_a_teacher_changes_is_stamped_and_keeps_what_the_client_put(asking: Asking):
    item, result = put_result(asking, 7, metadata={"mine": "kept"})
    before = asking.kept(f"/results/{result}")
    told = asking.port.told("GET", "writers")["results"][result]
    assert told["writer"] == "API client"
    asking.port.told("POST", "clock", {"ahead": 5})
    type_score(asking, item, "7", "8.5")
    after = asking.kept(f"/results/{result}")
    assert (after["score"], after["metadata"]) == (8.5, {"mine": "kept"})
    assert after["dateLastModified"] > before["dateLastModified"]
    assert asking.port.told("GET", "writers")["results"][result]["writer"] == "teacher"
    assert "teacher" in page(asking.port, home(asking))
    asking.port.told("POST", "clock", {"ahead": 0})


def test_a_teacher_exempts_a_student_and_takes_a_result_away(asking: Asking):
    item, result = put_result(asking, 7)
    type_score(asking, item, "7", "ex")
    kept = asking.kept(f"/results/{result}")
    assert (kept["scoreStatus"], "score" in kept) == ("exempt", False)
    type_score(asking, item, "EX", "")
    assert asking.get(f"/results/{result}").status_code == 404


def test_a_field_that_was_left_alone_does_not_undo_what_came_meanwhile(asking: Asking):
    item, result = put_result(asking, 7)
    type_score(asking, item, "6", "6")
    assert asking.kept(f"/results/{result}")["score"] == 7


def test_a_teacher_refiles_a_line_item(asking: Asking):
    item, _ = put_result(asking, 7)
    path = home(asking)
    title = f"Labs {uuid.uuid4()}"
    send(asking.port, path, do="category", title=title)
    category = next(c for c in asking.all("/categories") if c["title"] == title)
    form = {"title": "By the teacher", "category": category["sourcedId"], "resultValueMax": "40"}
    send(asking.port, f"/lineItems/{item}/edit", do="save", **form)
    kept = asking.kept(f"/lineItems/{item}")
    assert (kept["title"], kept["resultValueMax"]) == ("By the teacher", 40)
    assert kept["category"]["sourcedId"] == category["sourcedId"]
    assert asking.port.told("GET", "writers")["lineItems"][item]["writer"] == "teacher"
    send(asking.port, path, do="remove-category", category=category["sourcedId"])
    assert asking.get(f"/categories/{category['sourcedId']}").status_code == 404


def test_a_teacher_adds_a_line_item_and_removes_it_with_its_results(asking: Asking):
    form = {"title": "New", "dueDate": "2026-10-01T23:59:59.000Z", "resultValueMax": "10"}
    send(asking.port, home(asking), do="line-item", **form, gradingPeriod=asking.period)
    (made,) = [
        i for i in asking.all(f"/classes/{asking.class_id}/lineItems") if i["title"] == "New"
    ]
    assert (made["resultValueMax"], made["gradingPeriod"]["sourcedId"]) == (10, asking.period)
    type_score(asking, made["sourcedId"], "", "9")
    (result,) = asking.all(f"/classes/{asking.class_id}/lineItems/{made['sourcedId']}/results")
    assert (result["score"], result["scoreStatus"]) == (9, "fully graded")
    send(asking.port, f"/lineItems/{made['sourcedId']}/edit", do="remove")
    assert asking.get(f"/lineItems/{made['sourcedId']}").status_code == 404
    assert asking.get(f"/results/{result['sourcedId']}").status_code == 404


def test_a_category_of_one_class_is_of_no_use_to_another(asking: Asking):
    other = next(c for c in asking.all("/classes") if c["sourcedId"] != asking.class_id)
    category = {"title": "Labs of another class", "metadata": {"class": other["sourcedId"]}}
    path = f"/categories/{uuid.uuid4()}"
    assert asking.put(path, "category", **category).status_code == 201
    ref = {"category": {"sourcedId": path.rpartition("/")[2]}}
    asking.port.told("POST", "quirks", {"class-categories": True})
    try:
        assert asking.put_item(**ref).status_code == 422
        listed_here = asking.all(f"/classes/{asking.class_id}/categories")
        assert ref["category"]["sourcedId"] not in {each["sourcedId"] for each in listed_here}
    finally:
        asking.port.told("DELETE", "quirks")
    assert asking.put_item(**ref).status_code == 201


def test_results_of_some_students_are_refused_in_the_providers_words(asking: Asking):
    refusal = {"status": 409, "text": "Already final.", "students": [asking.student]}
    asking.port.told("POST", "quirks", {"result-refused": refusal})
    try:
        answer = asking.put_score(5)[1]
        assert (answer.status_code, "Already final." in answer.text) == (409, True)
        asking.port.told("POST", "quirks", {"result-refused": {**refusal, "students": ["x"]}})
        assert asking.put_score(5)[1].status_code == 201
    finally:
        asking.port.told("DELETE", "quirks")


def test_a_provider_that_gives_ids_of_its_own_says_which(asking: Asking):
    asking.port.told("POST", "quirks", {"own-ids": True})
    try:
        path = f"/lineItems/{uuid.uuid4()}"
        made = asking.put_item(path)
        sourced_id = made.json()["lineItem"]["sourcedId"]
        assert (made.status_code, asking.get(path).status_code) == (201, 404)
        again = asking.put_item(f"/lineItems/{sourced_id}", title="Again")
        assert (again.status_code, again.json()["lineItem"]["sourcedId"]) == (200, sourced_id)
    finally:
        asking.port.told("DELETE", "quirks")

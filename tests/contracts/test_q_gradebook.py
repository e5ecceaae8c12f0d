"""How a OneRoster 1.1 provider takes grades: PUT of whole records, DELETE, and what it refuses."""

from collections.abc import Iterator

import pytest

from tests.contracts.q_api import Api, line_item, new_id, result
from tests.sandbox_process import Q

# The specification leaves open which of these says that a reference leads nowhere.
REFUSED = (400, 404, 422)


@pytest.fixture
def api(q: Q) -> Iterator[Api]:
    with Api(q) as api:
        yield api


@pytest.fixture
def class_id(api: Api) -> str:
    return api.class_and_student()[0]


@pytest.fixture
def student_id(api: Api, class_id: str) -> str:
    return api.ids("classes", class_id, "students", limit=1)[0]


@pytest.mark.rule("q.put-created-then-replaced")
def test_put_creates_with_201_and_replaces_with_200(api: Api, class_id: str):
    sourced_id = new_id()
    body = {"lineItem": line_item(sourced_id, class_id)}
    answers = [api.put("lineItems", sourced_id, body=body).status_code for _ in range(3)]
    assert answers == [201, 200, 200]


@pytest.mark.rule("q.put-replaces-whole")
def test_put_replaces_the_whole_record(api: Api, class_id: str):
    made = api.made_line_item(class_id, metadata={"mine": "kept"})
    body = line_item(made, class_id) | {"title": "Second"}
    del body["description"]
    api.put("lineItems", made, body={"lineItem": body})
    now = api.get("lineItems", made).json()["lineItem"]
    assert now["title"] == "Second"
    assert not now.get("description")
    assert not now.get("metadata")


@pytest.mark.rule("q.metadata")
def test_what_was_put_is_read_back(api: Api, class_id: str, student_id: str):
    made = api.made_line_item(class_id, metadata={"mine": "kept"})
    sourced_id = new_id()
    body = result(sourced_id, made, student_id)
    assert api.put("results", sourced_id, body={"result": body}).status_code == 201
    kept = api.get("results", sourced_id).json()["result"]
    assert (kept["score"], kept["scoreStatus"]) == (17.5, "fully graded")
    assert kept["scoreDate"].startswith("2026-02-06")
    assert api.get("lineItems", made).json()["lineItem"]["metadata"] == {"mine": "kept"}


@pytest.mark.rule("q.narrowing")
def test_a_result_is_found_from_its_class_line_item_and_student(
    api: Api, class_id: str, student_id: str
):
    made = api.made_line_item(class_id)
    sourced_id = new_id()
    api.put("results", sourced_id, body={"result": result(sourced_id, made, student_id)})
    assert made in api.ids("classes", class_id, "lineItems", limit=1000)
    for path in (("results",), ("lineItems", made, "results"), ("students", student_id, "results")):
        assert sourced_id in api.ids("classes", class_id, *path, limit=1000)
    other = api.made_line_item(class_id)
    assert api.ids("classes", class_id, "lineItems", other, "results") == []


@pytest.mark.rule("q.put-id-matches-path")
def test_a_body_whose_id_is_not_the_paths_is_refused(api: Api):
    body = {"category": {"sourcedId": new_id(), "title": "Elsewhere"}}
    other = new_id()
    assert api.put("categories", other, body=body).status_code in (400, 422)
    assert api.get("categories", other).status_code == 404


@pytest.mark.rule("q.references")
def test_a_result_for_an_unknown_line_item_is_refused(api: Api, student_id: str):
    sourced_id = new_id()
    body = {"result": result(sourced_id, "no-such-line-item", student_id)}
    assert api.put("results", sourced_id, body=body).status_code in REFUSED
    assert api.get("results", sourced_id).status_code == 404


@pytest.mark.rule("q.references")
def test_a_result_for_an_unknown_student_is_refused(api: Api, class_id: str):
    sourced_id = new_id()
    body = {"result": result(sourced_id, api.made_line_item(class_id), "no-such-student")}
    assert api.put("results", sourced_id, body=body).status_code in REFUSED


@pytest.mark.rule("q.references")
@pytest.mark.parametrize("name", ["class", "category", "gradingPeriod"])
def test_a_line_item_that_refers_to_nothing_is_refused(api: Api, class_id: str, name: str):
    sourced_id = new_id()
    body = line_item(sourced_id, class_id) | {name: {"sourcedId": "no-such-thing"}}
    assert api.put("lineItems", sourced_id, body={"lineItem": body}).status_code in REFUSED


@pytest.mark.rule("q.enumerations")
@pytest.mark.parametrize("wrong", [{"scoreStatus": "late"}, {"status": "deleted"}])
def test_a_value_outside_its_enumeration_is_refused(
    api: Api, class_id: str, student_id: str, wrong: dict[str, str]
):
    sourced_id = new_id()
    body = result(sourced_id, api.made_line_item(class_id), student_id) | wrong
    assert api.put("results", sourced_id, body={"result": body}).status_code in (400, 422)


@pytest.mark.rule("q.shapes")
@pytest.mark.parametrize(
    "wrong", [{"score": "seventeen"}, {"scoreDate": "soon"}, {"lineItem": "x"}, {"score": None}]
)
def test_a_result_that_is_none_is_refused(
    api: Api, class_id: str, student_id: str, wrong: dict[str, object]
):
    sourced_id = new_id()
    body = result(sourced_id, api.made_line_item(class_id), student_id) | wrong
    assert api.put("results", sourced_id, body={"result": body}).status_code in (400, 422)


@pytest.mark.rule("q.shapes")
@pytest.mark.parametrize("wrong", [[], {}, {"category": []}, {"lineItem": {}}, "category"])
def test_a_body_without_the_record_is_refused(api: Api, wrong: object):
    assert api.put("categories", new_id(), body=wrong).status_code in (400, 422)


@pytest.mark.rule("q.extra-credit")
def test_a_score_above_the_maximum_is_extra_credit(api: Api, class_id: str, student_id: str):
    sourced_id = new_id()
    body = result(sourced_id, api.made_line_item(class_id), student_id) | {"score": 300}
    assert api.put("results", sourced_id, body={"result": body}).status_code == 201
    assert api.get("results", sourced_id).json()["result"]["score"] == 300


def test_a_result_can_become_exempt(api: Api, class_id: str, student_id: str):
    sourced_id = new_id()
    body = result(sourced_id, api.made_line_item(class_id), student_id)
    api.put("results", sourced_id, body={"result": body})
    exempt = body | {"scoreStatus": "exempt", "score": 0}
    assert api.put("results", sourced_id, body={"result": exempt}).status_code == 200
    assert api.get("results", sourced_id).json()["result"]["scoreStatus"] == "exempt"


@pytest.mark.rule("q.without-score")
@pytest.mark.parametrize("status", ["exempt", "not submitted"])
def test_a_result_without_points_needs_no_score(
    api: Api, class_id: str, student_id: str, status: str
):
    sourced_id = new_id()
    body = result(sourced_id, api.made_line_item(class_id), student_id) | {"scoreStatus": status}
    del body["score"]
    assert api.put("results", sourced_id, body={"result": body}).status_code == 201
    assert api.get("results", sourced_id).json()["result"].get("score") is None


@pytest.mark.rule("q.own-time-stamps")
def test_a_write_is_stamped_with_the_servers_time(api: Api):
    sourced_id = new_id()
    old = "2001-01-01T00:00:00.000Z"
    body = {"sourcedId": sourced_id, "title": "Stamped", "dateLastModified": old}
    api.put("categories", sourced_id, body={"category": body})
    kept = api.get("categories", sourced_id).json()["category"]
    assert kept["dateLastModified"] > old
    assert kept["status"] == "active"


@pytest.mark.rule("q.delete-removes")
def test_a_deleted_record_is_gone(api: Api):
    ((title, sourced_id),) = api.made_categories(new_id()).items()
    assert api.delete("categories", sourced_id).status_code in (200, 204)
    assert api.get("categories", sourced_id).status_code == 404
    assert api.ids("categories", filter=f"title='{title}'") == []


@pytest.mark.rule("q.unknown-object")
def test_what_is_not_there_cannot_be_deleted(api: Api):
    assert api.delete("categories", new_id()).status_code == 404


@pytest.mark.rule("q.encoded-ids")
@pytest.mark.parametrize("odd", ["a/b", "a+b", "100%", "a:b", "a b", "a%2Fb", "ä€😀", "a?b#c"])
def test_an_id_may_hold_what_a_url_must_encode(api: Api, odd: str):
    sourced_id = f"{new_id()} {odd}"
    body = {"category": {"sourcedId": sourced_id, "title": "Odd"}}
    assert api.put("categories", sourced_id, body=body).status_code == 201
    assert api.get("categories", sourced_id).json()["category"]["sourcedId"] == sourced_id
    assert api.delete("categories", sourced_id).status_code in (200, 204)

"""A provider's gradebook: read by class and whole, written once, whatever the provider answers."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integration.http import HttpError
from integration.oneroster.errors import (
    BadRequest,
    Forbidden,
    Incomplete,
    NotOffered,
    ProviderUnavailable,
)
from tests.integration.oneroster.provider import ROOT, refusal, reply

ZONE = ZoneInfo("America/Los_Angeles")
ITEMS = "/classes/c1/lineItems"


def item(sourced_id="i1", class_="c1", **fields):
    refs = {"class": {"sourcedId": class_, "type": "class"}, "category": {"sourcedId": "k1"}}
    dates = {"dueDate": "2026-11-20T07:59:59.000Z", "assignDate": "2026-11-01T08:00:00.000Z"}
    plain = {"sourcedId": sourced_id, "status": "active", "title": "Essay"}
    return plain | refs | dates | {"resultValueMax": 20.0} | fields


def scored(student="s1", line_item="i1", **fields):
    refs = {"lineItem": {"sourcedId": line_item}, "student": {"sourcedId": student}}
    plain = {"sourcedId": f"r-{line_item}-{student}", "status": "active"}
    return plain | refs | {"scoreStatus": "fully graded", "score": 17.5} | fields


def on(method, path, *answers):
    """A habit: these answers for this path, one after the other; the last one stays."""
    left = list(answers)

    def habit(request):
        if request.method != method or request.path != ROOT + path:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return habit


@pytest.fixture
def book(client):
    return client.gradebook(ZONE, letter_field="grade")


def read_item(book, q, **fields):
    q.rows["classes/c1/lineItems"] = [item(**fields)]
    return book.line_items("c1")[0]


def test_a_line_item_is_read_with_all_that_we_do_not_know(book, q):
    read = read_item(book, q, metadata={"qSyncId": "m1", "colour": "red"}, weight=0.30)
    assert read.fields.due_at == datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC)
    assert (read.fields.category_id, read.fields.maximum) == ("k1", Decimal("20.0"))
    assert read.marker == "m1"
    assert read.raw["weight"] == Decimal("0.3")
    assert read.raw["metadata"]["colour"] == "red"


def test_a_day_without_a_time_ends_where_the_district_is(book, q):
    read = read_item(book, q, dueDate="2026-11-19")
    assert read.fields.due_at == datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"category": "k1", "resultValueMax": "20"},
        {"category": [{"sourcedId": "k1"}], "resultValueMax": 20},
        {"category": {"SourcedId": "k1"}, "resultValueMax": 20.0},
    ],
)
def test_references_and_numbers_are_read_however_they_are_spelled(book, q, fields):
    read = read_item(book, q, **fields)
    assert (read.fields.category_id, read.fields.maximum) == ("k1", Decimal(20))


def test_a_line_item_without_an_id_stops_only_itself(book, q):
    q.rows["classes/c1/lineItems"] = [item(""), item("i2")]
    assert [one.sourced_id for one in book.line_items("c1")] == ["i2"]


def test_what_is_to_be_deleted_is_read_and_told(book, q):
    assert not read_item(book, q, status="tobedeleted").is_active


def test_without_a_list_of_the_class_all_are_filtered(book, q):
    q.rows["lineItems"] = [item("i1"), item("i2", class_="c2")]
    assert [one.sourced_id for one in book.line_items("c1")] == ["i1"]
    assert q.asked(f"{ROOT}/lineItems")[0].args["filter"] == "class.sourcedId='c1'"


def test_where_filters_are_refused_all_are_read(book, q):
    def no_filter(request):
        return refusal(400, "invalid_filter_field") if "filter" in request.args else None

    q.habits.append(no_filter)
    q.rows["lineItems"] = [item("i1"), item("i2", class_="c2")]
    assert [one.sourced_id for one in book.line_items("c1")] == ["i1"]


def test_a_provider_that_is_down_is_no_provider_without_line_items(book, q):
    q.habits.append(on("GET", ITEMS, reply(b"down", 503)))
    with pytest.raises(ProviderUnavailable):
        book.line_items("c1")


def test_a_list_that_is_not_whole_is_not_used(book, q):
    q.habits.append(
        on("GET", ITEMS, q.page([item()], key="lineItems", total=3), q.page([], total=3))
    )
    with pytest.raises(Incomplete):
        book.line_items("c1")


def test_the_results_of_a_class_are_one_list(book, q):
    rows = [scored(f"s{i:03}") for i in range(250)] + [scored("s1", "other")]
    q.rows["classes/c1/results"] = rows
    assert len(book.results("c1", ["i1"])) == 250
    assert len(q.asked(f"{ROOT}/classes/c1/results")) == 3


def test_without_a_list_of_the_class_results_are_read_for_each_line_item(book, q):
    q.rows["classes/c1/lineItems/i1/results"] = [scored()]
    q.rows["classes/c1/lineItems/i2/results"] = [scored(line_item="i2")]
    read = book.results("c1", ["i1", "i2"])
    assert [one.line_item_id for one in read] == ["i1", "i2"]


def test_a_404_is_an_empty_list_where_the_gradebook_is_offered(book, q):
    """Some say 404 where a class has no line item yet: its first one could never be made."""
    q.rows["categories"] = []
    assert book.line_items("c1") == []
    assert book.results("c1", ["i1"]) == []


def test_a_404_after_a_first_page_is_no_empty_list(book, q):
    q.rows["categories"] = []
    q.rows["classes/c1/lineItems"] = [item(f"i{number}") for number in range(250)]
    cut = refusal(404, "unknown object")
    q.habits.append(lambda r: cut if r.args.get("offset", "0") != "0" else None)
    with pytest.raises(Incomplete):
        book.line_items("c1")


@pytest.mark.parametrize(
    "answer",
    [refusal(403, "forbidden"), refusal(404, "unknown object"), reply(b"<html>Hello</html>")],
)
def test_a_404_is_none_where_nothing_of_a_gradebook_is_offered(book, q, answer):
    q.habits.append(on("GET", "/categories", answer))
    with pytest.raises(NotOffered):
        book.line_items("c1")


@pytest.mark.parametrize("status", [403, 500])
def test_a_404_is_no_empty_list_where_the_list_of_the_class_is_refused(book, q, status):
    """What is hidden may be there, and would be made a second time."""
    q.rows["categories"] = []
    q.habits.append(on("GET", ITEMS, refusal(status, "forbidden")))
    with pytest.raises(NotOffered):
        book.line_items("c1")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"scoreStatus": "exempt", "score": None}, "exempt"),
        ({"scoreStatus": "Fully_Graded"}, "fully graded"),
        ({"scoreStatus": "late"}, "fully graded"),
        ({"scoreStatus": "incomplete", "score": None}, "not submitted"),
    ],
)
def test_a_status_is_one_of_the_five(book, q, told, status):
    q.rows["classes/c1/results"] = [scored(**told)]
    assert book.results("c1", ["i1"])[0].value.status == status


def test_scores_are_exact_and_letters_come_from_the_field_that_is_named(book, q):
    body = json.dumps({"results": [scored(metadata={"grade": "A-"})]}).replace(
        "17.5", "89.9949999999999999"
    )
    q.habits.append(on("GET", "/classes/c1/results", reply(body.encode(), X_Total_Count="1")))
    value = book.results("c1", ["i1"])[0].value
    assert (value.score, value.letter) == (Decimal("89.9949999999999999"), "A-")


@pytest.mark.parametrize(
    ("status", "body", "other_id"),
    [
        (200, b"", ""),
        (201, b'{"lineItem":{"sourcedId":"i 1"}}', ""),
        (202, b"<html>thanks</html>", ""),
        (204, b"", ""),
        (200, b'{"statusInfoSet":[{"imsx_codeMajor":"success"}]}', ""),
        (201, b'{"lineItem":{"sourcedId":"q-77"}}', "q-77"),
        (200, b'{"sourcedId":"q-77"}', "q-77"),
    ],
)
def test_any_2xx_is_a_yes_and_another_id_is_told(book, q, status, body, other_id):
    q.habits.append(on("PUT", "/lineItems/i 1", reply(body, status)))
    written = book.put("line_item", "i 1", b'{"lineItem":{}}')
    assert (written.status, written.sourced_id) == (status, other_id)
    assert q.requests[-1].data == b'{"lineItem":{}}'
    assert q.requests[-1].environ["REQUEST_URI"] == f"{ROOT}/lineItems/i%201"


@pytest.mark.parametrize(
    ("status", "error"), [(422, BadRequest), (403, Forbidden), (400, BadRequest)]
)
def test_a_refusal_keeps_the_words_of_the_provider(book, q, status, error):
    q.habits.append(on("PUT", "/results/r1", refusal(status, "invalid data", "Period closed")))
    with pytest.raises(error, match="Period closed"):
        book.put("result", "r1", b"{}")


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_is_sent_once(book, q, status):
    q.habits.append(on("PUT", "/results/r1", reply(b"", status)))
    with pytest.raises(ProviderUnavailable):
        book.put("result", "r1", b"{}")
    assert len(q.asked(f"{ROOT}/results/r1")) == 1


@pytest.mark.parametrize("status", [200, 204, 404, 410])
def test_what_is_gone_already_is_gone(book, q, status):
    q.habits.append(on("DELETE", "/results/r1", reply(b"", status)))
    assert book.delete("result", "r1").status == status


def test_a_delete_that_is_not_allowed_is_an_error(book, q):
    q.habits.append(on("DELETE", "/results/r1", refusal(405, "unsupported")))
    with pytest.raises(BadRequest):
        book.delete("result", "r1")


def test_no_answer_is_told_apart_from_an_answer(book, q, http):
    def hang_up(request):
        if request.method != "PUT":
            return None
        request.environ["werkzeug.socket"].shutdown(2)
        return reply(b"")

    q.habits.append(hang_up)
    with pytest.raises(HttpError) as told:
        book.put("result", "r1", b"{}")
    assert told.value.sent
    assert len(q.asked(f"{ROOT}/results/r1")) == 1


def test_a_category_may_be_of_one_class_only(book, q):
    q.rows["categories"] = [
        {"sourcedId": "k1", "status": "active", "title": "Homework"},
        {"sourcedId": "k2", "status": "active", "title": "Lab", "metadata": {"classId": "c1"}},
    ]
    assert [(one.title, one.class_id) for one in book.categories()] == [
        ("Homework", ""),
        ("Lab", "c1"),
    ]


def test_the_students_of_a_class_are_read(client, q):
    q.holds("classes/c1/students", 3)
    assert len([one for page in client.students("c1") for one in page.records]) == 3

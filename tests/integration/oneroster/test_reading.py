"""Paging over HTTP: nothing is lost, nothing is asked for ever, and the proof says what was."""

import json
from collections import Counter

import pytest
from werkzeug import Response

from integration.oneroster import decoder as module
from integration.oneroster.decoder import Decoder
from integration.oneroster.errors import (
    BadRequest,
    FilterRefused,
    Forbidden,
    Incomplete,
    NotOffered,
    ProtocolError,
    ProviderUnavailable,
    RepeatedPage,
)
from tests.integration.oneroster.provider import record

USERS = "/ims/oneroster/v1p1/users"


class Lasting(Decoder):
    """One for all tests: a client that is closed does not end it."""

    def close(self):
        pass

    def end(self):
        super().close()


@pytest.fixture(scope="module")
def elsewhere_at_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_processors", lambda: 2)
        decoder = Lasting(after=0)
    yield decoder
    process = decoder._process
    # Or all was read here.
    assert process
    assert not process._is_lost
    decoder.end()


@pytest.fixture(params=["here", "elsewhere"])
def decoder(request):
    """Whoever reads the pages, the reading is the same."""
    at_once = request.param == "elsewhere"
    return request.getfixturevalue("elsewhere_at_once") if at_once else None


def reply_with(status, body=b"", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Response(content, status, headers, content_type="application/json")


def ids(reading):
    return [record.sourced_id for page in reading for record in page.records]


def at(offset, answer):
    """A habit: give `answer` for the page at `offset`."""
    return lambda request: answer(request) if request.args.get("offset") == str(offset) else None


def test_every_page_arrives_once_and_in_order(client, q):
    q.holds("users", 250)
    reading = client.read("users")
    assert ids(reading) == [f"u-{n:04d}" for n in range(250)]
    assert reading.proof.complete
    assert (reading.proof.total, reading.proof.distinct, reading.proof.pages) == (250, 250, 3)


def test_pages_are_asked_for_at_offsets_of_the_size_received(client, q):
    q.most = 40
    q.holds("users", 100)
    reading = client.read("users")
    assert len(ids(reading)) == 100
    # Each page begins with the last record of the one before.
    assert Counter(q.offsets()) == {0: 1, 39: 1, 78: 1}
    assert reading.proof.deviations == ("clamped-limit",)


def test_never_more_pages_are_under_way_than_may_be(connect, q):
    q.holds("users", 100)
    pages = iter(connect(page_size=5, concurrency=2).read("users"))
    next(pages), next(pages)
    pages.close()
    assert len(q.offsets()) <= 2 + 3


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 200])
@pytest.mark.parametrize("says_total", [True, False])
def test_any_number_of_records_is_read_to_the_end(client, q, number, says_total):
    q.says_total = says_total
    q.holds("users", number)
    reading = client.read("users")
    assert len(ids(reading)) == number
    assert reading.proof.complete


def test_a_total_that_is_met_exactly_by_full_pages_is_confirmed_by_the_last_record(client, q):
    q.holds("users", 199)
    everything = ids(client.read("users"))
    assert len(everything) == len(set(everything)) == 199
    assert sorted(q.offsets()) == [0, 99, 198]


def test_without_a_total_a_short_page_ends_nothing(client, q):
    q.says_total, q.most = False, 30
    q.holds("users", 70)
    reading = client.read("users")
    assert len(ids(reading)) == 70
    assert q.offsets() == [0, 30, 60, 70]
    assert "no-total" in reading.proof.deviations


def test_a_total_that_is_only_the_size_of_the_page_does_not_end_the_reading(client, q):
    q.holds("users", 70)

    def counts_the_page(request):
        if "offset" not in request.args:
            return None
        rows = q.rows["users"][int(request.args["offset"]) :][:30]
        return q.page(rows, total=len(rows))

    q.habits.append(counts_the_page)
    reading = client.read("users")
    assert len(ids(reading)) == 70
    assert reading.proof.complete
    assert "total-too-low" in reading.proof.deviations


def test_a_total_that_is_too_high_proves_nothing(client, q):
    q.holds("users", 150)
    q.habits.append(at(0, lambda _: q.page(q.rows["users"][:100], total=300)))
    reading = client.read("users")
    assert len(ids(reading)) == 150
    assert not reading.proof.complete


def test_a_page_that_is_shorter_than_others_is_filled_up(client, q):
    q.holds("users", 300)
    q.habits.append(at(99, lambda _: q.page(q.rows["users"][99:130], total=300)))
    reading = client.read("users")
    assert sorted(ids(reading)) == [f"u-{n:04d}" for n in range(300)]
    assert reading.proof.complete
    assert "short-page" in reading.proof.deviations


def test_rows_that_a_page_keeps_back_leave_the_reading_unproven(client, q):
    q.holds("users", 300)
    q.habits.append(at(99, lambda _: q.page(q.rows["users"][99:130], total=300)))
    q.habits.append(at(130, lambda _: q.page([], total=300)))
    reading = client.read("users")
    assert len(ids(reading)) == 232
    assert reading.proof.reason == "232 of 300 records came"


@pytest.mark.parametrize("says_total", [True, False])
def test_a_provider_that_ignores_the_offset_is_an_error_and_no_endless_loop(client, q, says_total):
    rows = [{"sourcedId": f"u-{n}", "status": "active", "role": "aide"} for n in range(100)]
    total = 500 if says_total else None
    q.habits.append(lambda request: q.page(rows, total=total) if "offset" in request.args else None)
    with pytest.raises(RepeatedPage):
        ids(client.read("users"))
    assert len(q.offsets()) <= 1 + 8 + 8  # the first, those that should be joined, those beside it


def without_ids(number):
    rows = [{**record(n), "sourcedId": None} for n in range(number)]
    return [{**row, "username": f"user{n}"} for n, row in enumerate(rows)]


def test_a_provider_that_ignores_the_offset_is_an_error_also_where_records_have_no_ids(client, q):
    rows = without_ids(100)
    q.habits.append(lambda request: q.page(rows, total=500) if "offset" in request.args else None)
    with pytest.raises(RepeatedPage):
        ids(client.read("users"))


def test_records_without_ids_are_told_apart_while_they_are_read(client, q):
    q.rows["users"] = without_ids(250)
    reading = client.read("users")
    problems = [one for page in reading for one in page.problems]
    assert len(problems) == reading.proof.distinct == 250
    assert (reading.proof.complete, reading.proof.joined) == (True, True)
    assert all(reading.saw(one.key) for one in problems)
    assert reading.proof.deviations == ("records-without-id",)


def test_a_small_collection_may_ignore_the_offset(client, q):
    q.holds("users", 7)
    q.habits.append(
        lambda request: q.page(q.rows["users"], total=7) if "offset" in request.args else None
    )
    reading = client.read("users")
    assert len(ids(reading)) == reading.proof.distinct == 7
    assert reading.proof.complete
    assert "offset-ignored" in reading.proof.deviations


# F1, F4, F5


@pytest.mark.fault("F1")
def test_an_error_in_the_middle_stops_the_reading(client, q):
    q.holds("users", 2000)
    q.habits.append(at(693, lambda _: reply_with(500)))
    reading = client.read("users")
    with pytest.raises(ProviderUnavailable):
        ids(reading)
    assert not reading.proof.complete


@pytest.mark.fault("F5")
@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_error_behind_the_last_page_is_the_end_if_the_total_is_satisfied(client, q, status):
    q.holds("users", 199)
    q.habits += (at(end, lambda _: reply_with(status)) for end in (198, 199))
    reading = client.read("users")
    assert len(ids(reading)) == 199
    assert (reading.proof.complete, reading.proof.joined) == (True, False)
    assert q.offsets().count(199) == 1


@pytest.mark.fault("F5")
def test_a_total_that_may_only_be_the_size_of_the_page_proves_nothing_where_an_error_follows(
    client, q
):
    q.holds("users", 300)
    q.habits += (at(end, lambda _: reply_with(500)) for end in (99, 100))
    q.habits.append(at(0, lambda _: q.page(q.rows["users"][:100], total=100)))
    reading = client.read("users")
    assert len(ids(reading)) == 100
    assert reading.proof.reason == "the total may only be the size of the page"


@pytest.mark.fault("F5")
@pytest.mark.parametrize("status", [400, 404, 500])
def test_without_a_total_an_error_behind_the_last_page_is_a_failure(client, q, status):
    q.says_total = False
    q.holds("users", 200)
    q.habits.append(at(200, lambda _: reply_with(status)))
    with pytest.raises((BadRequest, NotOffered, ProviderUnavailable)):
        ids(client.read("users"))


@pytest.mark.fault("F4")
@pytest.mark.parametrize(
    "body",
    [
        b'{"statusInfoSet":[{"imsx_codeMajor":"failure","imsx_severity":"error"}]}',
        b'{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_description":"down"}',
        b'{"imsx_codeMajor":"failure","imsx_severity":"error","users":[]}',
        b'{"errors":[{"codeMajor":"failure","severity":"error","description":"down"}]}',
        b'{"error":"invalid_token"}',
        b'{"error":{"message":"down"}}',
        b"<!DOCTYPE html><html><body>Please sign in</body></html>",
        b"{}",
        b"[1",
        b"",
        b"null",
        b'"users"',
        b"[" * 100_000,
        b'{"users":{"users":' + b"[" * 5000,
    ],
)
def test_what_is_no_collection_is_never_taken_for_an_empty_one(client, q, body):
    q.habits.append(at(0, lambda _: reply_with(200, body)))
    with pytest.raises(Exception) as caught:
        ids(client.read("users"))
    assert caught.value.code in ("oneroster.protocol", "http.answer-cut")
    assert "Please" not in str(caught.value)


# F6, F7


def changed_after_the_first_page(q, change):
    """A habit: the rows change once the first page of them is on its way."""

    def first_page(request):
        if request.args.get("offset") != "0":
            return None
        page = q.page(q.rows["users"][:100], total=len(q.rows["users"]))
        change(q.rows["users"])
        return page

    q.habits.append(first_page)


@pytest.mark.fault("F6")
def test_a_row_inserted_while_reading_is_noticed(client, q):
    q.holds("users", 300)
    changed_after_the_first_page(q, lambda rows: rows.insert(0, {**rows[0], "sourcedId": "new"}))
    reading = client.read("users")
    assert ids(reading).count("u-0099") == 2
    assert {"total-changed", "repeated-records"} < set(reading.proof.deviations)
    assert not reading.proof.complete


@pytest.mark.fault("F7")
def test_a_row_deleted_while_reading_leaves_the_reading_unproven(client, q):
    q.holds("users", 300)
    changed_after_the_first_page(q, lambda rows: rows.pop(0))
    reading = client.read("users")
    assert "u-0100" not in ids(reading)
    assert "the total changed from 300 to 299" in reading.proof.reason


def test_a_deleted_row_is_noticed_even_if_the_total_is_not_counted_again(client, q):
    q.holds("users", 300)
    changed_after_the_first_page(q, lambda rows: rows.pop(0))
    q.says_total = False
    reading = client.read("users")
    assert "u-0100" not in ids(reading)
    assert reading.proof.reason == "299 of 300 records came"


def test_a_new_revision_of_the_data_leaves_the_reading_unproven(client, q):
    q.holds("users", 200)
    q.headers = {"x-perm-rev": "41"}
    q.habits.append(
        lambda request: q.headers.update({"x-perm-rev": request.args.get("offset", "")})
    )
    reading = client.read("users")
    ids(reading)
    assert reading.proof.reason == "the provider's data changed while being read"


def test_a_reading_is_logged_by_counts_and_without_ids(client, q, caplog):
    caplog.set_level("INFO", "integration.oneroster")
    q.rows["schools/s-77/classes"] = []
    reading = client.read("classes", school="s-77")
    ids(reading)
    reading.require_complete()
    (line,) = [one.getMessage() for one in caplog.records if "oneroster" in one.name]
    assert line.startswith("read schools/…/classes: complete=True received=0 total=0")


def test_a_reading_that_is_broken_off_proves_nothing(client, q):
    q.holds("users", 300)
    reading = client.read("users")
    next(iter(reading))
    with pytest.raises(Incomplete, match="did not reach its end"):
        reading.require_complete()


def test_a_second_iteration_reads_anew(client, q):
    q.holds("users", 120)
    reading = client.read("users")
    assert len(ids(reading)) == len(ids(reading)) == 120
    assert reading.proof.complete


# F13


def test_two_records_of_one_id_are_both_reported(client, q):
    q.holds("users", 3)
    q.rows["users"][1]["sourcedId"] = "u-0000"
    reading = client.read("users")
    assert ids(reading) == ["u-0000", "u-0000", "u-0002"]
    assert (reading.proof.received, reading.proof.distinct) == (3, 2)
    assert reading.proof.complete


# Parameters, empty answers, links


def test_sorting_is_asked_for_and_dropped_where_it_is_refused(client, q):
    q.holds("users", 150)
    q.habits.append(lambda request: reply_with(400) if "sort" in request.args else None)
    reading = client.read("users")
    assert len(ids(reading)) == 150
    assert reading.proof.deviations == ("sort-refused",)
    assert sum("sort" in request.args for request in q.requests) == 1


@pytest.mark.parametrize("says_total", [True, False])
def test_a_limit_that_is_refused_is_lowered_and_sorting_kept(connect, q, says_total):
    q.says_total = says_total
    q.holds("users", 150)
    q.habits.append(
        lambda request: reply_with(400) if int(request.args.get("limit", 0)) > 500 else None
    )
    reading = connect(page_size=1000).read("users")
    assert len(ids(reading)) == 150
    assert "limit-refused" in reading.proof.deviations
    assert "sort" in q.requests[-1].args


def test_a_request_that_is_refused_in_every_form_is_a_bad_request(connect, q):
    q.habits.append(lambda request: reply_with(400) if request.path == USERS else None)
    with pytest.raises(BadRequest):
        ids(connect(page_size=1000).read("users"))
    assert len(q.asked(USERS)) == 4


def test_a_filter_travels_exactly_as_signed_and_quoted(client, q):
    q.holds("users", 1)
    ids(client.read("users", filter="role='student' AND status='active'"))
    query = q.asked(USERS)[0].query_string.decode()
    assert query.endswith("&filter=role%3D%27student%27%20AND%20status%3D%27active%27")


def test_a_filter_that_is_refused_by_name_costs_one_request(client, q):
    body = b'{"statusInfoSet":[{"imsx_codeMinor":"invalid_filter_field","imsx_severity":"error"}]}'
    q.habits.append(lambda request: reply_with(400, body) if "filter" in request.args else None)
    with pytest.raises(FilterRefused):
        ids(client.read("users", filter="x='y'"))
    assert len(q.asked(USERS)) == 1


def test_a_filter_that_is_refused_without_a_word_is_still_told_from_sorting(client, q):
    q.holds("users", 1)
    q.habits.append(lambda request: reply_with(400) if "filter" in request.args else None)
    with pytest.raises(FilterRefused):
        ids(client.read("users", filter="x='y'"))


def test_no_content_is_an_empty_collection(client, q):
    q.habits.append(at(0, lambda _: reply_with(204)))
    reading = client.read("users")
    assert ids(reading) == []
    assert reading.proof.complete


def test_a_collection_that_is_not_there_is_not_empty(client):
    with pytest.raises(NotOffered):
        ids(client.read("users"))


def test_a_refusal_names_the_endpoint_and_quotes_the_provider(client, q):
    body = b'{"statusInfoSet":[{"imsx_severity":"error","imsx_description":"Q: no scope"}]}'
    q.habits.append(at(0, lambda _: reply_with(403, body)))
    with pytest.raises(Forbidden, match=r"GET schools/…/classes .*Q: no scope") as caught:
        ids(client.read("classes", school="s 1/2"))
    assert caught.value.description == "Q: no scope"


def test_an_id_is_one_segment_of_the_path_whatever_is_in_it(client, q):
    q.rows["schools/a/b +%:é/classes"] = []
    assert ids(client.read("classes", school="a/b +%:é")) == []
    raw = q.requests[-1].environ["REQUEST_URI"]
    assert raw.startswith("/ims/oneroster/v1p1/schools/a%2Fb%20%2B%25%3A%C3%A9/classes?")


# S71


def test_a_link_to_another_host_is_not_followed(client, q, elsewhere):
    q.says_total = False
    q.holds("users", 150)
    q.headers = {"Link": f'<{elsewhere.url}{USERS}?offset=900>; rel="next"'}
    reading = client.read("users")
    assert len(ids(reading)) == 150
    assert elsewhere.requests == []
    assert "foreign-link" in reading.proof.deviations


def test_a_redirect_is_refused_and_nothing_is_sent_there(client, q, elsewhere):
    q.habits.append(at(0, lambda _: reply_with(302, b"", Location=elsewhere.url + USERS)))
    with pytest.raises(ProtocolError, match="302"):
        ids(client.read("users"))
    assert elsewhere.requests == []


def test_the_offset_of_a_link_on_the_same_path_is_believed(client, q):
    q.says_total = False
    rows = [{"sourcedId": f"u-{n}", "status": "active", "role": "aide"} for n in range(5)]
    link = {"Link": f'<{USERS}?offset=100&limit=100>; rel="next"'}
    q.habits.append(at(0, lambda _: reply_with(200, {"users": rows[:3]}, **link)))
    q.habits.append(at(100, lambda _: reply_with(200, {"users": rows[3:]})))
    q.rows["users"] = []
    assert len(ids(client.read("users"))) == 5
    assert q.offsets() == [0, 3, 100, 102]  # what it left out is asked for


# S73


def test_secrets_that_a_provider_echoes_are_shown_to_nobody(connect, q):
    client = connect(secret="hunter2hunter2")
    echo = b'{"error_description":"got Bearer t0ken-1 and hunter2hunter2"}'
    q.habits.append(at(0, lambda _: reply_with(403, echo)))
    with pytest.raises(Forbidden) as caught:
        ids(client.read("users"))
    assert "t0ken" not in str(caught.value)
    assert "hunter2" not in str(caught.value)

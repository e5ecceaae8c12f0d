"""Single reads, probes, the service root: what `manage.py verify` and the mapping stand on."""

import json
from concurrent.futures import CancelledError
from datetime import UTC

import pytest
from werkzeug import Response

from integration.http import HttpError
from integration.oneroster.errors import (
    Forbidden,
    NotOffered,
    OneRosterError,
    ProtocolError,
    UnusableRecord,
)
from integration.oneroster.types import Course, Ref
from tests.integration.oneroster.provider import reply

ROOT = "/ims/oneroster/v1p1"
COURSE = {"sourcedId": "co 1/2", "status": "active", "title": "Algebra", "org": "s-1"}


def answer(status, body=b"", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Response(content, status, headers, content_type="application/json")


def says(path, *arguments, **headers):
    """A habit: this answer for this path."""
    return lambda request: answer(*arguments, **headers) if request.path == ROOT + path else None


@pytest.mark.parametrize("envelope", [{"course": COURSE}, {"courses": [COURSE]}, COURSE])
def test_a_single_record_is_found_in_any_envelope(client, q, envelope):
    q.habits.append(says("/courses/co 1/2", 200, envelope))
    found = client.find("courses", "co 1/2")
    assert found == Course("co 1/2", "active", title="Algebra", org=Ref("s-1"))
    assert q.requests[-1].environ["REQUEST_URI"] == ROOT + "/courses/co%201%2F2"


def test_a_record_that_is_not_there_is_none(client):
    assert client.find("courses", "nobody") is None


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[]", b'{"statusInfoSet":[{"imsx_severity":"error"}]}']
)
def test_junk_for_a_record_is_a_protocol_error(client, q, body):
    q.habits.append(says("/courses/x", 200, body))
    with pytest.raises(ProtocolError):
        client.find("courses", "x")


def test_a_record_that_cannot_be_used_says_which_field(client, q):
    q.habits.append(says("/courses/x", 200, {"course": {**COURSE, "status": "odd"}}))
    with pytest.raises(UnusableRecord, match=r"GET courses/… .*status"):
        client.find("courses", "x")


def test_a_client_that_is_closed_leaves_no_request_waiting_for_its_turn(client):
    client.settle(0, 0.0)
    asked = client._submit(client.find, "courses", "x")
    client.close()
    with pytest.raises(CancelledError):
        asked.result(10)


def test_a_refusal_of_a_single_read_is_raised(client, q):
    q.habits.append(says("/courses/x", 403))
    with pytest.raises(Forbidden):
        client.find("courses", "x")


def test_only_some_collections_exist_for_one_school(client):
    with pytest.raises(ValueError, match="no users of one school"):
        client.read("users", school="s-1")


def test_nothing_is_sent_before_a_reading_is_iterated(client, q):
    client.read("users")
    assert q.requests == []


# Probes


def test_a_probe_tells_status_total_and_the_providers_clock(client, q):
    q.rows["lineItems"] = [1] * 12
    probe = client.probe("lineItems")
    assert (probe.status, probe.total, probe.description) == (200, 12, "")
    assert probe.server_date.tzinfo is UTC
    assert probe.seconds > 0
    assert q.asked(ROOT + "/lineItems")[0].args.to_dict() == {"limit": "1"}


@pytest.mark.parametrize(
    ("body", "is_ok"), [(b"<html>Welcome</html>", False), (b"[]", True), (b"", True)]
)
def test_a_web_page_is_no_endpoint_whatever_its_status(client, q, body, is_ok):
    q.habits.append(lambda r: reply(body) if r.path.endswith("/orgs") else None)
    probe = client.probe("orgs")
    assert (probe.status, probe.is_ok, bool(probe.description)) == (200, is_ok, not is_ok)


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 418, 429, 500, 503])
def test_a_probe_never_raises_for_a_status(client, q, status):
    q.habits.append(says("/results", status))
    assert client.probe("results").status == status


FORMS = [
    {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_description": "Q: no"}]},
    {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": "Q: no"},
    {"statusInfoSet": {"codeMajor": "failure", "description": "Q: no"}},
    {"statusInfo": {"imsx_CodeMajor": "Failure", "imsx_Description": "Q: no"}},
    {"errors": [{"codeMajor": "failure", "severity": "error", "description": "Q: no"}]},
    {"errors": ["Q: no"], "message": "Q: no"},
    {"error": "forbidden", "error_description": "Q: no"},
    {"error": {"message": "Q: no"}},
    {"imsx_codeMajor": "failure", "imsx_codeMinor": "x", "imsx_description": {"value": "Q: no"}},
    {"message": "Q: no"},
    {"title": "Q: no", "status": 403, "detail": "Q: no"},
]


@pytest.mark.parametrize("form", FORMS, ids=[str(number) for number in range(len(FORMS))])
def test_the_providers_own_words_are_read_in_every_form(client, q, form):
    q.habits.append(says("/results", 403, form))
    assert client.probe("results").description == "Q: no"


@pytest.mark.parametrize(
    "minor",
    [
        "invalid_filter_field",
        "invalid_ filter _field",
        "Invalid Filter Field",
        {
            "imsx_codeMinorField": [
                {"imsx_codeMinorFieldName": "x", "imsx_codeMinorFieldValue": "invalid_filter_field"}
            ]
        },
    ],
)
def test_a_code_stands_in_where_there_are_no_words(client, q, minor):
    for name in ("imsx_codeMinor", "imsx_CodeMinor", "codeMinor"):
        q.habits[:] = [
            says("/results", 400, {"statusInfoSet": [{name: minor, "codeMajor": "failure"}]})
        ]
        assert client.probe("results").description == "invalid_filter_field"


def test_a_page_for_people_is_shown_as_its_text_and_cut(client, q):
    page = b"<html><style>p {}</style><p>We &amp; you</p><script>x</script>" + b"very " * 500
    q.habits.append(says("/results", 403, page))
    description = client.probe("results").description
    assert description.startswith("We & you very")
    assert len(description) == 500


def test_a_server_that_is_not_there_is_an_http_error(connect, q):
    client = connect(base_url="http://127.0.0.1:1/ims/oneroster/v1p1")
    with pytest.raises(HttpError):
        client.probe("orgs")


# The service root


def test_the_service_root_is_found_below_the_address_that_was_entered(connect, q):
    q.rows["orgs"] = []
    assert connect(base_url=q.url).locate() == q.url + ROOT
    assert connect(base_url=q.url + ROOT + "/").locate() == q.url + ROOT


def test_a_root_of_another_shape_is_kept_as_it_was_entered(connect, q):
    orgs = {"orgs": [{"sourcedId": "s", "status": "active", "type": "school"}]}
    q.habits.append(lambda r: answer(200, orgs) if r.path == "/api/or/orgs" else None)
    assert connect(base_url=q.url + "/api/or/").locate() == q.url + "/api/or"


def test_where_no_root_answers_the_error_is_that_of_the_address_as_entered(connect, q):
    q.habits.append(lambda r: answer(403) if r.path == "/orgs" else None)
    with pytest.raises(Forbidden):
        connect(base_url=q.url).locate()


def test_a_prefix_of_the_service_root_is_kept(connect, q):
    q.habits.append(lambda r: answer(200, {"orgs": []}) if r.path == "/campus/v1p1/orgs" else None)
    (page,) = connect(base_url=q.url + "/campus/v1p1///").read("orgs")
    assert page.records == []


# Errors


def subclasses(error):
    return {error} | {one for child in error.__subclasses__() for one in subclasses(child)}


@pytest.mark.parametrize("error", sorted(subclasses(OneRosterError) - {OneRosterError}, key=str))
def test_every_error_has_a_code_of_its_own_and_a_remedy(error):
    others = [one.code for one in subclasses(OneRosterError) - {error}]
    assert error.code.startswith("oneroster.")
    assert error.code not in others
    assert error.remedy != OneRosterError.remedy


def test_only_what_may_pass_by_itself_is_retryable():
    retryable = {error.__name__ for error in subclasses(OneRosterError) if error.retryable}
    assert retryable == {"ProviderUnavailable", "Incomplete"}
    assert issubclass(NotOffered, OneRosterError)

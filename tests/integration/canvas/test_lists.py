"""Lists are read to their end, as strings, from our own Canvas only."""

import pytest

from integration.canvas.client import by_sis_id
from integration.canvas.errors import Forbidden, ForeignPage, NotFound, ProtocolError

SUBS = "/api/v1/accounts/self/sub_accounts"
TERMS = "/api/v1/accounts/self/terms"


def sub(number, **more):
    return {"id": str(number), "name": f"School {number}", **more}


def test_all_pages_are_read_by_following_next_exactly_as_sent(canvas, client):
    second = f"{SUBS}?page=bookmark:WyJBYiJd&per_page=100"
    canvas.on(SUBS, canvas.page([sub(1)], second))
    canvas.on(second, canvas.page([sub(2)]))
    assert [each.id for each in client.sub_accounts()] == ["1", "2"]
    assert canvas.requests[1].query_string == b"page=bookmark:WyJBYiJd&per_page=100"


def test_an_empty_page_with_a_next_one_is_not_the_end(canvas, client):
    canvas.on(SUBS, canvas.page([], f"{SUBS}?page=2"))
    canvas.on(f"{SUBS}?page=2", canvas.page([sub(7)]))
    assert [each.id for each in client.sub_accounts()] == ["7"]


def test_pages_of_a_hundred_and_string_ids_are_asked_for(canvas, client):
    canvas.on(SUBS, canvas.page([]))
    assert list(client.sub_accounts()) == []
    request = canvas.requests[0]
    assert request.args["per_page"] == "100"
    assert request.headers["Accept"] == "application/json+canvas-string-ids"
    assert request.headers["Authorization"] == "Bearer t0ken-1"


def test_ids_are_strings_even_if_canvas_sends_numbers(canvas, client):
    canvas.on(SUBS, canvas.page([sub(1) | {"id": 21070000000000048, "parent_account_id": 1}]))
    found = next(client.sub_accounts())
    assert (found.id, found.parent_account_id) == ("21070000000000048", "1")


def test_unknown_keys_and_nulls_are_data(canvas, client):
    canvas.on(SUBS, canvas.page([sub(1, sis_account_id=None, brand_new={"x": []})]))
    assert next(client.sub_accounts()).sis_account_id == ""


def test_the_bearer_is_never_sent_to_another_host(canvas, elsewhere, client):
    canvas.on(SUBS, canvas.json([sub(1)], Link=f'<{elsewhere.url}/trap>; rel="next"'))
    pages = client.sub_accounts()
    assert next(pages).id == "1"
    with pytest.raises(ForeignPage):
        next(pages)
    assert elsewhere.requests == []


def test_pages_that_go_round_in_a_circle_are_an_error(canvas, client):
    canvas.on(SUBS, canvas.page([sub(1)], f"{SUBS}?page=2"))
    canvas.on(f"{SUBS}?page=2", canvas.page([sub(2)], f"{SUBS}?page=2"))
    with pytest.raises(ProtocolError, match="earlier one"):
        list(client.sub_accounts())


def test_an_error_on_a_later_page_is_not_taken_for_the_end(canvas, client):
    canvas.on(SUBS, canvas.page([sub(1)], f"{SUBS}?page=2"))
    canvas.on(f"{SUBS}?page=2", canvas.error(403, "user not authorized to perform that action"))
    with pytest.raises(Forbidden):
        list(client.sub_accounts())


@pytest.mark.parametrize("answer", [{"sub_accounts": []}, "text", None, [1], [[]]])
def test_something_else_than_a_list_of_records_is_an_error(canvas, client, answer):
    canvas.on(SUBS, canvas.json(answer))
    with pytest.raises(ProtocolError):
        list(client.sub_accounts())


def test_a_login_page_with_status_200_is_an_error_without_its_words(canvas, client):
    canvas.on(SUBS, canvas.bytes(b"<html>Hello Ana Lee</html>", kind="text/html"))
    with pytest.raises(ProtocolError) as caught:
        list(client.sub_accounts())
    assert "Ana" not in str(caught.value)


def test_a_redirect_is_not_followed(canvas, elsewhere, client):
    canvas.on(SUBS, canvas.bytes(b"", 302, Location=f"{elsewhere.url}/trap"))
    with pytest.raises(ProtocolError):
        list(client.sub_accounts())
    assert elsewhere.requests == []


def test_terms_come_out_of_their_envelope_deleted_ones_too(canvas, client):
    data = {"id": "3", "name": "Fall", "sis_term_id": "T1", "start_at": "2026-08-01T00:00:00Z"}
    canvas.on(TERMS, canvas.json({"enrollment_terms": [data]}))
    term = next(client.terms())
    assert (term.sis_term_id, term.start_at, term.end_at) == ("T1", "2026-08-01T00:00:00Z", "")
    assert canvas.requests[0].args["workflow_state[]"] == "all"


def test_a_missing_envelope_is_not_an_empty_list(canvas, client):
    canvas.on(TERMS, canvas.json({"terms": []}))
    with pytest.raises(ProtocolError):
        list(client.terms())


def test_a_course_is_found_by_its_sis_id(canvas, client):
    canvas.on("/api/v1/courses/sis_course_id:A 1", canvas.json({"id": "5", "sis_course_id": "A 1"}))
    assert client.course(by_sis_id("course", "A 1")).id == "5"


def test_a_sis_id_with_a_slash_travels_in_hexadecimal(canvas, client):
    canvas.on("/api/v1/courses/hex:sis_course_id:412f31", canvas.json({"id": "5"}))
    assert client.course(by_sis_id("course", "A/1")).id == "5"


def test_a_missing_course_is_not_found(client):
    with pytest.raises(NotFound):
        client.course("99")


def test_a_cross_listed_section_keeps_its_course_of_origin(canvas, client):
    data = {"id": "9", "course_id": "5", "nonxlist_course_id": "4", "sis_section_id": "S"}
    canvas.on("/api/v1/courses/5/sections", canvas.page([data]))
    assert next(client.sections("5")).origin_course_id == "4"


def test_enrollments_of_every_state_are_asked_for(canvas, client):
    data = {"id": "1", "user_id": "2", "user": {"sis_user_id": "U2"}, "enrollment_state": "deleted"}
    canvas.on("/api/v1/sections/9/enrollments", canvas.page([data]))
    found = next(client.enrollments("9"))
    assert (found.sis_user_id, found.state) == ("U2", "deleted")
    assert "deleted" in canvas.requests[0].args.getlist("state[]")


def test_courses_of_one_term_can_be_asked_for(canvas, client):
    canvas.on("/api/v1/accounts/self/courses", canvas.page([{"id": "1"}]))
    assert [course.id for course in client.courses(term_id="sis_term_id:T1")] == ["1"]
    assert canvas.requests[0].args["enrollment_term_id"] == "sis_term_id:T1"


def test_roles_are_called_what_sis_files_call_them(canvas, client):
    data = {"id": "8", "label": "Co-Teacher", "base_role_type": "TeacherEnrollment"}
    canvas.on("/api/v1/accounts/self/roles", canvas.page([data]))
    assert next(client.roles()).label == "Co-Teacher"


def test_authentication_providers_are_listed(canvas, client):
    path = "/api/v1/accounts/self/authentication_providers"
    canvas.on(path, canvas.page([{"id": 4, "auth_type": "saml", "position": 1}]))
    assert [(each.id, each.auth_type) for each in client.authentication_providers()] == [
        ("4", "saml")
    ]


def test_a_record_without_an_id_is_an_error(canvas, client):
    canvas.on(SUBS, canvas.page([{"name": "nameless"}]))
    with pytest.raises(ProtocolError):
        list(client.sub_accounts())

"""Which error an answer is, whatever shape it comes in."""

import json

import pytest

from integration.canvas import errors
from integration.canvas.refusals import MAX_CHARS, is_throttled, is_token_refused, refusal
from integration.http import CaseInsensitiveMapping

REALM = ("WWW-Authenticate", 'Bearer realm="canvas-lms"')
UNAUTHORIZED = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}


def refused(status, body=b"", *headers, secrets=()):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = CaseInsensitiveMapping(headers)
    return refusal(status, fields, raw, asked="GET /api/v1/x", secrets=secrets)


def said(message):
    return {"errors": [{"message": message}]}


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (401, said("Invalid access token."), [REALM], errors.TokenRejected),
        (401, said("Invalid access token."), [], errors.TokenRejected),
        (401, {"status": "unauthenticated"}, [REALM], errors.TokenRejected),
        (401, said("Insufficient scopes on access token."), [], errors.InsufficientScope),
        (403, said("Insufficient scopes on access token."), [], errors.InsufficientScope),
        (401, UNAUTHORIZED, [], errors.Forbidden),
        (403, UNAUTHORIZED, [], errors.Forbidden),
        (403, b"403 Forbidden (Rate Limit Exceeded)", [], errors.Throttled),
        (429, b"", [], errors.Throttled),
        (404, said("The specified resource does not exist."), [], errors.NotFound),
        (400, {"message": "Invalid batch_mode_enrollment_drop_status"}, [], errors.Invalid),
        (422, {"errors": {"name": [{"message": "is too long"}]}}, [], errors.Invalid),
        (
            403,
            {"errors": ["SIS imports are not enabled for this account"]},
            [],
            errors.ImportsNotEnabled,
        ),
        (
            400,
            {"errors": ["SIS imports can only be executed on root accounts"]},
            [],
            errors.NotRootAccount,
        ),
        (500, b"<html><body>Page Error</body></html>", [], errors.Unavailable),
        (503, said("An error occurred."), [], errors.Unavailable),
        (302, b"", [("Location", "/login")], errors.ProtocolError),
    ],
)
def test_each_answer_of_canvas_is_one_kind_of_error(status, body, headers, kind):
    error = refused(status, body, *headers)
    assert (type(error), error.status) == (kind, status)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"message": "one"}, {"message": "two"}]}, "one; two"),
        ({"errors": ["one", "two"]}, "one; two"),
        ({"errors": "one"}, "one"),
        ({"errors": {"name": [{"attribute": "name", "message": "is long"}]}}, "name: is long"),
        ({"errors": {"name": ["is long"]}}, "name: is long"),
        ({"message": "one"}, "one"),
        ({"error": "one"}, "one"),
        ({"error": True, "error_message": "Missing attachment"}, "Missing attachment"),
        ({"error": "invalid_request", "error_description": "one"}, "one; invalid_request"),
        (b"plain\r\n  text", "plain text"),
        (b'"quoted text"', "quoted text"),
    ],
)
def test_words_are_found_in_every_shape_canvas_uses(body, words):
    assert str(refused(400, body)) == f"GET /api/v1/x: Canvas answered 400, “{words}”"


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><title>Ana Lee</title>",
        b"\n <html>Ana Lee</html>",
        b'{"name": "Ana Lee", "user": {"message": "Ana Lee"}}',
        b"",
        b'[{"name": "Ana Lee"}]',
        b'{"name": "Ana Lee", "cut',
        b'{"errors": [[[[[[[[["Ana Lee"]]]]]]]]]}',
        b"[" * 100_000,
    ],
)
def test_a_page_or_a_record_is_never_quoted(body):
    assert "Ana Lee" not in str(refused(500, body))


def test_a_long_message_is_cut():
    assert len(str(refused(400, {"message": "x" * 10_000}))) < MAX_CHARS + 100


def test_no_more_than_five_messages_are_told():
    assert str(refused(400, {"errors": [f"e{n}" for n in range(99)]})).count(";") == 4


def test_an_answer_that_echoes_our_token_does_not_reach_the_error_text():
    body = {"message": "header was Authorization: Bearer 7~secretvalue and key s3cret"}
    text = str(refused(400, body, secrets=("7~secretvalue", "s3cret")))
    assert "secretvalue" not in text
    assert "s3cret" not in text


def test_an_echoed_bearer_is_hidden_even_if_it_is_not_the_present_one():
    assert "0lder" not in str(refused(400, {"message": "bearer 0lder"}, secrets=("newer",)))


def test_a_token_that_straddles_the_cut_is_not_shown_in_part():
    body = ("x" * (MAX_CHARS - 8) + "7~secretvalue").encode()
    assert "7~secre" not in str(refused(400, body, secrets=("7~secretvalue",)))


def test_the_request_id_is_told_for_support():
    error = refused(500, b"", ("X-Request-Context-Id", "abc-123"))
    assert error.request_id == "abc-123"
    assert "abc-123" in str(error)


def test_a_request_id_that_is_no_id_is_left_out():
    assert refused(500, b"", ("X-Request-Id", "<script>")).request_id == ""


def test_a_forbidden_403_is_not_taken_for_the_rate_limit():
    assert not is_throttled(403, json.dumps(UNAUTHORIZED).encode())


def test_a_missing_scope_does_not_cost_a_token_refresh():
    body = json.dumps(said("Insufficient scopes on access token.")).encode()
    assert not is_token_refused(401, CaseInsensitiveMapping([REALM]), body)


def every_error(base=errors.CanvasError):
    return [base, *(found for child in base.__subclasses__() for found in every_error(child))]


def test_every_error_has_a_code_and_a_remedy_of_its_own():
    tree = every_error()
    assert len({error.code for error in tree}) == len(tree)
    assert len({error.remedy for error in tree}) == len(tree)
    assert all(error.code.startswith("canvas.") for error in tree)


def test_the_tree_at_the_head_of_the_module_is_complete():
    assert [e.__name__ for e in every_error() if e.__name__ not in errors.__doc__] == []

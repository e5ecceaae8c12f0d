"""Signing in: OAuth 2.0 with all its variations, OAuth 1.0a, and nowhere else than allowed."""

import threading
from base64 import b64encode

import pytest
from werkzeug import Response

from integration.oneroster.auth import sign
from integration.oneroster.errors import (
    CredentialsRejected,
    Forbidden,
    ProtocolError,
    ProviderUnavailable,
    TokenUrlUnknown,
)
from integration.oneroster.settings import Settings
from integration.oneroster.tokens import ALL_SCOPES, ROSTER_SCOPES, guesses

USERS = "/ims/oneroster/v1p1/users"
TOKEN = "/oauth/token"
NOW = 1_700_000_000.0


def answer(status, body=b"", **headers):
    return Response(body, status, headers, content_type="application/json")


def refused(error="invalid_client", status=401):
    return answer(status, b'{"error":"%s"}' % error.encode())


def read(client):
    return [one for page in client.read("users") for one in page.records]


@pytest.fixture(autouse=True)
def one_user(q):
    q.holds("users", 1)


@pytest.fixture
def clock():
    """A clock of one element, that a test can set."""
    return [NOW]


def test_the_key_travels_in_the_header_with_all_scopes(client, q):
    assert len(read(client)) == 1
    (asked,) = q.asked(TOKEN)
    assert asked.authorization.type == "basic"
    assert asked.headers["Authorization"] == "Basic " + b64encode(b"qkey:qs%26cret").decode()
    assert asked.form.to_dict() == {"grant_type": "client_credentials", "scope": ALL_SCOPES}
    assert q.asked(USERS)[0].headers["Authorization"] == "Bearer t0ken-1"


def test_demographics_are_never_asked_for():
    assert "demographics" not in ALL_SCOPES


def test_one_token_serves_all_readings(client, q):
    read(client), read(client)
    assert len(q.asked(TOKEN)) == 1


def test_however_many_threads_ask_one_token_is_fetched(client, q):
    start = threading.Barrier(8)
    threads = [threading.Thread(target=lambda: (start.wait(), client.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(q.asked(TOKEN)) == 1


def test_a_secret_that_is_wanted_in_the_body_is_sent_there(client, q):
    q.token_answers = [refused(status=400)]
    assert len(read(client)) == 1
    assert q.asked(TOKEN)[1].form["client_secret"] == "qs&cret"
    assert "Authorization" not in q.asked(TOKEN)[1].headers


def test_unknown_scopes_are_left_out_step_by_step(client, q):
    q.token_answers = [refused("invalid_scope", 400) for _ in range(3)]
    assert len(read(client)) == 1
    asked = [one.form.get("scope") for one in q.asked(TOKEN)]
    assert (asked[0], asked[2:]) == (ALL_SCOPES, [ROSTER_SCOPES, None])


def test_a_provider_that_knows_no_removing_still_grants_the_writing_of_grades(client, q):
    """Some offer no DELETE, and refuse a scope that they do not know with all the others."""
    q.habits.append(
        lambda r: (
            refused("invalid_scope", 400)
            if r.path == TOKEN and "gradebook.delete" in r.form.get("scope", "")
            else None
        )
    )
    scopes = {one.rpartition("/")[2] for one in client.token().scopes}
    assert {"gradebook.readonly", "gradebook.createput", "roster.readonly"} <= scopes


def test_the_scope_that_an_administrator_entered_is_asked_for_first(connect, q):
    client = connect(scope="urn:one")
    q.token_answers = [q.token(scope=None)]
    assert client.token().scopes == {"urn:one"}
    assert q.asked(TOKEN)[0].form["scope"] == "urn:one"


def test_the_granted_scopes_and_the_expiry_are_known(client, q):
    q.token_answers = [q.token(scope="a b")]
    token = client.token()
    assert token.scopes == {"a", "b"}
    assert token.expires_at == NOW + 3600
    assert "t0ken" not in repr(token)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(None, 300), ("7200", 7200), ("soon", 300), (-5, 300), (0, 300), ([], 300)],
)
def test_a_lifetime_that_is_missing_or_nonsense_is_five_minutes(client, q, said, seconds):
    q.token_answers = [q.token(expires_in=said)]
    assert client.token().expires_at == NOW + seconds


@pytest.mark.fault("F21")
def test_a_token_is_renewed_before_it_ends(connect, q, clock):
    client = connect(now=lambda: clock[0])
    client.token()
    clock[0] += 3600 - 61
    client.token()
    assert len(q.asked(TOKEN)) == 1
    clock[0] += 2
    client.token()
    assert len(q.asked(TOKEN)) == 2


# F28, F29


def accepting(q, *tokens):
    """A habit: data only for these tokens."""
    allowed = {f"Bearer {token}" for token in tokens}

    def habit(request):
        is_data = request.path.startswith("/ims/")
        return answer(401) if is_data and request.headers["Authorization"] not in allowed else None

    return habit


@pytest.mark.fault("F28")
def test_a_token_that_ends_in_the_middle_is_renewed_and_no_page_is_lost(client, q):
    q.holds("users", 2000)
    spent = []

    def habit(request):
        is_old = request.headers.get("Authorization") == "Bearer t0ken-1"
        spent.append(is_old and request.args.get("offset") == "891")
        return answer(401) if is_old and any(spent) else None

    q.habits.append(habit)
    reading = client.read("users")
    assert sum(len(page.records) for page in reading) == 2000
    assert reading.proof.complete
    assert len(q.asked(TOKEN)) == 2


@pytest.mark.fault("F29")
def test_a_key_that_is_revoked_in_the_middle_costs_few_token_calls(client, q):
    q.holds("users", 2000)
    q.habits.append(lambda r: answer(401) if r.args.get("offset") not in (None, "0") else None)
    q.token_answers = [q.token(), *[refused() for _ in range(9)]]
    with pytest.raises(CredentialsRejected, match="invalid_client"):
        read(client)
    with pytest.raises(CredentialsRejected):
        read(client)
    assert len(q.asked(TOKEN)) <= 3


def test_new_tokens_that_nobody_accepts_are_not_fetched_for_ever(client, q):
    q.holds("users", 2000)
    q.habits.append(lambda r: answer(401) if r.args.get("offset") not in (None, "0") else None)
    with pytest.raises(CredentialsRejected):
        read(client)
    assert len(q.asked(TOKEN)) <= 3


def test_a_wrong_secret_is_told_from_a_wrong_scope_and_said_once(client, q):
    q.token_answers = [refused() for _ in range(9)]
    for _ in range(3):
        with pytest.raises(CredentialsRejected) as caught:
            read(client)
    assert caught.value.code == "oneroster.credentials-rejected"
    assert len(q.asked(TOKEN)) == 2
    assert q.asked(USERS) == []


def test_a_token_service_that_is_down_is_no_rejection(client, q):
    q.token_answers = [answer(503) for _ in range(5)]
    with pytest.raises(ProviderUnavailable):
        client.token()
    assert client.token().value


def test_an_answer_without_a_token_is_a_protocol_error(client, q):
    q.token_answers = [answer(200, b'{"token_type":"bearer"}')]
    with pytest.raises(ProtocolError):
        client.token()


def test_a_refusal_that_echoes_the_secret_does_not_show_it(client, q):
    q.token_answers = [answer(401, b'{"error_description":"no qs&cret, no qs%26cret"}')] * 2
    with pytest.raises(CredentialsRejected) as caught:
        client.token()
    assert "cret" not in str(caught.value).replace("secret", "")


def test_a_token_that_was_replaced_is_not_shown_either(client, q):
    tokens = [answer(401), answer(403, b'{"message":"t0ken-1 is too old, t0ken-2 too new"}')]
    q.habits.append(lambda r: tokens.pop(0) if r.path == USERS else None)
    with pytest.raises(Forbidden, match=r"\[removed\] is too old, \[removed\] too new"):
        read(client)


# S72


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_endpoint_cannot_send_us_elsewhere(client, q, elsewhere, status):
    q.token_answers = [answer(status, Location=elsewhere.url + TOKEN)]
    with pytest.raises(TokenUrlUnknown):
        client.token()
    assert elsewhere.requests == []


def test_an_answer_cannot_name_another_token_endpoint(client, q, elsewhere):
    realm = f'Bearer realm="x", authorization_uri="{elsewhere.url}{TOKEN}"'
    q.habits.append(lambda r: answer(401, WWW_Authenticate=realm) if r.path == USERS else None)
    with pytest.raises(CredentialsRejected):
        read(client)
    assert elsewhere.requests == []


def test_a_token_service_of_its_own_is_used_if_it_was_entered(connect, q, elsewhere):
    assert len(read(connect(token_url=elsewhere.url + "/as/token"))) == 1
    assert q.asked(TOKEN) == []


@pytest.mark.parametrize("place", ["/token", "/oauth/token", "/ims/oneroster/v1p1/token"])
def test_a_blank_token_url_is_guessed_on_the_origin_of_the_service_root(connect, q, place):
    q.habits.append(
        lambda r: answer(404) if r.path.endswith("/token") and r.path != place else None
    )
    client = connect(token_url="")
    assert client.token().url == q.url + place


def test_a_gate_that_refuses_everything_is_not_taken_for_a_token_endpoint(connect, q):
    q.habits.append(lambda r: answer(401, b"<html>") if r.path == "/token" else None)
    assert connect(token_url="").token().url == q.url + TOKEN


def test_where_no_guess_gives_a_token_the_url_is_asked_for(connect, q):
    q.habits.append(lambda r: answer(404) if r.path.endswith("/token") else None)
    with pytest.raises(TokenUrlUnknown) as caught:
        connect(token_url="").token()
    assert "token URL" in caught.value.remedy


def test_guesses_keep_to_one_origin_and_know_prefixes():
    urls = guesses("https://q.example.org:8443/campus/api/ims/oneroster/v1p1/")
    assert all(url.startswith("https://q.example.org:8443/") for url in urls)
    assert urls[0] == "https://q.example.org:8443/token"
    assert "https://q.example.org:8443/campus/api/token" in urls
    # Infinite Campus has its service below /campus/api, and its tokens beside it.
    assert "https://q.example.org:8443/campus/oauth2/token" in urls
    assert urls[-1] == "https://q.example.org:8443/campus/api/ims/oneroster/v1p1/token"


def test_a_guess_that_is_down_is_said_to_be_down(connect, q):
    q.habits.append(
        lambda r: answer(503 if r.path == TOKEN else 404) if r.path.endswith("/token") else None
    )
    with pytest.raises(ProviderUnavailable):
        connect(token_url="").token()


def test_a_guess_that_knows_our_key_and_refuses_it_ends_the_guessing(connect, q):
    q.habits.append(lambda r: refused() if r.path == TOKEN else None)
    q.habits.append(lambda r: answer(404) if r.path.endswith("/token") else None)
    with pytest.raises(CredentialsRejected):
        connect(token_url="").token()
    assert q.asked("/oauth2/token") == []


# OAuth 1.0a


def test_the_url_that_is_sent_is_the_url_that_was_signed(connect, q):
    client = connect(auth="oauth1-sha256")
    list(client.read("users", filter="role='student' AND status='active'"))
    (asked,) = q.asked(USERS)[:1]
    assert 'oauth_signature_method="HMAC-SHA256"' in asked.headers["Authorization"]
    assert is_signed(asked, q)
    assert q.asked(TOKEN) == []


def is_signed(request, q):
    """Whether the signature fits the very bytes that came over the wire."""
    header = request.headers["Authorization"]
    given = dict(part.strip().split("=", 1) for part in header[6:].split(","))
    again = sign(
        request.method,
        q.url + request.environ["REQUEST_URI"],
        Settings(q.url, "oauth2", "qkey", "qs&cret"),
        signature="oauth1-sha256",
        timestamp=given["oauth_timestamp"].strip('"'),
        nonce=given["oauth_nonce"].strip('"'),
    )
    return again.split("oauth_signature=")[1] == header.split("oauth_signature=")[1]


def test_each_attempt_is_signed_anew(connect, q):
    failures = [answer(503), answer(503)]
    q.habits.append(lambda r: failures.pop() if failures else None)
    list(connect(auth="oauth1-sha1").read("users"))
    headers = [one.headers["Authorization"] for one in q.asked(USERS)]
    assert len(set(headers)) == len(headers) > 2


def test_the_other_signature_method_is_tried_once_and_kept(connect, q):
    q.habits.append(
        lambda r: answer(401) if "HMAC-SHA256" in r.headers.get("Authorization", "") else None
    )
    client = connect(auth="oauth1-sha256")
    assert len(read(client)) == len(read(client)) == 1
    assert sum("SHA256" in one.headers["Authorization"] for one in q.requests) == 1


def test_a_key_that_no_signature_helps_is_rejected_after_two_requests(connect, q):
    q.habits.append(lambda r: answer(401, b'{"statusInfoSet":[{"imsx_description":"bad key"}]}'))
    with pytest.raises(CredentialsRejected):
        read(connect(auth="oauth1-sha1"))
    assert len(q.requests) == 2


def test_a_token_that_does_not_expire_is_sent_as_it_is_and_no_other_is_asked_for(connect, q):
    """Some providers hand one over, and have nowhere to fetch another."""
    client = connect(auth="bearer", secret="standing-t0ken")
    assert len(read(client)) == 1
    assert {one.headers["Authorization"] for one in q.requests} == {"Bearer standing-t0ken"}
    assert {one.path for one in q.requests} == {USERS}
    assert client.token() is None


def test_a_standing_token_that_is_refused_is_rejected_after_one_request(connect, q):
    echo = b'{"statusInfoSet":[{"imsx_description":"standing-t0ken is unknown"}]}'
    q.habits.append(lambda r: answer(401, echo))
    with pytest.raises(CredentialsRejected) as rejected:
        read(connect(auth="bearer", secret="standing-t0ken"))
    assert len(q.requests) == 1
    assert "standing-t0ken" not in str(rejected.value)


@pytest.mark.parametrize("body_hash", [True, False])
def test_the_hash_of_a_body_is_sent_where_it_is_switched_on(connect, q, body_hash):
    q.habits.append(lambda r: answer(201) if r.method == "PUT" else None)
    transport = connect(auth="oauth1-sha1", body_hash=body_hash)._transport
    assert transport.send("PUT", "lineItems/li-1", body=b'{"lineItem":{}}').status == 201
    (asked,) = q.requests
    assert ("oauth_body_hash" in asked.headers["Authorization"]) is body_hash
    assert (asked.content_type, asked.get_data()) == ("application/json", b'{"lineItem":{}}')


def test_further_headers_go_with_data_and_not_to_the_token_endpoint(connect, q):
    client = connect(extra_headers={"x-vendor-authorization": "v:s"})
    read(client)
    assert q.asked(USERS)[0].headers["x-vendor-authorization"] == "v:s"
    assert "x-vendor-authorization" not in q.asked(TOKEN)[0].headers


def test_settings_do_not_show_their_secrets(connect):
    client = connect(secret="hunter2", extra_headers={"x": "hunter3"})
    assert "hunter" not in repr(client._settings)

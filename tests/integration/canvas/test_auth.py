"""Tokens: renewed once, for all who wait, and never shown."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from integration.canvas.auth import (
    AccessToken,
    RefreshToken,
    authorize_url,
    canvas_root,
    exchange_code,
)
from integration.canvas.errors import (
    DeveloperKeyRejected,
    InsufficientScope,
    NeedsConsent,
    ProtocolError,
    TokenRejected,
    Unavailable,
)

SELF = "/api/v1/accounts/self"
TOKEN = "/login/oauth2/token"


@pytest.fixture
def grants(canvas):
    """Canvas takes only the tokens it gave; each refresh gives the next one."""
    numbers = iter(range(1, 99))
    canvas.valid = set()

    def grant(request):
        token = f"fresh-{next(numbers)}"
        canvas.valid = {f"Bearer {token}"}
        return canvas.json({"access_token": token, "expires_in": 3600})(request)

    def account(request):
        is_known = request.headers["Authorization"] in canvas.valid
        return (canvas.json({"id": "1"}) if is_known else canvas.expired())(request)

    canvas.on(TOKEN, grant, method="POST")
    canvas.on(SELF, account)
    return canvas


def refresh_token(**more):
    return RefreshToken("key-1", "s3cret", "refresh-1", **more)


def test_the_first_call_gets_a_token_by_itself(grants, as_client):
    assert as_client(refresh_token()).account().id == "1"
    form = grants.asked(TOKEN)[0].form
    assert form.to_dict() == {
        "grant_type": "refresh_token",
        "client_id": "key-1",
        "client_secret": "s3cret",
        "refresh_token": "refresh-1",
    }


def test_a_token_revoked_in_the_middle_is_renewed_once_and_the_call_repeated(grants, as_client):
    client = as_client(refresh_token(access_token="stale"))
    assert client.account().id == "1"
    assert [len(grants.asked(path)) for path in (SELF, TOKEN)] == [2, 1]


def test_an_upload_with_an_expired_token_is_sent_again_whole(grants, as_client, canvas):
    imports = f"{SELF}/sis_imports"
    canvas.on(imports, canvas.expired(), canvas.json({"id": "7"}), method="POST")
    client = as_client(refresh_token(access_token="stale"))
    assert client.start_import(b"PK the archive", filename="a.zip").id == "7"
    uploads = [request.files["attachment"].read() for request in canvas.asked(imports)]
    assert uploads == [b"PK the archive"] * 2


def test_however_many_threads_find_the_token_expired_it_is_renewed_once(grants, as_client):
    client = as_client(refresh_token(access_token="stale"))
    together = Barrier(4)

    def call(_):
        together.wait()
        return client.account().id

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == ["1"] * 4
    assert len(grants.asked(TOKEN)) == 1


def test_a_token_is_renewed_before_it_runs_out(grants, as_client, time):
    client = as_client(refresh_token(clock=time))
    client.account()
    time.sleep(3600 - 59)
    client.account()
    assert [len(grants.asked(path)) for path in (SELF, TOKEN)] == [2, 2]


def test_each_new_grant_is_told_so_that_it_can_be_stored(grants, as_client):
    told = []
    as_client(refresh_token(on_refresh=told.append)).account()
    assert [(grant.access_token, grant.refresh_token) for grant in told] == [
        ("fresh-1", "refresh-1")
    ]


def test_a_token_that_is_refused_even_when_fresh_is_not_renewed_for_ever(canvas, as_client):
    canvas.on(TOKEN, canvas.json({"access_token": "fresh"}), method="POST")
    canvas.on(SELF, canvas.expired())
    with pytest.raises(TokenRejected):
        as_client(refresh_token(access_token="stale")).account()
    assert [len(canvas.asked(path)) for path in (SELF, TOKEN)] == [2, 1]


def test_a_pasted_token_that_is_refused_is_asked_once(canvas, client):
    canvas.on(SELF, canvas.expired())
    with pytest.raises(TokenRejected):
        client.account()
    assert len(canvas.requests) == 1


def test_a_missing_scope_is_not_answered_by_a_refresh(canvas, as_client):
    canvas.on(SELF, canvas.error(401, "Insufficient scopes on access token."))
    with pytest.raises(InsufficientScope):
        as_client(refresh_token(access_token="fine")).account()
    assert canvas.asked(TOKEN) == []


@pytest.mark.parametrize(
    ("status", "error", "description", "kind"),
    [
        (400, "invalid_request", "refresh_token not found", NeedsConsent),
        (400, "invalid_grant", "incorrect client", NeedsConsent),
        (401, "invalid_client", "unknown client", DeveloperKeyRejected),
        (401, "unauthorized_client", "", DeveloperKeyRejected),
    ],
)
def test_what_only_a_person_can_mend_is_asked_once(
    canvas, as_client, status, error, description, kind
):
    answer = {"error": error, "error_description": description}
    canvas.on(TOKEN, canvas.json(answer, status), method="POST")
    client = as_client(refresh_token())
    for _ in range(3):
        with pytest.raises(kind) as caught:
            client.account()
    assert len(canvas.requests) == 1
    assert caught.value.status == status


def test_a_token_endpoint_in_trouble_is_asked_again(grants, as_client, canvas):
    canvas._scripts["POST", TOKEN].insert(0, canvas.bytes(b"<html>", 503, "text/html"))
    assert as_client(refresh_token()).account().id == "1"


def test_a_token_endpoint_in_lasting_trouble_does_not_ask_for_consent(canvas, as_client):
    canvas.on(TOKEN, canvas.bytes(b"<html>", 503, "text/html"), method="POST")
    with pytest.raises(Unavailable):
        as_client(refresh_token()).account()


@pytest.mark.parametrize("answer", [{}, [], {"access_token": None}])
def test_a_token_answer_without_a_token_is_an_error(canvas, as_client, answer):
    canvas.on(TOKEN, canvas.json(answer), method="POST")
    with pytest.raises(ProtocolError):
        as_client(refresh_token()).account()


def test_a_redirect_of_the_token_endpoint_is_not_followed(canvas, elsewhere, as_client):
    canvas.on(TOKEN, canvas.bytes(b"", 307, Location=f"{elsewhere.url}{TOKEN}"), method="POST")
    with pytest.raises(ProtocolError):
        as_client(refresh_token()).account()
    assert elsewhere.requests == []


def test_secrets_are_in_no_repr_and_no_error(canvas, as_client):
    answer = {"error": "weird", "error_description": "got s3cret and refresh-1"}
    canvas.on(TOKEN, canvas.json(answer, 400), method="POST")
    with pytest.raises(Exception) as caught:
        as_client(refresh_token()).account()
    shown = f"{caught.value} {refresh_token()!r} {AccessToken('s3cret')!r}"
    assert "s3cret" not in shown
    assert "refresh-1" not in shown


def test_a_code_is_exchanged_for_a_refresh_token(canvas, http):
    answer = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "user": {"id": 42}}
    canvas.on(TOKEN, canvas.json(answer), method="POST")
    grant = exchange(canvas, http)
    assert (grant.refresh_token, grant.expires_in, grant.user_id) == ("r", 3600.0, "42")
    assert canvas.requests[0].form["redirect_uri"] == "https://q.example/back"


def test_a_code_used_twice_needs_a_person(canvas, http):
    answer = {"error": "invalid_grant", "error_description": "authorization_code not found"}
    canvas.on(TOKEN, canvas.json(answer, 400), method="POST")
    with pytest.raises(NeedsConsent):
        exchange(canvas, http)


def test_a_code_is_sent_once_since_it_works_once(canvas, http):
    canvas.on(TOKEN, canvas.bytes(b"<html>", 503, "text/html"), method="POST")
    with pytest.raises(Unavailable):
        exchange(canvas, http)
    assert len(canvas.requests) == 1


def test_a_code_that_brings_no_refresh_token_is_an_error(canvas, http):
    canvas.on(TOKEN, canvas.json({"access_token": "a"}), method="POST")
    with pytest.raises(ProtocolError):
        exchange(canvas, http)


def exchange(canvas, http):
    return exchange_code(
        http,
        canvas.url,
        client_id="key-1",
        client_secret="s3cret",
        redirect_uri="https://q.example/back",
        code="c0de",
    )


def test_the_browser_is_sent_to_agree_with_state_and_scopes():
    url = authorize_url(
        "https://canvas.example/",
        client_id="1",
        redirect_uri="https://q.example/back",
        state="s",
        scopes=("url:GET|/api/v1/accounts/:id", "url:GET|/api/v1/users/:id"),
    )
    assert url.startswith("https://canvas.example/login/oauth2/auth?client_id=1&")
    assert "scope" not in authorize_url("https://c", client_id="1", redirect_uri="r", state="s")
    assert "scope=url%3AGET%7C%2Fapi%2Fv1%2Faccounts%2F%3Aid+url%3AGET" in url


@pytest.mark.parametrize(
    "pasted", ["https://c.example", "https://c.example/", "https://c.example/api/v1/"]
)
def test_an_address_is_taken_as_admins_paste_it(pasted):
    assert canvas_root(f" {pasted} ") == "https://c.example"

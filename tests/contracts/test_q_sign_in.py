"""Who may read from and write to a OneRoster 1.1 provider: bearer tokens and signatures."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client

from tests.contracts.q_api import SCOPE, TIMEOUT, ask_token, minor_of, with_token
from tests.sandbox_process import Q

METHODS = [SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256]
QUERY = "?limit=1&offset=0&filter=role%3D%27student%27%20AND%20status%3D%27active%27"


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return request.param


def signature(q: Q, url: str, **options: str) -> dict[str, str]:
    """The Authorization header of a signed GET."""
    client = Client(q.key, **{"client_secret": q.secret, **options})
    return client.sign(url)[1]


def signed_get(q: Q, path: str, **options: str) -> requests.Response:
    url = q.url + path
    return requests.get(url, headers=signature(q, url, **options), timeout=TIMEOUT)


@pytest.mark.rule("q.token-required")
def test_without_a_token_there_is_no_data(q: Q):
    answer = requests.get(f"{q.url}/users", timeout=TIMEOUT)
    assert (answer.status_code, minor_of(answer)) == (401, "unauthorized")


@pytest.mark.rule("q.token-known")
def test_a_token_from_elsewhere_is_refused(q: Q):
    assert with_token(q, "/users?limit=1", "a-token-of-my-own").status_code == 401


@pytest.mark.rule("q.token-scope")
def test_a_token_reads_what_its_scope_allows_and_nothing_else(q: Q):
    given = ask_token(q, scope=f"{SCOPE}roster-core.readonly").json()
    assert given["scope"].split() == [f"{SCOPE}roster-core.readonly"]
    assert with_token(q, "/users?limit=1", given["access_token"]).status_code == 200
    for path in ("/demographics", "/lineItems", "/resources"):
        refused = with_token(q, path, given["access_token"])
        assert (refused.status_code, minor_of(refused)) == (403, "forbidden")


@pytest.mark.rule("q.token-scope")
def test_a_token_for_reading_grades_does_not_write_them(q: Q):
    token = ask_token(q, scope=f"{SCOPE}gradebook.readonly").json()["access_token"]
    answer = requests.put(
        f"{q.url}/categories/contract",
        json={"category": {"sourcedId": "contract", "title": "Not allowed"}},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 403


@pytest.fixture
def clock_url(q: Q) -> Iterator[str]:
    """Where the clock of the sandbox is set; a real provider has nothing like it."""
    if not q.pages:
        pytest.skip("only the sandbox lets its clock be set")
    url = q.pages + "sandbox/clock"
    yield url
    requests.post(url, json={"ahead": 0}, timeout=TIMEOUT)


@pytest.mark.rule("q.token-expires")
def test_a_token_is_refused_when_its_time_is_over(q: Q, clock_url: str):
    given = ask_token(q).json()
    for ahead, status in ((given["expires_in"] - 60, 200), (given["expires_in"] + 60, 401)):
        requests.post(clock_url, json={"ahead": ahead}, timeout=TIMEOUT)
        assert with_token(q, "/orgs?limit=1", given["access_token"]).status_code == status


@pytest.mark.rule("q.token-answer")
def test_a_token_answer_says_what_it_is_good_for(q: Q):
    answer = ask_token(q)
    given = answer.json()
    assert given["token_type"].lower() == "bearer"
    assert given["expires_in"] > 0
    assert f"{SCOPE}roster-core.readonly" in given["scope"].split()
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.rule("q.client-secret")
def test_the_token_endpoint_refuses_a_wrong_secret(q: Q):
    answer = ask_token(q, secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.rule("q.body-credentials")
def test_the_credentials_may_stand_in_the_body(q: Q):
    form = {"grant_type": "client_credentials", "client_id": q.key, "client_secret": q.secret}
    answer = requests.post(q.token_url, data=form, timeout=TIMEOUT)
    assert answer.status_code == 200


@pytest.mark.rule("q.token-request")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "https://example.org/scope/everything"}, "invalid_scope"),
    ],
)
def test_the_token_endpoint_says_what_is_wrong(q: Q, change: dict[str, str], error: str):
    form = {"grant_type": "client_credentials"} | change
    answer = requests.post(q.token_url, data=form, auth=(q.key, q.secret), timeout=TIMEOUT)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.rule("q.oauth1")
def test_a_signed_request_reads_data(q: Q, method: str):
    answer = signed_get(q, "/users" + QUERY, signature_method=method)
    assert answer.status_code == 200
    assert answer.json()["users"][0]["role"] == "student"


@pytest.mark.rule("q.oauth1-signature")
def test_a_request_signed_with_another_secret_is_refused(q: Q, method: str):
    answer = signed_get(q, "/users?limit=1", signature_method=method, client_secret="wrong")
    assert (answer.status_code, minor_of(answer)) == (401, "unauthorized")


@pytest.mark.rule("q.oauth1-signature")
def test_a_request_of_an_unknown_client_is_refused(q: Q, method: str):
    url = f"{q.url}/users?limit=1"
    headers = Client("somebody", q.secret, signature_method=method).sign(url)[1]
    assert requests.get(url, headers=headers, timeout=TIMEOUT).status_code == 401


@pytest.mark.rule("q.oauth1-timestamp")
@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_signature_of_another_hour_is_refused(q: Q, seconds: int):
    moment = str(int(time.time()) + seconds)
    assert signed_get(q, "/users?limit=1", timestamp=moment).status_code == 401


@pytest.mark.rule("q.oauth1-nonce")
def test_a_nonce_is_good_once(q: Q, method: str):
    url = f"{q.url}/users?limit=1"
    headers = signature(q, url, signature_method=method)
    answers = [requests.get(url, headers=headers, timeout=TIMEOUT) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 401]


@pytest.mark.rule("q.oauth1-query-signed")
def test_a_query_changed_after_signing_is_refused(q: Q):
    for query in ("", "?limit=1"):
        headers = signature(q, f"{q.url}/users{query}")
        answer = requests.get(f"{q.url}/users?limit=2", headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 401


@pytest.mark.rule("q.oauth1-signature")
def test_a_signature_for_another_path_is_refused(q: Q):
    headers = signature(q, f"{q.url}/users")
    assert requests.get(f"{q.url}/classes", headers=headers, timeout=TIMEOUT).status_code == 401


@pytest.mark.rule("q.challenge")
def test_a_refusal_says_how_to_sign_in(q: Q):
    answer = requests.get(f"{q.url}/orgs", timeout=TIMEOUT)
    assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "OAuth", "Basic"))


@pytest.mark.rule("q.methods")
def test_there_is_no_post(q: Q):
    token = ask_token(q).json()["access_token"]
    answer = requests.post(
        f"{q.url}/lineItems",
        json={},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT,
    )
    assert answer.status_code in (404, 405)
    assert urlsplit(answer.url).path.endswith("/lineItems")

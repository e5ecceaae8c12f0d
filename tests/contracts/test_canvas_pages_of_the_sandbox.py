"""The local Canvas's pages for people, and its test control: of the sandbox alone."""

import re

import pytest
import requests

from tests.contracts.canvas_api import TIMEOUT, Api, messages
from tests.sandbox_process import Sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    api = Api(sandbox.canvas)
    api.school()
    return api


def page(api: Api, path: str) -> str:
    """A page, sound in what every page has to have."""
    answer = requests.get(f"{api.canvas.url}{api.id(path)}", timeout=TIMEOUT)
    assert answer.status_code == 200, path
    html = answer.text
    assert len(re.findall("<h1>", html)) == 1
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', html)) <= set(ids)
    assert html.count("<caption>") == html.count("<table>")
    return html


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/accounts",
        "/accounts/1",
        "/act-as",
        "/terms",
        "/courses",
        "/users",
        "/sis_imports",
        "/requests",
    ],
)
def test_every_list_is_a_sound_page(api: Api, path: str):
    assert "sandbox" in page(api, path)


def test_people_and_courses_are_found_by_sis_id(api: Api):
    assert f'href="/users/{api.users()["id"]}"' in page(api, "/users?q=@U")
    assert f'href="/courses/{api.course()["id"]}"' in page(api, "/courses?q=@C")


def test_a_course_shows_its_sections_and_people(api: Api):
    html = page(api, f"/courses/{api.course()['id']}")
    assert api.id("Section @S") in html
    assert api.id("Ada @U") in html


def test_what_is_changed_on_a_page_sticks(api: Api):
    address = f"{api.canvas.url}/courses/{api.course()['id']}"
    form = {"name": "By hand", "workflow_state": "available"}
    requests.post(address, data=form, timeout=TIMEOUT)
    api.school()
    found = api.course()
    assert (found["name"], found["workflow_state"]) == ("By hand", "available")


def test_a_login_is_given_another_provider_on_its_page(api: Api):
    login = api.login()
    address = f"{api.canvas.url}/logins/{login['id']}"
    requests.post(address, data={"authentication_provider_id": "2"}, timeout=TIMEOUT)
    assert api.login()["authentication_provider_type"] == "saml"


def test_a_section_is_cross_listed_on_its_page(api: Api):
    api.sent_well("course_id,short_name,long_name,status\n@X,X,Other,active")
    other = api.course("@X")["id"]
    address = f"{api.canvas.url}/sections/{api.section()['id']}"
    requests.post(address, data={"course_id": other}, timeout=TIMEOUT)
    assert (api.section()["course_id"], len(api.enrolled())) == (other, 1)


def test_an_import_shows_its_messages(api: Api):
    done = api.send("user_id,login_id,status\n,nobody,active")
    assert messages(done)[0] in page(api, f"/sis_imports/{done['id']}")


def test_what_is_not_there_is_404(api: Api):
    assert requests.get(f"{api.canvas.url}/courses/99999", timeout=TIMEOUT).status_code == 404


def test_imports_can_be_held_back_and_aborted(api: Api):
    control = f"{api.canvas.url}/sandbox/imports"
    requests.put(control, json={"held": True}, timeout=TIMEOUT)
    try:
        begun = api.begin("user_id,login_id,status\n@V,@V,active")
        path = f"{api.account}/sis_imports/{begun['id']}"
        assert api.get(path)["workflow_state"] == "created"
        assert api.put(f"{path}/abort")["workflow_state"] == "aborted"
    finally:
        requests.put(control, json={"held": False}, timeout=TIMEOUT)
    assert api.ask("PUT", f"{path}/abort").status_code == 404


def test_states_are_restored_as_they_were_before_an_import(api: Api):
    done = api.sent_well("section_id,user_id,role,status\n@S,@U,student,deleted")
    assert api.enrolled() == []
    path = f"{api.account}/sis_imports/{done['id']}"
    assert api.put(f"{path}/restore_states")["workflow_state"] == "queued"
    assert [each["enrollment_state"] for each in api.enrolled()] == ["active"]
    assert api.get(path)["workflow_state"] == "restored"


def test_a_token_may_be_held_to_its_scopes(api: Api):
    scope = "url:GET|/api/v1/accounts/:account_id/terms"
    control = f"{api.canvas.url}/sandbox/tokens"
    token = requests.post(control, json={"scopes": [scope]}, timeout=TIMEOUT).json()["token"]
    api.session.headers["Authorization"] = f"Bearer {token}"
    assert api.ask("GET", "accounts/self/terms").status_code == 200
    refused = api.ask("GET", "accounts/self")
    assert refused.status_code == 401
    assert "WWW-Authenticate" not in refused.headers
    assert "Insufficient scopes" in refused.text


def test_who_is_no_admin_is_refused_with_403(api: Api):
    control = f"{api.canvas.url}/sandbox/tokens"
    asked = {"user_id": api.users()["id"]}
    token = requests.post(control, json=asked, timeout=TIMEOUT).json()["token"]
    api.session.headers["Authorization"] = f"Bearer {token}"
    assert api.ask("GET", "courses/sis_course_id:@C").status_code == 200
    refused = api.ask("GET", f"{api.account}/sis_imports")
    assert (refused.status_code, refused.json()["status"]) == (403, "unauthorized")


@pytest.mark.parametrize("parameter", ["batch_mode", "diffing_data_set_identifier"])
def test_what_the_local_canvas_cannot_do_is_refused(api: Api, parameter: str):
    form = {parameter: "true"}
    files = {"attachment": ("a.csv", "user_id,login_id,status\n", "text/csv")}
    answer = api.ask("POST", f"{api.account}/sis_imports", data=form, files=files)
    assert (answer.status_code, parameter in answer.text) == (400, True)


def test_a_person_grants_access_and_the_application_refreshes_it(api: Api):
    key = {"client_id": "10000000000001", "client_secret": "canvas-developer-secret"}
    target = "http://127.0.0.1/back"
    asked = {"client_id": key["client_id"], "response_type": "code", "redirect_uri": target}
    consent = requests.post(
        f"{api.canvas.url}/login/oauth2/auth",
        params={**asked, "state": "s"},
        data={"answer": "authorize"},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    code = re.search("code=([0-9a-f]+)&state=s", consent.headers["Location"])
    assert code
    url = f"{api.canvas.url}/login/oauth2/token"
    form = {**key, "grant_type": "authorization_code", "code": code[1], "redirect_uri": target}
    first = requests.post(url, data=form, timeout=TIMEOUT).json()
    refresh = {**key, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = requests.post(url, data=refresh, timeout=TIMEOUT).json()
    api.session.headers["Authorization"] = f"Bearer {second['access_token']}"
    assert api.get("users/self")["id"] == second["user"]["id"]
    assert requests.post(url, data=form, timeout=TIMEOUT).json()["error"] == "invalid_grant"

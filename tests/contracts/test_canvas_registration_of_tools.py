"""The local Canvas as an LTI 1.3 platform: dynamic registration, manual keys, services."""

from __future__ import annotations

import html
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.contracts.lti_tool import (
    EXTENSION,
    LOOKUP,
    LTI,
    NRPS,
    PLATFORM_CONFIGURATION,
    TIMEOUT,
    TOOL_CONFIGURATION,
    Platform,
    Tool,
    configuration,
    installed,
    registration,
)
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="module")
def platform(sandbox: Sandbox) -> Platform:
    return Platform(sandbox.canvas)


@pytest.fixture(scope="module")
def tool(platform: Platform) -> Tool:
    first = Tool(platform, configuration())
    made = Tool(platform, configuration(public_jwk_url=None, public_jwk=first.public_jwk))
    made.private = first.private
    made.deploy()
    return made


class Registering:
    """A registration begun by the admin: the address that the tool was opened with."""

    def __init__(self, platform: Platform) -> None:
        page = platform.post(
            "/accounts/1/apps/register", "admin", url="https://tool.example/register?invite=x"
        )
        assert page.status_code == 200, page.text
        found = re.search(r'name="registration"[^>]* src="([^"]+)"', page.text)
        assert found
        self.address = html.unescape(found[1])
        query = parse_qs(urlsplit(self.address).query)
        (self.configuration_url,) = query["openid_configuration"]
        (self.token,) = query["registration_token"]
        review = re.search(r'data-review="([^"]+)"', page.text)
        assert review
        self.review = review[1]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def configuration(self) -> requests.Response:
        return requests.get(self.configuration_url, headers=self.headers, timeout=TIMEOUT)

    def send(self, document: object) -> requests.Response:
        url = self.configuration().json()["registration_endpoint"]
        return requests.post(url, json=document, headers=self.headers, timeout=TIMEOUT)


def test_the_tool_is_opened_with_its_own_query_kept(platform: Platform):
    opened = urlsplit(Registering(platform).address)
    assert opened.path == "/register"
    assert parse_qs(opened.query)["invite"] == ["x"]


def test_the_configuration_names_the_platform_and_the_account(platform: Platform):
    told = Registering(platform).configuration().json()
    assert told["issuer"] == platform.canvas.issuer
    assert told["authorization_endpoint"].endswith("/api/lti/authorize_redirect")
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    canvas = told[PLATFORM_CONFIGURATION]
    assert canvas["product_family_code"] == "canvas"
    assert canvas[f"{EXTENSION}/account_name"] == "Sandbox Unified School District"
    assert canvas[f"{EXTENSION}/account_lti_guid"].endswith(":canvas-lms")
    (links,) = [m for m in canvas["messages_supported"] if m["type"] == "LtiResourceLinkRequest"]
    assert {"course_navigation", "account_navigation", "post_grades"} <= set(links["placements"])
    assert "Canvas.user.id" in canvas["variables"]


@pytest.mark.rule("canvas.registration-token")
@pytest.mark.parametrize("token", ["", "e30.e30.e30"])
def test_without_a_good_token_neither_is_told_nor_registered(platform: Platform, token: str):
    begun = Registering(platform)
    endpoint = begun.configuration().json()["registration_endpoint"]
    begun.headers = {"Authorization": f"Bearer {token}"}
    assert begun.configuration().status_code == 401
    answer = requests.post(endpoint, json=registration(), headers=begun.headers, timeout=TIMEOUT)
    assert answer.status_code == 401


def test_a_registered_tool_is_launched_once_the_admin_has_enabled_it(platform: Platform):
    begun = Registering(platform)
    answer = begun.send(registration())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["client_name"] == "A tool that registers itself"
    address = told[TOOL_CONFIGURATION][f"{EXTENSION}/registration_config_url"]
    assert re.search(r"/api/lti/registrations/\d+/view$", address)
    assert "Registered" not in platform.get("/accounts/1", "admin").text
    enabled = {"scopes": [NRPS], "placements": ["account_navigation"], "privacy_level": "name_only"}
    assert platform.post(begun.review, "admin", **enabled).status_code == 302
    tool = of(platform, told["client_id"])
    claims = tool.claims("admin", placement="account_navigation")
    assert claims["aud"] == told["client_id"]
    assert claims["name"]
    assert "email" not in claims
    assert claims[f"{LTI}/custom"]["user"] == str(platform.people["admin"]["user_id"])
    assert tool.page("teacher").status_code == 403, "the placement was taken away"


def of(platform: Platform, client_id: str) -> Tool:
    """The tool of a key that is there, found on the page of apps."""
    page = platform.get("/accounts/1/apps", "admin").text
    row = re.search(rf"<code>{client_id}</code></td><td><code>((\d+):[0-9a-f]+)</code>", page)
    assert row
    tool = Tool(platform, configuration())
    tool.client_id = client_id
    tool.deployment = {"id": int(row[2]), "deployment_id": row[1]}
    return tool


FAULTS = [
    ({"grant_types": ["implicit"]}, "grant_types", "Must include client_credentials, implicit"),
    ({"response_types": ["code"]}, "response_types", "Must include id_token"),
    (
        {"token_endpoint_auth_method": "client_secret_post"},
        "token_endpoint_auth_method",
        "Must be 'private_key_jwt'",
    ),
    ({"application_type": "native"}, "application_type", "Must be 'web'"),
    ({"redirect_uris": ["tool.example"]}, "redirect_uris", "Must only contain valid URIs"),
    ({"jwks_uri": "no address"}, "jwks_uri", "is invalid"),
    ({"client_name": ""}, "client_name", "can't be blank"),
    ({"scope": "https://tool.example/all"}, "scopes", "Invalid scopes: https://tool.example/all"),
]


@pytest.mark.rule("canvas.registration-checked")
@pytest.mark.parametrize(("changed", "name", "text"), FAULTS)
def test_a_fault_is_named_and_no_key_is_made(platform: Platform, changed, name, text):
    begun = Registering(platform)
    answer = begun.send(registration(**changed))
    assert answer.status_code == 422
    assert text in answer.json()["errors"][name]
    assert platform.get(begun.review, "admin").status_code == 404


@pytest.mark.rule("canvas.registration-checked")
@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"domain": "https://tool.example"}, "/domain"),
        ({"messages": [{"type": "Unheard"}]}, "/messages/0/type"),
        ({"custom_parameters": {"a": 1}}, "/custom_parameters"),
        (
            {"messages": [{"type": "LtiResourceLinkRequest", "placements": ["nowhere"]}]},
            "/messages/0/placements",
        ),
    ],
)
def test_a_fault_in_the_tool_configuration_is_pointed_at(platform: Platform, changed, where):
    document = registration()
    document[TOOL_CONFIGURATION] = {**document[TOOL_CONFIGURATION], **changed}
    answer = Registering(platform).send(document)
    assert answer.status_code == 422
    assert where in answer.json()["errors"]["lti_tool_configuration"][0]


def test_a_key_is_made_by_hand_from_the_tools_json(platform: Platform):

    form = {"configuration": json.dumps(configuration(title="By hand")), "redirect_uris": ""}
    assert platform.post("/accounts/1/developer_keys", "admin", **form).status_code == 302
    page = platform.get("/accounts/1/apps", "admin").text
    (client_id,) = re.findall(r"<td>By hand</td><td><code>(\d+)</code>", page)
    installing = {"client_id": client_id}
    assert platform.post("/accounts/1/apps/install", "admin", **installing).status_code == 302
    assert of(platform, client_id).claims("teacher")["aud"] == client_id
    removing = {"kind": "key", "id": client_id, "action": "remove"}
    platform.post("/accounts/1/apps/change", "admin", **removing)
    assert client_id not in platform.get("/accounts/1/apps", "admin").text


def test_only_admins_of_the_account_arrange_its_apps(platform: Platform):
    for who in ("teacher", "neighbouring-admin"):
        assert platform.get("/accounts/1/apps", who).status_code == 403


def test_a_token_is_given_for_an_assertion(tool: Tool):
    answer = tool.ask_token(f"{NRPS} https://purl.imsglobal.org/spec/lti-ags/scope/score")
    told = answer.json()
    assert (answer.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 3600)
    assert told["scope"] == NRPS, "what the key may not is left out"


@pytest.mark.rule("canvas.lti-assertion-once")
def test_an_assertion_is_good_once(tool: Tool):
    shown = tool.assertion()
    assert tool.ask_token(assertion=shown).status_code == 200
    again = tool.ask_token(assertion=shown)
    assert again.status_code == 400
    assert again.json()["error_description"] == "the 'jti' is invalid"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"exp": int(time.time()) - 10}, "the JWT has expired"),
        ({"aud": "https://elsewhere.example/token"}, "the 'aud' is invalid"),
        ({"iat": int(time.time()) - 4000}, "the 'iat' must be less than 300 seconds old"),
        ({"jti": None}, "the following assertions are missing: jti"),
        ({"exp": "soon"}, "the 'exp' must be a number"),
    ],
)
def test_a_bad_assertion_is_told_what_is_wrong(tool: Tool, changed, text):
    answer = tool.ask_token(assertion=tool.assertion(**changed))
    assert (answer.status_code, answer.json()["error_description"]) == (400, text)


def test_a_foreign_signature_and_an_unknown_client_are_refused(tool: Tool, platform: Platform):
    foreign = Tool(platform, configuration())
    foreign.client_id = tool.client_id
    answer = tool.ask_token(assertion=foreign.assertion())
    assert answer.json()["error_description"] == "JWS signature invalid."
    answer = tool.ask_token(assertion=tool.assertion(sub="10000000099999"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.rule("canvas.lti-scopes")
def test_a_token_opens_what_its_scope_says(tool: Tool, platform: Platform):
    url = memberships(tool)
    assert tool.service(url).status_code == 200
    assert tool.service(url, LOOKUP).status_code == 401
    unknown = tool.ask_token("https://purl.imsglobal.org/spec/lti-ags/scope/score")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_scope")


def memberships(tool: Tool) -> str:
    claim = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
    return str(tool.claims("teacher")[claim]["context_memberships_url"])


def test_names_and_roles_come_in_pages_with_opaque_bookmarks(tool: Tool):
    url = memberships(tool)
    everybody = tool.service(url).json()["members"]
    collected, answer = [], tool.service(url, limit=2)
    while True:
        assert answer.headers["Content-Type"].startswith("application/vnd.ims.lis.v2.member")
        collected += answer.json()["members"]
        if "next" not in answer.links:
            break
        following = answer.links["next"]["url"]
        assert following != following.lower()
        assert tool.service(following.lower()).status_code == 400
        answer = tool.service(following)
    assert [one["user_id"] for one in collected] == [one["user_id"] for one in everybody]
    assert len(everybody) > 6


def test_names_and_roles_can_be_asked_for_one_role(tool: Tool):
    url = memberships(tool)
    for role in ("Learner", "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"):
        found = tool.service(url, role=role).json()["members"]
        assert found
        assert {tuple(one["roles"]) for one in found} == {
            ("http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",)
        }
    assistants = tool.service(url, role="TeachingAssistant").json()["members"]
    assert [len(one["roles"]) for one in assistants] == [2]


def test_the_person_launched_is_one_of_the_names(tool: Tool):
    subjects = {one["user_id"] for one in tool.service(memberships(tool)).json()["members"]}
    assert tool.claims("teacher")["sub"] in subjects


def test_a_tool_that_is_not_in_the_course_gets_no_names(tool: Tool, platform: Platform):
    other = Tool(platform, configuration(public_jwk_url=None, public_jwk=tool.public_jwk))
    other.private = tool.private
    answer = other.service(memberships(tool))
    assert answer.status_code == 401
    assert "not linked to a Tool" in answer.text


def test_an_account_is_looked_up_by_its_opaque_id(tool: Tool, platform: Platform):
    context = tool.claims("admin", placement="account_navigation")[f"{LTI}/context"]["id"]
    url = f"{platform.canvas.url}/api/lti/accounts/{context}"
    assert tool.service(url, LOOKUP).json()["name"] == "Sandbox Unified School District"


def test_a_service_token_that_is_none_is_refused(tool: Tool):
    headers = {"Authorization": f"Bearer {jwt.encode({'sub': tool.client_id}, 'x' * 32)}"}
    answer = requests.get(memberships(tool), headers=headers, timeout=TIMEOUT)
    assert answer.status_code == 401


def test_a_scope_that_the_admin_unticked_is_gone(platform: Platform):
    tool = installed(platform)
    overlay = {"scopes": [NRPS], "placements": ["account_navigation"], "privacy_level": ""}
    asked = {"client_id": tool.client_id, "overlay": overlay}
    platform.control("PUT", "developer-keys", asked)
    assert not [name for name in tool.claims("teacher") if "nrps" in name]
    assert tool.page("admin", placement="account_navigation").status_code == 403

"""The local Canvas as an LTI 1.3 platform: who is launched, with what, and what is refused."""

from __future__ import annotations

import re
import time

import jwt
import pytest
import requests

from tests.contracts.lti_tool import (
    LTI,
    TARGET,
    TIMEOUT,
    Platform,
    Tool,
    configuration,
    host,
    installed,
    placement,
)
from tests.sandbox_process import Sandbox

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
GRADING = "$Canvas.membership.permissions<manage_grades,view_all_grades>"
SIS = "$Canvas.membership.permissions<manage_sis,import_sis>"


@pytest.fixture(scope="module")
def platform(sandbox: Sandbox) -> Platform:
    return Platform(sandbox.canvas)


@pytest.fixture(scope="module")
def tool(platform: Platform) -> Tool:
    fields = {
        "domain": "$Canvas.api.domain",
        "root": "$Canvas.rootAccount.id",
        "root_uuid": "$vnd.Canvas.root_account.uuid",
        "account": "$Canvas.account.id",
        "course": "$Canvas.course.id",
        "sections": "$Canvas.course.sectionIds",
        "restricted": "$Canvas.course.sectionRestricted",
        "user": "$Canvas.user.id",
        "sis_user": "$Canvas.user.sisSourceId",
        "roles": "$Canvas.membership.roles",
        "grading": GRADING,
        "sis": SIS,
        "is_root_admin": "$Canvas.user.isRootAccountAdmin",
        "adminable": "$Canvas.user.adminableAccounts",
        "masquerading": "$Canvas.masqueradingUser.id",
        "unknown": "$Canvas.nothing.of.the.kind",
        "zone": "$Person.address.timezone",
        "plain": "as it is",
        "inside": "user-${Canvas.user.id}",
    }
    return installed(platform, custom_fields=fields)


def test_a_launch_carries_the_claims_of_a_resource_link(tool: Tool, platform: Platform):
    claims = tool.claims("teacher")
    assert claims["iss"] == platform.canvas.issuer
    assert claims["aud"] == claims["azp"] == tool.client_id
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 120
    assert claims["nonce"] == "a-nonce"
    assert claims[f"{LTI}/version"] == "1.3.0"
    assert claims[f"{LTI}/message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{LTI}/target_link_uri"] == TARGET
    assert claims[f"{LTI}/context"]["type"] == [
        "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"
    ]
    assert claims["https://www.instructure.com/placement"] == "course_navigation"
    assert claims[f"{LTI}/tool_platform"]["product_family_code"] == "canvas"


def test_a_deployments_id_is_its_number_and_forty_hexadecimal_digits(tool: Tool):
    found = tool.claims("teacher")[f"{LTI}/deployment_id"]
    assert found == tool.deployment["deployment_id"]
    assert re.fullmatch(r"\d+:[0-9a-f]{40}", found)


def test_an_account_is_a_context_without_label_and_services(tool: Tool):
    claims = tool.claims("admin", placement="account_navigation")
    context = claims[f"{LTI}/context"]
    assert context["type"] == ["Account"]
    assert "label" not in context
    assert not [name for name in claims if "nrps" in name or "lti-ags" in name]


def test_the_login_names_the_platform_and_where_it_keeps_data(tool: Tool, platform: Platform):
    login = tool.login("teacher")
    assert login.action == "https://tool.example/login"
    assert login.fields["iss"] == platform.canvas.issuer
    assert login.fields["deployment_id"] == tool.deployment["deployment_id"]
    assert login.fields["target_link_uri"] == TARGET
    assert login.fields["lti_storage_target"] == "post_message_forwarding"
    assert login.fields["canvas_environment"] == "production"


def test_state_comes_back_untouched_with_the_storage_target(tool: Tool):
    state = "ä~ /?&=<>\"'"
    posted = tool.answered("teacher", tool.request(tool.login("teacher"), state=state))
    assert posted.fields["state"] == state
    assert posted.fields["lti_storage_target"] == "post_message_forwarding"


@pytest.mark.rule("canvas.lti-once")
def test_a_second_authorization_finds_no_launch(tool: Tool):
    asked = tool.request(tool.login("teacher"))
    assert "id_token" in tool.answered("teacher", asked).fields
    again = tool.answered("teacher", asked)
    assert again.action == TARGET
    assert again.fields["error"] == "launch_no_longer_valid"
    assert again.fields["state"] == "a-state"


@pytest.mark.rule("canvas.lti-redirect-uri")
@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/launch", f"{TARGET}/", "https://tool.example/LAUNCH"]
)
def test_another_redirect_address_is_refused_on_canvass_own_page(tool: Tool, target: str):
    page = tool.authorize("teacher", tool.request(tool.login("teacher"), redirect_uri=target))
    assert page.status_code == 400
    assert "Invalid redirect_uri" in page.text


def test_a_registered_address_may_be_asked_for_with_a_query(tool: Tool):
    target = f"{TARGET}?region=eu"
    asked = tool.request(tool.login("teacher"), redirect_uri=target)
    assert tool.answered("teacher", asked).action == target


@pytest.mark.rule("canvas.lti-login-hint")
def test_the_person_in_the_browser_has_to_be_the_one_of_the_hint(tool: Tool):
    posted = tool.answered("student", tool.request(tool.login("teacher")))
    assert posted.fields["error"] == "login_required"
    assert posted.fields["error_description"] == "Must have an active user session"


@pytest.mark.rule("canvas.lti-key-on")
def test_a_key_that_was_turned_off_launches_nothing(platform: Platform):
    tool = installed(platform)
    asked = tool.request(tool.login("teacher"))
    platform.control("PUT", "developer-keys", {"client_id": tool.client_id, "on": False})
    assert tool.answered("teacher", asked).fields["error"] == "unauthorized_client"
    assert tool.page("teacher").status_code == 403


@pytest.mark.parametrize("name", ["nonce", "prompt", "response_mode", "response_type", "scope"])
def test_what_is_missing_is_named(tool: Tool, name: str):
    posted = tool.answered("teacher", tool.request(tool.login("teacher"), **{name: None}))
    assert posted.fields["error"] == "invalid_request_object"
    assert posted.fields["error_description"] == f"The following parameters are missing: {name}"


def test_a_hint_that_canvas_did_not_make_is_a_page(tool: Tool):
    asked = tool.request(tool.login("teacher"), lti_message_hint="e30.e30.e30")
    assert tool.authorize("teacher", asked).status_code == 400


ROLES = {
    "teacher": ([f"{MEMBERSHIP}#Instructor"], [f"{INSTITUTION}Instructor"], "TeacherEnrollment"),
    "designer": ([f"{MEMBERSHIP}#ContentDeveloper"], [], "DesignerEnrollment"),
    "student": ([f"{MEMBERSHIP}#Learner"], [f"{INSTITUTION}Student"], "StudentEnrollment"),
    "observer": ([f"{MEMBERSHIP}#Mentor"], [], "ObserverEnrollment"),
    "admin": ([], [f"{INSTITUTION}Administrator"], "Account Admin"),
    "test-student": ([f"{MEMBERSHIP}#Learner"], [], "StudentEnrollment"),
}


@pytest.mark.parametrize("who", ROLES)
def test_roles_are_those_canvas_sends(tool: Tool, who: str):
    inside, anywhere, name = ROLES[who]
    claims = tool.claims(who)
    roles = claims[f"{LTI}/roles"]
    assert [role for role in roles if role.startswith(MEMBERSHIP)] == inside
    assert [role for role in roles if role.startswith(INSTITUTION)] == anywhere
    assert claims[f"{LTI}/custom"]["roles"] == name
    is_test = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser" in roles
    assert is_test == (who == "test-student")


@pytest.mark.rule("canvas.lti-roles")
def test_a_teaching_assistant_is_sent_as_such_and_as_instructor(tool: Tool):
    roles = tool.claims("ta")[f"{LTI}/roles"]
    assert f"{MEMBERSHIP}/Instructor#TeachingAssistant" in roles
    assert f"{MEMBERSHIP}#Instructor" in roles


PERMISSIONS = {
    "teacher": ("manage_grades,view_all_grades", ""),
    "ta": ("manage_grades,view_all_grades", ""),
    "designer": ("", ""),
    "student": ("", ""),
    "admin": ("manage_grades,view_all_grades", "manage_sis,import_sis"),
}


@pytest.mark.parametrize("who", PERMISSIONS)
def test_permissions_are_those_that_the_person_has_of_those_asked_for(tool: Tool, who: str):
    custom = tool.custom(who)
    assert (custom["grading"], custom["sis"]) == PERMISSIONS[who]


def test_an_admin_of_a_sub_account_is_an_administrator_without_the_sis(tool: Tool):
    claims = tool.claims("sub-account-admin", placement="account_navigation")
    custom = claims[f"{LTI}/custom"]
    assert f"{INSTITUTION}Administrator" in claims[f"{LTI}/roles"]
    assert (custom["is_root_admin"], custom["sis"]) == ("false", "")
    assert custom["adminable"] == custom["account"] != custom["root"]


def test_a_neighbouring_district_has_another_root_account(platform: Platform):
    asked = configuration(custom_fields={"root": "$vnd.Canvas.root_account.uuid"})
    tool = Tool(platform, asked, account_id=0)
    mine = tool.deploy(account_id=1)
    here = tool.claims("admin", placement="account_navigation")
    other = int(platform.people["neighbouring-admin"]["where"].rpartition("/")[2])
    assert tool.deploy(account_id=other) != mine
    there = tool.claims("neighbouring-admin", placement="account_navigation")
    for claim in (f"{LTI}/custom", f"{LTI}/deployment_id"):
        assert here[claim] != there[claim]
    assert here[f"{LTI}/tool_platform"]["guid"] != there[f"{LTI}/tool_platform"]["guid"]


@pytest.mark.rule("canvas.lti-literals")
def test_what_canvas_cannot_expand_it_sends_as_it_was_written(tool: Tool):
    custom = tool.custom("admin", placement="account_navigation")
    assert custom["course"] == "$Canvas.course.id"
    assert custom["unknown"] == "$Canvas.nothing.of.the.kind"
    assert custom["masquerading"] == "$Canvas.masqueradingUser.id"
    assert tool.custom("test-student")["sis_user"] == "$Canvas.user.sisSourceId"


def test_what_canvas_can_expand_it_does(tool: Tool, platform: Platform):
    custom = tool.custom("teacher")
    person = platform.people["teacher"]
    assert custom["domain"] == host(platform.canvas.url)
    assert custom["user"] == str(person["user_id"])
    assert custom["inside"] == f"user-{person['user_id']}"
    assert custom["course"] == person["where"].rpartition("/")[2]
    assert (custom["plain"], custom["zone"]) == ("as it is", "America/Los_Angeles")


def test_a_teacher_limited_to_a_section_is_told_as_such(tool: Tool):
    limited, whole = tool.custom("limited-teacher"), tool.custom("teacher")
    assert (limited["restricted"], whole["restricted"]) == ("true", "false")
    assert limited["sections"] != whole["sections"]


def test_an_admin_who_masquerades_is_named(tool: Tool, platform: Platform):
    form = {"user": platform.people["teacher"]["user_id"], "masquerading": "1"}
    answer = platform.post("/act-as", "teacher", **form)
    value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    platform.people["masked"] = {
        **platform.people["teacher"],
        "cookie": {**platform.people["teacher"]["cookie"], "value": value},
    }
    assert tool.custom("masked")["masquerading"] == str(platform.people["admin"]["user_id"])


@pytest.mark.rule("canvas.lti-privacy")
@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("public", {"name", "email", "picture"}),
        ("name_only", {"name"}),
        ("email_only", {"email"}),
        ("anonymous", set()),
    ],
)
def test_a_tool_is_told_as_much_as_its_privacy_level_allows(platform: Platform, level, told):
    claims = installed(platform, privacy_level=level).claims("second-teacher")
    assert claims.keys() & {"name", "email", "picture"} == told


@pytest.mark.parametrize(
    ("settings", "seen_by"),
    [
        ({}, {"teacher", "ta", "designer", "student", "observer", "admin"}),
        ({"visibility": "admins"}, {"teacher", "ta", "designer", "admin"}),
        ({"required_permissions": "manage_grades"}, {"teacher", "ta", "admin"}),
        ({"required_permissions": "manage_grades, manage_sis"}, {"admin"}),
    ],
)
def test_a_link_is_seen_by_those_the_tool_asked_for(platform: Platform, settings, seen_by):
    tool = installed(platform, placements=[placement("course_navigation", **settings)])
    people = ("teacher", "ta", "designer", "student", "observer", "admin")
    assert {who for who in people if tool.page(who).status_code == 200} == seen_by


def test_a_link_for_the_root_account_only_is_not_in_a_sub_account(platform: Platform):
    settings = placement("account_navigation", root_account_only=True)
    tool = installed(platform, placements=[settings])
    assert tool.page("admin", placement="account_navigation").status_code == 200
    below = platform.people["sub-account-admin"]["where"]
    assert tool.page("admin", below, "account_navigation").status_code == 403


def test_a_link_that_is_off_by_default_is_turned_on_in_the_courses_settings(platform: Platform):
    settings = placement("course_navigation", default="disabled", text="Hidden at first")
    tool = installed(platform, placements=[settings])
    course = platform.people["teacher"]["where"]
    link = f'{course}/external_tools/{tool.deployment["id"]}"'
    assert link not in platform.get(course, "teacher").text
    form = {"shown": [tool.deployment["id"]]}
    assert platform.post(f"{course}/tabs", "student", **form).status_code == 403
    assert platform.post(f"{course}/tabs", "teacher", **form).status_code == 302
    assert link in platform.get(course, "student").text


def test_a_disabled_deployment_is_nowhere(platform: Platform):
    tool = installed(platform)
    platform.control("PUT", "deployments", {"id": tool.deployment["id"], "on": False})
    assert tool.page("teacher").status_code == 403
    platform.control("PUT", "deployments", {"id": tool.deployment["id"], "on": True})
    assert tool.page("teacher").status_code == 200


@pytest.mark.rule("canvas.lti-keys")
def test_the_next_key_is_published_before_it_signs_and_the_last_stays(platform: Platform):
    tool = installed(platform)
    posted = tool.answered("teacher", tool.request(tool.login("teacher")))
    before = {key["kid"] for key in platform.key_set()["keys"]}
    signing = platform.control("POST", "keys/rotate")["kid"]
    assert signing in before
    assert tool.verified(posted.fields["id_token"])["sub"]
    assert tool.claims("teacher")["sub"]
    platform.control("POST", "keys/rotate", {"times": 3})
    assert not before & {key["kid"] for key in platform.key_set()["keys"]}


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("expired", jwt.ExpiredSignatureError),
        ("early", jwt.ImmatureSignatureError),
        ("wrong-audience", jwt.InvalidAudienceError),
        ("unknown-key", jwt.InvalidSignatureError),
        ("unknown-kid", KeyError),
    ],
)
def test_a_spoiled_launch_is_spoiled_once(platform: Platform, tool: Tool, how, error):
    platform.control("POST", "launches/spoil", {"how": how})
    with pytest.raises(error):
        tool.claims("teacher")
    assert tool.claims("teacher")["sub"]


def test_the_issuer_and_the_storage_can_be_set(platform: Platform, tool: Tool):
    beta = "https://canvas.beta.instructure.com"
    platform.control("PUT", "issuer", {"issuer": beta})
    platform.control("PUT", "storage", {"mode": "absent"})
    try:
        login = tool.login("teacher")
        assert tool.claims("teacher")["iss"] == login.fields["iss"] == beta
        assert login.fields["canvas_environment"] == "beta"
        assert "lti_storage_target" not in login.fields
    finally:
        platform.control("PUT", "issuer", {"issuer": ""})
        platform.control("PUT", "storage", {"mode": "post_message_forwarding"})


def test_the_gradebooks_menu_opens_the_tool_without_a_page_around_it(tool: Tool, platform):
    course = platform.people["teacher"]["where"]
    number = tool.deployment["id"]
    link = f"{course}/external_tools/{number}?launch_type=post_grades"
    assert link in platform.get(f"{course}/gradebook", "teacher").text
    assert platform.get(f"{course}/gradebook", "student").status_code == 403
    claims = tool.claims("teacher", placement="post_grades")
    assert claims["https://www.instructure.com/placement"] == "post_grades"


def test_a_tool_that_wants_a_tab_of_its_own_gets_no_frame(platform: Platform):
    settings = placement("course_navigation", windowTarget="_blank")
    tool = installed(platform, placements=[settings])
    assert "<iframe" not in tool.page("teacher").text
    presentation = tool.claims("teacher")[f"{LTI}/launch_presentation"]
    assert presentation["document_target"] == "window"
    assert 'target="_blank"' in platform.get(platform.people["teacher"]["where"], "teacher").text


def test_a_page_without_anybody_acting_asks_who(tool: Tool, platform: Platform):
    course = platform.people["teacher"]["where"]
    at = f"{platform.canvas.url}{course}/external_tools/{tool.deployment['id']}"
    answer = requests.get(at, timeout=TIMEOUT, allow_redirects=False)
    assert answer.headers["Location"].startswith("/act-as?next=")

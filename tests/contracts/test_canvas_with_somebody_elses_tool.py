"""A public LTI library, unchanged, is a tool of the local Canvas: PyLTI1p3 in its Django form."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from pylti1p3.contrib.django import DjangoMessageLaunch, DjangoOIDCLogin
from pylti1p3.exception import LtiException
from pylti1p3.tool_config import ToolConfDict

from tests.contracts.lti_tool import LTI, TARGET, Platform, Tool, configuration, form_of
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Library:
    """The library as a tool, with the cookies and the session of one browser."""

    def __init__(self, platform: Platform, tool: Tool) -> None:
        canvas = platform.canvas
        self.settings = ToolConfDict(
            {
                canvas.issuer: [
                    {
                        "default": True,
                        "client_id": tool.client_id,
                        "auth_login_url": f"{canvas.sso}/api/lti/authorize_redirect",
                        "auth_token_url": f"{canvas.sso}/login/oauth2/token",
                        "key_set_url": f"{canvas.sso}/api/lti/security/jwks",
                        "deployment_ids": [tool.deployment["deployment_id"]],
                    }
                ]
            }
        )
        pem = tool.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.settings.set_private_key(canvas.issuer, pem.decode(), client_id=tool.client_id)
        public = tool.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self.settings.set_public_key(canvas.issuer, public.decode(), client_id=tool.client_id)
        self.cookies: dict[str, str] = {}
        self.session: dict[str, Any] = {}

    def request(self, path: str, fields: dict[str, str]) -> Any:
        made = RequestFactory().post(path, fields, secure=True, headers={"host": "tool.example"})
        made.COOKIES.update(self.cookies)
        made.session = self.session
        return made

    def answer_to(self, login: dict[str, str]) -> str:
        """Where the library sends the browser."""
        asked = DjangoOIDCLogin(self.request("/login", login), self.settings)
        answer: HttpResponse = asked.redirect(TARGET)
        self.cookies |= {name: morsel.value for name, morsel in answer.cookies.items()}
        return answer["Location"]

    def launched(self, fields: dict[str, str]) -> Any:
        return DjangoMessageLaunch(self.request("/launch", fields), self.settings)


@pytest.fixture(scope="module")
def platform(sandbox: Sandbox) -> Platform:
    return Platform(sandbox.canvas)


@pytest.fixture(scope="module")
def tool(platform: Platform) -> Tool:
    first = Tool(platform, configuration())
    fields = {"course": "$Canvas.course.id"}
    asked = configuration(public_jwk_url=None, public_jwk=first.public_jwk, custom_fields=fields)
    made = Tool(platform, asked)
    made.private = first.private
    made.deploy()
    return made


@pytest.fixture
def library(platform: Platform, tool: Tool):
    with override_settings(ALLOWED_HOSTS=["tool.example"]):
        yield Library(platform, tool)


def launch(library: Library, platform: Platform, tool: Tool, who: str) -> Any:
    address = library.answer_to(tool.login(who).fields)
    passed_on = requests.get(address, timeout=60, allow_redirects=False)
    page = platform.get(passed_on.headers["Location"], who)
    return library.launched(form_of(page.text).fields)


def test_it_is_launched_as_a_teacher(library: Library, platform: Platform, tool: Tool):
    launched = launch(library, platform, tool, "teacher")
    data = launched.get_launch_data()
    assert launched.check_teacher_access()
    course = platform.people["teacher"]["where"].rpartition("/")[2]
    assert data[f"{LTI}/custom"]["course"] == course


def test_it_is_launched_as_a_student(library: Library, platform: Platform, tool: Tool):
    assert launch(library, platform, tool, "student").check_student_access()


def test_it_reads_names_and_roles(library: Library, platform: Platform, tool: Tool):
    launched = launch(library, platform, tool, "teacher")
    assert launched.has_nrps()
    members = launched.get_nrps().get_members()
    assert {member["user_id"] for member in members} > {launched.get_launch_data()["sub"]}


def test_it_refuses_a_launch_signed_by_an_unknown_key(library, platform: Platform, tool: Tool):
    platform.control("POST", "launches/spoil", {"how": "unknown-kid"})
    with pytest.raises(LtiException):
        launch(library, platform, tool, "teacher").get_launch_data()

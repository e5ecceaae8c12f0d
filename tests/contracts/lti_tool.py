"""A tool and its people, in plain HTTP, for the contract tests of the LTI platform."""

from __future__ import annotations

import html
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.sandbox_process import Canvas

TIMEOUT = 60
LTI = "https://purl.imsglobal.org/spec/lti/claim"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
LOOKUP = "https://canvas.instructure.com/lti/account_lookup/scope/show"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
EXTENSION = "https://canvas.instructure.com/lti"
TARGET = "https://tool.example/launch"
KID = "the-tools-key"

Json = dict[str, Any]


@dataclass
class Form:
    """A form of a page, as a browser would send it."""

    action: str
    fields: dict[str, str]


def form_of(page: str) -> Form:
    """The last form with hidden fields of the page."""
    found = re.findall(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    action, inside = found[-1]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
    fields = {html.unescape(name): html.unescape(value) for name, value in pairs}
    return Form(html.unescape(action), fields)


class Platform:
    """The Canvas under test, with its control."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.people: Json = self.control("POST", "people")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.canvas.url}/sandbox/lti/{path}"
        answer = requests.request(method, url, json=body, timeout=TIMEOUT)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def cookie(self, who: str) -> dict[str, str]:
        made = self.people[who]["cookie"]
        return {"Cookie": f"{made['name']}={made['value']}"}

    def get(self, path: str, who: str, **query: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self.canvas.url}{path}"
        return requests.get(url, params=query, headers=self.cookie(who), timeout=TIMEOUT)

    def post(self, path: str, who: str, **form: Any) -> requests.Response:
        url = f"{self.canvas.url}{path}"
        return requests.post(
            url, data=form, headers=self.cookie(who), timeout=TIMEOUT, allow_redirects=False
        )

    def key_set(self) -> Json:
        answer = requests.get(f"{self.canvas.sso}/api/lti/security/jwks", timeout=TIMEOUT)
        return dict(answer.json())


@dataclass
class Tool:
    """Installed with a manual key, whose private half is here."""

    platform: Platform
    configuration: Json = field(default_factory=dict)
    account_id: int = 1

    def __post_init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        made = self.platform.control(
            "POST",
            "developer-keys",
            {
                "configuration": self.configuration,
                "redirect_uris": [TARGET],
                "account_id": self.account_id,
            },
        )
        self.client_id = made["client_id"]

    @property
    def public_jwk(self) -> Json:
        found: Json = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return found | {"kid": KID, "alg": "RS256", "use": "sig"}

    def deploy(self, **where: int) -> str:
        """Install it; the number of the installation."""
        asked = {"client_id": self.client_id, **(where or {"account_id": 1})}
        self.deployment = self.platform.control("POST", "deployments", asked)
        return str(self.deployment["id"])

    def page(self, who: str, path: str = "", placement: str = "course_navigation") -> Any:
        """The Canvas page that opens the tool for somebody."""
        where = path or self.platform.people["teacher"]["where"]
        if placement == "account_navigation" and not path:
            where = self.platform.people[who]["where"]
        at = f"{where}/external_tools/{self.deployment['id']}"
        return self.platform.get(at, who, launch_type=placement)

    def login(self, who: str, path: str = "", placement: str = "course_navigation") -> Form:
        """What is posted to the tool's login address."""
        page = self.page(who, path, placement)
        assert page.status_code == 200, page.text
        return form_of(page.text)

    def request(self, login: Form, **changed: str | None) -> Json:
        """The authentication request that answers a login."""
        asked: dict[str, str | None] = {
            "client_id": login.fields["client_id"],
            "login_hint": login.fields["login_hint"],
            "lti_message_hint": login.fields["lti_message_hint"],
            "nonce": "a-nonce",
            "prompt": "none",
            "redirect_uri": TARGET,
            "response_mode": "form_post",
            "response_type": "id_token",
            "scope": "openid",
            "state": "a-state",
            **changed,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def authorize(self, who: str, asked: Json) -> requests.Response:
        at = f"{self.platform.canvas.sso}/api/lti/authorize_redirect"
        passed_on = requests.get(at, params=asked, timeout=TIMEOUT, allow_redirects=False)
        if passed_on.status_code != 302:
            return passed_on
        return self.platform.get(passed_on.headers["Location"], who)

    def answered(self, who: str, asked: Json) -> Form:
        page = self.authorize(who, asked)
        assert page.status_code == 200, page.text
        return form_of(page.text)

    def claims(self, who: str, path: str = "", placement: str = "course_navigation") -> Json:
        """Launch it; the claims of the token, whose signature was checked."""
        posted = self.answered(who, self.request(self.login(who, path, placement)))
        assert posted.action == TARGET
        return self.verified(posted.fields["id_token"])

    def verified(self, token: str, **options: Any) -> Json:
        keys = jwt.PyJWKSet.from_dict(self.platform.key_set())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        return dict(
            jwt.decode(token, key.key, ["RS256"], audience=self.client_id, options=options or None)
        )

    def custom(self, who: str, path: str = "", placement: str = "course_navigation") -> Json:
        return dict(self.claims(who, path, placement)[f"{LTI}/custom"])

    def assertion(self, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.platform.canvas.sso}/login/oauth2/token",
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            **changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": KID})

    def ask_token(self, scope: str = NRPS, assertion: str = "") -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion or self.assertion(),
            "scope": scope,
        }
        url = f"{self.platform.canvas.sso}/login/oauth2/token"
        return requests.post(url, data=form, timeout=TIMEOUT)

    def service(self, url: str, scope: str = NRPS, **query: Any) -> requests.Response:
        token = self.ask_token(scope).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(url, params=query, headers=headers, timeout=TIMEOUT)


def configuration(**changed: Any) -> Json:
    """A manual key's JSON with both navigations and the gradebook's menu."""
    placements = changed.pop("placements", None) or [
        placement("course_navigation"),
        placement("account_navigation"),
        placement("post_grades"),
    ]
    return {
        "title": "A tool",
        "description": "Somebody's",
        "oidc_initiation_url": "https://tool.example/login",
        "target_link_uri": TARGET,
        "scopes": [NRPS, LOOKUP],
        "public_jwk_url": "https://tool.example/keys",
        "custom_fields": {},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": "tool.example",
                "tool_id": "a-tool",
                "privacy_level": changed.pop("privacy_level", "public"),
                "settings": {"text": "A tool", "placements": placements},
            }
        ],
        **changed,
    }


def placement(name: str, **settings: Any) -> Json:
    return {
        "placement": name,
        "message_type": "LtiResourceLinkRequest",
        "target_link_uri": TARGET,
        **settings,
    }


def installed(platform: Platform, **changed: Any) -> Tool:
    """A tool installed in the root account."""
    tool = Tool(platform, configuration(**changed))
    tool.deploy()
    return tool


def registration(**changed: Any) -> Json:
    """What a tool posts to register itself."""
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [TARGET],
        "initiate_login_uri": "https://tool.example/login",
        "client_name": "A tool that registers itself",
        "jwks_uri": "https://tool.example/keys",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": NRPS,
        TOOL_CONFIGURATION: {
            "domain": "tool.example",
            "target_link_uri": TARGET,
            "claims": ["sub", "name", "email", "picture"],
            "custom_parameters": {"user": "$Canvas.user.id"},
            f"{EXTENSION}/privacy_level": "public",
            "messages": [
                {
                    "type": "LtiResourceLinkRequest",
                    "label": "Registered",
                    "placements": ["course_navigation", "account_navigation"],
                    "custom_parameters": {"course": "$Canvas.course.id"},
                    f"{EXTENSION}/visibility": "admins",
                }
            ],
        },
        **changed,
    }


def host(url: str) -> str:
    return urlsplit(url).netloc

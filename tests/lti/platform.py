"""A platform as the tests want it: it signs what it is told to, and publishes its keys.

It shares no code with the product: tokens are signed with keys of its own.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integration.servers import Answer, FaultServer, Received, answer, json_answer

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTRUCTOR = f"{LIS}membership#Instructor"
ADMINISTRATOR = f"{LIS}institution/person#Administrator"
SYSTEM_USER = f"{LIS}system/person#User"


@dataclass
class Key:
    """One RSA key pair of a platform."""

    kid: str = field(default_factory=lambda: str(uuid.uuid4()))
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def pem(self) -> str:
        return self.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": number(numbers.n),
            "e": number(numbers.e),
        }


def number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class KeyServer:
    """Publishes key sets, and counts who asked; `answers` replaces what it says."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.answers: Callable[[], Answer] | None = None
        self.server = FaultServer(self._answer)

    @property
    def url(self) -> str:
        return f"{self.server.url}/jwks"

    @property
    def asked(self) -> int:
        return len([one for one in self.server.received if one.target == "/jwks"])

    def _answer(self, request: Received) -> Answer:
        if self.answers:
            return self.answers()
        if request.target != "/jwks":
            return answer(404)
        return json_answer({"keys": [key.jwk for key in self.keys]})


@contextmanager
def key_server() -> Iterator[KeyServer]:
    published = KeyServer()
    with published.server:
        yield published


@dataclass
class Platform:
    """One registration at a platform, and one deployment of it."""

    key_server: KeyServer
    tool: str
    key: Key
    issuer: str = "https://canvas.instructure.com"
    client_id: str = "10000000000001"
    deployment_id: str = "7:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"
    guid: str = "abc:canvas-lms"
    host: str = "lakeside.instructure.com"

    @property
    def auth_url(self) -> str:
        return f"{self.key_server.server.url}/api/lti/authorize_redirect?region=here"

    @property
    def jwks_url(self) -> str:
        return self.key_server.url

    @property
    def token_url(self) -> str:
        return f"{self.key_server.server.url}/login/oauth2/token"

    def login(self, **changes: str | None) -> dict[str, str]:
        """The fields of a login initiation."""
        fields = {
            "iss": self.issuer,
            "login_hint": "opaque-user",
            "client_id": self.client_id,
            "deployment_id": self.deployment_id,
            "target_link_uri": f"{self.tool}/lti/launch/",
            "lti_message_hint": "hint.of.canvas",
            "canvas_region": "us-east-1",
            "canvas_environment": "production",
        } | changes
        return {name: value for name, value in fields.items() if value is not None}

    def claims(self, nonce: str, person: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
        """The claims of an ID token; a change to None leaves the claim out."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "azp": self.client_id,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            "sub": "3f0e7a3c-user",
            "name": "Rosa Nguyen",
            "locale": "en",
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": self.deployment_id,
            f"{LTI}target_link_uri": f"{self.tool}/lti/launch/",
            f"{LTI}resource_link": {"id": "8865aa05"},
            f"{LTI}tool_platform": {"guid": self.guid, "name": "Lakeside Unified"},
            f"{LTI}launch_presentation": {
                "document_target": "iframe",
                "return_url": f"https://{self.host}/courses/5/external_content",
                "locale": "en",
            },
        }
        claims |= person
        claims |= {LTI + name if name in SHORT else name: value for name, value in changes.items()}
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], *, key: Key | None = None, **headers: Any) -> str:
        key = key or self.key
        return jwt.encode(
            claims, key.private, algorithm="RS256", headers={"kid": key.kid} | headers
        )


SHORT = {
    "message_type",
    "version",
    "deployment_id",
    "target_link_uri",
    "resource_link",
    "tool_platform",
    "roles",
    "custom",
    "context",
    "launch_presentation",
}


def segment(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

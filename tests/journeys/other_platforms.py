"""Two LTI platforms by other people, from PyPI, as running servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import MessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration

from tests.journeys.servers import free_port, wait_for


@dataclass(frozen=True)
class Other:
    """Where it is, and how the product is told of it."""

    url: str
    issuer: str
    client_id: str
    deployment_id: str

    def addresses(self) -> dict[str, str]:
        return {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "deployment_id": self.deployment_id,
            "auth_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "jwks_url": f"{self.url}/jwks",
        }


@contextmanager
def lti_provider_mock(login_url: str, launch_url: str) -> Iterator[Other]:
    """The PyPI package `lti-provider-mock`, its server as it is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    user = {"id": "u1", "given_name": "Ada", "family_name": "Moss", "email": "ada@example.org"}
    settings = {
        "LTI": json.dumps({"iss": url, "login_url": login_url, "launch_url": launch_url}),
        "USERS": json.dumps([user]),
        "COURSES": json.dumps([{"id": "c1", "name": "Botany", "users": ["u1"]}]),
    }
    environment = {f"LTI_PROVIDER_MOCK__{name}": text for name, text in settings.items()}
    command = [sys.executable, "-m", "gunicorn", "lti_provider_mock.server:app", "-k", "asgi"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket"]
    command += ["--graceful-timeout", "1"]
    with subprocess.Popen(command, env=os.environ | environment) as process:
        try:
            wait_for(process, port)
            yield Other(url, url, "lti-provider-mock", "1")
        finally:
            process.terminate()


class _Conf(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **how: Registration) -> None:
        self._registration = how["registration"]

    def get_registration_by_params(self, **_: Any) -> Registration:
        return self._registration


class _Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **_: Any) -> None:
        self._lti_message_hint = "a-hint"

    def get_redirect(self, url: str) -> str:
        return url


class _Launch(MessageLaunchAbstract):
    def get_preflight_response(self) -> dict[str, Any]:
        return dict(self._request)

    def prepare_launch(self, preflight_response: dict[str, Any], **_: Any) -> None:
        teacher = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
        self.set_user_data("u2", [teacher], full_name="Ben Hale")
        self.set_resource_link_claim("r2")
        self.set_launch_context_claim("c2", context_title="Geology", context_label="GEO")
        self.set_custom_parameters_claim(
            {
                "course_id": "77",
                "section_restricted": "false",
                "permissions": "view_all_grades,manage_grades",
            }
        )

    def render_launch_form(self, launch_data: dict[str, Any], **_: Any) -> str:
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(str(launch_data[name]))}">'
            for name in ("id_token", "state")
        )
        action = escape(launch_data["launch_url"])
        script = "<script>document.forms[0].submit()</script>"
        return f'<form method="post" action="{action}">{fields}</form>{script}'


@contextmanager
def lti1p3platform(login_url: str, launch_url: str) -> Iterator[Other]:
    """The PyPI package `lti1p3platform`: its logic, behind a few lines of HTTP."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    registration = (
        Registration()
        .set_iss(url)
        .set_client_id("other-client")
        .set_deployment_id("other-deployment")
        .set_oidc_login_url(login_url)
        .set_launch_url(launch_url)
        .set_platform_private_key(pem)
        .set_platform_public_key(public.decode())
    )
    conf = _Conf(registration=registration)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/start":
                login = _Login(None, conf)
                login.set_lti_message_hint()
                self._send(302, "", Location=login.initiate_login("u2"))
            elif parts.path == "/authorize":
                launch = _Launch(dict(parse_qsl(parts.query)), conf)
                self._send(200, launch.lti_launch())
            else:
                self._send(200, json.dumps({"keys": registration.get_jwks()}))

        def _send(self, status: int, body: str, **headers: str) -> None:
            sent = body.encode()
            kind = "text/html" if body.startswith("<") else "application/json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Other(url, url, "other-client", "other-deployment")
        server.shutdown()

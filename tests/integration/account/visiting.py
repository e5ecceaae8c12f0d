"""Somebody who has launched from an account's navigation, and the pages that they open."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from integration.models import District, Installation
from lti import claims, cookies, sessions
from lti.models import Deployment, LaunchSession, Platform
from lti.secret_words import digest, new_word
from tests.lti import people

HOSTS = ["lakeside.instructure.com"]
CSRF = "c" * 32


def installed(district: District) -> Deployment:
    """An installation in the district's Canvas."""
    platform, _ = Platform.objects.get_or_create(
        issuer="https://canvas.instructure.com",
        client_id=district.slug,
        defaults=dict.fromkeys(("auth_url", "token_url", "jwks_url"), "https://a.example"),
    )
    deployment = Deployment.objects.create(
        platform=platform, deployment_id=f"1:{district.slug}", hosts=HOSTS
    )
    Installation.objects.create(
        district=district, deployment=deployment, canvas=district.slug, claimed_by="the test"
    )
    return deployment


@dataclass
class Visit:
    """A browser with one open visit of an account."""

    client: Client
    place: str

    def get(self, path: str, **query: Any) -> Any:
        asked = urlencode({"place": self.place, **query}, doseq=True)
        return self.client.get(f"/account/{path}?{asked}")

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(f"/account/{path}?{urlencode({'place': self.place})}", fields)

    def page(self, path: str, **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, words(answer))
        return words(answer)


def visit(deployment: Deployment, person: dict[str, Any] | None = None) -> Visit:
    """Launch as this person; by default Ada, who administers the root account."""
    told = {
        "iss": deployment.platform.issuer,
        "azp": deployment.platform.client_id,
        claims.DEPLOYMENT_ID: deployment.deployment_id,
        "sub": "u7",
        "name": "Ada Admin",
    } | (person or people.ada())
    launch = claims.read(told)
    key = new_word()
    session = LaunchSession.objects.create(
        key_hash=digest(key),
        deployment=deployment,
        subject=launch.subject,
        launch=launch.as_json(),
        csrf_secret=CSRF,
    )
    client = Client()
    place = sessions.place_of(session)
    client.cookies[cookies.session_name(place)] = key
    return Visit(client, place)


def words(answer: Any) -> str:
    """What a person reads on the page."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode()
    if "text/html" not in answer.headers.get("Content-Type", ""):
        return text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())

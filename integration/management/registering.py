"""The demo as the administrator of the local Canvas: our registration page, opened and sent.

Everything goes over HTTP, as from Canvas's frame. What only a hand in Canvas does (begin, and
switch on) is asked of the sandbox's control.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from integration.errors import QSyncError
from integration.http import Http


class RegistrationFailed(QSyncError):
    code = "demo.registration-failed"
    remedy = "The web process's lines above tell why."


class _Form(HTMLParser):
    """The hidden fields of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""


def register(http: Http, *, canvas_url: str, invite_url: str) -> dict[str, str]:
    """Install this tool into the local Canvas; its `client_id` and `deployment_id` there.

    Raises:
        RegistrationFailed, HttpError
    """
    control = f"{canvas_url}/sandbox/lti/registrations"
    begun = _json(http, "POST", control, {"url": invite_url})
    page = _ok(http.request("GET", begun["address"]), "show")
    fields = _Form(page.body.decode()).fields
    _ok(http.request("POST", invite_url.partition("?")[0], form=fields), "accept")
    return _json(http, "PUT", control, {"guid": begun["guid"]})


def _json(http: Http, method: str, url: str, body: dict[str, str]) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    sent = http.request(method, url, body=json.dumps(body).encode(), headers=headers)
    found: dict[str, str] = _ok(sent, "switch on").json()
    return found


def _ok(answer: Any, what: str) -> Any:
    if answer.status != 200:
        raise RegistrationFailed(f"Could not {what} the registration: status {answer.status}.")
    return answer

"""What a step of the demo has at hand, and how it speaks to the local servers' control."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from integration.errors import QSyncError
from integration.http import Http


class Manage(Protocol):
    """Runs one of our commands as a person would; what it printed, if it is read."""

    def __call__(self, *words: str, is_read: bool = False) -> str: ...


class DemoFailed(QSyncError):
    code = "demo.failed"
    remedy = "The lines above tell which step failed, and what to do."


@dataclass(frozen=True, slots=True)
class Stage:
    """`canvas`: what the sandbox's ready line says of it."""

    slug: str
    canvas: dict[str, str]
    http: Http
    manage: Manage
    say: Callable[[str], None]

    def ask_canvas(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Have done in the local Canvas what hands would do there.

        Raises:
            DemoFailed, HttpError
        """
        url = f"{self.canvas['url']}/sandbox/{path}"
        headers = {"Content-Type": "application/json"}
        answer = self.http.request("POST", url, body=json.dumps(body).encode(), headers=headers)
        if answer.status != 200:
            raise DemoFailed(f"The local Canvas answered {answer.status} to {path}.")
        found: dict[str, Any] = answer.json()
        return found

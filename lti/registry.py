"""What this room is lent by the app above it, which fills it in `AppConfig.ready()`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse


class Unreachable(Exception):
    """No usable answer came. The message holds nothing of an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def mapping(self) -> dict[str, Any] | None:
        """The JSON object that it holds; None where it holds anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class Request(Protocol):
    """One request through the guarded door; raises Unreachable."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        max_bytes: int,
        seconds: float,
    ) -> Answer: ...


class Cipher(Protocol):
    """Encrypts and decrypts a text that belongs to one place only."""

    def seal(self, text: str, *, place: str) -> str: ...

    def unseal(self, sealed: str, *, place: str) -> str: ...


class Invitations(Protocol):
    """One-time registration codes."""

    def is_open(self, code: str) -> bool: ...

    def redeem(self, code: str, *, by: str) -> bool:
        """True for exactly one caller."""

    def give_back(self, code: str) -> None:
        """What it was redeemed for did not come about."""


class Host(Protocol):
    """The app above."""

    @property
    def cipher(self) -> Cipher: ...

    @property
    def invitations(self) -> Invitations: ...

    @property
    def request(self) -> Request: ...

    def audit(
        self,
        action: str,
        *,
        actor: str,
        subject: str = "",
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event that is nobody's yet into the audit log; of very many, the first."""

    def enter(self, request: HttpRequest, *, needs_district: bool) -> HttpResponse | None:
        """Put what belongs to the launch on the request; or answer in the view's place."""


class _Lent:
    """The one `Host`, once it is there."""

    host: Host | None = None


def lend(host: Host) -> None:
    """Called once at start."""
    _Lent.host = host


def host() -> Host:
    """The app above. Raises RuntimeError where none was lent."""
    if _Lent.host is None:
        raise RuntimeError("No app has lent the launch room what it needs.")
    return _Lent.host

"""Where this platform says it is: its issuer, and the host that signs people in to tools."""

import threading
from typing import Any

import jwt

STORAGE_MODES = ("post_message_forwarding", "_parent", "absent", "silent")
_SECRET = "the sandbox signs its own hints with this, and nobody else has to believe them"


class Platform:
    """The settings of the command line, and what tests change. One for the process."""

    def __init__(self) -> None:
        self.canvas_origin = ""
        self.sso_origin = ""
        self._issuer = ""
        self._first_issuer = ""
        self.storage = STORAGE_MODES[0]
        self._spoiled: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def begin(self, canvas_origin: str, sso_origin: str, issuer: str) -> None:
        self.canvas_origin = canvas_origin
        self.sso_origin = sso_origin or canvas_origin
        self._first_issuer = self._issuer = issuer

    @property
    def issuer(self) -> str:
        return self._issuer or self.canvas_origin

    @issuer.setter
    def issuer(self, value: str) -> None:
        self._issuer = value

    def forget(self) -> None:
        """Back to what the command line said."""
        self._issuer = self._first_issuer
        self.storage = STORAGE_MODES[0]
        with self._lock:
            self._spoiled.clear()

    def spoil(self, how: dict[str, Any]) -> None:
        """So the next launch that is signed (or `times` of them)."""
        times = int(how.pop("times", 1))
        with self._lock:
            self._spoiled += [how] * times

    def next_spoiled(self) -> dict[str, Any]:
        with self._lock:
            return self._spoiled.pop(0) if self._spoiled else {}


here = Platform()


def seal(claims: dict[str, Any]) -> str:
    """A token for ourselves: hints, registration tokens, access tokens."""
    return jwt.encode(claims, _SECRET, algorithm="HS256")


def unseal(token: str) -> dict[str, Any]:
    """What `seal` was given. Raises jwt.PyJWTError for anything else, and when it has expired."""
    found: dict[str, Any] = jwt.decode(
        token, _SECRET, algorithms=["HS256"], options={"verify_aud": False}
    )
    return found

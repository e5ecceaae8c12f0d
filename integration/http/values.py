"""What goes into a request and comes out of one. Pure: no I/O."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import msgspec

from integration.http.errors import HeaderRefused, NotJson

# (method, final url, headers, body) -> extra headers; asked anew for every attempt
Sign = Callable[[str, str, dict[str, str], bytes | None], dict[str, str]]

_BOM = b"\xef\xbb\xbf"
_EXACT = msgspec.json.Decoder(float_hook=Decimal)


class CaseInsensitiveMapping(Mapping[str, str]):
    """Header fields; several of one name are joined with a comma (RFC 9110, 5.3)."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, tuple[str, str]] = {}
        for name, value in items:
            known = self._fields.get(name.lower())
            self._fields[name.lower()] = (name, f"{known[1]}, {value}" if known else value)

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"  # values may be secrets


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `total` bounds one attempt from the first byte to the last, waits excluded."""

    connect: float = 3.05
    read: float = 30.0
    total: float = 120.0

    def within(self, total: float | None) -> "Timeouts":
        return replace(self, total=total) if total else self


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """An answer of any status, its body unpacked and whole."""

    status: int
    headers: CaseInsensitiveMapping
    body: bytes
    url: str
    seconds: float

    def __repr__(self) -> str:
        return f"<Response {self.status} {safe_url(self.url)} {len(self.body)} bytes>"

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self, *, exact: bool = False) -> Any:
        """The body as Python values; with `exact` numbers with a point as `Decimal`.

        Raises:
            NotJson: in words that hold nothing of the body.
        """
        body = self._utf8().removeprefix(_BOM)
        try:
            return _EXACT.decode(body) if exact else msgspec.json.decode(body)
        except RecursionError:
            raise NotJson(self._not_json("is nested too deeply")) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            looks_cut = body.lstrip()[:1] in (b"{", b"[")
        raise NotJson(self._not_json("is not JSON"), retryable=looks_cut)

    def _utf8(self) -> bytes:
        message = Message()
        message["Content-Type"] = self.headers.get("Content-Type", "")
        charset = message.get_content_charset("utf-8")
        if charset in ("utf-8", "utf8", "us-ascii"):
            return self.body
        try:
            return self.body.decode(charset).encode()
        except (LookupError, UnicodeError):
            return self.body

    def _not_json(self, what: str) -> str:
        kind = Message()
        kind["Content-Type"] = self.headers.get("Content-Type", "")
        host = urlsplit(self.url).hostname
        return (
            f"The answer of {host} {what} "
            f"(status {self.status}, {kind.get_content_type()}, {len(self.body)} bytes)."
        )


def safe_url(url: str) -> str:
    """Host and path: a query may hold tokens or names."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Refuse what would split a request, here, because libraries repeat the value in their error.

    Raises:
        HeaderRefused: names the header, never its value.
    """
    for name, value in headers.items():
        is_latin = all(ord(char) < 256 for char in value)
        if not is_latin or any(char in value for char in "\r\n\0"):
            raise HeaderRefused(f"The value of the header {name} cannot be sent.")
    return dict(headers)

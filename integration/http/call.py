"""One request as it was asked for, and how its answer's body is read."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Protocol

from integration.http.addresses import Target, with_params
from integration.http.body import CHUNK, Multipart, Upload, read_pieces, refuse_cut_json, urlencoded
from integration.http.values import Response, Sign, Timeouts, checked_headers

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_MOST_OF_AN_ERROR = 1 << 20
_DEFAULT_HEADERS = {"User-Agent": "Q-Sync-for-Canvas", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Each attempt is signed anew, over the very URL that is sent."""

    method: str
    target: Target
    headers: dict[str, str]
    body: bytes | Multipart | None = None
    sign: Sign | None = None
    may_retry: bool
    is_throttled: Callable[[Response], bool] | None = None
    max_bytes: int
    timeouts: Timeouts
    to: IO[bytes] | None = None
    to_start: int = 0

    def signed_headers(self) -> dict[str, str]:
        headers = dict(self.headers)
        if self.sign:
            body = self.body if isinstance(self.body, bytes) else None
            headers |= checked_headers(self.sign(self.method, self.target.url, headers, body))
        return headers


def prepare(
    method: str,
    target: Target,
    *,
    params: Sequence[tuple[str, str]],
    headers: Mapping[str, str] | None,
    max_bytes: int,
    timeouts: Timeouts,
    body: bytes | None = None,
    files: Mapping[str, Upload] | None = None,
    form: Mapping[str, str] | None = None,
    sign: Sign | None = None,
    retry: bool | None = None,
    is_throttled: Callable[[Response], bool] | None = None,
    to: IO[bytes] | None = None,
) -> Call:
    verb = method.upper()
    content, described = _content(body, form, files)
    return Call(
        method=verb,
        target=replace(target, path=with_params(target.path, params)),
        headers=_DEFAULT_HEADERS | described | checked_headers(headers or {}),
        body=content,
        sign=sign,
        may_retry=verb in IDEMPOTENT if retry is None else retry,
        is_throttled=is_throttled,
        max_bytes=max_bytes,
        timeouts=timeouts,
        to=to,
        to_start=to.tell() if to else 0,
    )


def _content(
    body: bytes | None, form: Mapping[str, str] | None, files: Mapping[str, Upload] | None
) -> tuple[bytes | Multipart | None, dict[str, str]]:
    """What to send, and the headers that describe it."""
    if files:
        upload = Multipart(form or {}, files, boundary=secrets.token_hex(16))
        described = {"Content-Type": upload.content_type, "Content-Length": str(upload.length)}
        return upload, described
    if body is None and form is None:
        return None, {}
    content = body if form is None else urlencoded(form)
    described = {"Content-Length": str(len(content or b""))}  # without it, it would go in chunks
    if form is not None:
        described["Content-Type"] = "application/x-www-form-urlencoded"
    return content, described


class Raw(Protocol):
    """What we use of urllib3's response."""

    status: int
    length_remaining: int | None

    @property
    def headers(self) -> Mapping[str, str]: ...

    def read(self, amt: int | None = None, decode_content: bool | None = None) -> bytes: ...


def read_body(call: Call, raw: Raw) -> bytes:
    """The whole body; or nothing, where it went into the file that was asked for."""
    to = call.to if 200 <= raw.status < 300 else None
    is_chunked = "chunked" in raw.headers.get("Transfer-Encoding", "").lower()
    ends_with_connection = raw.length_remaining is None and not is_chunked
    pieces = read_pieces(
        lambda size: raw.read(size, decode_content=False),
        length=raw.length_remaining,
        ends_with_connection=ends_with_connection,
        encoding=raw.headers.get("Content-Encoding", ""),
        max_bytes=_MOST_OF_AN_ERROR if call.to and not to else call.max_bytes,
        step=4 * CHUNK if to else None,
    )
    if to:
        to.seek(call.to_start)
        to.truncate()
        for piece in pieces:
            to.write(piece)
        return b""
    body = b"".join(pieces)
    if ends_with_connection and (body or call.method == "GET"):
        refuse_cut_json(body, raw.headers.get("Content-Type", ""))
    return body

"""One request as it was asked for, before anything is sent. Pure: no I/O of its own."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO

from integration.addresses import Target, with_params
from integration.http_body import Multipart, Upload, urlencoded
from integration.http_values import Response, Sign, Timeouts, checked_headers

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
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
    if form is not None:
        return urlencoded(form), {"Content-Type": "application/x-www-form-urlencoded"}
    return body, {}

"""Which error an unsuccessful answer of Canvas is. Pure: no I/O.

Canvas says the same thing in many shapes: `errors` as list, object or text, `message`, `error`,
`error_message`, plain text, and HTML where a proxy or a crash answers.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from integration.canvas.errors import (
    CanvasError,
    Forbidden,
    ImportsNotEnabled,
    InsufficientScope,
    Invalid,
    NotFound,
    NotRootAccount,
    ProtocolError,
    Throttled,
    TokenRejected,
    Unavailable,
)

SENTENCE_KEYS = ("message", "error_message", "error_description", "errors", "error")
MAX_BYTES = 256 * 1024
MAX_SENTENCES = 5
MAX_CHARS = 300
REQUEST_ID_HEADERS = ("X-Request-Context-Id", "X-Request-Id")

# Canvas words, lower case, that decide before the status does.
_SCOPE = "insufficient scopes on access token"
_BAD_TOKEN = ("invalid access token", "expired access token", "user authorization required")
_BY_WORDS: tuple[tuple[str, type[CanvasError]], ...] = (
    (_SCOPE, InsufficientScope),
    ("sis imports are not enabled", ImportsNotEnabled),
    ("only be executed on root accounts", NotRootAccount),
)


def is_throttled(status: int, body: bytes) -> bool:
    """Canvas refuses with 403 and a text, not with 429; both count."""
    return status == 429 or (status == 403 and b"rate limit exceeded" in body[:2000].lower())


def is_token_refused(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """401 means three things: a dead token, a missing permission, a missing scope."""
    if status != 401:
        return False
    found = " ".join(sentences(headers, body)).lower()
    if _SCOPE in found:
        return False
    return "WWW-Authenticate" in headers or any(words in found for words in _BAD_TOKEN)


def refusal(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    asked: str,
    secrets: Collection[str] = (),
) -> CanvasError:
    """The error for an answer that is not 2xx. `asked` says what for, without a query."""
    found = tuple(sentences(headers, _scrubbed(body, secrets)))
    said = "; ".join(re.sub(r"(?i)bearer\s+\S+", "Bearer •••", sentence) for sentence in found)
    message = f"{asked}: Canvas answered {status}" + (f", “{said}”" if said else "")
    kind = _kind(status, headers, body, " ".join(found).lower())
    return kind(message, status=status, request_id=request_id(headers))


def _kind(status: int, headers: Mapping[str, str], body: bytes, said: str) -> type[CanvasError]:
    if is_throttled(status, body):
        return Throttled
    if 400 <= status < 500:
        for words, kind in _BY_WORDS:
            if words in said:
                return kind
    if status == 401:
        return TokenRejected if is_token_refused(status, headers, body) else Forbidden
    if status >= 500:
        return Unavailable
    by_status = {403: Forbidden, 404: NotFound, 408: Unavailable}
    return by_status.get(status, Invalid if 400 <= status < 500 else ProtocolError)


def sentences(headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """What the answer says in words, in at most five short pieces; nothing for HTML."""
    start = body[:200].lstrip().lower()
    if not start or start.startswith(b"<") or "html" in headers.get("Content-Type", "").lower():
        return
    try:
        answer = json.loads(body[:MAX_BYTES])
    except (ValueError, RecursionError):
        if not start.startswith((b"{", b"[")):
            yield _short(body[: 4 * MAX_CHARS].decode("utf-8", "replace"))
        return
    # Only the keys Canvas keeps for messages: anything else may be a person's record.
    if isinstance(answer, dict):
        answer = [answer[key] for key in SENTENCE_KEYS if key in answer]
    elif not isinstance(answer, str):
        return
    for sentence in islice(_sentences(answer, depth=0), MAX_SENTENCES):
        yield _short(sentence)


def _sentences(value: object, *, depth: int) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _sentences(item, depth=depth + 1)
    elif isinstance(value, dict):
        known = [key for key in SENTENCE_KEYS if key in value]
        for key in known:
            yield from _sentences(value[key], depth=depth + 1)
        for field in () if known else value:
            for sentence in _sentences(value[field], depth=depth + 1):
                yield f"{field}: {sentence}"


def _short(sentence: str) -> str:
    flat = re.sub(r"[\x00-\x20\x7f]+", " ", sentence).strip()
    return flat if len(flat) <= MAX_CHARS else flat[: MAX_CHARS - 1] + "…"


def _scrubbed(body: bytes, secrets: Collection[str]) -> bytes:
    """A debugging proxy may echo the request: our own secrets never reach a screen or a log."""
    for secret in secrets:
        if secret:
            body = body.replace(secret.encode(), "•••".encode())
    return body


def request_id(headers: Mapping[str, str]) -> str:
    found = next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), "")
    return found if re.fullmatch(r"[\w.:-]{1,80}", found) else ""

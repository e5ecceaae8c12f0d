"""What a fault makes of an answer: another one in its place, or the same one spoilt."""

import gzip
import json
import time
import zlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date

BOM: Final = b"\xef\xbb\xbf"
BLOCK: Final = 1 << 16

Deeds = Mapping[str, Any]

# Each of these is an answer of its own; the request is not carried out unless `apply` says so.
REPLACING: Final = frozenset({"status", "body", "monster"})


def replaced(do: Deeds) -> HttpResponseBase:
    """The answer that the fault gives itself."""
    status = int(do.get("status", HTTPStatus.OK))
    if monster := do.get("monster"):
        return _monster(status, *next(iter(monster.items())))
    body = do.get("body")
    if body is None:
        return HttpResponse(_phrase(status), status=status, content_type="text/plain")
    if isinstance(body, str):
        kind = "text/html" if body.lstrip().startswith("<") else "text/plain"
        return HttpResponse(body, status=status, content_type=f"{kind}; charset=utf-8")
    return HttpResponse(json.dumps(body), status=status, content_type="application/json")


def _phrase(status: int) -> str:
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return ""
    return f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)


def _monster(status: int, kind: str, size: int) -> StreamingHttpResponse:
    made = {"nested": _nested, "long": _long, "bomb": _bomb}[kind](size)
    answer = StreamingHttpResponse(made, status=status, content_type="application/json")
    if kind == "bomb":
        answer["Content-Encoding"] = "gzip"
    return answer


def _nested(depth: int) -> Iterator[bytes]:
    yield b'{"data":' + b"[" * depth
    yield b"]" * depth + b"}"


def _long(size: int) -> Iterator[bytes]:
    yield b'{"data":["'
    for start in range(0, size, BLOCK):
        yield b"x" * min(BLOCK, size - start)
    yield b'"]}'


def _bomb(size: int) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for block in _long(size):
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


def tampered(do: Deeds, answer: HttpResponseBase) -> HttpResponseBase:
    """The same answer with its body and headers spoilt as the fault says."""
    if any(name in do for name in ("truncate", "bom", "gzip")):
        answer = _with_body(answer, _spoilt(do, _content(answer)))
        if do.get("gzip"):
            answer["Content-Encoding"] = "gzip"
    for name, value in do.get("headers", {}).items():
        _set_header(answer, name, value)
    if do.get("chunked"):
        del answer["Content-Length"]  # what says so instead is not WSGI's to send; the wire does
    elif "length" in do:
        answer["Content-Length"] = str(len(_content(answer)) + do["length"])
    return answer


def _content(answer: HttpResponseBase) -> bytes:
    if isinstance(answer, HttpResponse):
        return answer.content
    assert isinstance(answer, StreamingHttpResponse)
    return answer.getvalue()


def _with_body(answer: HttpResponseBase, body: bytes) -> HttpResponse:
    headers = {name: value for name, value in answer.items() if name != "Content-Length"}
    made = HttpResponse(body, status=answer.status_code, headers=headers)
    made["Content-Length"] = str(len(body))
    return made


def _spoilt(do: Deeds, body: bytes) -> bytes:
    if "truncate" in do:
        kept = do["truncate"]
        body = body[: int(len(body) * kept) if isinstance(kept, float) else kept]
    if do.get("bom"):
        body = BOM + body
    return gzip.compress(body) if do.get("gzip") else body


def _set_header(answer: HttpResponseBase, name: str, value: Any) -> None:
    if value is None:
        del answer[name]
    elif isinstance(value, dict):
        answer[name] = http_date(time.time() + value["in_seconds"])
    else:
        answer[name] = str(value)

"""What Q sends back: collections with paging headers, single records, status information."""

import json
import uuid
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from django.http import HttpRequest, HttpResponse

from sandbox.q import disguise, quirks, spelling
from sandbox.q.errors import Refused
from sandbox.q.operations import Operation
from sandbox.q.query import Query
from sandbox.q.records import ROOT
from sandbox.q.schema import COLLECTIONS, Collection
from sandbox.rules import on

PREFIX: Final = "/ims/oneroster/v1p1"
JSON: Final = "application/json; charset=utf-8"

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode

Warnings = tuple[tuple[str, str], ...]


def origin(request: HttpRequest) -> str:
    """Scheme, host and port as the client wrote them, also before a front with a certificate."""
    return f"{request.headers.get('X-Forwarded-Proto', 'http')}://{request.get_host()}"


def collection(
    request: HttpRequest, operation: Operation, bodies: list[bytes], total: int, query: Query
) -> HttpResponse:
    """One page."""
    is_beyond = not bodies and query.offset > 0
    if nothing := disguise.missing(total=total, is_beyond=is_beyond):
        return nothing
    kind = COLLECTIONS[operation.collection]
    records = _rooted(request, b",".join(_picked(kind, bodies, query.fields)))
    warnings = _status_member(operation, query.warnings)
    answer = disguise.wrapped(kind.name, records, warnings)
    response = HttpResponse(answer, content_type=JSON)
    disguise.counted(response, total)
    if on("q.link-header"):
        here = origin(request) + request.META["REQUEST_URI"]
        disguise.linked(response, _links(request, query, total), here)
    return response


def single(
    request: HttpRequest,
    operation: Operation,
    body: bytes,
    fields: tuple[str, ...] = (),
    warnings: Warnings = (),
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """One record."""
    kind = COLLECTIONS[operation.collection]
    (picked,) = _picked(kind, [body], fields)
    record = _rooted(request, picked)
    warned = _status_member(operation, warnings)
    answer = b'{"%b":%b%b}' % (kind.single.encode(), record, warned)
    response = HttpResponse(answer, content_type=JSON, status=status)
    return response if request.method == "GET" else disguise.written(request, response, record)


def refusal(operation: str, error: Refused) -> HttpResponse:
    """Why not."""
    said = _status(operation, "failure", error.minor, str(error))
    text = json.dumps({"statusInfoSet": [said]})
    response = HttpResponse(text, content_type=JSON, status=error.status, headers=error.headers)
    return disguise.refused(said, response)


def _rooted(request: HttpRequest, text: bytes) -> bytes:
    root = origin(request) + PREFIX if on("q.href") else "/nowhere"
    return text.replace(ROOT, f'"href":"{root}'.encode())


def _picked(kind: Collection, bodies: list[bytes], fields: tuple[str, ...]) -> list[bytes]:
    is_respelt = quirks.any_of(spelling.NAMES_OF_CHANGES)
    if not (fields or is_respelt):
        return bodies
    records = (_decode(body) for body in bodies)
    if is_respelt:
        records = (spelling.respelt(kind, record) for record in records)
    return [
        _encode({name: record[name] for name in fields or record if name in record})
        for record in records
    ]


def _status_member(operation: Operation, warnings: Warnings) -> bytes:
    if not warnings:
        return b""
    said = [
        _status(operation.name, "success", *warning, severity="warning") for warning in warnings
    ]
    return b',"statusInfoSet":' + _encode(said)


def _status(
    operation: str, major: str, minor: str, description: str, *, severity: str = "error"
) -> dict[str, str]:
    return {
        "imsx_codeMajor": major,
        "imsx_severity": severity,
        "imsx_messageRefIdentifier": str(uuid.uuid4()),
        "imsx_operationRefIdentifier": operation,
        "imsx_codeMinor": minor,
        "imsx_description": description,
    }


def _links(request: HttpRequest, query: Query, total: int) -> str:
    """RFC 8288; `last` begins at a multiple of the limit."""
    limit, offset = query.limit, query.offset
    places = {"first": 0}
    if offset > 0:
        places["prev"] = max(0, min(offset, total) - limit)
    if offset + limit < total:
        places["next"] = offset + limit
    places["last"] = max(0, (total - 1) // limit * limit)
    path = request.META["REQUEST_URI"].partition("?")[0]
    others = [pair for pair in _pairs(request) if pair[0] not in ("limit", "offset")]
    return ", ".join(
        f"<{origin(request)}{path}?"
        f"{urlencode([('limit', limit), ('offset', place), *others], quote_via=quote)}>"
        f'; rel="{name}"'
        for name, place in places.items()
    )


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, values in request.GET.lists() for value in values]

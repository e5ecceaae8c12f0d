"""What quirks make of an answer around its records: envelope, headers, errors, packing."""

import gzip
import json
import re
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

from sandbox.q import clock, quirks
from sandbox.q.errors import Refused

BOM: Final = b"\xef\xbb\xbf"
PAGE: Final = (
    "<!DOCTYPE html><html lang='en'><title>{0}</title><h1>{0}</h1><p>Please sign in to Q.</p>"
)
_LINK: Final = re.compile(r"<https?://[^/>]+([^>]*)>")

_changes = count(1)


def wrapped(name: str, records: bytes, more: bytes) -> bytes:
    """A collection's text: `records` are its members, `more` stands behind it."""
    if quirks.get("bare-array"):
        return b"[%b]" % records
    name = quirks.get("collection-key") or name
    return b'{"%b":[%b]%b}' % (name.encode(), records, more)


def missing(*, total: int, is_beyond: bool) -> HttpResponse | None:
    """What is said in place of an empty page, or None."""
    status = quirks.get("empty-collection") if total == 0 else None
    if status is None and is_beyond:
        status = quirks.get("beyond-end")
    if status is None:
        return None
    if status == 204:
        return HttpResponse(status=204)
    refused = Refused("there is nothing there", minor="unknown object")
    refused.status = status
    raise refused


def counted(response: HttpResponse, total: int) -> None:
    """X-Total-Count, right or wrong."""
    match quirks.get("total"):
        case "missing":
            return
        case "changing":
            total += next(_changes)
        case int(more):
            total = max(0, total + more)
    response["X-Total-Count"] = str(total)


def linked(response: HttpResponse, links: str, here: str) -> None:
    """Link, right or wrong; `here` is the address of this page."""
    match quirks.get("link"):
        case "missing":
            return
        case "relative":
            links = _LINK.sub(r"<\1>", links)
        case "endless" if 'rel="next"' not in links:
            links += f', <{here}>; rel="next"'
        case str(origin) if origin != "endless":
            links = _LINK.sub(rf"<{origin}\1>", links)
    response["Link"] = links


def at_the_door(path: str) -> HttpResponse | None:
    """An answer that is given to everybody, whoever asks for what."""
    if (times := quirks.get("maintenance")) and _is_between(times):
        page = PAGE.format("Down for maintenance")
        return HttpResponse(page, status=503, content_type="text/html; charset=utf-8")
    if _is_among("html", path):
        return HttpResponse(PAGE.format("Sign in"), content_type="text/html; charset=utf-8")
    return None


def is_offered(path: str) -> bool:
    return not _is_among("not-offered", path)


def _is_among(name: str, path: str) -> bool:
    places: Any = quirks.get(name)
    return places is True or any(re.search(each, path) for each in places or ())


def _is_between(times: str) -> bool:
    begin, _, end = times.partition("-")
    now = datetime.fromtimestamp(clock.now(), UTC).strftime("%H:%M")
    return begin <= now < end if begin <= end else not end <= now < begin


def refused(status: dict[str, Any], response: HttpResponse) -> HttpResponse:
    """An error in another shape."""
    match quirks.get("error-shape"):
        case "flat":
            body: Any = status
        case "open-api":
            minor = status.get("imsx_codeMinor", "")
            field = {"imsx_codeMinorFieldName": "sourcedId", "imsx_codeMinorFieldValue": minor}
            body = status | {"imsx_CodeMinor": {"imsx_codeMinorField": [field]}}
            body.pop("imsx_codeMinor", None)
        case "unprefixed":
            body = {name.removeprefix("imsx_"): value for name, value in status.items()}
        case "errors":
            body = {"errors": [status]}
        case "text":
            return _instead(response, status["imsx_description"], "text/plain")
        case "html":
            return _instead(response, PAGE.format(response.status_code), "text/html")
        case "empty":
            return _instead(response, "", "text/plain")
        case _:
            return response

    return _instead(response, json.dumps(body), "application/json")


def _instead(response: HttpResponse, text: str, kind: str) -> HttpResponse:
    response.content = text.encode()
    response["Content-Type"] = f"{kind}; charset=utf-8"
    return response


def packed(response: HttpResponse) -> HttpResponse:
    """The last touch: byte order mark, gzip, the time it is in Q."""
    if quirks.get("bom") and response.content.startswith((b"{", b"[")):
        response.content = BOM + response.content
    if quirks.get("gzip") and response.content:
        response.content = gzip.compress(response.content)
        response["Content-Encoding"] = "gzip"
    if quirks.get("clock-skew"):
        response["Date"] = http_date(clock.now())
    return response


def written(request: HttpRequest, response: HttpResponse, bare: bytes) -> HttpResponse:
    """The answer to a PUT; `bare` is the record without its envelope."""
    match quirks.get("put-body"):
        case "empty":
            response.content = b""
        case "bare":
            response.content = bare
        case "status":
            said = {"imsx_codeMajor": "success", "imsx_severity": "status"}

            response.content = json.dumps({"statusInfoSet": [said]}).encode()
    if (status := quirks.get("put-status")) and request.method == "PUT":
        response.status_code = status
        if status == 204:
            response.content = b""
    return response

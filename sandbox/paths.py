"""How a URL's path reaches the views: still percent-encoded, so that an id may hold a slash.

Both urlconfs write `<id:sourced_id>` for such a segment: the converter takes one segment as it
was sent and hands the view the decoded text. `as_sent(request)` is what OAuth 1.0a signs.
"""

import re
from urllib.parse import quote, unquote

from django.http import HttpRequest
from django.urls import register_converter

_UNRESERVED = re.compile(r"%(2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)


class IdConverter:
    """One path segment, percent-encoded on the wire, plain text in the view."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, value: object) -> str:
        return quote(str(value), safe="")


register_converter(IdConverter, "id")


def normal(path: str) -> str:
    """The same path with letters, digits, `-`, `.`, `_` and `~` unescaped (RFC 3986, 6.2.2.2)."""
    return _UNRESERVED.sub(lambda match: unquote(match[0]), path)


def as_sent(request: HttpRequest) -> str:
    """The request's path and query exactly as they stood on the request line."""
    return str(request.META["REQUEST_URI"])

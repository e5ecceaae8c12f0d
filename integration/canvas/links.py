"""Where the next page is, and whether it may be asked. Pure: no I/O."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from integration.canvas.errors import ForeignPage, ProtocolError

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^;,=\s]+\s*(?:=\s*(?:\"[^\"]*\"|[^\",;\s]+))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\",;\s]+))", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def next_link(header: str | None) -> str | None:
    """The target of rel=next, exactly as sent: Canvas's bookmarks are opaque and keep case."""
    return next((target for target, rels in _links(header or "") if "next" in rels), None)


def _links(header: str) -> Iterator[tuple[str, list[str]]]:
    for target, parameters in _LINK.findall(header):
        found = _REL.search(parameters)
        yield target, (found[1] or found[2] or "").lower().split() if found else []


def own(url: str, *, root: str, current: str) -> str:
    """`url` if it is on Canvas's own origin: our token goes with it."""
    absolute = url if urlsplit(url).scheme else urljoin(current, url)
    if not same_origin(absolute, root):
        raise ForeignPage("A link to the next page leads to another host")
    return absolute


def same_origin(url: str, other: str) -> bool:
    return origin(url) == origin(other)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ProtocolError("Canvas sent a link that is not an address") from error
    # What two readers of addresses may read differently is not followed at all.
    if "@" in parts.netloc or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ForeignPage("Canvas sent a link that could be read in two ways")
    return parts.scheme, parts.hostname or "", port or _PORTS.get(parts.scheme, 0)

"""What the headers of a page say: the total, and where the next page begins. Pure: no I/O."""

from collections.abc import Collection, Iterable
from urllib.parse import parse_qs, urljoin, urlsplit


def next_offset(link: str, url: str) -> tuple[int | None, bool]:
    """The offset in a `Link: rel=next`, and whether there was a link that may not be believed.

    Only its offset is ever used, and only if it leads to the same origin and path: our token goes
    with every request, and proxies leak the names of internal hosts.
    """
    for target, parameters in _links(link):
        if "next" in parameters:
            try:
                there, here = urlsplit(urljoin(url, target)), urlsplit(url)
            except ValueError:
                return None, True
            if (there.scheme, there.netloc, there.path) != (here.scheme, here.netloc, here.path):
                return None, True
            return _number(parse_qs(there.query).get("offset", [""])[0]), False
    return None, False


def _links(header: str) -> Iterable[tuple[str, Collection[str]]]:
    """The targets and relations of a Link header (RFC 8288)."""
    for part in header.split("<")[1:]:
        target, _, parameters = part.partition(">")
        for parameter in parameters.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "rel":
                yield target.strip(), value.strip(' ,"').lower().split()


def read_total(text: str | None) -> int | None:
    """X-Total-Count as a number; None where there is none that could be one."""
    return _number((text or "").strip())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

"""Which addresses we may send a request to, and how a URL is spelled for sending. Pure: no I/O."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import quote, urlsplit

from integration.http.errors import AddressRefused

DEFAULT_PORTS = {"https": 443, "http": 80}

# Named one by one, because what Python calls global has changed between its patch releases.
_CLOSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Unicast is given out of 2000::/3 only, so mapped, NAT64, unique-local and link-local fall out.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL_ENDINGS = frozenset({"localhost", "local", "internal", "localdomain", "lan", "arpa"})
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SENT_AS_IS = "/-._~:@!$&'()*+,;=%?"


@dataclass(frozen=True, slots=True)
class Target:
    """An acceptable address. `is_listed`: the operator named this very host:port."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    is_listed: bool

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return self.origin + self.path


def parse_target(url: str, allow_private: Collection[str] = ()) -> Target:
    """Read a URL strictly; `allow_private` holds the operator's `host:port` entries.

    Raises:
        AddressRefused: the reason in words that repeat nothing of the address.
    """
    if _CONTROL.search(url):
        raise AddressRefused("The address holds a space, a line break or a backslash.")
    if "#" in url:
        raise AddressRefused("The address holds a fragment (#).")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefused("The address cannot be read.") from None
    if parts.scheme not in ("http", "https"):
        raise AddressRefused("The address does not begin with https://.")
    host, port = _host_and_port(parts.netloc, DEFAULT_PORTS[parts.scheme])
    is_listed = _is_listed(host, port, parts.scheme, allow_private)
    if not is_listed:
        _refuse_scheme_and_port(parts.scheme, port)
        _refuse_host(host)
    target = spell_path(parts.path) + (f"?{spell(parts.query)}" if parts.query else "")
    scheme: Literal["http", "https"] = "http" if parts.scheme == "http" else "https"
    return Target(scheme, host, port, target, is_listed)


def _host_and_port(netloc: str, default_port: int) -> tuple[str, int]:
    if "@" in netloc:
        raise AddressRefused("The address holds a user name or password.")
    if not netloc.isascii() or "%" in netloc:
        raise AddressRefused("The host name is not plain; write it in its xn-- form.")
    match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?", netloc.lower())
    if not match:
        raise AddressRefused("The address has no host name, or a port that is no number.")
    host = match[1]
    port = int(match[2]) if match[2] else default_port
    if not 0 < port < 65536:
        raise AddressRefused("The address has a port that does not exist.")
    return (_v6(host[1:-1]) if host.startswith("[") else host), port


def _v6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise AddressRefused("The address between the brackets cannot be read.") from None


def _is_listed(host: str, port: int, scheme: str, allow_private: Collection[str]) -> bool:
    name = f"[{host}]" if ":" in host else host
    spellings = {f"{name}:{port}"}
    if port == DEFAULT_PORTS[scheme]:
        spellings.add(name)
    return any(entry.strip().lower() in spellings for entry in allow_private)


def _refuse_scheme_and_port(scheme: str, port: int) -> None:
    if scheme != "https":
        raise AddressRefused("The address does not begin with https://.")
    # Below 1024 live mail, shells and directories; a web service chooses 443 or a high port.
    if port != 443 and port < 1024:
        raise AddressRefused("The address names a port that is not one of a web service.")


def _refuse_host(host: str) -> None:
    if ":" in host:
        refuse_unless_global([host])
        return
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("The host name is not one that the internet's name service knows.")
    if _NUMBER.fullmatch(labels[-1]):
        # Programs read 2130706433, 0x7f.1 and 0177.1 as 127.0.0.1; we read four plain numbers.
        try:
            IPv4Address(host)
        except ValueError:
            raise AddressRefused("The host is a number, but not an address.") from None
        refuse_unless_global([host])
    elif len(labels) == 1 or labels[-1] in _LOCAL_ENDINGS:
        raise AddressRefused("The host name is one of a private network.")


def refuse_unless_global(addresses: Iterable[str]) -> None:
    """Refuse if one of them is not a public unicast address: which one is used is not ours to say.

    Raises:
        AddressRefused: also if there is none.
    """
    found = list(addresses)
    if not found or not all(is_global(address) for address in found):
        raise AddressRefused("The address leads into a private network.")


def is_global(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _CLOSED_V4)
    if ip.scope_id is not None or ip not in _OPEN_V6:
        return False
    return not any(ip in network for network in _CLOSED_V6)


def spell_path(path: str) -> str:
    """The path as it will be sent: signatures are made over these very characters."""
    return spell("/" + path.lstrip("/"))


def spell(text: str) -> str:
    """Escape what may not stand in a URL, and nothing that is already escaped."""
    whole = quote(_BARE_PERCENT.sub("%25", text), safe=_SENT_AS_IS)
    return _ESCAPE.sub(lambda match: match[0].upper(), whole)


def with_params(target: str, params: Iterable[tuple[str, str]]) -> str:
    """Add parameters the way RFC 3986 and OAuth 1.0a spell them: space %20, quote %27."""
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in params)
    if not query:
        return target
    return target + ("&" if "?" in target else "?") + query

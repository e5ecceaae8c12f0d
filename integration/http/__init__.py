"""The one door out: every request of the product leaves through here, guarded, bounded, logged.

`door` sends, and alone imports requests and urllib3; `addresses` (PURE) decides where a request
may go, `retry` (PURE) when to ask again; the rest are its parts. Import from this package only.
"""

from integration.http.door import Http
from integration.http.errors import (
    AddressRefused,
    BodyCut,
    CircuitOpen,
    ConnectFailed,
    HeaderRefused,
    HttpError,
    NotJson,
    TimedOut,
    TlsFailed,
    TooLarge,
)
from integration.http.sockets import check_address
from integration.http.values import CaseInsensitiveMapping, Response, Sign, Timeouts

__all__ = [
    "AddressRefused",
    "BodyCut",
    "CaseInsensitiveMapping",
    "CircuitOpen",
    "ConnectFailed",
    "HeaderRefused",
    "Http",
    "HttpError",
    "NotJson",
    "Response",
    "Sign",
    "TimedOut",
    "Timeouts",
    "TlsFailed",
    "TooLarge",
    "check_address",
]

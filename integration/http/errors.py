"""What can go wrong between us and another server. Pure: no I/O.

HttpError
 ├─ AddressRefused   we will not go there
 ├─ ConnectFailed    nobody could be reached there
 ├─ TlsFailed        the server could not prove who it is
 ├─ TimedOut         no answer in time
 ├─ BodyCut          the answer ended early or could not be unpacked
 ├─ TooLarge         the answer is larger than we accept
 ├─ NotJson          the answer is not JSON, or nested beyond reason
 ├─ HeaderRefused    a value of ours cannot travel in a header
 └─ CircuitOpen      the server failed so often that we leave it alone for a while
"""

import ssl

from integration.errors import QSyncError


class HttpError(QSyncError):
    """The request did not get a usable answer.

    `sent` says whether the server may have seen, and so carried out, the request.
    """

    code = "http.failed"
    remedy = "Try again. If it happens twice, ask who runs the server."
    sent = False


class AddressRefused(HttpError):
    """The address is written in a way we do not accept, or leads into a private network."""

    code = "http.address-refused"
    remedy = "Enter the public https address of the server, as its vendor gives it."


class ConnectFailed(HttpError):
    """Closed, filtered and unknown look the same: words must not help to scan a network."""

    code = "http.unreachable"
    remedy = "Check the address, and that the server is up and open to us."
    retryable = True


def unreachable(host: str) -> str:
    return f"The server {host} could not be reached."


def unreachable_by_policy(host: str) -> AddressRefused:
    """A name that leads into a private network, in the very words of a server that is down."""
    refused = AddressRefused(unreachable(host))
    refused.code, refused.remedy = ConnectFailed.code, ConnectFailed.remedy
    refused.retryable = ConnectFailed.retryable
    return refused


class TlsFailed(HttpError):
    code = "http.certificate-refused"
    remedy = (
        "Ask who runs the server to renew or correct its certificate. Where the district has an "
        "authority of its own, whoever operates Q Sync can let it be trusted (README, Settings)."
    )


_CERTIFICATE_FAULTS = {
    9: "is not valid yet",
    10: "has expired",
    18: "was issued by itself",
    19: "was issued by an authority that we do not know",
    20: "was issued by an authority that we do not know",
    21: "was issued by an authority that we do not know",
    62: "is for another name",
    64: "is for another address",
}  # X509_V_ERR_… of OpenSSL


def tls_failure(error: ssl.SSLError, host: str) -> HttpError:
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE_FAULTS.get(error.verify_code, "cannot be verified")
        return TlsFailed(f"The certificate of {host} {fault}.")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ConnectFailed(unreachable(host))
    return TlsFailed(f"No secure connection with {host} could be agreed upon.")


class TimedOut(HttpError):
    code = "http.timed-out"
    remedy = "Try again later. If it stays slow, ask for smaller pages or fewer at a time."
    retryable = True

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class BodyCut(HttpError):
    code = "http.answer-cut"
    remedy = "Try again. If it happens twice, ask who runs the server."
    retryable = True
    sent = True


class TooLarge(HttpError):
    code = "http.answer-too-large"
    remedy = "Choose a smaller page size for this connection."
    sent = True


class NotJson(HttpError):
    """`retryable` where it began as JSON: then it was most likely cut on its way."""

    code = "http.not-json"
    remedy = "Check the address: it seems to lead to a page for people, not to the service."
    sent = True

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class HeaderRefused(HttpError):
    code = "http.header-refused"
    remedy = "Enter key and secret again, without line breaks or letters outside Latin."


class CircuitOpen(HttpError):
    """`retry_after` is the number of seconds until the next try is allowed."""

    code = "http.paused"
    remedy = "Nothing to do: we try again by ourselves. Check that the server is up."
    retryable = True

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def translated(error: BaseException, host: str) -> HttpError:
    """Say in our words what a library says in words that may hold a whole URL."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError):
            return TimedOut(f"{host} did not answer in time.", sent=True)
        seen = seen.__cause__ or seen.__context__
    return BodyCut(f"{host} ended the connection before its answer was complete.")

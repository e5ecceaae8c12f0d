"""What can go wrong between us and a OneRoster provider.

OneRosterError
 ├─ CredentialsRejected     401, or the token endpoint refused the key
 ├─ TokenUrlUnknown         no token URL was given and none was found
 ├─ Forbidden               403: a scope or permission is missing for one endpoint
 ├─ NotOffered              404 on a collection
 ├─ BadRequest              400, 422 and other refusals of the request as such
 │   └─ FilterRefused       go on without the filter, and filter here
 ├─ ProviderUnavailable     429 or 5xx after all attempts
 ├─ ProtocolError           an answer that no OneRoster provider may give
 │   ├─ RepeatedPage        paging does not move on
 │   └─ UnusableRecord      a single record that was asked for cannot be used
 └─ Incomplete              the reading ended without proof that it is whole

Not here: `integration.http.HttpError`, when no usable answer came at all.
"""

from integration.errors import QSyncError


class OneRosterError(QSyncError):
    """Base of this client's errors.

    `description` is the provider's own text, at most 500 characters, without our secrets; people
    who run the SIS recognise it. `status` is the HTTP status, 0 where there was none.
    """

    code = "oneroster.error"

    def __init__(self, what: str, *, description: str = "", status: int = 0) -> None:
        self.description = description
        self.status = status
        super().__init__(f"{what} The provider says: {description}" if description else what)


class CredentialsRejected(OneRosterError):
    code = "oneroster.credentials-rejected"
    remedy = (
        "Check the client key and secret, the token URL and the kind of sign-in (OAuth 2.0 or "
        "1.0a with its signature method) in Q, then save them again. Keys expire in some systems, "
        "and a clock more than five minutes wrong is refused as well."
    )


class TokenUrlUnknown(OneRosterError):
    code = "oneroster.token-url-unknown"
    remedy = "Ask the SIS administrator for the OAuth 2.0 token URL and enter it."


class Forbidden(OneRosterError):
    code = "oneroster.forbidden"
    remedy = "Ask the SIS administrator to grant this key the scope or permission for the endpoint."


class NotOffered(OneRosterError):
    code = "oneroster.not-offered"
    remedy = (
        "Check the base URL. If other endpoints answer, this one is not licensed or not switched "
        "on for this key; some providers also say this where a school has no such records."
    )


class BadRequest(OneRosterError):
    code = "oneroster.bad-request"
    remedy = "Send the code and the provider's text to support; a connection setting may avoid it."


class FilterRefused(BadRequest):
    code = "oneroster.filter-refused"
    remedy = "Nothing to do: the records are read without the filter and filtered here."


class ProviderUnavailable(OneRosterError):
    code = "oneroster.unavailable"
    remedy = "Wait for the provider to come back; the next run tries again by itself."
    retryable = True


class ProtocolError(OneRosterError):
    code = "oneroster.protocol"
    remedy = (
        "Check that the base URL is the OneRoster 1.1 service root and not a web page. If it is, "
        "send the code and the time to the SIS vendor."
    )


class RepeatedPage(ProtocolError):
    code = "oneroster.repeated-page"
    remedy = "Tell the SIS vendor that `offset` is ignored; a larger page size may avoid it."


class UnusableRecord(ProtocolError):
    code = "oneroster.unusable-record"
    remedy = "Correct the record in Q."


class Incomplete(OneRosterError):
    code = "oneroster.incomplete"
    remedy = "Run again when Q is quiet; nothing is removed on the strength of this reading."
    retryable = True

"""What Canvas can refuse. Pure: no I/O.

CanvasError
 ├─ TokenRejected             the access token is expired, revoked or wrong
 ├─ NeedsConsent              the refresh token is gone: a person must connect Canvas again
 ├─ DeveloperKeyRejected      the API developer key is unknown, off, or its secret is wrong
 ├─ Forbidden                 the token's user lacks a permission
 │   ├─ InsufficientScope     the developer key lacks a scope
 │   └─ ImportsNotEnabled     SIS imports are switched off for the account
 ├─ NotFound                  missing, or hidden from the token's user
 ├─ Invalid                   Canvas did not accept the values sent
 │   └─ NotRootAccount        SIS imports run on root accounts only
 ├─ Throttled                 still over the rate limit after long waits
 ├─ Unavailable               5xx
 ├─ ImportStillRunning        gave up waiting; the import itself goes on
 ├─ ReportFailed              Canvas could not make the report
 └─ ProtocolError             the answer is not what Canvas promises
     └─ ForeignPage           a link leads to another host than the configured one
"""

from integration.canvas.types import SisImport
from integration.errors import QSyncError


class CanvasError(QSyncError):
    """`status` is 0 when no single answer stands behind it; `request_id` is Canvas's own.

    `sent` says, as for an HttpError, whether Canvas may have carried out the request all the same.
    """

    code = "canvas.error"
    remedy = "Try again. If it happens twice, send the code and the request id to support."
    sent = False

    def __init__(self, message: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(f"{message} (Canvas request {request_id})" if request_id else message)
        self.status = status
        self.request_id = request_id


class TokenRejected(CanvasError):
    code = "canvas.token-rejected"
    remedy = "Make a new access token in Canvas, or connect Canvas again, and save it here."


class NeedsConsent(CanvasError):
    code = "canvas.needs-consent"
    remedy = "An account admin has to open Connect Canvas and agree once more."


class DeveloperKeyRejected(CanvasError):
    code = "canvas.developer-key-rejected"
    remedy = "Check that the API developer key is on, and its client id and secret, in Canvas."


class Forbidden(CanvasError):
    code = "canvas.forbidden"
    remedy = (
        "Give the Canvas user of this connection the permissions “Manage SIS data”, "
        "“Import SIS data” and “Read SIS data” in the root account."
    )


class InsufficientScope(Forbidden):
    code = "canvas.insufficient-scope"
    remedy = "Add the missing scope to the API developer key, then connect Canvas again."


class ImportsNotEnabled(Forbidden):
    code = "canvas.imports-not-enabled"
    remedy = "Ask Instructure, or whoever runs this Canvas, to switch on SIS imports."


class NotFound(CanvasError):
    code = "canvas.not-found"
    remedy = (
        "Check that the object still exists in Canvas and that the connection's user may see it; "
        "SIS ids are found only by users who may read SIS data."
    )


class Invalid(CanvasError):
    code = "canvas.invalid"
    remedy = "Canvas did not accept the request. Send the code and the request id to support."


class NotRootAccount(Invalid):
    code = "canvas.not-root-account"
    remedy = "Connect the root account of this Canvas, not a sub-account."


class Throttled(CanvasError):
    code = "canvas.throttled"
    remedy = "Nothing to do: the work goes on when Canvas allows it."
    retryable = True


class Unavailable(CanvasError):
    code = "canvas.unavailable"
    remedy = "Canvas has trouble. The work goes on by itself when Canvas answers again."
    retryable = True
    sent = True


class ImportStillRunning(CanvasError):
    """`sis_import` is the last state seen, so that the caller can come back to it."""

    code = "canvas.import-still-running"
    remedy = (
        "Look at SIS Imports in Canvas: another import may be ahead, or this one is stuck. "
        "It is looked at again later; no second import is sent meanwhile."
    )
    retryable = True

    def __init__(self, sis_import: SisImport) -> None:
        super().__init__(
            f"SIS import {sis_import.id} is still “{sis_import.workflow_state}” "
            f"at {sis_import.progress} %"
        )
        self.sis_import = sis_import


class ReportFailed(CanvasError):
    code = "canvas.report-failed"
    remedy = "Run the provisioning report once by hand in Canvas; if it fails there, ask Canvas."
    retryable = True


class ProtocolError(CanvasError):
    code = "canvas.protocol"
    remedy = "Check the Canvas address. A proxy or a login page may answer in place of Canvas."
    sent = True


class ForeignPage(ProtocolError):
    code = "canvas.foreign-page"
    remedy = (
        "Canvas pointed to another host, and the token is not sent there. "
        "Connect Canvas under the address it uses for itself."
    )

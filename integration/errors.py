"""The errors this product raises on purpose.

QSyncError
 ├─ http.HttpError            the request did not get a usable answer
 ├─ oneroster.OneRosterError  Q (or another provider) refused or broke the contract
 ├─ canvas.CanvasError        Canvas refused or broke the contract
 ├─ ledger.LedgerError        somebody else holds the work, or it is no longer ours
 └─ provisioning.…Error       the plan may not be carried out
"""


class QSyncError(Exception):
    """Base of all errors this product raises on purpose.

    `code` is stable and searchable (`area.what`). `remedy` tells the reader what to do next.
    `retryable` says whether the same call may succeed later without anybody acting.
    The message never holds a secret or a student's data.
    """

    code = "unknown"
    remedy = "Try again. If it happens twice, send the code and the run's number to support."
    retryable = False

    def as_dict(self) -> dict[str, str]:
        """For `--json`, the run's row and the API."""
        return {"code": self.code, "message": str(self), "remedy": self.remedy}

"""Why provisioning did not go on.

ProvisioningError
 ├─ EmptyFeed       Q answered, and had nothing
 ├─ NotConnected    a connection is missing
 ├─ PlanRefused     the plan may not be carried out: another digest, stale, nothing to approve
 ├─ ImportFailed    Canvas did not carry the import out
 └─ TooManyAttempts the run was interrupted again and again
"""

from integration.errors import QSyncError


class ProvisioningError(QSyncError):
    """Base of what provisioning raises."""

    code = "provisioning.failed"


class EmptyFeed(ProvisioningError):
    """Q holds no class and no user: far more often missing rights than an empty district."""

    code = "provisioning.empty-feed"
    remedy = "Ask Q's operator whether the key may read this district's classes and users."


class NotConnected(ProvisioningError):
    code = "provisioning.not-connected"
    remedy = "Connect both sides first: manage.py connect SLUG …"


class PlanRefused(ProvisioningError):
    code = "provisioning.plan-refused"
    remedy = "Run provision --plan-only, read the new plan, and approve its digest."


class ImportFailed(ProvisioningError):
    code = "provisioning.import-failed"
    remedy = "Read the messages of this import in Canvas; the next run compares with Canvas anew."


class TooManyAttempts(ProvisioningError):
    code = "provisioning.too-many-attempts"
    remedy = "Look into the log for what ended the worker (memory, a restart); then run it again."

"""Why provisioning did not go on.

ProvisioningError
 ├─ EmptyFeed       Q answered, and had nothing
 ├─ NoSchoolComes   none of the chosen schools is in Q
 ├─ NotConnected    a connection is missing
 ├─ PlanRefused     the plan may not be carried out: another digest, stale, nothing to approve
 ├─ ImportFailed    Canvas did not carry the import out
 ├─ RunUnderWay     a nightly run has begun to send and has not ended
 ├─ NothingToUndo   the run has not ended, sent nothing, or is of a kind that sends nothing
 ├─ BeforeGone      what was there before the run is no longer kept
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


class NoSchoolComes(ProvisioningError):
    """None of the chosen schools is there: more likely a mistyped id than a district's wish."""

    code = "provisioning.no-school-comes"
    remedy = "Choose the schools anew on the page of the rules, which shows those that Q has."


class NotConnected(ProvisioningError):
    code = "provisioning.not-connected"
    remedy = "Connect both sides first: on the page “Connections”, or with manage.py connect."


class PlanRefused(ProvisioningError):
    code = "provisioning.plan-refused"
    remedy = "Run provision --plan-only, read the new plan, and approve its digest."


class ImportFailed(ProvisioningError):
    code = "provisioning.import-failed"
    remedy = "Read the messages of this import in Canvas; the next run sends its rows again."


class RunUnderWay(ProvisioningError):
    code = "provisioning.run-under-way"
    remedy = "Let it end; a command that was left is gone on with by itself. Then try this again."
    retryable = True


class NothingToUndo(ProvisioningError):
    code = "provisioning.nothing-to-undo"
    remedy = "Name a run that has ended and has sent something to Canvas."


class BeforeGone(ProvisioningError):
    code = "provisioning.before-gone"
    remedy = (
        "It is past undoing line by line. Correct Q, and the next run corrects Canvas; or, within "
        "30 days, let Canvas restore the states from before the import (restore_states)."
    )


class TooManyAttempts(ProvisioningError):
    code = "provisioning.too-many-attempts"
    remedy = "Look into the log for what ended the worker (memory, a restart); then run it again."


class OtherVersion(ProvisioningError):
    code = "provisioning.other-version"
    remedy = (
        "Another version of this product began the run. Nothing more of it is sent: the next run "
        "compares anew, and sends what is still wanted."
    )

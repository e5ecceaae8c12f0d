"""Why provisioning did not go on.

ProvisioningError
 ├─ EmptyFeed       Q answered, and had nothing
 ├─ NoSchoolComes   none of the chosen schools is in Q
 ├─ NotConnected    a connection is missing
 ├─ PlanRefused     the plan may not be carried out: another digest, stale, nothing to approve
 ├─ Paused          the district was paused before anything of the run was sent
 ├─ ImportFailed    Canvas did not carry the import out
 ├─ RunUnderWay     a run has begun to send and has not ended
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
    remedy = "Choose the schools anew on the page “Rules”, which shows those that Q has."


class NotConnected(ProvisioningError):
    code = "provisioning.not-connected"
    remedy = "Connect both sides first: on the page “Connections”."


class PlanRefused(ProvisioningError):
    code = "provisioning.plan-refused"
    remedy = "Make a new plan on the page “Provisioning”, look at it, and approve that one."


class Paused(ProvisioningError):
    """It is no failure: the run waits for the resume, with this as the reason."""

    code = "provisioning.paused"
    remedy = (
        "Resume the district on the page “Rules”: this run then reads Q anew, and sends what is "
        "wanted then. A plan that a person approved is sent as it was approved, unless it is out "
        "of date by then."
    )


class ImportFailed(ProvisioningError):
    code = "provisioning.import-failed"
    remedy = "Read the messages of this import in Canvas; the next run sends its rows again."


class RunUnderWay(ProvisioningError):
    code = "provisioning.run-under-way"
    remedy = "Wait until it has ended (the page “Provisioning” shows it); then try this again."
    retryable = True


class NothingToUndo(ProvisioningError):
    code = "provisioning.nothing-to-undo"
    remedy = (
        "Choose, on the page “Provisioning”, a run that has ended and has sent something to Canvas."
    )


class BeforeGone(ProvisioningError):
    code = "provisioning.before-gone"
    remedy = (
        "It is past undoing line by line. Correct Q, and the next run corrects Canvas. Within 30 "
        "days of the import, Canvas's own support can also restore what it has changed."
    )


class TooManyAttempts(ProvisioningError):
    code = "provisioning.too-many-attempts"
    remedy = (
        "Run it again: what may not have arrived goes once more. If it ends like this again, test "
        "the connections on the page “Connections”, and ask whoever operates Q Sync: the server's "
        "log tells why its worker ended."
    )


class OtherVersion(ProvisioningError):
    code = "provisioning.other-version"
    remedy = (
        "Q Sync was updated while this run was under way. Nothing more of it is sent: the next run "
        "compares anew, and sends what is still wanted."
    )

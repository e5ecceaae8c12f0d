"""Why a sync of grades did not go on.

GradesError
 ├─ PlanRefused      the plan may not be sent: another digest, out of date, nothing to send
 │   └─ NotSeen      nobody has looked at a plan that a person has to look at
 ├─ NotOfThisCourse  an id that the course, or its classes in Q, do not have
 ├─ BadSetting       no such setting, or a value that it cannot have
 ├─ LockedSetting    a level above holds it for every course
 ├─ NoTestClass      the class that was named to try the connection in cannot be used
 ├─ CopyOfCanvas     a beta or test Canvas, which may not write to Q
 ├─ Cancelled        a person stopped it
 ├─ NothingToRetry   the run is going still, or everything reached Q
 ├─ NothingToUndo    the run has not ended, or its lines are no longer kept
 └─ TooManyAttempts  it ended its worker again and again
"""

from integration.errors import QSyncError


class GradesError(QSyncError):
    """Base of what grade passback raises."""

    code = "grades.failed"


class PlanRefused(GradesError):
    code = "grades.plan-refused"
    remedy = "Look at a new preview, and send that."


class NotSeen(PlanRefused):
    code = "grades.not-seen"
    remedy = "Look at the preview, and send it from there."


class NotOfThisCourse(GradesError):
    code = "grades.not-of-this-course"
    remedy = "Open the course again and choose from what it offers."


class BadSetting(GradesError):
    code = "grades.bad-setting"
    remedy = "Choose one of the values that the settings offer."


class LockedSetting(GradesError):
    code = "grades.locked-setting"
    remedy = "Ask your Canvas administrator, who can change it for the account, school or term."


class NoTestClass(GradesError):
    code = "grades.no-test-class"
    remedy = "Name a class of Q that is open for grades and has a student, made for such a test."


class CopyOfCanvas(GradesError):
    """A beta or test Canvas is a copy of production, grades and all (design 8)."""

    code = "grades.copy-of-canvas"
    remedy = "Sync from the production Canvas, or let copies write in the district's defaults."


class Cancelled(GradesError):
    code = "grades.cancelled"
    remedy = "Sync again: what has arrived stays, and only the rest is sent."


class NothingToRetry(GradesError):
    code = "grades.nothing-to-retry"
    remedy = "Look at the run: only what did not reach Q can be tried again."


class NothingToUndo(GradesError):
    code = "grades.nothing-to-undo"
    remedy = "Name a sync that has ended, has written to Q, and whose lines are still kept."


class TooManyAttempts(GradesError):
    code = "grades.too-many-attempts"
    remedy = (
        "Sync again. If it stops like this again, ask whoever operates Q Sync: the server's log "
        "tells why its worker ended."
    )

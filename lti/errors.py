"""The errors of this room, each with what the person in front of the screen can do.

LtiError
 ├─ LaunchError           a launch was refused; nothing of its token is in the message
 │   ├─ Malformed         it is not what a platform sends
 │   ├─ NotFromPlatform   signature, issuer or audience are not those of a registered platform
 │   ├─ OutOfDate         it was made too long ago, or lives too long
 │   ├─ NotFromHere       this browser did not begin it
 │   ├─ Replayed          it was used before
 │   ├─ NotForUs          a message or an address that this tool does not serve
 │   ├─ Disabled          the platform or the deployment is switched off
 │   ├─ KeysUnavailable   the platform's keys could not be read
 │   ├─ PlatformRefused   the platform itself ended the sign-in
 │   └─ TooOften          too much of it came from this address within a minute
 ├─ RegistrationError     a registration was refused, by us or by the platform
 ├─ SessionError          there is no session for this request, or it allows less
 └─ ServiceError          an LTI service of the platform did not give a usable answer
"""

from __future__ import annotations

OPEN_AGAIN = "Open Q Sync again from the Canvas menu."


class LtiError(Exception):
    """`code` is stable and searchable; `remedy` tells the reader what to do next."""

    code = "lti.unknown"
    remedy = OPEN_AGAIN
    status = 400

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": str(self), "remedy": self.remedy}


class LaunchError(LtiError):
    code = "launch.refused"


class Malformed(LaunchError):
    code = "launch.malformed"


class NotFromPlatform(LaunchError):
    code = "launch.not-from-platform"
    remedy = f"{OPEN_AGAIN} If it happens again, your Canvas administrator has to install it anew."
    status = 403


class OutOfDate(LaunchError):
    code = "launch.out-of-date"


class NotFromHere(LaunchError):
    code = "launch.not-from-this-browser"
    remedy = (
        f"{OPEN_AGAIN} If it happens again, let this site keep cookies, or ask your Canvas "
        "administrator to let Q Sync open in a new tab."
    )


class Replayed(LaunchError):
    code = "launch.replayed"


class NotForUs(LaunchError):
    code = "launch.not-for-us"


class Disabled(LaunchError):
    code = "launch.disabled"
    remedy = "Ask your Canvas administrator."
    status = 403


class KeysUnavailable(LaunchError):
    code = "launch.keys-unavailable"
    remedy = f"Wait a minute, then: {OPEN_AGAIN}"
    status = 503


class PlatformRefused(LaunchError):
    code = "launch.platform-refused"
    remedy = f"Sign in to Canvas again, then: {OPEN_AGAIN}"


class TooOften(LaunchError):
    code = "launch.too-often"
    remedy = f"Wait a minute, then: {OPEN_AGAIN}"
    status = 429


class RegistrationError(LtiError):
    code = "registration.refused"
    remedy = "Ask whoever operates Q Sync for a new registration link."


class SessionError(LtiError):
    code = "session.none"
    status = 401


class ServiceError(LtiError):
    code = "lti.service"
    remedy = "Try again later."
    status = 502

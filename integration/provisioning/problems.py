"""What can be wrong with a Q record once it is read, and what to do about it. PURE.

One table, so that a code, its sentence and its remedy are written once.
"""

from __future__ import annotations

import re

from integration.oneroster.types import Problem
from integration.provisioning.rows import SIS_ID_LENGTH

_IN_Q = "Correct the record in Q; the next run takes it."

# code: (reason, remedy)
TABLE: dict[str, tuple[str, str]] = {
    "roster.duplicate-id": (
        "Q sent two different records under this sourcedId; the newer one was used.",
        "Remove the older record in Q.",
    ),
    "roster.ambiguous-id": (
        "Q sent two different records under this sourcedId, equally old; neither was used.",
        "Remove the wrong record in Q.",
    ),
    "roster.duplicate-enrollment": (
        "The same person is in this class twice in the same role; the current one was used.",
        "Remove the other enrollment in Q.",
    ),
    "roster.control-character": (
        "The field holds a control character, which Canvas refuses.",
        _IN_Q,
    ),
    "roster.id-too-long": (
        "The SIS ID would be longer than the 255 characters that Canvas takes; left out.",
        "Give the record a shorter id in Q, or choose another field in the mapping rules.",
    ),
    "roster.unnamed": ("The record has no name; its sourcedId was used instead.", _IN_Q),
    "roster.unknown-parent": (
        "The parent organisation is not in Q or was left out; the account is under the root "
        "account.",
        "Correct the parent in Q.",
    ),
    "roster.parent-cycle": (
        "The organisation is its own ancestor; it was put under the root account.",
        "Correct the parents in Q.",
    ),
    "roster.term-dates": ("The session ends before it starts; it was left out.", _IN_Q),
    "roster.unknown-school": (
        "The school of this class is not among Q's organisations; the course is in the root "
        "account.",
        "Correct the school of the class in Q.",
    ),
    "roster.unknown-term": (
        "The class names a term that Q does not hold.",
        "Correct the terms of the class in Q.",
    ),
    "roster.no-term": (
        "The class has no term; its course is in Canvas's default term.",
        "Give the class a term in Q.",
    ),
    "roster.unknown-course": (
        "The course of this class does not exist in Q; the class's own title and code were used.",
        "Correct the course of the class in Q.",
    ),
    "roster.no-title": ("The class has neither a title nor a code; it was left out.", _IN_Q),
    "roster.no-sis-id": (
        "The user has no value for the field that this district uses as SIS ID; left out.",
        "Fill the field in Q, or choose another one in the mapping rules.",
    ),
    "roster.no-login": ("The user has neither a username nor an e-mail; left out.", _IN_Q),
    "roster.no-name": ("The user has neither a given nor a family name; left out.", _IN_Q),
    "roster.duplicate-login": (
        "Another user has the same login; Canvas allows it once. This one was left out.",
        "Give one of the two another username in Q.",
    ),
    "roster.login-shared": (
        "Another user has the same login; Canvas allows it once. This one was kept.",
        "Give one of the two another username in Q.",
    ),
    "roster.duplicate-sis-id": (
        "Another user has the same SIS ID under the chosen rule. This one was left out.",
        "Correct the identifier in Q, or choose another field in the mapping rules.",
    ),
    "roster.unknown-class": (
        "The enrollment is for a class that Q does not hold; it was left out.",
        "Correct or remove the enrollment in Q.",
    ),
    "roster.unknown-user": (
        "The enrollment is for a user that Q does not hold; it was left out.",
        "Correct or remove the enrollment in Q.",
    ),
    "roster.class-left-out": (
        "The class of this enrollment was left out (see its own line).",
        "Correct the class in Q.",
    ),
    "roster.user-left-out": (
        "The user of this enrollment was left out (see their own line).",
        "Correct the user in Q.",
    ),
    "roster.enrollment-dates": ("The enrollment ends before it begins; left out.", _IN_Q),
    "roster.unknown-agent": (
        "The guardian is linked to a person that Q does not hold; the link was left out.",
        "Correct the link in Q.",
    ),
    "roster.adopts-login": (
        "Canvas has this login without a SIS ID; that account becomes this person's.",
        "Look at the account in Canvas before approving, if it may belong to somebody else.",
    ),
    "roster.login-claimed": (
        "Canvas has this login under another SIS ID; Canvas will refuse this user. Left out.",
        "Change the SIS ID in Canvas, or the username in Q.",
    ),
    "roster.absence-not-proven": (
        "Not every record could be proven read, so nothing of this kind was taken away.",
        "Nothing, if the next run proves it; else ask Q's operator about paging.",
    ),
    "canvas.row-refused": (
        "Canvas refused this row.",
        "Correct the record; it is sent again when it has changed.",
    ),
    "canvas.still-refused": (
        "Canvas refused this row before and it has not changed; not sent again.",
        "Correct the record; it is sent again when it has changed.",
    ),
}

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def problem(code: str, kind: str, sourced_id: str, field: str = "", detail: str = "") -> Problem:
    """A line for the run's findings."""
    reason, remedy = TABLE[code]
    return Problem(kind, sourced_id, field, code, f"{reason} {detail}".rstrip(), remedy)


def control_character_in(**fields: str) -> str:
    """The name of the first field that holds a control character, or ""."""
    if not _CONTROL.search("".join(fields.values())):
        return ""
    return next(name for name, text in fields.items() if _CONTROL.search(text))


def unfit(kind: str, sourced_id: str, *, sis_id: str, **fields: str) -> Problem | None:
    """Why Canvas cannot hold a record with this SIS ID and these fields, if it cannot."""
    if len(sis_id) > SIS_ID_LENGTH:
        return problem("roster.id-too-long", kind, sourced_id, "sourcedId")
    if bad := control_character_in(sourcedId=sis_id, **fields):
        return problem("roster.control-character", kind, sourced_id, bad)
    return None

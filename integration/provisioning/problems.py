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
    "roster.login-of-service": (
        "This is the login of the Canvas account that this product works with; left out.",
        "Give the user another username in Q.",
    ),
    "roster.id-changed": (
        "Canvas has this login from us under another id, so nothing of this user was sent, and "
        "nothing of the other was taken away.",
        "If it is the same person, approve the changed ID on the page of this run, where one is "
        "proposed, or give the old ID back in Q. If not, give one of the two another username.",
    ),
    "roster.id-proposed": (
        "Q has this under another id, so nothing of it was sent, and nothing of the other was "
        "taken away.",
        "Say on the page of this run whether they are the same. If they are, the Canvas record is "
        "kept and gets the new ID; if not, the new one is made beside it.",
    ),
    "roster.id-unproven": (
        "This may be what Canvas has under another id, and not all of Q could be read; nothing of "
        "it was sent.",
        "Nothing, if the next run reads all of Q: then it is sent, or a change of its id proposed.",
    ),
    "roster.id-recycled": (
        "Q uses this id for something else than before, so nothing of it was sent.",
        "Say on the page of this run what is true: if it is something else, approve the changed "
        "ID, and the old record gives the ID up; if it is still the same, decline it.",
    ),
    "roster.removals-suspended": (
        "Rows that Q no longer sends stay in Canvas, because it is not proven that they are gone.",
        "Correct the records that could not be read or mapped; the next run takes the rest away.",
    ),
    "roster.absence-not-proven": (
        "Not every record could be proven read, so nothing of this kind was taken away.",
        "Nothing, if the next run proves it; else ask Q's operator about paging.",
    ),
    "roster.school-not-listed": (
        "Q has no such list of this school, so nothing of the school was taken away.",
        "Nothing, if the school is empty; else ask Q's operator why it is not offered.",
    ),
    "undo.not-confirmed": (
        "It is not known whether Canvas took this row; it was left.",
        "Look at the row in Canvas; the next run sends it again.",
    ),
    "undo.changed-later": (
        "A later run has changed this row, or it is no longer ours; it was left.",
        "Undo the later run first, or correct the record in Q.",
    ),
    "undo.id-taken": (
        "Something else has the earlier id by now, so this one keeps its own.",
        "Nothing, if that is right; else change the ids in Canvas by hand.",
    ),
    "undo.stays": (
        "The run created this; users, sub-accounts and terms are never taken away.",
        "Remove it in Canvas by hand if it should not be there.",
    ),
    "undo.returned": (
        "It had been gone and was sent again as it was before; it stays.",
        "Remove it in Canvas by hand if it should not be there.",
    ),
    "undo.before-gone": (
        "What was there before the run is no longer kept; it was left.",
        "Correct the record in Q; the next run corrects Canvas.",
    ),
    "undo.before-unknown": (
        "Canvas did not tell what this column held before the run; it was left.",
        "Correct the column in Canvas by hand if it matters.",
    ),
    "undo.cannot-clear": (
        "The column was blank before the run, and no import can make it blank again.",
        "Clear the column in Canvas by hand.",
    ),
    "undo.gone-in-canvas": (
        "It was deleted in Canvas by hand since; it was left.",
        "Nothing, unless it should be there: then restore it in Canvas.",
    ),
    "undo.changed-by-hand": (
        "It was changed in Canvas by hand since; it was left.",
        "Change it in Canvas by hand.",
    ),
    "undo.used": (
        "Somebody has used it since the run created it; it was left.",
        "Conclude or delete it in Canvas by hand if it should not be there.",
    ),
    "undo.existed-before": (
        "Canvas already had it before the run; it was left.",
        "Delete it in Canvas by hand if it should not be there.",
    ),
    "undo.not-told": (
        "Canvas does not tell what became of it since; it was left.",
        "Let the token's user see activity and run SIS reports, or change it in Canvas by hand.",
    ),
    "drift.missing": (
        "Canvas no longer holds this row.",
        "If it should be there, press “Check, and send again what is missing” on the page "
        "“Provisioning”: the next run sends it again.",
    ),
    "drift.differs": (
        "Canvas holds something else here.",
        "Nothing, if it was meant: a hand edit stays. Else change it back in Canvas.",
    ),
    "drift.status": (
        "Canvas has another status for this row.",
        "Nothing, if it was meant: a hand edit stays. Else change it back in Canvas.",
    ),
    "drift.too-many-missing": (
        "More rows are missing than the limit for removals allows; none of them is sent again.",
        "See in Canvas what became of them. If they are to come back, raise the limit for removals "
        "on the page “Rules”, check again, and set it back.",
    ),
    "drift.not-reported": (
        "Canvas's report does not hold this kind, so nothing is known of it.",
        "Give the token's user the right to read SIS data and run the account's reports.",
    ),
    "roster.set-aside": (
        "Lines that a person left out of an earlier plan still rest.",
        "Press “Plan again what was set aside” on the page “Provisioning” and approve them with "
        "the next plan, or correct them in Q.",
    ),
    "roster.stands-on-set-aside": (
        "These lines rest with something that was set aside: they stand on it, and Canvas does not "
        "have it.",
        "Press “Plan again what was set aside” on the page “Provisioning” and approve all of it "
        "with the next plan.",
    ),
    "roster.school-rests": (
        "These lines are of a school that does not come over.",
        "Nothing, if that is meant: Canvas keeps what it has of it. Else choose the school on the "
        "page “Rules”.",
    ),
    "canvas.import-waits": (
        "Canvas has had this import for hours and has not carried it out; the run waits for it, "
        "and nothing else of the district is sent meanwhile.",
        "Look at SIS Imports in Canvas. Another import may be ahead of it; one that does not move "
        "can be aborted there, and the next run sends its rows again.",
    ),
    "canvas.row-warned": (
        "Canvas took this row, but not all of it.",
        "Correct the value in Q.",
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


def is_plain(sis_id: str, *texts: str) -> bool:
    """Is this soon seen to be fit? If not, `unfit` decides."""
    return len(sis_id) <= SIS_ID_LENGTH and sis_id.isprintable() and "".join(texts).isprintable()


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

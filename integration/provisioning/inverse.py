"""The inverse of what a run did, line by line: what is put back, what is left, and why. PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from integration.canvas.types import Course, Enrollment, Section
from integration.oneroster.types import Problem
from integration.provisioning.compare import Planned, is_unsure, same_in_canvas
from integration.provisioning.ladder import STILL_GONE
from integration.provisioning.problems import problem
from integration.provisioning.rows import (
    ACCOUNTS,
    SEPARATOR,
    TERMS,
    USERS,
    Kind,
    Row,
    digest,
)

# Whose the row is that Canvas last accepted: still this run's, that of an undo of it, or another's.
# "half undone": an undo sent it, and nobody knows whether Canvas took that.
Word = Literal["this run", "half undone", "undone", "another"]
# What Canvas holds now, beside what the run left there.
Standing = Literal["as left", "edited", "missing", "unknown"]
# Whether anybody worked with what the run created; "older" was there before the run.
Use = Literal["unused", "used", "older", "unknown"]

STAYS = (USERS, ACCOUNTS, TERMS)
SENT = ("added", "changed", "removed")
DELETED = "deleted"

_USES: Mapping[Use, str] = {
    "used": "undo.used",
    "older": "undo.existed-before",
    "unknown": "undo.not-told",
}


@dataclass(frozen=True, slots=True)
class Done:
    """One line of the run that is undone. `confirmed`: Canvas is known to have taken it."""

    kind: Kind
    key: str
    action: str
    before: tuple[str | None, ...] | None
    after: Row
    group: str = ""
    reason: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Inverse:
    """What becomes of one line: a row to send, and what is left as it is.

    Neither of them: there is nothing to undo.
    """

    line: Planned | None = None
    left: tuple[Problem, ...] = ()


def inverse(done: Done, *, word: Word, standing: Standing, use: Use = "unused") -> Inverse:
    """Turn one line around, as far as that is safe."""
    if done.action not in SENT or word == "undone":
        return Inverse()
    if word == "half undone":
        if standing == "missing" and _was_to_go(done):
            return Inverse()
        # What differs is the doing of that undo; the same once more does no harm.
        standing = "as left" if standing == "edited" else standing
    if code := _hindrance(done, word, standing):
        return Inverse(left=(_left(done, code),))
    if done.action == "added":
        if use != "unused":
            return Inverse(left=(_left(done, _USES[use]),))
        return Inverse(_line(done, _with_status(done, DELETED), "removed"))
    return _put_back(done)


def renamed_back(
    row: Row, *, confirmed: bool, ours: Collection[str], there: Collection[str] | None
) -> tuple[Row | None, str]:
    """The row of change_sis_id.csv that takes one back, or the code of what keeps it.

    `ours`: the ids of that kind that Canvas accepted from us; `there`: those that it holds, None
    where it does not tell. Neither of both: it was taken back already.
    """
    old, new, type_ = row
    if not confirmed:
        return None, "undo.not-confirmed"
    if there is None:
        return None, "undo.not-told"
    if new not in ours:
        return None, "" if old in ours else "undo.changed-later"
    if new not in there:
        return None, "undo.gone-in-canvas"
    if old in there or old in ours:
        return None, "undo.id-taken"
    return (new, old, type_), ""


def _hindrance(done: Done, word: Word, standing: Standing) -> str:
    """The code of what keeps a line from being undone at all, or ""."""
    if not done.confirmed:
        return "undo.not-confirmed"
    if word == "another":
        return "undo.changed-later"
    if done.action == "added" and done.kind in STAYS:
        return "undo.stays"
    if done.action != "added" and done.before is None:
        return "undo.before-gone"
    if standing == "missing" and _status(done) != DELETED:
        return "undo.gone-in-canvas"
    if standing == "edited":
        return "undo.changed-by-hand"
    return "undo.not-told" if standing == "unknown" and done.kind.reported else ""


def _was_to_go(done: Done) -> bool:
    """Did an undo of this line take it out of Canvas?"""
    if done.action == "added":
        return done.kind not in STAYS
    return done.before is not None and done.before[done.kind.index("status")] == DELETED


def _put_back(done: Done) -> Inverse:
    """The row as it was before the run, in the columns that the run changed."""
    assert done.before is not None
    row: list[str] = []
    left: list[Problem] = []
    for column, before, after in zip(done.kind.columns, done.before, done.after, strict=True):
        if column == "status" and is_unsure(done.kind, done.before):
            before = None
        code = _irreversible(done.kind, column, before, after)
        if code:
            left.append(_left(done, code, column))
        row.append(after if code or before is None else before)
    if tuple(row) != done.after:
        # Only kinds that are ever taken away go back to where they were before they returned,
        # or before they went a step further down.
        gone = done.reason in ("returned", STILL_GONE) and done.kind.gone is not None
        return Inverse(_line(done, tuple(row), "removed" if gone else "changed"), tuple(left))
    if done.reason == "returned":
        left.append(_left(done, "undo.returned"))
    return Inverse(left=tuple(left))


def _irreversible(kind: Kind, column: str, before: str | None, after: str) -> str:
    if before is None:
        return "undo.before-unknown" if after else ""
    if not before and after and column in kind.keeps:
        return "undo.cannot-clear"
    return ""


def _line(done: Done, row: Row, action: Literal["changed", "removed"]) -> Planned:
    return Planned(done.key, action, done.after, row, digest(row), done.group, "undo")


def _status(done: Done) -> str:
    return done.after[done.kind.index("status")]


def _with_status(done: Done, status: str) -> Row:
    position = done.kind.index("status")
    return (*done.after[:position], status, *done.after[position + 1 :])


def _left(done: Done, code: str, column: str = "") -> Problem:
    return problem(code, done.kind.name, done.key.replace(SEPARATOR, " "), column)


# --- what Canvas holds, beside what we sent -----------------------------------------------------


def differing(kind: Kind, there: tuple[str | None, ...], row: Row) -> list[str]:
    """The columns in which Canvas holds something else; those it does not tell are not."""
    return [
        column
        for place, column in enumerate(kind.columns)
        if there[place] is not None
        and not same_in_canvas(kind, (*row[:place], there[place], *row[place + 1 :]), row)
    ]


# --- whether anybody used it --------------------------------------------------------------------

_OVER = ("deleted", "rejected")
_PUBLISHED = ("available", "completed")
_UNPUBLISHED = ("unpublished", "claimed", "created")
_TEST_STUDENT = "StudentViewEnrollment"
_OBSERVER = "ObserverEnrollment"


def enrollment_use(found: Enrollment | None, *, since: str) -> Use:
    """Did this person come, or get a grade? `since`: when the run's import was made."""
    if found is None:
        return "unknown"
    if found.last_activity_at or found.is_graded:
        return "used"
    if is_older(found.created_at, since):
        return "older"
    return "unknown" if found.last_activity_at is None else "unused"


def section_use(
    section: Section, people: Iterable[Enrollment], *, undone: Collection[str], since: str
) -> Use:
    """Is anybody in it but those of `undone` (enrollment keys)? A cross-listed one is in use."""
    if section.origin_course_id or any(_counts(one, undone) for one in people):
        return "used"
    return "older" if is_older(section.created_at, since) else "unused"


def course_use(
    course: Course, sections: Sequence[Section], *, undone: Collection[str], since: str
) -> Use:
    """Was it published, or does it hold more than the sections of `undone` (SIS ids)?"""
    others = any(one.sis_section_id and one.sis_section_id not in undone for one in sections)
    if course.workflow_state in _PUBLISHED or others:
        return "used"
    if is_older(course.created_at, since):
        return "older"
    return "unused" if course.workflow_state in _UNPUBLISHED else "unknown"


def observer_use(found: Sequence[Enrollment]) -> Use:
    """Did this observer ever come?"""
    if any(one.last_activity_at for one in found):
        return "used"
    return "unknown" if any(one.last_activity_at is None for one in found) else "unused"


def enrollment_key(found: Enrollment) -> str:
    """The key of our row for an enrollment as the API tells it."""
    role = found.role
    if role == found.type:
        role = role.removesuffix("Enrollment").lower()
    return SEPARATOR.join((found.sis_section_id, found.sis_user_id, role))


def _counts(found: Enrollment, undone: Collection[str]) -> bool:
    """Is this somebody for whose sake a section stays?"""
    if found.type == _TEST_STUDENT or enrollment_key(found) in undone:
        return False
    came = bool(found.last_activity_at or found.is_graded)
    # Canvas enrolls and removes observers beside their students by itself.
    return came or (found.state not in _OVER and found.type != _OBSERVER)


def is_older(created_at: str, since: str) -> bool:
    """Was it made before? No, where Canvas does not tell."""
    try:
        return datetime.fromisoformat(created_at) < datetime.fromisoformat(since)
    except (ValueError, TypeError):  # not told, or told in a way of its own
        return False

"""Who may do what, from the roles in the launched context and Canvas's own permissions. Pure.

A role counts by its exact URI: `…/membership#Instructor` is a teacher here, while
`…/institution/person#Instructor` only says that somebody teaches somewhere (canvas.md 1.5).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTRUCTOR = f"{_LIS}membership#Instructor"
DESIGNER = f"{_LIS}membership#ContentDeveloper"
LEARNER = f"{_LIS}membership#Learner"
ADMINISTRATOR = f"{_LIS}institution/person#Administrator"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

VIEW_ALL_GRADES = "view_all_grades"
MANAGE_GRADES = "manage_grades"

# The rights. A view names the one that it needs.
ANYBODY = "anybody"
COURSE_OPEN = "course.open"
COURSE_SCORES = "course.scores"
COURSE_SEND = "course.send"
ACCOUNT_OPEN = "account.open"
ACCOUNT_MANAGE = "account.manage"
RIGHTS = frozenset({ANYBODY, COURSE_OPEN, COURSE_SCORES, COURSE_SEND, ACCOUNT_OPEN, ACCOUNT_MANAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What Canvas says of a person in the place they launched from.

    `administers`: this very account, or the course's, is among the accounts they administer.
    `in_root`: the launched account is the root account.
    """

    roles: Collection[str]
    permissions: Collection[str] = ()
    is_root_admin: bool = False
    administers: bool = False
    in_root: bool = False
    masquerades: bool = False


def rights(standing: Standing, *, place: str) -> frozenset[str]:
    """What this person may do in this place, "course" or "account"; elsewhere nothing."""
    if TEST_USER in standing.roles:
        return frozenset({ANYBODY})
    if place == "course":
        return _in_course(standing) | {ANYBODY}
    if place == "account":
        return _in_account(standing) | {ANYBODY}
    return frozenset({ANYBODY})


def is_root_admin(standing: Standing) -> bool:
    """Canvas says so twice: by a role of its own, and by the variable that names root admins."""
    return ADMINISTRATOR in standing.roles and standing.is_root_admin


def _is_sub_admin(standing: Standing) -> bool:
    return ADMINISTRATOR in standing.roles and standing.administers


def _in_course(standing: Standing) -> frozenset[str]:
    teaches = INSTRUCTOR in standing.roles
    if not (teaches or is_root_admin(standing)):
        return _looks_on(standing)
    found = {COURSE_OPEN}
    if VIEW_ALL_GRADES in standing.permissions:
        found.add(COURSE_SCORES)
        if MANAGE_GRADES in standing.permissions and not standing.masquerades:
            found.add(COURSE_SEND)
    return frozenset(found)


def _looks_on(standing: Standing) -> frozenset[str]:
    """Designers see no scores; whoever administers the course's account reads only."""
    if _is_sub_admin(standing):
        sees = VIEW_ALL_GRADES in standing.permissions
        return frozenset({COURSE_OPEN, COURSE_SCORES} if sees else {COURSE_OPEN})
    return frozenset({COURSE_OPEN} if DESIGNER in standing.roles else ())


def _in_account(standing: Standing) -> frozenset[str]:
    if is_root_admin(standing):
        may_change = standing.in_root and not standing.masquerades
        return frozenset({ACCOUNT_OPEN, ACCOUNT_MANAGE} if may_change else {ACCOUNT_OPEN})
    return frozenset({ACCOUNT_OPEN} if _is_sub_admin(standing) else ())

"""People as Canvas describes them in a launch: their roles, and what our custom fields become.

Rosa teaches course 5; Theo is her TA; Dora designs; Sam is a student; Olga observes; Ada
administers the root account 1; Ben the sub-account 3; Nils teaches and administers next door.
"""

from __future__ import annotations

from typing import Any

from tests.lti.platform import ADMINISTRATOR, INSTRUCTOR, LIS, LTI, SYSTEM_USER

COURSE = {
    "context": {
        "id": "4dde05e8ca1973bcca9bffc13e1548820eee93a3",
        "label": "ALG1",
        "title": "Algebra 1",
        "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
    },
    "placement": "course_navigation",
}
ACCOUNT = {
    "context": {"id": "a1b2c3", "title": "Lakeside Unified", "type": ["Account"]},
    "placement": "account_navigation",
}
GRADES = "view_all_grades,manage_grades"


def person(*roles: str, placement: dict[str, Any] = COURSE, **custom: str) -> dict[str, Any]:
    """The claims that say who it is and where."""
    fields = {
        "canvas_domain": "lakeside.instructure.com",
        "root_account_id": "1",
        "account_id": "3",
        "account_sis_id": "oak-ridge",
        "user_id": "42",
        "masquerading_user_id": "$Canvas.masqueradingUser.id",
        "is_root_account_admin": "false",
        "adminable_accounts": "",
        "time_zone": "America/Los_Angeles",
        "prefers_high_contrast": "false",
    }
    if placement is COURSE:
        fields |= {
            "course_id": "5",
            "course_sis_id": "alg1",
            "section_sis_ids": "alg1-1,alg1-2",
            "section_restricted": "false",
            "permissions": "",
        }
    return {
        f"{LTI}roles": [SYSTEM_USER, *roles],
        f"{LTI}context": placement["context"],
        "https://www.instructure.com/placement": placement["placement"],
        f"{LTI}custom": fields | custom,
    }


def rosa(**custom: str) -> dict[str, Any]:
    institution = f"{LIS}institution/person#Instructor"
    return person(INSTRUCTOR, institution, **{"permissions": GRADES} | custom)


def theo(**custom: str) -> dict[str, Any]:
    assistant = f"{LIS}membership/Instructor#TeachingAssistant"
    return person(assistant, INSTRUCTOR, **custom)


def dora(**custom: str) -> dict[str, Any]:
    return person(f"{LIS}membership#ContentDeveloper", **custom)


def sam(**custom: str) -> dict[str, Any]:
    return person(f"{LIS}membership#Learner", f"{LIS}institution/person#Student", **custom)


def olga(**custom: str) -> dict[str, Any]:
    return person(f"{LIS}membership#Mentor", f"{LIS}institution/person#Observer", **custom)


def ada(**custom: str) -> dict[str, Any]:
    fields = {"account_id": "1", "is_root_account_admin": "true", "adminable_accounts": "1,3,4"}
    return person(ADMINISTRATOR, placement=ACCOUNT, **fields | custom)


def ben(**custom: str) -> dict[str, Any]:
    fields = {"account_id": "3", "adminable_accounts": "3"}
    return person(ADMINISTRATOR, placement=ACCOUNT, **fields | custom)

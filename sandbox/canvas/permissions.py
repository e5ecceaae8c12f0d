"""What Canvas's built-in roles may do by default: on its pages, through its API, in launches."""

from typing import Final

STUDENT_VIEW: Final = "StudentViewEnrollment"

_GRADER = frozenset(
    {
        "manage_grades",
        "manage_students",
        "moderate_forum",
        "read_reports",
        "read_roster",
        "read_sis",
        "view_all_grades",
        "view_group_pages",
    }
)
BY_TYPE: Final = {
    "TeacherEnrollment": _GRADER | {"manage_course_content_edit"},
    "TaEnrollment": _GRADER | {"manage_course_content_edit"},
    "DesignerEnrollment": frozenset({"read_roster", "manage_course_content_edit"}),
    "StudentEnrollment": frozenset({"read_roster"}),
    STUDENT_VIEW: frozenset({"read_roster"}),
    "ObserverEnrollment": frozenset({"read_roster"}),
}
ADMIN: Final = BY_TYPE["TeacherEnrollment"] | {
    "manage_account_settings",
    "manage_courses_admin",
    "manage_developer_keys",
    "manage_user_logins",
    "become_user",
    "lti_add_edit",
}
# An admin has these in the root account only.
ROOT_ONLY: Final = frozenset({"manage_sis", "import_sis", "manage_developer_keys", "become_user"})

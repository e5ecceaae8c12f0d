"""The CSV files of the two SIS reports: columns, and where each comes from."""

from dataclasses import dataclass

# A table's CSV is a query; `{deleted}` becomes the condition that leaves deleted rows out.
COURSE_STATE = (
    "CASE c.workflow_state WHEN 'available' THEN 'active' WHEN 'completed' THEN 'completed' "
    "WHEN 'deleted' THEN 'deleted' ELSE 'unpublished' END"
)
_MADE_BY_SIS = "CASE WHEN {0}.sis_import_id > 0 THEN 'true' ELSE 'false' END"
_NUMBER = "CASE WHEN {0} = 0 THEN '' ELSE {0} END"
_ROLE_NAME = (
    "CASE WHEN r.built_in THEN CASE r.base_type WHEN 'TaEnrollment' THEN 'ta' "
    "ELSE lower(replace(r.base_type, 'Enrollment', '')) END ELSE r.name END"
)


@dataclass(frozen=True)
class Sheet:
    """One CSV file: its columns, each with the SQL that fills it, and the rows it is made of."""

    columns: dict[str, str]
    source: str
    living: str
    order: str
    sis_only: str = ""


def _sis(prefix: str) -> str:
    return _MADE_BY_SIS.format(prefix)


_ACCOUNTS = "canvas_account a LEFT JOIN canvas_account p ON p.id = a.parent_id"
_COURSES = (
    "canvas_course c LEFT JOIN canvas_account a ON a.id = c.account_id "
    "LEFT JOIN canvas_term t ON t.id = c.term_id"
)
_SECTIONS = (
    "canvas_section s JOIN canvas_course c ON c.id = s.course_id "
    "LEFT JOIN canvas_course h ON h.id = s.nonxlist_course_id "
    "LEFT JOIN canvas_account a ON a.id = c.account_id"
)
_USERS = "canvas_login l JOIN canvas_user u ON u.id = l.user_id"
_ENROLLMENTS = (
    "canvas_enrollment e JOIN canvas_course c ON c.id = e.course_id "
    "JOIN canvas_section s ON s.id = e.section_id JOIN canvas_role r ON r.id = e.role_id "
    "LEFT JOIN canvas_login l ON l.id = coalesce(nullif(e.login_id, 0), (SELECT min(o.id) "
    "FROM canvas_login o WHERE o.user_id = e.user_id AND o.workflow_state <> 'deleted')) "
    "LEFT JOIN canvas_login w ON w.id = (SELECT min(o.id) FROM canvas_login o "
    "WHERE o.user_id = e.associated_user_id AND o.sis_id <> '')"
)
_OBSERVERS = (
    "canvas_observer o JOIN canvas_login l ON l.user_id = o.observer_id AND l.sis_id <> '' "
    "JOIN canvas_login w ON w.user_id = o.student_id AND w.sis_id <> ''"
)
_XLISTS = (
    "canvas_section s JOIN canvas_course c ON c.id = s.course_id AND s.nonxlist_course_id <> 0 "
    "LEFT JOIN canvas_course h ON h.id = s.nonxlist_course_id"
)
_FIRST_NAME = (
    "CASE WHEN instr(u.sortable_name, ', ') "
    "THEN substr(u.sortable_name, instr(u.sortable_name, ', ') + 2) ELSE u.name END"
)
_LAST_NAME = (
    "CASE WHEN instr(u.sortable_name, ', ') "
    "THEN substr(u.sortable_name, 1, instr(u.sortable_name, ', ') - 1) ELSE '' END"
)
_PROVIDER = _NUMBER.format("l.authentication_provider_id")

PROVISIONING: dict[str, Sheet] = {
    "users": Sheet(
        {
            "canvas_user_id": "u.id",
            "user_id": "l.sis_id",
            "integration_id": "l.integration_id",
            "authentication_provider_id": _PROVIDER,
            "login_id": "l.unique_id",
            "first_name": _FIRST_NAME,
            "last_name": _LAST_NAME,
            "full_name": "u.name",
            "sortable_name": "u.sortable_name",
            "short_name": "u.short_name",
            "email": "u.email",
            "status": "l.workflow_state",
            "declared_user_type": "l.declared_user_type",
            "created_by_sis": _sis("l"),
        },
        _USERS,
        "l.workflow_state <> 'deleted'",
        "l.id",
        "l.sis_id <> ''",
    ),
    "accounts": Sheet(
        {
            "canvas_account_id": "a.id",
            "account_id": "a.sis_id",
            "canvas_parent_id": _NUMBER.format("a.parent_id"),
            "parent_account_id": "coalesce(p.sis_id, '')",
            "name": "a.name",
            "status": "a.workflow_state",
            "created_by_sis": _sis("a"),
        },
        f"{_ACCOUNTS} WHERE a.parent_id > 0",
        "a.workflow_state <> 'deleted'",
        "a.id",
        "a.sis_id <> ''",
    ),
    "terms": Sheet(
        {
            "canvas_term_id": "t.id",
            "term_id": "t.sis_id",
            "integration_id": "t.integration_id",
            "name": "t.name",
            "status": "t.workflow_state",
            "start_date": "t.start_at",
            "end_date": "t.end_at",
            "created_by_sis": _sis("t"),
        },
        "canvas_term t",
        "t.workflow_state <> 'deleted'",
        "t.id",
        "t.sis_id <> ''",
    ),
    "courses": Sheet(
        {
            "canvas_course_id": "c.id",
            "course_id": "c.sis_id",
            "integration_id": "c.integration_id",
            "short_name": "c.course_code",
            "long_name": "c.name",
            "canvas_account_id": "c.account_id",
            "account_id": "a.sis_id",
            "canvas_term_id": "c.term_id",
            "term_id": "t.sis_id",
            "status": COURSE_STATE,
            "start_date": "c.start_at",
            "end_date": "c.end_at",
            "course_format": "c.course_format",
            "blueprint_course_id": "c.blueprint_course_id",
            "created_by_sis": _sis("c"),
        },
        _COURSES,
        "c.workflow_state <> 'deleted'",
        "c.id",
        "c.sis_id <> ''",
    ),
    "sections": Sheet(
        {
            "canvas_section_id": "s.id",
            "section_id": "s.sis_id",
            # The section's own course, wherever it is taught.
            "canvas_course_id": "coalesce(h.id, c.id)",
            "course_id": "coalesce(h.sis_id, c.sis_id)",
            "integration_id": "s.integration_id",
            "name": "s.name",
            "status": "s.workflow_state",
            "start_date": "s.start_at",
            "end_date": "s.end_at",
            "canvas_account_id": "c.account_id",
            "account_id": "a.sis_id",
            "created_by_sis": _sis("s"),
        },
        _SECTIONS,
        "s.workflow_state <> 'deleted' AND c.workflow_state <> 'deleted'",
        "s.id",
        "s.sis_id <> ''",
    ),
    "enrollments": Sheet(
        {
            "canvas_course_id": "e.course_id",
            "course_id": "c.sis_id",
            "canvas_user_id": "e.user_id",
            "user_id": "coalesce(l.sis_id, '')",
            "role": _ROLE_NAME,
            "role_id": "e.role_id",
            "canvas_section_id": "e.section_id",
            "section_id": "s.sis_id",
            "status": "e.workflow_state",
            "canvas_associated_user_id": _NUMBER.format("e.associated_user_id"),
            "associated_user_id": "coalesce(w.sis_id, '')",
            "created_by_sis": _sis("e"),
            "base_role_type": "e.type",
            "limit_section_privileges": "CASE WHEN e.limit_section THEN 'true' ELSE 'false' END",
            "canvas_enrollment_id": "e.id",
        },
        _ENROLLMENTS,
        "e.workflow_state <> 'deleted'",
        "e.id",
        "e.sis_import_id > 0",
    ),
    "xlist": Sheet(
        {
            "canvas_xlist_course_id": "c.id",
            "xlist_course_id": "c.sis_id",
            "canvas_section_id": "s.id",
            "section_id": "s.sis_id",
            "status": "'active'",
            "canvas_nonxlist_course_id": "s.nonxlist_course_id",
            "nonxlist_course_id": "coalesce(h.sis_id, '')",
        },
        _XLISTS,
        "s.workflow_state <> 'deleted'",
        "s.id",
        "s.sis_id <> '' AND c.sis_id <> ''",
    ),
    "user_observers": Sheet(
        {
            "canvas_observer_id": "o.observer_id",
            "observer_id": "l.sis_id",
            "canvas_student_id": "o.student_id",
            "student_id": "w.sis_id",
            "status": "o.workflow_state",
            "created_by_sis": _sis("o"),
        },
        _OBSERVERS,
        "o.workflow_state <> 'deleted'",
        "o.id",
        "o.sis_import_id > 0",
    ),
}

# What of each sheet can be sent back in a SIS import.
EXPORTED: dict[str, tuple[str, ...]] = {
    "users": (
        "user_id",
        "integration_id",
        "authentication_provider_id",
        "login_id",
        "first_name",
        "last_name",
        "full_name",
        "sortable_name",
        "short_name",
        "email",
        "status",
        "declared_user_type",
    ),
    "accounts": ("account_id", "parent_account_id", "name", "status"),
    "terms": ("term_id", "integration_id", "name", "status", "start_date", "end_date"),
    "courses": (
        "course_id",
        "integration_id",
        "short_name",
        "long_name",
        "account_id",
        "term_id",
        "status",
        "start_date",
        "end_date",
        "course_format",
        "blueprint_course_id",
    ),
    "sections": (
        "section_id",
        "course_id",
        "integration_id",
        "name",
        "status",
        "start_date",
        "end_date",
    ),
    "enrollments": (
        "course_id",
        "user_id",
        "role",
        "role_id",
        "section_id",
        "status",
        "associated_user_id",
        "limit_section_privileges",
    ),
    "xlist": ("xlist_course_id", "section_id", "status"),
    "user_observers": ("observer_id", "student_id", "status"),
}

"""What an API developer key that enforces scopes must allow, and nothing more (canvas.md 3.2)."""

_GET = (
    *("accounts/:id", "accounts/:account_id/sub_accounts", "accounts/:account_id/terms"),
    *("accounts/:account_id/courses", "accounts/:account_id/roles", "accounts/:account_id/admins"),
    *("accounts/:account_id/authentication_providers", "accounts/:account_id/permissions"),
    *("accounts/:account_id/sis_imports", "accounts/:account_id/sis_imports/:id"),
    "accounts/:account_id/sis_imports/:id/errors",
    *("accounts/:account_id/reports", "accounts/:account_id/reports/:report"),
    "accounts/:account_id/reports/:report/:id",
    *("courses/:id", "courses/:course_id/sections", "courses/:course_id/enrollments"),
    *("courses/:course_id/assignments", "courses/:course_id/assignment_groups"),
    *("courses/:course_id/students/submissions", "courses/:course_id/grading_periods"),
    *("sections/:id", "sections/:section_id/enrollments", "groups/:group_id/users"),
    *("users/:id", "users/:user_id/enrollments", "progress/:id"),
)
_OTHERS = (
    "url:POST|/api/v1/accounts/:account_id/sis_imports",
    "url:PUT|/api/v1/accounts/:account_id/sis_imports/:id/abort",
    "url:POST|/api/v1/accounts/:account_id/reports/:report",
)
SCOPES = (*(f"url:GET|/api/v1/{path}" for path in _GET), *_OTHERS)

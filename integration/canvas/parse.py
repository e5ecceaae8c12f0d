"""From Canvas's JSON to frozen values. Pure: no I/O.

Unknown keys are passed over, missing and null ones become empty: a newer or older Canvas is data.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from integration.canvas.errors import ProtocolError
from integration.canvas.types import (
    Account,
    AuthenticationProvider,
    Course,
    Enrollment,
    Report,
    Role,
    RowError,
    Section,
    SisImport,
    SubAccount,
    Term,
)

Json = Mapping[str, Any]


def account(data: Json) -> Account:
    return Account(
        id=required_id(data, "account"),
        name=text(data, "name"),
        uuid=text(data, "uuid"),
        root_account_id=text(data, "root_account_id"),
        sis_account_id=text(data, "sis_account_id"),
    )


def sub_account(data: Json) -> SubAccount:
    return SubAccount(
        id=required_id(data, "account"),
        name=text(data, "name"),
        parent_account_id=text(data, "parent_account_id"),
        sis_account_id=text(data, "sis_account_id"),
        integration_id=text(data, "integration_id"),
        workflow_state=text(data, "workflow_state"),
    )


def term(data: Json) -> Term:
    return Term(
        id=required_id(data, "term"),
        name=text(data, "name"),
        sis_term_id=text(data, "sis_term_id"),
        integration_id=text(data, "integration_id"),
        start_at=text(data, "start_at"),
        end_at=text(data, "end_at"),
        workflow_state=text(data, "workflow_state"),
    )


def course(data: Json) -> Course:
    return Course(
        id=required_id(data, "course"),
        name=text(data, "name"),
        course_code=text(data, "course_code"),
        sis_course_id=text(data, "sis_course_id"),
        integration_id=text(data, "integration_id"),
        account_id=text(data, "account_id"),
        term_id=text(data, "enrollment_term_id"),
        workflow_state=text(data, "workflow_state"),
        created_at=text(data, "created_at"),
    )


def section(data: Json) -> Section:
    return Section(
        id=required_id(data, "section"),
        name=text(data, "name"),
        course_id=text(data, "course_id"),
        sis_section_id=text(data, "sis_section_id"),
        integration_id=text(data, "integration_id"),
        origin_course_id=text(data, "nonxlist_course_id"),
        created_at=text(data, "created_at"),
    )


def enrollment(data: Json) -> Enrollment:
    return Enrollment(
        id=required_id(data, "enrollment"),
        user_id=text(data, "user_id"),
        sis_user_id=text(data, "sis_user_id") or text(mapping(data.get("user")), "sis_user_id"),
        course_id=text(data, "course_id"),
        section_id=text(data, "course_section_id"),
        sis_section_id=text(data, "sis_section_id"),
        role=text(data, "role"),
        type=text(data, "type"),
        state=text(data, "enrollment_state"),
        sis_import_id=text(data, "sis_import_id"),
        created_at=text(data, "created_at"),
        last_activity_at=_last_activity(data),
        is_graded=_is_graded(mapping(data.get("grades"))),
    )


def role(data: Json) -> Role:
    return Role(
        id=required_id(data, "role"),
        label=text(data, "label") or text(data, "role"),
        base_role_type=text(data, "base_role_type"),
        workflow_state=text(data, "workflow_state"),
    )


def authentication_provider(data: Json) -> AuthenticationProvider:
    return AuthenticationProvider(
        id=required_id(data, "authentication provider"),
        auth_type=text(data, "auth_type"),
        position=number(data.get("position")),
    )


def sis_import(data: Json) -> SisImport:
    details = mapping(data.get("data"))
    return SisImport(
        id=required_id(data, "SIS import"),
        workflow_state=text(data, "workflow_state"),
        progress=number(data.get("progress")),
        created_at=text(data, "created_at"),
        started_at=text(data, "started_at"),
        ended_at=text(data, "ended_at"),
        counts=_counts(details.get("counts")),
        statistics={
            kind: _counts(value)
            for kind, value in mapping(details.get("statistics")).items()
            if isinstance(value, Mapping)
        },
        warnings=tuple(_pairs(data.get("processing_warnings"))),
        errors=tuple(_pairs(data.get("processing_errors"))),
        file_names=tuple(_file_names(data.get("csv_attachments"))),
        errors_attachment_url=text(mapping(data.get("errors_attachment")), "url"),
        user_id=text(mapping(data.get("user")), "id") or text(data, "user_id"),
    )


def row_error(data: Json) -> RowError:
    return RowError(text(data, "file"), number(data.get("row")), text(data, "message"))


def report(data: Json) -> Report:
    # The attachment's url carries its own permission, file_url may ask for a browser session.
    urls = (text(mapping(data.get("attachment")), "url"), text(data, "file_url"))
    return Report(
        id=required_id(data, "report"),
        status=text(data, "status"),
        progress=number(data.get("progress")),
        urls=tuple(dict.fromkeys(url for url in urls if url)),
    )


def mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def text(data: Json, key: str) -> str:
    value = data.get(key)
    return "" if value is None else str(value)


def number(value: object) -> int:
    """A whole number, whether it came as such, as text or as 99.7; 0 for anything else."""
    try:
        return int(float(value)) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0


def required_id(data: object, what: str) -> str:
    found = text(mapping(data), "id")
    if not found:
        raise ProtocolError(f"Canvas sent a {what} without an id")
    return found


def _last_activity(data: Json) -> str | None:
    """When somebody was last there, by any of Canvas's signs; None where it tells of none."""
    if "last_activity_at" not in data:
        return None
    return text(data, "last_activity_at") or text(data, "last_attended_at")


def _is_graded(grades: Json) -> bool:
    # Final scores count missing work as 0; only these stay empty until somebody gives a grade.
    told = ("current_score", "unposted_current_score", "override_score")
    return any(text(grades, name) for name in told)


def _counts(value: object) -> dict[str, int]:
    return {str(key): number(count) for key, count in mapping(value).items()}


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) > 1:
            yield str(item[0] or ""), str(item[1] or "")
        elif isinstance(item, str):
            yield "", item


def _file_names(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        yield from {text(mapping(item), "display_name"), text(mapping(item), "filename")} - {""}

"""What Canvas says, as frozen values. Pure: no I/O.

Ids are strings always: they pass 2^53, and may be written with a shard (`2107~48`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integration.errors import QSyncError

# Everything from `imported` on is final for whoever waits (restoring follows a finished import).
FINAL_STATES = frozenset(
    {
        "imported",
        "imported_with_messages",
        "failed",
        "failed_with_messages",
        "aborted",
        "restoring",
        "restored",
        "partially_restored",
    }
)
UNFINISHED_STATES = ("initializing", "created", "importing", "cleanup_batch")


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    uuid: str
    root_account_id: str
    sis_account_id: str

    @property
    def is_root(self) -> bool:
        return self.root_account_id in ("", self.id)


@dataclass(frozen=True, slots=True)
class SubAccount:
    id: str
    name: str
    parent_account_id: str
    sis_account_id: str
    integration_id: str
    workflow_state: str


@dataclass(frozen=True, slots=True)
class Term:
    id: str
    name: str
    sis_term_id: str
    integration_id: str
    start_at: str
    end_at: str
    workflow_state: str


@dataclass(frozen=True, slots=True)
class Course:
    id: str
    name: str
    course_code: str
    sis_course_id: str
    integration_id: str
    account_id: str
    term_id: str
    workflow_state: str
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`origin_course_id` is the course before a cross-listing, empty where there is none."""

    id: str
    name: str
    course_id: str
    sis_section_id: str
    integration_id: str
    origin_course_id: str
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Enrollment:
    """Who is in a section, without name or grade.

    `last_activity_at` is empty for somebody who never came, and None where Canvas does not tell.
    `is_graded`: any grade at all, shown or hidden.
    """

    id: str
    user_id: str
    sis_user_id: str
    course_id: str
    section_id: str
    sis_section_id: str
    role: str
    type: str
    state: str
    sis_import_id: str
    created_at: str = ""
    last_activity_at: str | None = None
    is_graded: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """`label` is what SIS files call it; `base_role_type` what kind of person it is."""

    id: str
    label: str
    base_role_type: str
    workflow_state: str


@dataclass(frozen=True, slots=True)
class AuthenticationProvider:
    """`auth_type` is saml, google, ldap, canvas and the like."""

    id: str
    auth_type: str
    position: int


@dataclass(frozen=True, slots=True)
class SisImport:
    """`warnings` and `errors` are (file, message) pairs and at most 24 each: see import_errors.

    `file_names` are the CSV files Canvas found in the upload (known once it has begun), by which
    an import whose answer was lost is recognised.
    """

    id: str
    workflow_state: str
    progress: int
    created_at: str
    started_at: str
    ended_at: str
    counts: Mapping[str, int]
    statistics: Mapping[str, Mapping[str, int]]
    warnings: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...]
    file_names: tuple[str, ...]
    errors_attachment_url: str
    user_id: str

    @property
    def is_final(self) -> bool:
        # A state of a newer Canvas is data: it is over when Canvas says when it ended.
        known = self.workflow_state in FINAL_STATES
        return known or (self.workflow_state not in UNFINISHED_STATES and bool(self.ended_at))

    @property
    def is_successful(self) -> bool:
        return self.workflow_state in ("imported", "imported_with_messages")


@dataclass(frozen=True, slots=True)
class RowError:
    """One refused row. `row` is 1-based and counts the header; 0 where Canvas did not say."""

    file: str
    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    id: str
    status: str
    progress: int
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at one path. `error` is what a real call would have raised."""

    path: str
    status: int
    seconds: float
    server_date: datetime | None
    rate_limit_remaining: float | None
    error: QSyncError | None

    @property
    def is_ok(self) -> bool:
        return self.error is None

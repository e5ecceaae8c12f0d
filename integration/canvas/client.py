"""Canvas for provisioning: who we are, what it holds, imports in, reports out.

`base_url` is Canvas's own address; every method raises a CanvasError, or an HttpError where no
answer came. Lists are read lazily, page by page, to their end.
"""

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from integration.canvas import parse, sis_imports, tables, throttle
from integration.canvas.auth import Auth
from integration.canvas.errors import ImportStillRunning
from integration.canvas.gradebook import Gradebook
from integration.canvas.polling import interval, wait
from integration.canvas.reports import provisioning_report
from integration.canvas.transport import Transport
from integration.canvas.types import (
    UNFINISHED_STATES,
    Account,
    AuthenticationProvider,
    Course,
    Enrollment,
    Probe,
    Report,
    Role,
    RowError,
    Section,
    SisImport,
    SubAccount,
    Term,
)
from integration.errors import QSyncError
from integration.http import Http
from integration.http.retry import parse_http_date

GIVE_UP_SECONDS = 6 * 3600.0
ENROLLMENT_STATES = ("active", "invited", "creation_pending", "inactive", "completed", "deleted")


class CanvasClient:
    """Speaks to one Canvas on behalf of one user; share it among threads, then close it."""

    def __init__(
        self,
        http: Http,
        base_url: str,
        auth: Auth,
        *,
        account_id: str = "self",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.transport = Transport(http, base_url, auth, sleep=sleep, clock=clock, jitter=jitter)
        self._account = f"accounts/{_part(account_id)}"
        self._imports = f"{self._account}/sis_imports"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the idle connections go; a client that is asked again opens new ones."""
        self.transport.close()

    # who we are

    def account(self) -> Account:
        return parse.account(parse.mapping(self.transport.get(self._account)))

    def own_user_id(self) -> str:
        """Canvas's id of the user whose token this is."""
        return parse.required_id(self.transport.get("users/self"), "user")

    def permissions(self, names: Iterable[str]) -> dict[str, bool]:
        """What the token's user may do in the account; False where Canvas does not say."""
        asked = list(names)
        params = [("permissions[]", name) for name in asked]
        answer = parse.mapping(self.transport.get(f"{self._account}/permissions", params))
        return {name: answer.get(name) is True for name in asked}

    def probe(self, path: str) -> Probe:
        """Look at one path under /api/v1; never raises, the error is part of the answer."""
        error: QSyncError | None = None
        try:
            response = self.transport.look(path, [("per_page", "1")])
        except QSyncError as caught:
            status = getattr(caught, "status", 0)
            return Probe(path, status, 0.0, None, None, caught)
        if not 200 <= response.status < 300:
            error = self.transport.refuse(response, f"GET {path.partition('?')[0]}")
        date = parse_http_date(response.headers.get("Date"))
        remaining = throttle.seconds(response.headers.get("X-Rate-Limit-Remaining"))
        return Probe(path, response.status, response.seconds, date, remaining, error)

    def honours_includes(self) -> bool | None:
        """False where the developer key strips include[], which Canvas does without a word.

        None where the account has no course to see it by.
        """
        params = [("include[]", "term"), ("per_page", "1")]
        answer = self.transport.get(f"{self._account}/courses", params)
        first = next(iter(answer), None) if isinstance(answer, list) else None
        return None if first is None else "term" in parse.mapping(first)

    # what Canvas holds

    def authentication_providers(self) -> list[AuthenticationProvider]:
        found = self.transport.pages(f"{self._account}/authentication_providers")
        return [parse.authentication_provider(data) for data in found]

    def sub_accounts(self) -> Iterator[SubAccount]:
        """Every account below ours, at any depth."""
        params = [("recursive", "true")]
        return map(parse.sub_account, self.transport.pages(f"{self._account}/sub_accounts", params))

    def terms(self) -> Iterator[Term]:
        """Deleted ones too: their SIS ids are taken."""
        params = [("workflow_state[]", "all")]
        found = self.transport.pages(f"{self._account}/terms", params, key="enrollment_terms")
        return map(parse.term, found)

    def roles(self) -> Iterator[Role]:
        params = [("state[]", "active"), ("show_inherited", "true")]
        return map(parse.role, self.transport.pages(f"{self._account}/roles", params))

    def courses(self, *, term_id: str = "") -> Iterator[Course]:
        params = [("enrollment_term_id", term_id)] if term_id else []
        return map(parse.course, self.transport.pages(f"{self._account}/courses", params))

    def course(self, course_id: str) -> Course:
        return parse.course(parse.mapping(self.transport.get(f"courses/{_part(course_id)}")))

    def sections(self, course_id: str) -> Iterator[Section]:
        return map(parse.section, self.transport.pages(f"courses/{_part(course_id)}/sections"))

    def section(self, section_id: str) -> Section:
        return parse.section(parse.mapping(self.transport.get(f"sections/{_part(section_id)}")))

    def enrollments(self, section_id: str) -> Iterator[Enrollment]:
        """Everybody ever in a section, whatever their state now."""
        params = [("state[]", state) for state in ENROLLMENT_STATES]
        path = f"sections/{_part(section_id)}/enrollments"
        return map(parse.enrollment, self.transport.pages(path, params))

    def enrollments_of(self, user_id: str, *, type_: str = "") -> Iterator[Enrollment]:
        """Where a person is enrolled; with a type (`ObserverEnrollment` …), as that alone."""
        params = [("state[]", state) for state in ENROLLMENT_STATES]
        params += [("type[]", type_)] if type_ else []
        path = f"users/{_part(user_id)}/enrollments"
        return map(parse.enrollment, self.transport.pages(path, params))

    def admins_of(self, account_id: str) -> set[str]:
        """The Canvas ids of whoever administers an account, as itself and in no part of it."""
        found = self.transport.pages(f"accounts/{_part(account_id)}/admins")
        return {str((one.get("user") or {}).get("id", "")) for one in found} - {""}

    def gradebook(self, course_id: str) -> Gradebook:
        """One course as its teachers grade it."""
        return Gradebook(self.transport, _part(course_id))

    # SIS imports

    def start_import(
        self, archive: Path | bytes, *, filename: str, params: Mapping[str, str] | None = None
    ) -> SisImport:
        """Hand over a zip or CSV file.

        Never sent twice by itself. After an error whose `sent` is true (of Canvas or of HTTP) it
        is not known whether Canvas has the import: ask `find_import` before another try.
        """
        return sis_imports.start(
            self.transport, self._imports, archive, filename=filename, params=params or {}
        )

    def sis_import(self, import_id: str) -> SisImport:
        path = f"{self._imports}/{_part(import_id)}"
        return parse.sis_import(parse.mapping(self.transport.get(path)))

    def recent_imports(self, *, created_since: str) -> Iterator[SisImport]:
        """Newest first; `created_since` is ISO 8601."""
        params = [("created_since", created_since)]
        found = self.transport.pages(self._imports, params, key="sis_imports")
        return map(parse.sis_import, found)

    def find_import(self, marker: str, *, created_since: str) -> SisImport | None:
        """The import that has `marker` in the name of one of its files, if Canvas has it.

        Raises:
            ImportStillRunning: one waits whose files Canvas has not looked at yet. It may be
                ours, so it is too early to send another.
        """
        unknown: SisImport | None = None
        for seen in self.recent_imports(created_since=created_since):
            if any(marker in name for name in seen.file_names):
                return seen
            if not seen.is_final and not seen.file_names:
                unknown = seen
        if unknown:
            raise ImportStillRunning(unknown)
        return None

    def unfinished_imports(self) -> list[SisImport]:
        """What runs or waits in the account, anybody's: ours would stand behind it."""
        params = [("workflow_state[]", state) for state in UNFINISHED_STATES]
        found = self.transport.pages(self._imports, params, key="sis_imports")
        return [each for each in map(parse.sis_import, found) if not each.is_final]

    def import_errors(self, import_id: str) -> Iterator[RowError]:
        """Every refused row, from the fullest source this Canvas offers."""
        path = f"{self._imports}/{_part(import_id)}"
        return sis_imports.row_errors(self.transport, path, lambda: self.sis_import(import_id))

    def wait_for_import(
        self,
        import_id: str,
        *,
        on_progress: Callable[[SisImport], None] | None = None,
        give_up_after: float = GIVE_UP_SECONDS,
        every: Callable[[float], float] = interval,
    ) -> SisImport:
        """Look until the import is over; `every` says how long to pause after so much waiting.

        Raises:
            ImportStillRunning: after `give_up_after` seconds; it carries the last state seen.
        """
        return wait(
            lambda: self.sis_import(import_id),
            is_over=lambda seen: seen.is_final,
            sleep=self.transport.sleep,
            give_up_after=give_up_after,
            gave_up=ImportStillRunning,
            on_progress=on_progress,
            every=every,
        )

    # reports

    def provisioning_report(
        self,
        kinds: Collection[str],
        *,
        directory: Path,
        include_deleted: bool = False,
        on_progress: Callable[[Report], None] | None = None,
        every: Callable[[float], float] = interval,
    ) -> dict[str, Path]:
        """`directory`/<kind>.csv for users, accounts, terms, courses, sections, enrollments.

        `user_observers` and `xlist` may be asked for too, and are absent where Canvas does not
        offer them.
        """
        return provisioning_report(
            self.transport,
            self._account,
            kinds,
            directory=directory,
            include_deleted=include_deleted,
            on_progress=on_progress,
            every=every,
        )

    report_rows = staticmethod(tables.report_rows)


def by_sis_id(kind: str, sis_id: str) -> str:
    """How a path names an object by its SIS id: `by_sis_id("course", "A1")`.

    Slashes and dots would be read as part of the path, so such ids travel in hexadecimal.
    """
    if "/" in sis_id or "." in sis_id:
        return f"hex:sis_{kind}_id:{sis_id.encode().hex()}"
    return f"sis_{kind}_id:{sis_id}"


def _part(identifier: str) -> str:
    return quote(identifier, safe=":~")

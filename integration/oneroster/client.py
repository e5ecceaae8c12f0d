"""A client for any OneRoster 1.1 provider: read collections, find one record, probe, locate."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from integration.http import Http, HttpError, Response
from integration.oneroster.asks import Proof
from integration.oneroster.decoder import Decoder
from integration.oneroster.envelope import NoRecords
from integration.oneroster.errors import NotOffered, OneRosterError, ProtocolError, UnusableRecord
from integration.oneroster.gradebook import OneRosterGradebook
from integration.oneroster.headers import read_total
from integration.oneroster.parse import PARSERS, Undecodable
from integration.oneroster.reading import Reading, Source
from integration.oneroster.settings import Settings
from integration.oneroster.tokens import Token
from integration.oneroster.transport import Transport, route, segment
from integration.oneroster.types import (
    ACADEMIC_SESSION,
    CLASS,
    COURSE,
    ENROLLMENT,
    ORG,
    USER,
    Kind,
    Problem,
    Record,
)

__all__ = ["OneRosterClient", "Probe", "Proof", "Reading", "Settings", "Token"]

COLLECTIONS: Final[dict[str, Kind[Any]]] = {
    "orgs": ORG,
    "schools": ORG,
    "academicSessions": ACADEMIC_SESSION,
    "terms": ACADEMIC_SESSION,
    "gradingPeriods": ACADEMIC_SESSION,
    "courses": COURSE,
    "classes": CLASS,
    "users": USER,
    "students": USER,
    "teachers": USER,
    "enrollments": ENROLLMENT,
}
RECORDS_WAITING = 4_000  # a record is a kilobyte, and large pages wait in memory
OF_A_SCHOOL = frozenset({"classes", "courses", "enrollments", "students", "teachers", "terms"})
_ROOT = "/ims/oneroster/v1p1"
NO_JSON = "It answers with something else than JSON."


@dataclass(frozen=True, slots=True)
class Probe:
    """How one endpoint answers. `server_date` shows a clock that is wrong.

    `is_ok`: with records, or with none.
    """

    path: str
    is_ok: bool
    status: int
    seconds: float
    total: int | None
    server_date: datetime | None
    description: str


class OneRosterClient:
    """Speaks to one provider with one set of credentials; share it among threads, then close it.

    `decoder`: reads large pages; it is closed with this client.
    """

    def __init__(
        self,
        http: Http,
        settings: Settings,
        *,
        now: Callable[[], float] = time.time,
        decoder: Decoder | None = None,
    ) -> None:
        self._http = http
        self._settings = settings
        self._now = now
        self._transport = Transport(http, settings, now)
        self._pool: ThreadPoolExecutor | None = None
        self._decoder = decoder or Decoder()

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
        """Ask for nothing any more. The Http given to this client stays open, its owner's."""
        self._transport.lanes.close()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self._decoder.close()

    def limit(self, requests: int) -> None:
        """Let at most so many requests be under way at once from now on."""
        self._transport.lanes.limit(min(requests, self._concurrency))

    def settle(self, requests: int, seconds: float) -> int:
        """Let so many be under way, also none; how many are, once it is no more or time is up."""
        return self._transport.lanes.settle(requests, seconds)

    def read(self, collection: str, *, school: str = "", filter: str = "") -> Reading[Any]:  # noqa: A002
        """Read a collection, of one school if `school` is given; nothing is sent before iterating.

        While iterating, raises FilterRefused where the provider does not take `filter`, NotOffered
        where it has no such collection, and any other OneRosterError or HttpError.
        """
        kind = COLLECTIONS[collection]
        if school and collection not in OF_A_SCHOOL:
            raise ValueError(f"OneRoster 1.1 has no {collection} of one school")
        path = f"schools/{segment(school)}/{collection}" if school else collection
        source: Source[Any] = Source(
            self._transport,
            PARSERS[kind.key],
            path,
            limit=max(1, self._settings.page_size),
            filter_=filter,
            elsewhere=self._decoder.pages(kind),
        )
        return Reading(source, self._submit, ahead=self._concurrency + self._waiting)

    def find(self, collection: str, sourced_id: str) -> Record | None:
        """One record by its id; None if the provider does not have it.

        Raises:
            UnusableRecord: it is there and cannot be used.
            OneRosterError, HttpError: no answer, or not one that means anything.
        """
        path = f"{collection}/{segment(sourced_id)}"
        parser = PARSERS[COLLECTIONS[collection].key]
        try:
            response = self._transport.send("GET", path)
        except NotOffered:
            return None
        asked = f"GET {route(path)} was answered with {response.status}"
        try:
            found = parser.record(response.body)
        except Undecodable:
            raise ProtocolError(f"{asked}, but not with JSON.", status=response.status) from None
        except NoRecords as none:
            said = self._transport.scrub(none.info.description)
            raise ProtocolError(f"{asked}, but without a record.", description=said) from None
        if isinstance(found, Problem):
            raise UnusableRecord(f"{asked}, but {found.field} is unusable: {found.reason}.")
        record: Record = found
        return record

    def students(self, class_id: str) -> Reading[Any]:
        """Who is enrolled in a class; some providers list its teachers as well (their role tells).

        While iterating, raises as `read` does.
        """
        path = f"classes/{segment(class_id)}/students"
        source: Source[Any] = Source(
            self._transport,
            PARSERS[USER.key],
            path,
            limit=max(1, self._settings.page_size),
            filter_="",
        )
        return Reading(source, self._submit, ahead=self._concurrency + 1)

    def gradebook(self, zone: ZoneInfo, *, letter_field: str = "") -> OneRosterGradebook:
        """The provider's gradebook; see there for the arguments."""
        return OneRosterGradebook(
            self._transport,
            self._submit,
            ahead=self._concurrency + 1,
            zone=zone,
            letter_field=letter_field,
        )

    def probe(self, path: str) -> Probe:
        """Ask any collection for one record and say how it went; a status is never an error.

        Raises:
            CredentialsRejected, TokenUrlUnknown: no token could be had, so nothing was asked.
            HttpError: there was no answer.
        """
        response = self._transport.exchange("GET", path, params=[("limit", "1")])
        is_answer = self._transport.is_answer(response)
        said = NO_JSON if response.is_ok else self._transport.description(response)
        return Probe(
            path=path,
            is_ok=is_answer,
            status=response.status,
            seconds=response.seconds,
            total=read_total(response.headers.get("X-Total-Count")),
            server_date=_date(response),
            description="" if is_answer else said,
        )

    def token(self) -> Token | None:
        """The bearer token's URL, granted scopes and expiry (None with OAuth 1.0a); signs in."""
        return self._transport.token()

    def certificate_ends(self) -> datetime | None:
        """When the certificate ends that the provider last showed; None over plain http."""
        return self._http.certificate_ends(self._transport.root)

    def locate(self) -> str:
        """The service root: the base URL as given, or with the specification's path appended.

        Raises:
            OneRosterError, HttpError: neither answers; the error is that of the URL as given.
        """
        given = self._transport.root
        roots = [given]
        if "/ims/oneroster" not in given and "/v1p1" not in given:
            roots.append(given + _ROOT)
        failure: OneRosterError | HttpError | None = None
        for root in roots:
            settings = replace(self._settings, base_url=root, page_size=1)
            with OneRosterClient(self._http, settings, now=self._now) as there:
                try:
                    next(iter(there.read("orgs")), None)
                except (OneRosterError, HttpError) as error:
                    failure = failure or error
                else:
                    return root
        raise failure or NotOffered("No OneRoster service answers at this address.")

    @property
    def _waiting(self) -> int:
        """How many pages may wait to be looked at; all lanes tend to be answered at once."""
        return max(1, min(self._concurrency, RECORDS_WAITING // max(1, self._settings.page_size)))

    @property
    def _concurrency(self) -> int:
        return max(1, self._settings.concurrency)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="oneroster")
        return self._pool.submit(work, *arguments)


def _date(response: Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None

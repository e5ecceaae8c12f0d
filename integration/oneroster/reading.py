"""Reads one collection: pages in order, fetched ahead, and a proof of whether it is whole."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol

from integration.http import HttpError, Response
from integration.oneroster.asks import Arrival, Ask, Proof
from integration.oneroster.envelope import NoRecords
from integration.oneroster.errors import (
    CredentialsRejected,
    FilterRefused,
    Incomplete,
    OneRosterError,
    ProtocolError,
    RepeatedPage,
)
from integration.oneroster.headers import next_offset, read_total
from integration.oneroster.joints import Fit
from integration.oneroster.paging import Walk
from integration.oneroster.parse import Parsed, Undecodable, utf8
from integration.oneroster.tally import PagingStuck
from integration.oneroster.transport import Transport, route
from integration.oneroster.types import Item, Page

logger = logging.getLogger(__name__)

BAD_REQUEST = 400
NO_CONTENT = 204
SAFE_LIMIT = 100  # the specification's default: no provider refuses it
_SORT = (("sort", "sourcedId"), ("orderBy", "asc"))


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer as it came, and how the asking deviated.

    `packed`: what another process makes of it; b"" where it leaves that to this one.
    """

    response: Response
    notes: tuple[str, ...]
    packed: Future[bytes] | None = None


Submit = Callable[..., Future[Fetched]]


class Pages(Protocol[Item]):
    """Reads the pages of one kind; `PageParser` is one of these."""

    def pieces(self, body: bytes, *, path_name: str = "") -> Iterator[Parsed[Item]]: ...


class Elsewhere(Protocol[Item]):
    """Has them read by another process; `PagesElsewhere` is one of these."""

    def offer(self, body: bytes, *, path_name: str) -> Future[bytes] | None: ...

    def pieces(self, packed: bytes) -> Iterator[Parsed[Item]]: ...


class Source(Generic[Item]):
    """Fetches pages of one collection; the first answer settles which parameters are understood."""

    def __init__(
        self,
        transport: Transport,
        parser: Pages[Item],
        path: str,
        *,
        limit: int,
        filter_: str,
        elsewhere: Elsewhere[Item] | None = None,
    ) -> None:
        self.path = path
        self.limit = limit
        self._transport = transport
        self._parser = parser
        self._elsewhere = elsewhere
        self._filter = (("filter", filter_),) if filter_ else ()
        self._sort: tuple[tuple[str, str], ...] = _SORT
        self._most = limit

    def fetch(self, ask: Ask) -> Fetched:
        """Get one page; whoever fetches has no time to look inside, for the next one waits.

        Raises:
            OneRosterError, HttpError: the provider refused or gave no answer.
        """
        if ask.purpose == "first":
            response, notes = self._first(ask)
        else:
            # Behind the last page some providers fail for good; once is enough to see it.
            retry = False if ask.purpose == "end" and not ask.joins else None
            response, notes = self._get(ask.offset, ask.limit, retry=retry), ()
        if not response.is_ok:
            raise self._transport.refusal(response, "GET", self.path)
        return Fetched(response, notes, self._offered(response))

    def _offered(self, response: Response) -> Future[bytes] | None:
        if self._elsewhere is None or response.status == NO_CONTENT:
            return None
        return self._elsewhere.offer(self._text(response), path_name=self._name)

    def arrival(self, fetched: Fetched, ids: list[str], notes: Iterable[str]) -> Arrival:
        """What paging needs to know of an answer with these records."""
        headers = fetched.response.headers
        following, is_foreign = next_offset(headers.get("Link", ""), fetched.response.url)
        total = headers.get("X-Total-Count")
        deviations = (*fetched.notes, *notes)
        deviations += ("foreign-link",) if is_foreign else ()
        deviations += ("bad-total",) if total and read_total(total) is None else ()
        return Arrival(
            ids=ids,
            total=read_total(total),
            next_offset=following,
            revision=headers.get("x-perm-rev", ""),
            deviations=deviations,
        )

    def _get(self, offset: int, limit: int, *, retry: bool | None = None) -> Response:
        page = (("limit", str(min(limit, self._most))), ("offset", str(offset)))
        params = (*page, *self._sort, *self._filter)
        return self._transport.exchange("GET", self.path, params=params, retry=retry)

    def _first(self, ask: Ask) -> tuple[Response, tuple[str, ...]]:
        """The first page, without the parameters that the provider does not understand."""
        response = self._get(ask.offset, ask.limit)
        ways = [
            ((), self.limit, "sort-refused"),
            (_SORT, SAFE_LIMIT, "limit-refused"),
            ((), SAFE_LIMIT, "sort-and-limit-refused"),
        ]
        for sort, most, note in ways if self.limit > SAFE_LIMIT else ways[:1]:
            if response.status != BAD_REQUEST or self._blames_filter(response):
                break
            self._sort, self._most = sort, most
            again = self._get(ask.offset, ask.limit)
            if again.status != BAD_REQUEST:
                return again, (note,)
        if response.status == BAD_REQUEST and self._filter:
            raise self._filter_refused(response)
        return response, ()

    def _blames_filter(self, response: Response) -> bool:
        info = self._transport.info(response) if self._filter else None
        return info is not None and "filter" in f"{info.minor} {info.description}".lower()

    def _filter_refused(self, response: Response) -> FilterRefused:
        return FilterRefused(
            f"GET {route(self.path)} does not take the filter.",
            description=self._transport.description(response),
            status=response.status,
        )

    def pieces(self, fetched: Fetched) -> Iterator[Parsed[Item]]:
        """What a page holds, in at least one piece.

        Raises:
            ProtocolError: the provider broke the contract.
        """
        response = fetched.response
        if response.status == NO_CONTENT:
            yield Parsed(Page([]), [], ("no-content",))
            return
        if self._elsewhere and fetched.packed and (packed := fetched.packed.result()):
            yield from self._elsewhere.pieces(packed)
            return
        body = self._text(response)
        where = f"GET {route(self.path)}"
        try:
            yield from self._parser.pieces(body, path_name=self._name)
        except Undecodable:
            kind = response.headers.get("Content-Type", "").partition(";")[0][:50] or "no type"
            what = f"{where} was answered with {len(body)} bytes that are not JSON ({kind})."
            raise ProtocolError(what, status=response.status) from None
        except NoRecords as none:
            said = self._transport.scrub(none.info.description or none.info.minor)
            what = f"{where} was answered with {response.status}, but without a collection."
            raise ProtocolError(what, description=said, status=response.status) from None

    @property
    def _name(self) -> str:
        return self.path.rpartition("/")[2]

    @staticmethod
    def _text(response: Response) -> bytes:
        return utf8(response.body, response.headers.get("Content-Type", ""))


class Reading(Generic[Item]):
    """A collection being read. Iterating yields its pages in order; then `proof` is valid.

    Each iteration reads anew. Pages may repeat records where the provider does; `proof` says so.
    """

    def __init__(self, source: Source[Item], submit: Submit, *, ahead: int) -> None:
        self._source = source
        self._submit = submit
        self._ahead = ahead
        self._walk = Walk(source.limit)

    @property
    def proof(self) -> Proof:
        """Whether this is everything; while the reading goes on, it is not."""
        return self._walk.proof()

    @property
    def total(self) -> int | None:
        """How many records the provider promises, once the first page has come."""
        return self._walk.total

    def saw(self, key: str) -> bool:
        """Has a record of this id, or this stand-in for one, come?"""
        return self._walk.saw(key)

    def require_complete(self) -> None:
        """Raise Incomplete unless the reading is proven whole."""
        if not self.proof.complete:
            where = route(self._source.path)
            raise Incomplete(f"Reading {where} is not proven complete: {self.proof.reason}.")

    def __iter__(self) -> Iterator[Page[Item]]:
        walk = self._walk = Walk(self._source.limit)
        waiting: deque[tuple[Ask, Future[Fetched]]] = deque()
        try:
            while True:
                while len(waiting) < self._ahead and (ask := walk.next_ask()):
                    waiting.append((ask, self._submit(self._source.fetch, ask)))
                if not waiting:
                    self._log()
                    return
                yield from self._pages(walk, *waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def _log(self) -> None:
        proof = self.proof
        logger.info(
            "read %s: complete=%s received=%d total=%s pages=%d deviations=%s",
            route(self._source.path),
            proof.complete,
            proof.received,
            proof.total,
            proof.pages,
            ",".join(proof.deviations) or "none",
        )

    def _pages(self, walk: Walk, ask: Ask, future: Future[Fetched]) -> Iterator[Page[Item]]:
        """What is to be used of one answer, a piece at a time.

        Of most answers the first record tells what is to be used; the others are opened whole.
        """
        try:
            fetched = future.result()
            pieces = self._source.pieces(fetched)
            parts = [next(pieces)]
        except CredentialsRejected:
            raise
        except (OneRosterError, HttpError) as error:
            if walk.refused(ask, is_answer=isinstance(error, OneRosterError)):
                return
            raise
        ids, notes = list(parts[0].ids), list(parts[0].deviations)
        if not ids or ask.purpose != "grid" or walk.fit(ask, ids[0]) == "none":
            for part in pieces:
                parts.append(part)
                ids += part.ids
                notes += part.deviations
            fit = self._take(walk, ask, self._source.arrival(fetched, ids, notes))
            if fit == "rest":
                yield parts.pop(0).page.without_first(ids[0])
            if fit != "none":
                yield from (part.page for part in parts)
            return
        is_repeated = walk.fit(ask, ids[0]) == "rest"
        page = parts.pop().page
        yield page.without_first(ids[0]) if is_repeated else page
        del page  # or it stays in memory while the next one is opened
        for part in pieces:
            ids += part.ids
            notes += part.deviations
            yield part.page
            del part
        self._take(walk, ask, self._source.arrival(fetched, ids, notes))

    def _take(self, walk: Walk, ask: Ask, arrival: Arrival) -> Fit:
        try:
            return walk.take(ask, arrival)
        except PagingStuck:
            what = f"GET {route(self._source.path)} gives the same records again."
            raise RepeatedPage(what, status=200) from None

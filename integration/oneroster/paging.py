"""Which page to ask for next, and whether what came is everything. Pure: no I/O.

With a total the pages are asked for in parallel, at offsets computed from the size of the first
page *received* (servers clamp). Without one they are asked for one after another until an empty
page. A short page ends nothing: only a total that is satisfied does, or an empty page.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urljoin, urlsplit

# 60 bits: an int of more takes half as much memory again, and there may be millions.
_SHORTER = ((1 << 60) - 1).__and__
MAX_PAGES = 100_000  # of a reading without a total, which only the provider can end

Purpose = Literal["first", "grid", "next", "hole", "end"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: where to start, how many to ask for, and what for."""

    offset: int
    limit: int
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Arrival:
    """What paging needs to know of an answer."""

    ids: Sequence[str]  # of usable and unusable records alike
    count: int
    total: int | None = None
    next_offset: int | None = None
    revision: str = ""
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a reading is everything the provider has. Only then may absence mean anything."""

    complete: bool
    reason: str  # why not; blank if complete
    total: int | None
    received: int
    distinct: int
    pages: int
    deviations: tuple[str, ...]


class PagingStuck(Exception):
    """The provider sends again what it has sent, so the end cannot be reached."""


@dataclass(slots=True)
class Walk:
    """The state of one reading: hand out asks with `next_ask`, hand in answers with `take`."""

    limit: int
    total: int | None = None
    received: int = 0
    pages: int = 0
    _size: int = 0
    _grid: int = 0  # the next offset of the grid
    _has_grid: bool = False
    _outstanding: int = 0
    _queue: deque[Ask] = field(default_factory=deque)
    _seen: set[int] = field(default_factory=set)
    _was_stale: bool = False
    _revision: str = ""
    _ended: bool = False
    _doubts: dict[str, None] = field(default_factory=dict)
    _deviations: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue.append(Ask(0, self.limit, "first"))

    def next_ask(self) -> Ask | None:
        """The next request to make; None while answers must be awaited, and at the end."""
        ask = None
        if self._queue:
            ask = self._queue.popleft()
        elif self._has_grid and self._grid < (self.total or 0):
            ask = Ask(self._grid, self._size, "grid")
            self._grid += self._size
        self._outstanding += ask is not None
        return ask

    def take(self, ask: Ask, arrival: Arrival) -> bool:
        """Take in the answer to `ask`, in the order of asking; whether its records are to be used.

        Raises:
            PagingStuck: the answer repeats earlier ones.
        """
        self._outstanding -= 1
        self.pages += 1
        self._note(arrival.deviations)
        self._note_revision(arrival.revision)
        self._note_total(ask, arrival)
        is_stale = self._count(ask, arrival)
        if ask.purpose == "first":
            self._begin(arrival)
        elif ask.purpose == "end":
            self._confirm(ask, arrival, is_stale=is_stale)
        elif ask.purpose == "next":
            self._go_on(ask, arrival)
        elif arrival.count and not is_stale:
            self._fill(ask, arrival)
        if self._has_grid and not self._outstanding and not self._ended:
            self._finish_grid(ask, arrival)
        return not (ask.purpose == "end" and is_stale)

    def refused(self, ask: Ask) -> bool:
        """Whether an error in answer to `ask` is the end: only past a total that is satisfied."""
        self._outstanding -= 1
        if ask.purpose != "end":
            return False
        self._note(["error-past-end"])
        self._ended = True
        return True

    def proof(self) -> Proof:
        reason = "; ".join(self._doubts)
        if not self._ended:
            reason = reason or "the reading did not reach its end"
        elif self.total is not None and self.received < self.total:
            reason = reason or f"{self.received} of {self.total} records came"
        return Proof(
            complete=not reason,
            reason=reason,
            total=self.total,
            received=self.received,
            distinct=len(self._seen),
            pages=self.pages,
            deviations=tuple(self._deviations),
        )

    # Tally

    def _count(self, ask: Ask, arrival: Arrival) -> bool:
        """Count the records; True if all of them had come before."""
        self.received += arrival.count
        if not arrival.count:
            return False
        hashes = set(map(_SHORTER, map(hash, arrival.ids)))
        before = len(self._seen)
        self._seen |= hashes
        fresh = len(self._seen) - before
        # A record that is twice on one page is the provider's; twice on two pages, a shift.
        repeated = len(hashes) - fresh
        is_stale = bool(hashes) and not fresh
        if ask.purpose in ("grid", "next"):
            self._refuse_standstill(arrival, is_stale=is_stale)
        if repeated and not (ask.purpose == "end" and is_stale):
            self._note(["repeated-records"])
            self._doubts["records came twice, so others may be missing"] = None
        elif repeated:
            self.received -= arrival.count
        return is_stale

    def _refuse_standstill(self, arrival: Arrival, *, is_stale: bool) -> None:
        # One stale page may be a row that moved while we read, if it is short: that is a doubt.
        is_full = 1 < arrival.count >= self._size
        if is_stale and (self._was_stale or is_full):
            raise PagingStuck
        self._was_stale = is_stale

    def _note(self, deviations: Iterable[str]) -> None:
        self._deviations.update(dict.fromkeys(deviations))

    def _note_revision(self, revision: str) -> None:
        if revision and self._revision and revision != self._revision:
            self._doubts["the provider's data changed while being read"] = None
        self._revision = revision or self._revision

    def _note_total(self, ask: Ask, arrival: Arrival) -> None:
        if ask.purpose == "first":
            self.total = arrival.total
        elif self.total is None or arrival.total in (None, self.total):
            return
        elif ask.purpose == "end" and arrival.total == arrival.count:
            return  # not a total that moves, but the size of each page: `_confirm` sees to it
        else:
            self._note(["total-changed"])
            self._doubts[f"the total changed from {self.total} to {arrival.total}"] = None

    # Steps

    def _begin(self, arrival: Arrival) -> None:
        self._size = arrival.count
        if arrival.count > self.limit:
            self._note(["limit-ignored"])
        if self.total is None:
            self._note(["no-total"])
        elif arrival.count < min(self.limit, self.total):
            self._note(["clamped-limit"])
        if not arrival.count:
            self._ended = True
        elif self.total is None:
            self._ask_next(0, arrival)
        elif self.total < arrival.count:
            self._distrust_total()
            self._ask_next(0, arrival)
        else:
            self._has_grid = True
            self._grid = arrival.count

    def _go_on(self, ask: Ask, arrival: Arrival) -> None:
        if not arrival.count:
            self._ended = True
        elif self.pages >= MAX_PAGES:
            self._doubts[f"the provider had not ended after {MAX_PAGES} pages"] = None
            self._ended = True
        else:
            self._ask_next(ask.offset, arrival)

    def _ask_next(self, offset: int, arrival: Arrival) -> None:
        following = offset + arrival.count
        if arrival.next_offset is not None and arrival.next_offset > offset:
            following = arrival.next_offset
        self._queue.append(Ask(following, self.limit, "next"))

    def _fill(self, ask: Ask, arrival: Arrival) -> None:
        """Ask again for what a page left out; a server may clamp one page more than another."""
        until = min(ask.offset + ask.limit, self.total or 0)
        offset = ask.offset + arrival.count
        if offset < until:
            self._note(["short-page"])
            self._queue.append(Ask(offset, until - offset, "hole"))

    def _finish_grid(self, ask: Ask, arrival: Arrival) -> None:
        """All that the total promised was asked for: is there anything behind it?

        Two witnesses are wanted, because some servers give the size of the page as the total: the
        total, and either an empty page behind it or a last page shorter than an earlier one.
        """
        if self._queue or self._grid < (self.total or 0):
            return
        expected = (self.total or 0) - ask.offset
        if ask.purpose == "grid" and arrival.count > expected:
            self._distrust_total()
            self._ask_next(ask.offset, arrival)
            return
        is_short_page = ask.purpose == "grid" and arrival.count < self._size
        if is_short_page or self.received < (self.total or 0):
            self._ended = True
        else:
            self._queue.append(Ask(max(self._grid, self.total or 0), self._size, "end"))

    def _confirm(self, ask: Ask, arrival: Arrival, *, is_stale: bool) -> None:
        if not arrival.count:
            self._ended = True
        elif is_stale:
            self._note(["offset-ignored"])
            if self._size >= self.limit:
                self._doubts["paging does not move on, and the first page was full"] = None
            self._ended = True
        else:
            self._distrust_total()
            self._ask_next(ask.offset, arrival)

    def _distrust_total(self) -> None:
        """More came than the total promised: from here on only an empty page is the end."""
        self._note(["total-too-low"])
        self.total = None
        self._has_grid = False


def next_offset(link: str, url: str) -> tuple[int | None, bool]:
    """The offset in a `Link: rel=next`, and whether there was a link that may not be believed.

    Only its offset is ever used, and only if it leads to the same origin and path: our token goes
    with every request, and proxies leak the names of internal hosts.
    """
    for target, parameters in _links(link):
        if "next" in parameters:
            try:
                there, here = urlsplit(urljoin(url, target)), urlsplit(url)
            except ValueError:
                return None, True
            if (there.scheme, there.netloc, there.path) != (here.scheme, here.netloc, here.path):
                return None, True
            found = parse_qs(there.query).get("offset", [""])[0]
            return (int(found), False) if found.isascii() and found.isdigit() else (None, False)
    return None, False


def _links(header: str) -> Iterable[tuple[str, Collection[str]]]:
    """The targets and relations of a Link header (RFC 8288)."""
    for part in header.split("<")[1:]:
        target, _, parameters = part.partition(">")
        for parameter in parameters.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "rel":
                yield target.strip(), value.strip(' ,"').lower().split()


def read_total(text: str | None) -> int | None:
    """X-Total-Count as a number; None where there is none that could be one."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

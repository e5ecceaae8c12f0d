"""Which page to ask for next, and whether what came is everything. Pure: no I/O.

With a total the pages are asked for in parallel, at offsets computed from the size of the first
page *received* (servers clamp). Without one they are asked for one after another until an empty
page. A short page ends nothing: only a total that is satisfied does, or an empty page.

Pages of the grid are to be joined (`joints`): each asks for the last record of the one before once
more. A provider that cannot do that is read as it can.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from integration.oneroster.asks import Arrival, Ask, Proof
from integration.oneroster.joints import Fit, Joints
from integration.oneroster.tally import Tally

# Asked for although there may be nothing: what repeats all that came before adds nothing.
_MAY_REPEAT = ("end", "gap", "tail")
_MOVED = "records moved from page to page while being read"
MAX_PAGES = 100_000
# Empty pages in a row: below the total, it is a lie or grows without end; each with a link to a
# next one, the provider never gives up linking.
MAX_EMPTY = 10


@dataclass(slots=True)
class Walk:
    """The state of one reading: hand out asks with `next_ask`, hand in answers with `take`."""

    limit: int
    total: int | None = None
    pages: int = 0
    _size: int = 0
    _grid: int = 0  # the next offset of the grid
    _has_grid: bool = False
    _outstanding: int = 0
    _joints: Joints = field(default_factory=Joints)
    _empty: int = 0
    _has_linked: bool = False
    _queue: deque[Ask] = field(default_factory=deque)
    _ended: bool = False
    _tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._queue.append(Ask(0, self.limit, "first"))

    def next_ask(self) -> Ask | None:
        """The next request to make; None while answers must be awaited, and at the end."""
        ask = None
        if self._ended:
            return None
        if self._queue:
            ask = self._queue.popleft()
        elif self._has_grid and not self._is_asked:
            ask = Ask(self._grid, self._size, "grid", joins=self._joints.overlap > 0)
            self._grid += self._size - self._joints.overlap
        self._outstanding += ask is not None
        return ask

    def fit(self, ask: Ask, first: str) -> Fit:
        """What `take` will say of a page that begins with this record."""
        return self._joints.fit(ask.offset, first, joins=ask.joins)

    def take(self, ask: Ask, arrival: Arrival) -> Fit:
        """Take in the answer to `ask`, in the order of asking; what of its records is to be used.

        Raises:
            PagingStuck: the answer repeats earlier ones.
        """
        self._outstanding -= 1
        self.pages += 1
        self._tally.note(arrival.deviations)
        fit = self._joints.lay(ask.offset, arrival.ids, joins=ask.joins)
        if fit == "none":
            self._unjoin(ask)
            return fit
        if fit == "shifted":
            self._tally.doubt(_MOVED)
        self._tally.note_revision(arrival.revision)
        self._note_total(ask, arrival)
        ids = arrival.ids[1:] if fit == "rest" else arrival.ids
        is_stale = self._count(ask, ids)
        if ask.purpose == "first":
            self._begin(arrival)
        elif ask.purpose == "end":
            self._confirm(ask, arrival, len(ids), is_stale=is_stale)
        elif ask.purpose == "next":
            self._go_on(ask, arrival)
        elif ask.purpose in ("gap", "tail"):
            self._look_behind(ask, arrival, is_stale=is_stale)
        elif arrival.count and not is_stale:
            self._fill(ask, arrival)
        self._stop_at_last(ask, arrival)
        if self._has_grid and not self._outstanding and not self._ended:
            self._finish_grid(ask, arrival)
        return "none" if ask.purpose in _MAY_REPEAT and is_stale else fit

    def refused(self, ask: Ask, *, is_answer: bool) -> bool:
        """Whether to go on after an error in answer to `ask`; `is_answer`: the provider's own.

        Past a total that is satisfied it is the end. And where no page begins but behind another
        one, the first that should is not offered.
        """
        self._outstanding -= 1
        if ask.joins and (ask.purpose == "end" or (is_answer and not self._joints.is_proven)):
            self._unjoin(ask)
            return True
        if ask.purpose == "gap" and is_answer:
            self._tally.doubt("what a link left out was refused")
            self._nothing_there(ask)
            return True
        if ask.purpose != "end":
            return False
        self._tally.note(["error-past-end"])
        if self._size == self.total and self._size >= self.limit:
            self._tally.doubt("the total may only be the size of the page")
        self._ended = True
        return True

    def saw(self, key: str) -> bool:
        """Has this record come?"""
        return self._tally.saw(key)

    def proof(self) -> Proof:
        reason = "; ".join(self._tally.doubts)
        if not self._ended:
            reason = reason or "the reading did not reach its end"
        elif self.total is not None and self._tally.received < self.total:
            reason = reason or f"{self._tally.received} of {self.total} records came"
        return Proof(
            complete=not reason,
            reason=reason,
            joined=self._joints.are_whole,
            total=self.total,
            received=self._tally.received,
            distinct=self._tally.distinct,
            pages=self.pages,
            deviations=tuple(self._tally.deviations),
        )

    def _count(self, ask: Ask, ids: Sequence[str]) -> bool:
        """Count the records; True if all of them had come before."""
        leads_on = ask.purpose in ("grid", "next")
        return self._tally.count(
            ids, may_repeat=ask.purpose in _MAY_REPEAT, full=max(1, self._size) if leads_on else 0
        )

    def _note_total(self, ask: Ask, arrival: Arrival) -> None:
        if ask.purpose == "first":
            self.total = arrival.total
        elif self.total is None or arrival.total in (None, self.total):
            return
        elif ask.purpose == "end" and arrival.total == arrival.count:
            return  # not a total that moves, but the size of each page: `_confirm` sees to it
        else:
            self._tally.note(["total-changed"])
            self._tally.doubt(f"the total changed from {self.total} to {arrival.total}")

    # Steps

    @property
    def _is_asked(self) -> bool:
        """Has the grid reached the total? A page that could only repeat one record is none."""
        return self._grid + self._joints.overlap >= (self.total or 0)

    def _unjoin(self, ask: Ask) -> None:
        """Begin the grid anew, with pages side by side; what was asked for joined is dropped.

        Where only the end was still asked for, the grid stands.
        """
        if ask.purpose == "end":
            self._tally.note(["pages-not-joined"])
            self._joints.give_up()
            self._grid = ask.offset + 1
            self._ask_for_end()
        elif "pages-not-joined" not in self._tally.deviations:
            self._tally.note(["pages-not-joined"])
            self._joints.give_up()
            self._grid = self._size

    def _ask_for_end(self) -> None:
        """Ask for what is behind the total; with the last record once more, if pages are joined.

        A record that comes while a full last page is read pushes the last one off it, and when
        another goes before the end is seen, it is back below the total, and nowhere was it read.
        """
        end = max(self._grid + self._joints.overlap, self.total or 0)
        joins = self._joints.overlap > 0 and self._joints.are_whole
        self._queue.append(Ask(end - joins, self._size, "end", joins=joins))

    def _begin(self, arrival: Arrival) -> None:
        self._size = arrival.count
        if self._size < 2:
            self._joints.overlap = 0
            self._joints.are_whole = self.total == self._size
        if arrival.count > self.limit:
            self._tally.note(["limit-ignored"])
        if self.total is None:
            self._tally.note(["no-total"])
        elif arrival.count < min(self.limit, self.total):
            self._tally.note(["clamped-limit"])
        if self.total is None:
            self._joints.are_whole = False
            self._go_on(Ask(0, self.limit, "first"), arrival)
        elif not arrival.count:
            self._ended = True
        elif self.total < arrival.count:
            self._distrust_total()
            self._ask_next(0, arrival)
        else:
            self._has_grid = True
            self._grid = arrival.count - self._joints.overlap

    def _go_on(self, ask: Ask, arrival: Arrival) -> None:
        """Without a total an empty page is the end, unless it says itself that more follows."""
        leads_on = arrival.next_offset is not None and arrival.next_offset > ask.offset
        if self._empty and (arrival.count or not leads_on):
            self._tally.doubt("an empty page said that more records follow")
        self._empty = 0 if arrival.count else self._empty + 1
        if arrival.count or (leads_on and self._empty < MAX_EMPTY):
            self._ask_next(ask.offset, arrival)
        else:
            self._ended = True

    def _stop_at_last(self, ask: Ask, arrival: Arrival) -> None:
        """Only the provider could end some readings, and it does not."""
        if ask.purpose == "grid":
            self._empty = 0 if arrival.count else self._empty + 1
        if ask.purpose == "grid" and self._empty >= MAX_EMPTY:
            self._tally.doubt(f"{MAX_EMPTY} pages in a row were empty, below the total")
            self._ended = True
        elif self.pages >= MAX_PAGES and not self._ended:
            self._tally.doubt(f"the provider had not ended after {MAX_PAGES} pages")
            self._ended = True

    def _ask_next(self, offset: int, arrival: Arrival) -> None:
        """Ask for what follows, and for what a link leaves out behind the records that came.

        Who links counts what was asked for: where a page was clamped, those records are missing;
        where the provider hides some, nothing new is there, also behind its last page.
        """
        following, linked = offset + arrival.count, arrival.next_offset or 0
        leads_on = linked > offset
        if arrival.count and linked > following:
            self._tally.note(["link-past-records"])
            self._queue.append(Ask(following, linked - following, "gap"))
        elif self._has_linked and not leads_on:
            self._queue.append(Ask(following, self.limit, "tail"))
        else:
            self._queue.append(Ask(linked if leads_on else following, self.limit, "next"))
        self._has_linked |= leads_on

    def _look_behind(self, ask: Ask, arrival: Arrival, *, is_stale: bool) -> None:
        """Go on where a link led past records that did not come, or led nowhere."""
        rest = ask.limit - arrival.count
        if is_stale or not arrival.count:
            self._nothing_there(ask)
        elif ask.purpose == "tail":
            self._ask_next(ask.offset, arrival)
        elif rest > 0:
            self._queue.append(Ask(ask.offset + arrival.count, rest, "gap"))
        else:
            self._nothing_there(ask)

    def _nothing_there(self, ask: Ask) -> None:
        if ask.purpose == "gap":
            self._queue.append(Ask(ask.offset + ask.limit, self.limit, "next"))
        else:
            self._ended = True

    def _fill(self, ask: Ask, arrival: Arrival) -> None:
        """Ask again for what a page left out; a server may clamp one page more than another."""
        until = min(ask.offset + ask.limit, self.total or 0)
        if ask.purpose == "grid" and until < (self.total or 0):
            until -= self._joints.overlap  # the next page begins with the last record of this one
        offset = ask.offset + arrival.count
        if offset < until:
            self._tally.note(["short-page"])
            self._joints.are_whole = False
            self._queue.append(Ask(offset, until - offset, "hole"))

    def _finish_grid(self, ask: Ask, arrival: Arrival) -> None:
        """All that the total promised was asked for: is there anything behind it?

        Two witnesses are wanted, because some servers give the size of the page as the total: the
        total, and either an empty page behind it or a last page shorter than an earlier one.
        """
        if self._queue or not self._is_asked:
            return
        expected = (self.total or 0) - ask.offset
        if ask.purpose == "grid" and arrival.count > expected:
            self._distrust_total()
            self._ask_next(ask.offset, arrival)
            return
        is_short_page = ask.purpose == "grid" and arrival.count < self._size
        if is_short_page or self._tally.received < (self.total or 0):
            self._ended = True
        else:
            self._ask_for_end()

    def _confirm(self, ask: Ask, arrival: Arrival, fresh: int, *, is_stale: bool) -> None:
        if ask.joins and not arrival.count:
            self._tally.doubt(_MOVED)
        if not fresh:
            self._ended = True
        elif is_stale:
            self._tally.note(["offset-ignored"])
            if self._size >= self.limit:
                self._tally.doubt("paging does not move on, and the first page was full")
            self._ended = True
        else:
            self._distrust_total()
            self._ask_next(ask.offset, arrival)

    def _distrust_total(self) -> None:
        """More came than the total promised: from here on only an empty page is the end."""
        self._tally.note(["total-too-low"])
        self._joints.are_whole = False
        self.total = None
        self._has_grid = False
        self._empty = 0

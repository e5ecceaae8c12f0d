"""What has come of a collection so far, and what makes us doubt that it is all. Pure: no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from integration.marks import Marks, mark, marks


class PagingStuck(Exception):
    """The provider sends again what it has sent, so the end cannot be reached."""


@dataclass(slots=True)
class Tally:
    """`doubts` in words, and `deviations` by name, each once and in order."""

    received: int = 0
    doubts: dict[str, None] = field(default_factory=dict)
    deviations: dict[str, None] = field(default_factory=dict)
    _seen: Marks = field(default_factory=Marks)
    _was_stale: bool = False
    _revision: str = ""

    @property
    def distinct(self) -> int:
        return len(self._seen)

    def saw(self, key: str) -> bool:
        return mark(key) in self._seen

    def count(self, ids: Sequence[str], *, may_repeat: bool, full: int) -> bool:
        """Count the records of a page; True if all of them had come before.

        `may_repeat`: then such a page is as good as none. `full`: how many a full page has; 0 where
        the page was asked for to fill another one up.

        Raises:
            PagingStuck: what came is no way forward.
        """
        if not ids:
            return False
        named = marks(ids)
        fresh = self._seen.add(named)
        is_stale = not fresh
        if full:
            self._refuse_standstill(len(ids), full, is_stale=is_stale)
        if is_stale and may_repeat:
            return True
        self.received += len(ids)
        # A record that is twice on one page is the provider's; twice on two pages, a shift.
        if fresh < len(named):
            self.note(["repeated-records"])
            self.doubt("records came twice, so others may be missing")
        return is_stale

    def doubt(self, why: str) -> None:
        self.doubts[why] = None

    def note(self, deviations: Iterable[str]) -> None:
        self.deviations.update(dict.fromkeys(deviations))

    def note_revision(self, revision: str) -> None:
        if revision and self._revision and revision != self._revision:
            self.doubt("the provider's data changed while being read")
        self._revision = revision or self._revision

    def _refuse_standstill(self, count: int, full: int, *, is_stale: bool) -> None:
        # One stale page may be a row that moved while we read, if it is short: that is a doubt.
        if is_stale and (self._was_stale or 1 < count >= full):
            raise PagingStuck
        self._was_stale = is_stale

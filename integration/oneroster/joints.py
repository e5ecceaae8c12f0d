"""How the pages of one reading fit together. Pure: no I/O.

Two pages are joined when the second begins with the record that the first ended with. Then no
record can have slipped past us between them while others came and went: whatever stands between
two joints, in the provider's order, came with the page between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

# What to use of a page: all of it; all but the first record, which came with the page before; none
# of it, for this provider's pages cannot be joined. `shifted`: all, but records have moved.
Fit = Literal["all", "rest", "none", "shifted"]


@dataclass(slots=True)
class Joints:
    """`overlap`: by how many records pages overlap. `are_whole`: all pages so far are joined."""

    overlap: int = 1
    are_whole: bool = True
    is_proven: bool = False  # has any page been joined?
    _ends: dict[int, str] = field(default_factory=dict)  # the last record of each page, by offset

    def fit(self, offset: int, first: str | None, *, joins: bool) -> Fit:
        """How a page that begins with the record `first` fits those before it.

        `joins`: it was to begin with the last of the one before. The first page that should and
        does not shows that the provider cannot do it: some know no page that begins but where
        another one ended.
        """
        before = self._ends.get(offset)
        if joins and not self.is_proven and (first != before or not self.overlap):
            return "none"
        # Where the page before was shorter than the others, nobody knows its last record.
        if not joins or first is None or before is None:
            return "all"
        return "rest" if first == before else "shifted"

    def lay(self, offset: int, ids: Sequence[str], *, joins: bool) -> Fit:
        """Lay a page to those before it, and say how it fits."""
        fit = self.fit(offset, ids[0] if ids else None, joins=joins)
        if fit == "none":
            self.give_up()
        elif ids:
            self._ends[offset + len(ids) - 1] = ids[-1]
            self.is_proven |= fit == "rest"
            self.are_whole &= fit == "rest" or not joins
        return fit

    def give_up(self) -> None:
        """From now on pages lie side by side."""
        self.overlap = 0
        self.are_whole = False

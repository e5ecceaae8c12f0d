"""Which of millions of texts have come, in little memory. PURE."""

from __future__ import annotations

from collections.abc import Iterable

# 60 bits: an int of more takes half as much memory again.
_SHORTER = ((1 << 60) - 1).__and__
# A set grows when it is three fifths full, by doubling, and both are there while it does: 100 MB
# for 1.4 million. So there are several, and none grows beyond 16 MB; this is the most it takes.
MOST = 620_000


def mark(text: str) -> int:
    """What stands for a text: two in 1.4 million have the same once in a million runs."""
    return _SHORTER(hash(text))


def marks(texts: Iterable[str]) -> set[int]:
    """`mark` of each."""
    return set(map(_SHORTER, map(hash, texts)))


class Marks:
    """A set of marks to which is only added."""

    def __init__(self) -> None:
        self._full: list[set[int]] = []
        self._open: set[int] = set()

    def __contains__(self, one: int) -> bool:
        if one in self._open:
            return True
        for some in self._full:  # noqa: SIM110  # asked of each row, and `any` takes twice as long
            if one in some:
                return True
        return False

    def __len__(self) -> int:
        return len(self._open) + sum(map(len, self._full))

    def add(self, some: set[int]) -> int:
        """Add these; how many of them are new."""
        before = len(self._open)
        self._open |= some.difference(*self._full) if self._full else some
        fresh = len(self._open) - before
        if len(self._open) >= MOST:
            self._full.append(self._open)
            self._open = set()
        return fresh

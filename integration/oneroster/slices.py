"""Cuts the text of a large page into pieces that stay in the processor's cache. Pure: no I/O.

A cut is a guess, and whoever decodes the pieces finds out: if `[` + piece + `]` is JSON for each of
them, then each comma between two of them stood between two records, and nothing else was cut.
"""

import re
from collections.abc import Iterator

PIECE = 1 << 18  # bytes; some hundreds of records, and as much again once they are decoded

_OPENING = r'\s*\{\s*"%s"\s*:\s*\['
_CLOSING = re.compile(rb"\]\s*\}\s*")
# How a record begins where a reference does not: no reference has a status.
_RECORD = rb'\{\s*"sourcedId"\s*:\s*"[^"\\]*"\s*,\s*"status"\s*:'
_FIRST = re.compile(rb"\s*" + _RECORD)
_CUT = re.compile(rb"\}\s*(,)\s*" + _RECORD)


class Slicer:
    """Knows pages that hold one collection, named `key`, and nothing beside it."""

    def __init__(self, key: str) -> None:
        self._opening = re.compile((_OPENING % re.escape(key)).encode())

    def records(self, body: bytes) -> tuple[int, int] | None:
        """Where the records begin and end in the text; None if it looks otherwise."""
        opening = self._opening.match(body)
        last = body.rfind(b"]", len(body) - 100)
        if not opening or not _CLOSING.fullmatch(body, last):
            return None
        return (opening.end(), last) if _FIRST.match(body, opening.end()) else None


def slices(body: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where pieces begin and end; between two of them is a comma."""
    while cut := _CUT.search(body, begin + PIECE, end):
        yield begin, cut.start(1)
        begin = cut.end(1)
    yield begin, end

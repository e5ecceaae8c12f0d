"""CSV files for people, who open them in a spreadsheet: no cell of theirs becomes a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TextIO

from django.utils import timezone

# With these a spreadsheet takes a cell for a formula; a tab or line break may hide them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"


def write(to: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a header and rows as UTF-8 CSV with byte order mark and CRLF; say how many rows.

    `to` was opened with `newline=""`.
    """
    to.write(BYTE_ORDER_MARK)
    writer = csv.writer(to, lineterminator="\r\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
        count += 1
    return count


def safe(cell: object) -> str:
    """A cell as text: an apostrophe goes before what would be a formula (S51)."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return timezone.localtime(cell).isoformat(timespec="minutes")
    if isinstance(cell, Decimal | int):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


class _Line:
    """What a CSV writer writes to: it gives the line back."""

    def write(self, text: str) -> str:
        return text


def stream(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same file line by line, as it is made."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield BYTE_ORDER_MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])

"""Rows become the CSV files of one SIS import. PURE, streaming.

Machine CSV is exact: RFC 4180, UTF-8 without a byte order mark, nothing neutralised.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from integration.provisioning.rows import Kind


def write(kind: Kind, rows: Iterable[Sequence[str]], to: TextIO) -> int:
    """Write the header and the rows, each with its carried columns behind; say how many rows."""
    writer = csv.writer(to, lineterminator="\r\n")
    writer.writerow((*kind.columns, *kind.carried))
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    return count

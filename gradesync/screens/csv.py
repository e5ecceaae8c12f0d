"""Tables for people, as files: UTF-8 with a mark, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.http import HttpResponse
from django.utils import timezone

from gradesync.screens.viewer import Viewer

MOST = 100_000
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: object) -> str:
    """A cell as text; one that begins like a formula gets an apostrophe in front (S51)."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return timezone.localtime(cell).isoformat(timespec="minutes")
    if isinstance(cell, Decimal | int):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    text = str(cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULAS) else text


def answer(
    what: str, viewer: Viewer, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A download of at most MOST rows; column names are English for programs' sake.

    Made as a whole while the reader's time zone and language hold.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([safe(cell) for cell in row] for row in islice(rows, MOST))
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    name = f"qsync-{what}-{viewer.launch.course_id}-{stamp}.csv"
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

"""Tables for people, as files: UTF-8 with a mark, and no cell that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from django.http import HttpResponse
from django.utils import timezone

from gradesync.screens.viewer import Viewer
from integration import spreadsheets

MOST = 100_000


def answer(
    what: str, viewer: Viewer, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A download of at most MOST rows; column names are English for programs' sake.

    Made as a whole while the reader's time zone and language hold.
    """
    text = "".join(spreadsheets.stream(names, islice(rows, MOST)))
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    name = f"qsync-{what}-{viewer.launch.course_id}-{stamp}.csv"
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

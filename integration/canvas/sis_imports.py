"""SIS imports: hand over an archive, and read why rows were refused."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from integration.canvas import parse
from integration.canvas.downloads import fetch
from integration.canvas.errors import Forbidden, NotFound
from integration.canvas.tables import report_rows
from integration.canvas.transport import Transport
from integration.canvas.types import RowError, SisImport
from integration.errors import QSyncError

UPLOAD_SECONDS = 1800.0
ATTACHMENT_BYTES = 256 * 2**20
ERROR_PATHS = ("errors", "sis_import_errors")


def start(
    transport: Transport,
    path: str,
    archive: Path | bytes,
    *,
    filename: str,
    params: Mapping[str, str],
) -> SisImport:
    """Upload. Not repeated after a failure, since a second upload is a second import."""
    content_type = "text/csv" if filename.lower().endswith(".csv") else "application/zip"
    with ExitStack() as stack:
        content: IO[bytes] | bytes = (
            archive if isinstance(archive, bytes) else stack.enter_context(archive.open("rb"))
        )
        response = transport.send(
            "POST",
            path,
            form={"import_type": "instructure_csv", **params},
            files={"attachment": (filename, content, content_type)},
            retry=False,
            total_seconds=UPLOAD_SECONDS,
        )
    return parse.sis_import(parse.mapping(transport.json(response)))


def row_errors(
    transport: Transport, path: str, read: Callable[[], SisImport]
) -> Iterator[RowError]:
    """Every refused row, from the fullest source this Canvas offers.

    The list first (two spellings of its path are about), then the attachment, which Canvas writes
    a moment after the import's end, then the pairs in the import itself, at most 24 of a kind.
    """
    for spelling in ERROR_PATHS:
        rows = transport.pages(f"{path}/{spelling}", key="sis_import_errors")
        try:
            first = next(rows, None)
        except (NotFound, Forbidden):
            continue
        if first is not None:
            yield parse.row_error(first)
            yield from map(parse.row_error, rows)
            return
        break
    yield from _from_the_import(transport, read())


def _from_the_import(transport: Transport, sis_import: SisImport) -> list[RowError]:
    told = [RowError(file, 0, text) for file, text in (*sis_import.errors, *sis_import.warnings)]
    if not sis_import.errors_attachment_url:
        return told
    with tempfile.TemporaryDirectory() as directory:
        attachment = Path(directory) / "errors.csv"
        try:
            fetch(
                transport,
                (sis_import.errors_attachment_url,),
                attachment,
                max_bytes=ATTACHMENT_BYTES,
            )
            return [parse.row_error(row) for row in report_rows(attachment)] or told
        except QSyncError:
            return told

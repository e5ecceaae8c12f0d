"""Carries a stored plan out: one SIS import with just the changed rows, read back row by row."""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
import zipfile
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from integration.canvas.client import CanvasClient
from integration.canvas.errors import CanvasError, ImportStillRunning
from integration.canvas.types import RowError, SisImport
from integration.http import HttpError
from integration.ledger import operations
from integration.ledger.runs import Ledger
from integration.models import Operation
from integration.provisioning import store
from integration.provisioning.canvas_side import Carried, carried_values, soon
from integration.provisioning.csv import write
from integration.provisioning.errors import ImportFailed
from integration.provisioning.problems import problem
from integration.provisioning.rows import BY_NAME, KINDS, Kind

HEADER_ROWS = 1
LOOK_SECONDS = 600.0
# Canvas says these about rows that it takes all the same (canvas.md 4.9).
TAKEN_ALL_THE_SAME = ("Bad date format",)


@dataclass(slots=True)
class Package:
    """What one import holds. `changes`: {file name: change ids in row order}."""

    path: Path
    marker: str
    changes: dict[str, array[int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(len(ids) for ids in self.changes.values())

    def kind(self, file: str) -> Kind:
        return BY_NAME[file.partition("-")[0]]


def apply(ledger: Ledger, canvas: CanvasClient) -> SisImport | None:
    """Send the plan's rows and record what Canvas accepted; None where nothing was to be sent.

    Raises:
        ImportFailed: Canvas ended the import without carrying it out, or not wholly.
    """
    run = ledger.run
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        package = _pack(ledger, canvas, Path(directory))
        if not package.rows:
            _accept(ledger)
            return None
        operation = operations.prepare(run, "import 1", body_digest=_digest(package.path))
        sis_import = _send(ledger, canvas, operation, package)
    ledger.write(sent={"imports": [_told(sis_import, package.rows)]})
    over = canvas.wait_for_import(
        sis_import.id,
        on_progress=lambda seen: ledger.progress(
            f"Canvas is importing ({seen.workflow_state})", seen.progress, 100
        ),
        every=soon,
    )
    ledger.write(sent={"imports": [_told(over, package.rows)]})
    operations.move(
        operation,
        operations.State.DONE if over.is_successful else operations.State.FAILED,
        ledger.fence,
        answer={"workflow_state": over.workflow_state, "counts": dict(over.counts)},
    )
    if over.workflow_state in ("failed", "aborted"):
        raise ImportFailed(f"Canvas ended import {over.id} as “{over.workflow_state}”.")
    failed = _read_back(ledger, package, canvas.import_errors(over.id))
    if over.workflow_state == "failed_with_messages" and not failed:
        # Something failed as a whole, and no message tells what: nothing counts as accepted.
        failed = {package.kind(name) for name in package.changes}
    _accept(ledger, without=failed)
    if failed:
        names = ", ".join(sorted(kind.name for kind in failed))
        raise ImportFailed(f"Canvas did not take the {names} of import {over.id} as a whole.")
    return over


def _pack(ledger: Ledger, canvas: CanvasClient, directory: Path) -> Package:
    """Write the plan's rows as one zip; each file is named so that a lost import can be found."""
    marker = f"qsync-{ledger.run.pk}-{ledger.run.plan_digest[:8]}"
    package = Package(directory / f"{marker}.zip", marker)
    carried = carried_values(ledger, canvas, _kinds_with_updates(ledger))
    with zipfile.ZipFile(package.path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for kind in KINDS:
            changes = array("q")
            name = f"{kind.name}-{marker}.csv"
            rows = _with_carried(ledger, kind, carried, changes)
            first = next(rows, None)
            if first is None:
                continue
            with (
                archive.open(name, "w", force_zip64=True) as entry,
                io.TextIOWrapper(entry, "utf-8", newline="") as text,
            ):
                write(kind, _chain(first, rows), text)
            package.changes[name] = changes
            ledger.progress("writing the import", package.rows)
    return package


def _chain(first: tuple[str, ...], rest: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    yield first
    yield from rest


def _kinds_with_updates(ledger: Ledger) -> list[Kind]:
    counts = store.action_counts(ledger.run)
    return [
        kind
        for kind in KINDS
        if counts.get((kind.name, "changed")) or counts.get((kind.name, "removed"))
    ]


def _with_carried(
    ledger: Ledger, kind: Kind, carried: Carried, changes: array[int]
) -> Iterator[tuple[str, ...]]:
    values = carried.get(kind.name, {})
    blank = ("",) * len(kind.carried)
    for change, key, exists, row in store.rows_to_send(ledger.run, kind):
        changes.append(change)
        yield (*row, *(values.get(key, blank) if exists else blank))


def _digest(path: Path) -> str:
    with path.open("rb") as archive:
        return hashlib.file_digest(archive, "sha256").hexdigest()


def _send(
    ledger: Ledger, canvas: CanvasClient, operation: Operation, package: Package
) -> SisImport:
    """Start the import, unless an earlier try of this operation already did (F32)."""
    if operation.remote_id:
        return canvas.sis_import(operation.remote_id)
    if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):
        return _started(ledger, operation, found)
    operations.start(operation, ledger.fence)
    ledger.progress("sending the import", 0, package.rows)
    try:
        sis_import = canvas.start_import(package.path, filename=f"{package.marker}.zip")
    except (CanvasError, HttpError) as error:
        if not error.sent:
            operations.move(operation, operations.State.FAILED, ledger.fence)
            raise
        operations.move(operation, operations.State.UNKNOWN, ledger.fence)
        found = _look_for(ledger, canvas, operation, package)
        if found is None:
            raise
        return _started(ledger, operation, found)
    return _started(ledger, operation, sis_import)


def _started(ledger: Ledger, operation: Operation, sis_import: SisImport) -> SisImport:
    operations.move(operation, operations.State.SENDING, ledger.fence, remote_id=sis_import.id)
    return sis_import


def _look_for(
    ledger: Ledger, canvas: CanvasClient, operation: Operation, package: Package
) -> SisImport | None:
    """Our import among Canvas's latest, by the names of its files.

    Canvas names the files of an import only once it has begun, so one that waits without names
    has to be waited for: it may be ours.
    """
    since = (operation.created_at - timedelta(minutes=15)).isoformat()
    waited = 0.0
    while True:
        try:
            return canvas.find_import(package.marker, created_since=since)
        except ImportStillRunning:
            if waited >= LOOK_SECONDS:
                raise
        ledger.progress("looking for the import in Canvas", 0)
        time.sleep(soon(waited))
        waited += soon(waited)


def _told(sis_import: SisImport, rows: int) -> dict[str, object]:
    return {"id": sis_import.id, "rows": rows, "state": sis_import.workflow_state}


def _read_back(ledger: Ledger, package: Package, errors: Iterator[RowError]) -> set[Kind]:
    """Bring each message to the record it is about; give the kinds whose whole file failed."""
    refused: dict[Kind, dict[int, str]] = defaultdict(dict)
    failed: set[Kind] = set()
    for error in errors:
        name = Path(error.file).name
        if name not in package.changes:
            continue
        kind, position = package.kind(name), error.row - HEADER_ROWS - 1
        if error.message.startswith(TAKEN_ALL_THE_SAME):
            continue
        if 0 <= position < len(package.changes[name]):
            refused[kind][package.changes[name][position]] = error.message
        else:
            failed.add(kind)
    for kind, messages in refused.items():
        store.refuse(ledger.run, kind, messages)
        ledger.find(
            problem("canvas.row-refused", kind.name, key.replace("\x1f", " "), detail=message)
            for key, message in store.refused_keys(ledger.run, kind)
        )
    return failed


def _accept(ledger: Ledger, *, without: set[Kind] = frozenset()) -> None:  # type: ignore[assignment]  # never changed
    for kind in KINDS:
        if kind not in without:
            ledger.progress("recording what Canvas accepted", 0)
            store.confirm(ledger.run, kind)

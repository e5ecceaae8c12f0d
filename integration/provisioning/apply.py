"""Carries a stored plan out: one SIS import with just the changed rows, read back row by row."""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from integration.canvas.client import CanvasClient
from integration.canvas.errors import CanvasError, ImportStillRunning
from integration.canvas.types import RowError, SisImport
from integration.http import HttpError
from integration.ledger import operations
from integration.ledger.runs import Ledger
from integration.models import Operation, Run
from integration.oneroster.types import Problem
from integration.provisioning import following, outcome, plan_lines
from integration.provisioning.canvas_side import Carried, carried_values, carried_with, soon
from integration.provisioning.csv import write
from integration.provisioning.errors import ImportFailed, Paused
from integration.provisioning.problems import problem
from integration.provisioning.rows import CHANGE_SIS_ID, IMPORTED, KINDS, Kind
from integration.provisioning.waiting import look_at, tell_of

# Asked when a plan is about to be sent: its district may have been paused meanwhile.
MaySend = Callable[[], bool]

HEADER_ROWS = 1
LOOK_SECONDS = 600.0
# Canvas says these about rows that it takes all the same (canvas.md 4.9, and its importers).
TAKEN_ALL_THE_SAME = re.compile(
    r"Bad date format"
    r"|The email address associated with user .* is invalid"
    r"|An email did not pass validation"
    r"|Enrolled a user .* but referenced a deleted sis login",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Package:
    """One import to be sent: a zip whose file names carry `marker`, so that it can be found."""

    path: Path
    marker: str
    rows: int


def _marker(run: Run) -> str:
    return f"qsync-{run.pk}-{run.plan_digest[:8]}"


def _file(kind: Kind, run: Run) -> str:
    return f"{kind.name}-{_marker(run)}.csv"


def send(ledger: Ledger, canvas: CanvasClient, may_send: MaySend) -> str:
    """Upload the plan's rows as one SIS import; the next cursor. Sends at most one import (F32).

    Raises:
        Paused: it may not be sent, and nothing of it came to Canvas.
        CanvasError, HttpError: Canvas refused it, or it is not known whether it has it.
    """
    run = ledger.run
    _ask(run, may_send)
    if not outcome.has_rows_to_send(run):
        return "imported"
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        package = _pack(ledger, canvas, Path(directory))
        operation = operations.prepare(run, "import", body_digest=_digest(package.path))
        sis_import = _send(ledger, canvas, operation, package, may_send)
    ledger.write(sent={"imports": [_told(sis_import, package.rows)]})
    return "sent"


def wait(ledger: Ledger, canvas: CanvasClient) -> str:
    """Wait for the import to end; the next cursor.

    Raises:
        ImportFailed: Canvas ended it without carrying it out.
        ImportStillRunning: gave up the waiting; the import itself goes on.
    """
    sent = ledger.run.sent["imports"][0]
    over = canvas.wait_for_import(
        sent["id"], on_progress=partial(look_at, ledger, canvas), every=soon
    )
    ledger.write(sent={"imports": [_told(over, sent["rows"])]})
    operation = operations.find(ledger.run, "import")
    if operation.state != operations.State.DONE:
        operations.move(
            operation,
            operations.State.DONE if over.is_successful else operations.State.FAILED,
            ledger.fence,
            answer={"workflow_state": over.workflow_state, "counts": dict(over.counts)},
        )
    if over.workflow_state in ("failed", "aborted"):
        _doubt(ledger, canvas, IMPORTED)
        raise ImportFailed(f"Canvas ended import {over.id} as “{over.workflow_state}”.")
    return "imported"


def _doubt(ledger: Ledger, canvas: CanvasClient, kinds: Iterable[Kind]) -> None:
    for kind in kinds:
        if kind is CHANGE_SIS_ID:
            following.follow_what_canvas_did(ledger, canvas)
            continue
        with ledger.guarded():
            outcome.doubt(ledger.run, kind)


def give_up(ledger: Ledger) -> None:
    """The run ends before Canvas has told what it took: of what it may have, all is in doubt (F36).

    Only our own table is written, for Canvas may be away. Ids that were to change stay what they
    were there; where Canvas has changed them, the next plan proposes them again.
    """
    if ledger.run.cursor == "recorded" or not operations.may_have_come(ledger.run):
        return
    for kind in KINDS:
        with ledger.guarded():
            outcome.doubt(ledger.run, kind)


def record(ledger: Ledger, canvas: CanvasClient) -> str:
    """Read row errors back, and record the rest as accepted; the next cursor.

    Raises:
        ImportFailed: Canvas did not take whole files of the import.
    """
    run = ledger.run
    failed: set[Kind] = set()
    if sent := run.sent.get("imports"):
        failed = _read_back(ledger, canvas.import_errors(sent[0]["id"]))
        if sent[0]["state"] == "failed_with_messages" and not failed:
            # Something failed as a whole, and no message tells what: nothing counts as accepted.
            failed = set(IMPORTED)
    if plan_lines.has_refused(run, CHANGE_SIS_ID):
        following.follow_what_canvas_did(ledger, canvas)
    for kind in IMPORTED:
        if kind not in failed:
            ledger.progress("recording what Canvas accepted", 0)
            with ledger.guarded():
                following.confirm(run) if kind is CHANGE_SIS_ID else outcome.confirm(run, kind)
    if failed:
        _doubt(ledger, canvas, [kind for kind in IMPORTED if kind in failed])
        names = ", ".join(sorted(kind.name for kind in failed))
        raise ImportFailed(f"Canvas did not take the {names} of import {sent[0]['id']} as a whole.")
    return "recorded"


def _pack(ledger: Ledger, canvas: CanvasClient, directory: Path) -> Package:
    """Write the plan's rows as one zip."""
    marker, written = _marker(ledger.run), 0
    path = directory / f"{marker}.zip"
    sent = {kind for kind, _ in plan_lines.action_counts(ledger.run)}
    carried = carried_values(ledger, canvas, [kind for kind in KINDS if kind.name in sent])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for kind in IMPORTED:
            rows = _with_carried(ledger, kind, carried)
            first = next(rows, None)
            if first is None:
                continue
            with (
                archive.open(_file(kind, ledger.run), "w", force_zip64=True) as entry,
                io.TextIOWrapper(entry, "utf-8", newline="") as text,
            ):
                written += write(kind, chain((first,), rows), text)
            ledger.progress("writing the import", written)
    return Package(path, marker, written)


def _with_carried(ledger: Ledger, kind: Kind, carried: Carried) -> Iterator[tuple[str, ...]]:
    for _, row in outcome.rows_to_send(ledger.run, kind):
        yield (*row, *carried_with(carried, kind, row))


def _digest(path: Path) -> str:
    with path.open("rb") as archive:
        return hashlib.file_digest(archive, "sha256").hexdigest()


def _ask(run: Run, may_send: MaySend) -> None:
    """Raises Paused."""
    if not operations.may_have_come(run) and not may_send():
        raise Paused("The district was paused before anything of this run was sent.")


def _send(
    ledger: Ledger,
    canvas: CanvasClient,
    operation: Operation,
    package: Package,
    may_send: MaySend,
) -> SisImport:
    """Start the import, unless an earlier try of this operation already did (F32)."""
    if operation.remote_id:
        return canvas.sis_import(operation.remote_id)
    if operation.attempts and (found := _look_for(ledger, canvas, operation, package)):
        return _started(ledger, operation, found)
    _ask(ledger.run, may_send)  # once more: a large district's import takes minutes to build
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
        except ImportStillRunning as waits:
            if waited >= LOOK_SECONDS:
                tell_of(ledger, canvas, waits.sis_import)
                raise
        ledger.progress("looking for the import in Canvas", 0)
        time.sleep(soon(waited))
        waited += soon(waited)


def _told(sis_import: SisImport, rows: int) -> dict[str, object]:
    return {"id": sis_import.id, "rows": rows, "state": sis_import.workflow_state}


def _read_back(ledger: Ledger, errors: Iterator[RowError]) -> set[Kind]:
    """Bring each message to the record it is about; give the kinds whose whole file failed."""
    run = ledger.run
    kind_of = {_file(kind, run): kind for kind in IMPORTED}
    messages: dict[Kind, dict[int, str]] = defaultdict(dict)
    taken: list[Problem] = []
    for error in errors:
        kind = kind_of.get(Path(error.file).name)
        if kind is None:
            continue
        if TAKEN_ALL_THE_SAME.match(error.message):
            taken.append(problem("canvas.row-warned", kind.name, "", detail=error.message))
        else:
            messages[kind][error.row - HEADER_ROWS - 1] = error.message
    ledger.find(taken)
    failed: set[Kind] = set()
    for kind, told in messages.items():
        changes = outcome.sent_changes(run, kind)
        refused = {
            changes[place]: text for place, text in told.items() if 0 <= place < len(changes)
        }
        if len(refused) < len(told):
            failed.add(kind)
        with ledger.guarded():
            outcome.refuse(run, kind, refused)
        ledger.find(
            problem("canvas.row-refused", kind.name, key.replace("\x1f", " "), detail=message)
            for key, message in outcome.refused_keys(run, kind)
        )
    return failed

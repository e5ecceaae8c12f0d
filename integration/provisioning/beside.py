"""What the runs beside the nightly one share: their turn, and Canvas's report row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.canvas.client import CanvasClient
from integration.ledger.operations import may_have_come
from integration.ledger.runs import Ledger, Watch
from integration.models import District, Run
from integration.oneroster.client import OneRosterClient
from integration.provisioning.canvas_side import soon
from integration.provisioning.errors import RunUnderWay
from integration.provisioning.rows import OBSERVERS, Kind
from integration.provisioning.run import KIND, UNFINISHED, advance, drop, unfinished


def no_q() -> OneRosterClient:
    """These runs never ask Q."""
    raise AssertionError("A run beside the nightly one asked for Q.")


def finish_others(district: District, *, canvas: CanvasClient, watch: Watch) -> None:
    """End what was interrupted, so that our own rows tell what Canvas has.

    A plan for the night that nobody approved needs Q, and stays as it is.

    Raises:
        RunUnderWay: a run has begun to send, and cannot be brought to its end now.
        AlreadyRunning: the district has another run going.
    """
    for run in unfinished(district):
        if run.kind == KIND and may_have_come(run):
            raise _under_way(run)
        if (run.kind == KIND and not run.approvals.exists()) or drop(run):
            continue
        if advance(run, q=no_q, canvas=canvas, watch=watch).state in UNFINISHED:
            raise _under_way(run)


def report_name(kind: Kind) -> str:
    """What the provisioning report calls a kind; not every Canvas reports observers."""
    return "user_observers" if kind is OBSERVERS else kind.name


@contextmanager
def reported(
    ledger: Ledger, canvas: CanvasClient, kinds: Iterable[Kind], *others: str
) -> Iterator[dict[str, Path]]:
    """The provisioning report's files by what it calls them, of these kinds and of `others`.

    Without those that this Canvas does not report.
    """
    with tempfile.TemporaryDirectory(prefix="qsync-") as directory:
        yield canvas.provisioning_report(
            [*map(report_name, kinds), *others],
            directory=Path(directory),
            on_progress=lambda report: ledger.progress("reading Canvas", report.progress, 100),
            every=soon,
        )


def _under_way(run: Run) -> RunUnderWay:
    return RunUnderWay(f"Run {run.pk} has begun to send and has not ended.")

"""An import that Canvas has had for hours: the run says that it waits, for what, and what to do.

No second import is sent meanwhile, and whenever Canvas is done the run goes on (F35, F37).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models.functions import Now

from integration.canvas.client import CanvasClient
from integration.canvas.types import SisImport
from integration.errors import QSyncError
from integration.ledger.runs import Ledger
from integration.models import Finding, Operation, Run
from integration.provisioning.problems import problem

logger = logging.getLogger(__name__)

CODE = "canvas.import-waits"
# Large districts' full files take up to three hours of work (canvas.md 4.4); to begin takes none.
BEGINS_WITHIN = timedelta(hours=2)
ENDS_WITHIN = timedelta(hours=6)
NOT_BEGUN = ("initializing", "created")


def look_at(ledger: Ledger, canvas: CanvasClient, seen: SisImport) -> None:
    """Tell of the import's progress, and where it takes too long, that the run waits."""
    if seen.is_final:
        return
    if _is_late(ledger.run, seen):
        tell_of(ledger, canvas, seen)
    ledger.progress(f"Canvas is importing ({seen.workflow_state})", seen.progress, 100)


def tell_of(ledger: Ledger, canvas: CanvasClient, seen: SisImport) -> None:
    """Let the run wait; a person is told once."""
    ledger.write(state=Run.State.WAITING)
    if Finding.objects.filter(run=ledger.run, code=CODE).exists():
        return
    detail = f"Canvas calls it “{seen.workflow_state}”. {_ahead(canvas, seen)}"
    ledger.find([problem(CODE, "imports", seen.id, detail=detail)])
    logger.error(
        "an import waits in Canvas district=%s run=%s import=%s state=%s",
        ledger.run.district.slug,
        ledger.run.pk,
        seen.id,
        seen.workflow_state,
    )


def _is_late(run: Run, seen: SisImport) -> bool:
    within = BEGINS_WITHIN if seen.workflow_state in NOT_BEGUN else ENDS_WITHIN
    sent = Operation.objects.filter(run=run, created_at__lte=Now() - within)
    return sent.exists()


def _ahead(canvas: CanvasClient, seen: SisImport) -> str:
    """Which imports Canvas has had for longer, in words."""
    try:
        others = [one for one in canvas.unfinished_imports() if one.created_at <= seen.created_at]
    except QSyncError:  # it is only said for comfort
        return ""
    ids = ", ".join(one.id for one in others if one.id != seen.id)
    return f"Ahead of it: import {ids}." if ids else ""

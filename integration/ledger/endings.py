"""How an attempt at a run ends where it does not come to its end; and how an undo is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db.models import F

from integration.errors import QSyncError
from integration.ledger.runs import Ledger
from integration.ledger.stopping import Stopped
from integration.logs import bare
from integration.models import Run

logger = logging.getLogger(__name__)


@contextmanager
def failing(
    ledger: Ledger,
    told: Callable[[QSyncError], None],
    *,
    resumes: Callable[[], bool],
    unexpected: type[QSyncError],
) -> Iterator[None]:
    """What stops an attempt stays with its run, in the row, for whoever looks.

    `told` writes down what is one of our own errors, which ends here. Anything else goes on up:
    its name is kept as an error of the class `unexpected`, and where `resumes` says so the run is
    gone on with later. Who was asked to stop has made no attempt.
    """
    try:
        yield
    except QSyncError as error:
        told(error)
    except Stopped:
        ledger.write(attempts=F("attempts") - 1)
        raise
    except BaseException as stopped_by:
        unforeseen = unexpected(f"The run stopped unexpectedly ({type(stopped_by).__name__}).")
        where = ledger.run.cursor or "planning"
        logger.error("run %s stopped at %s", ledger.run.pk, where, exc_info=bare(stopped_by))
        if resumes():
            ledger.interrupt(unforeseen)
        else:
            ledger.fail(unforeseen)
        raise


def waits_for_a_yes(
    undoing: Run, digest: str | None, *, plan_only: bool, refused: type[QSyncError]
) -> bool:
    """An undo is planned: is there something to send, and may it be sent now?

    Raises `refused` where another plan than this one was asked for by its digest.
    """
    if digest and digest != undoing.plan_digest:
        raise refused(
            f"What can be undone of run {undoing.undoes_id} has changed; the plan is now "
            f"{undoing.plan_digest}."
        )
    return not plan_only and undoing.state == Run.State.HELD

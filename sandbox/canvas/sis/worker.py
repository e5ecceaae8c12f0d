"""The thread that runs imports: one at a time, in the order in which they came."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.canvas import store
from sandbox.canvas.jobs import SisImport
from sandbox.canvas.sis.engine import Import, fail
from sandbox.rules import on

logger = logging.getLogger(__name__)

_wake = threading.Condition()
_resting = 0
_running: set[int] = set()
_thread: threading.Thread | None = None
# A test may hold imports back, or let the next one never leave `initializing`.
held = threading.Event()
# Imports of another vendor, each of which runs until a test lets it end.
_foreign: set[int] = set()


def start() -> None:
    """Begin to run imports; what an earlier process left half done has failed."""
    global _thread
    for number in SisImport.objects.filter(workflow_state="importing").values_list("pk", flat=True):
        fail(number)
    if _thread is None:
        _thread = threading.Thread(target=_work, name="sis imports", daemon=True)
        _thread.start()


def ring() -> None:
    """Say that there may be something to do."""
    with _wake:
        _wake.notify_all()


@contextmanager
def at_rest() -> Iterator[None]:
    """No import runs inside; those that did are aborted."""
    global _resting
    with _wake:
        _resting += 1
        with store.writing():
            pending = SisImport.objects.filter(workflow_state__in=["created", "importing"])
            pending.update(workflow_state="aborted")
        _wake.notify_all()
        _wake.wait_for(lambda: not _running)
    try:
        yield
    finally:
        held.clear()
        with _wake:
            _resting -= 1
            _wake.notify_all()


def add_foreign(make: Callable[[], int]) -> int:
    """Let the import that `make` writes run, doing nothing, until it is released or aborted."""
    with _wake:
        # Made in here, for else it could begin before it is known for what it is.
        number = make()
        _foreign.add(number)
        _wake.notify_all()
    return number


def release_foreign() -> list[int]:
    """Let those imports end; their numbers."""
    with _wake:
        released = sorted(_foreign)
        _foreign.clear()
        _wake.notify_all()
    return released


def _wait_for_release(number: int) -> None:
    running = SisImport.objects.filter(pk=number, workflow_state="importing")
    with _wake:
        _wake.wait_for(lambda: number not in _foreign or not running.exists())
        _foreign.discard(number)
    with store.writing():
        running.update(workflow_state="imported", progress=100, ended_at=store.now())


def _next() -> int | None:
    """The import whose turn it is, now `importing`; None if there is nothing to do."""
    if _resting or held.is_set():
        return None
    with store.writing():
        waiting = SisImport.objects.filter(workflow_state="created").order_by("id")
        number = waiting.values_list("pk", flat=True).first()
        if number is not None:
            SisImport.objects.filter(pk=number).update(
                workflow_state="importing", started_at=store.now(), updated_at=store.now()
            )
    return number


def _work() -> None:
    while True:
        with _wake:
            number = _next()
            if number is None:
                _wake.wait()
                continue
            _running.add(number)
        if on("canvas.one-import-at-a-time"):
            _run(number)
        else:
            threading.Thread(target=_run_and_close, args=(number,), daemon=True).start()


def _run_and_close(number: int) -> None:
    _run(number)
    store.close()


def _run(number: int) -> None:
    try:
        if number in _foreign:
            _wait_for_release(number)
        else:
            Import(number).run()
    except Exception:
        logger.exception("SIS import %s broke down", number)
        fail(number)
    finally:
        with _wake:
            _running.discard(number)
            _wake.notify_all()

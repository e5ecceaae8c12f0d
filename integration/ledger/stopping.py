"""A deploy is no accident: a run that is asked to stop does so at its next sign of progress.

The run stays as it is, RUNNING with its cursor, and its lease is let go; whoever comes next goes
on with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Shared with every process forked from this one, without a lock that a killed process might hold.
_stopping = multiprocessing.get_context("fork").RawValue("b", 0)


class Stopped(BaseException):
    """The run was left where it is, to be gone on with. No error: nobody may catch it as one."""


def ask_all() -> None:
    """Ask this process and all that were forked from it to stop."""
    _stopping.value = 1


def is_asked() -> bool:
    """Whether this process should begin nothing more."""
    return bool(_stopping.value)


@contextmanager
def listening() -> Iterator[None]:
    """For the length of a block SIGTERM asks instead of ending the process; then it ends it.

    A worker that is idle keeps the default: it has nothing to put in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []

    def ask(number: int, frame: object) -> None:
        told.append(number)
        ask_all()

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if told:
            os.kill(os.getpid(), signal.SIGTERM)

"""How a process that handles millions of records gets along with memory.

Measured on a night of 1.4 million enrollments (`./run bench`).
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3  # malloc.h of the GNU C library
_LARGE = 1 << 20
# A thread that fetches waits so long, several times a page, for the one that looks at pages.
_SWITCH_SECONDS = 0.0005


@contextmanager
def many_records() -> Iterator[None]:
    """For the length of a block that makes millions of tuples and no cycles.

    Each full search for cycles would visit all of them. And the GNU C library, once it has seen a
    page of some megabytes, keeps as much for each thread that fetched one, unless it is told to
    give large blocks back; 70 MB of 620.
    """
    _give_large_blocks_back()
    before, switching = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(200_000, *before[1:])
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(switching)
        gc.set_threshold(*before)


def _give_large_blocks_back() -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)

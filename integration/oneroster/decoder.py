"""Has large pages read by another process, so that a large district's night uses two processors.

Python works on one processor at a time, and half of a night is reading text. The other process
holds nothing and decides nothing: whatever becomes of it, the page is read here instead.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from struct import pack
from threading import Lock
from typing import Generic

from integration.oneroster.compact import PACKINGS, Packing
from integration.oneroster.decoding import ANSWER, QUESTION, receive
from integration.oneroster.parse import Parsed
from integration.oneroster.types import Kind, R

logger = logging.getLogger(__name__)

# So much text takes as long to read as a process takes to start.
AFTER_BYTES = 16 << 20
# A page takes it a second; whoever waits for it must be able to stop within a minute.
SILENCE_SECONDS = 30


class Decoder:
    """Reads pages elsewhere, in the order in which they are handed in. Safe to share among threads.

    `after`: how many bytes are read here before another process is worth it. `silence`: how many
    seconds it may say nothing.
    """

    def __init__(self, *, after: int = AFTER_BYTES, silence: float = SILENCE_SECONDS) -> None:
        self._left = after if _processors() > 1 else sys.maxsize
        self._silence = silence
        self._lock = Lock()
        self._process: _Process | None = None

    def pages(self, kind: Kind[R]) -> PagesElsewhere[R] | None:
        """For pages of this kind; None where it is not one that comes in masses."""
        packing = PACKINGS.get(kind.key)
        return PagesElsewhere(self, kind.key, packing) if packing else None

    def ask(self, kind: str, body: bytes, *, path_name: str) -> Future[bytes] | None:
        """The page, packed, when it is read; b"" or None: read it here."""
        with self._lock:
            self._left -= len(body)
            if self._left > 0:
                return None
            process = self._process = self._process or _started(self._silence)
            if process is None:
                self._left = sys.maxsize
                return None
            return process.ask(kind.encode(), path_name.encode(), body)

    def close(self) -> None:
        """End the other process."""
        with self._lock:
            if self._process:
                self._process.end()
            self._process, self._left = None, sys.maxsize


class PagesElsewhere(Generic[R]):
    """Pages of one kind, read by another process."""

    def __init__(self, decoder: Decoder, kind: str, packing: Packing[R]) -> None:
        self._decoder = decoder
        self._kind = kind
        self._packing = packing

    def offer(self, body: bytes, *, path_name: str) -> Future[bytes] | None:
        """Hand a page in; `pieces` takes what comes. b"" or None: read it here."""
        return self._decoder.ask(self._kind, body, path_name=path_name)

    def pieces(self, packed: bytes) -> Iterator[Parsed[R]]:
        return self._packing.unpack(packed)


def _started(silence: float) -> _Process | None:
    """Another process; None where the machine has none to give."""
    with ExitStack() as unused:
        try:
            ours, other = map(unused.enter_context, socket.socketpair())
            process = subprocess.Popen(  # no word of it comes from outside
                # Not from the directory in which somebody happened to start us.
                [sys.executable, "-P", "-m", "integration.oneroster.decoding"],
                # And of the environment nothing, for there are secrets.
                env={"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; it ends when we do
            )
        except OSError:
            logger.warning("No process could be started to read large pages; they are read here.")
            return None
        unused.pop_all()
    other.close()
    seconds, rest = divmod(silence, 1)
    for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        ours.setsockopt(socket.SOL_SOCKET, limit, pack("ll", int(seconds), int(rest * 1_000_000)))
    return _Process(process, ours)


class _Process:
    """The other process, with a thread that sends to it and one that waits for what it says."""

    def __init__(self, process: subprocess.Popen[bytes], sock: socket.socket) -> None:
        self._process = process
        self._socket = sock
        self._sending = ThreadPoolExecutor(1, thread_name_prefix="decoder")
        self._receiving = ThreadPoolExecutor(1, thread_name_prefix="decoder")
        self._is_lost = False
        self._losing = Lock()

    def ask(self, kind: bytes, path_name: bytes, body: bytes) -> Future[bytes] | None:
        """What is answered comes in the order of asking; so one slip, and nothing is believed."""
        head = QUESTION.pack(len(kind), len(path_name), len(body)) + kind + path_name
        try:
            self._sending.submit(self._send, head, body)
            return self._receiving.submit(self._receive)
        except RuntimeError:  # the machine has no thread to give
            self._lose()
            return None

    def _send(self, head: bytes, body: bytes) -> None:
        if not self._is_lost:
            try:
                self._socket.sendall(head)
                self._socket.sendall(body)
            except (OSError, MemoryError):
                self._lose()

    def _receive(self) -> bytes:
        if self._is_lost:
            return b""
        try:
            [size] = ANSWER.unpack(receive(self._socket, ANSWER.size))
            return receive(self._socket, size) if size else b""
        except (OSError, EOFError, MemoryError):
            self._lose()
            return b""

    def _lose(self) -> None:
        with self._losing:
            if not self._is_lost:
                logger.warning("The process that reads large pages was lost; they are read here.")
                self._stop()

    def _stop(self) -> None:
        self._is_lost = True
        self._process.kill()  # it holds nothing
        with suppress(OSError):  # it is closed at the other end
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._stop()
        self._sending.shutdown()
        self._receiving.shutdown()
        self._socket.close()
        self._process.wait()


def _processors() -> int:
    """How many processors there are for this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

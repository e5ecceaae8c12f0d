"""How the bytes of one answer travel: whole, or as a fault has it. Used by `sandbox.server`."""

import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

# Where in the environ of a request its Wire stands; without one the answer travels as usual.
KEY: Final = "sandbox.wire"

CHUNK: Final = 100
TICK_SECONDS: Final = 0.05
_NO_LINGER: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Wire:
    """What becomes of the answer under way; the connection is closed after it in any case.

    `cut` and `drip` (bytes a second) count bytes of the body; the head goes at once.
    """

    drop: bool = False
    reset: bool = False
    cut: int | None = None
    drip: float | None = None
    chunked: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether not even the head is sent."""
        return self.drop or (self.reset and self.cut is None)

    def pieces(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """The body as it is sent; waits in between where it drips."""
        sent = _chunks(body) if self.chunked else iter(body)
        if self.cut is not None:
            sent = _beginning(sent, self.cut)
        return _dripping(sent, self.drip) if self.drip else sent


def _chunks(body: Iterable[bytes]) -> Iterator[bytes]:
    for data in body:
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _beginning(body: Iterable[bytes], length: int) -> Iterator[bytes]:
    for data in body:
        yield data[:length]
        length -= len(data)
        if length <= 0:
            return


def _dripping(body: Iterable[bytes], rate: float) -> Iterator[bytes]:
    size = max(1, int(rate * TICK_SECONDS))
    for data in body:
        for start in range(0, len(data), size):
            yield data[start : start + size]
            time.sleep(size / rate)


def break_off(connection: socket.socket) -> None:
    """Close with RST: the other side gets an error, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    # Taken out of Python's hands, for an orderly close would send FIN first.
    os.close(connection.detach())

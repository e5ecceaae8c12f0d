"""The other process: reads the text of large pages for whoever started it, and nothing else.

Pages come and go through standard input, a socket: `QUESTION`, then what it gives the sizes of.
What is sent back is packed (`compact`); nothing at all of a page that the other side must read
itself, because it fails there in words. Ends when the other side does.
"""

from __future__ import annotations

import signal
import socket
from struct import Struct

from integration.oneroster.compact import PACKINGS
from integration.oneroster.envelope import NoRecords
from integration.oneroster.parse import PARSERS, Undecodable

# Numbers of bytes: of the kind's name, of the collection's, of the text.
QUESTION = Struct("!BHQ")
ANSWER = Struct("!Q")


def packed(kind: str, body: bytes, *, path_name: str) -> bytes:
    """A page, read and packed; b"" where it cannot be."""
    try:
        return PACKINGS[kind].pack(PARSERS[kind].pieces(body, path_name=path_name))
    except (Undecodable, NoRecords, UnicodeError):
        return b""


def receive(sock: socket.socket, size: int) -> bytes:
    """So many bytes. Raises EOFError where there are no more."""
    text = sock.recv(size, socket.MSG_WAITALL)
    if len(text) == size:
        return text
    parts = [text]
    while len(parts[-1]) and (missing := size - sum(map(len, parts))):
        parts.append(sock.recv(missing, socket.MSG_WAITALL))
    if not parts[-1]:
        raise EOFError
    return b"".join(parts)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever started it may have a use for it yet
    with socket.socket(fileno=0) as sock:
        while True:
            try:
                sizes = QUESTION.unpack(receive(sock, QUESTION.size))
                kind, path_name, body = (receive(sock, size) if size else b"" for size in sizes)
                answer = packed(kind.decode(), body, path_name=path_name.decode())
                del body  # as in Reading
                sock.sendall(ANSWER.pack(len(answer)))
                sock.sendall(answer)
                del answer
            except (EOFError, ConnectionError):
                return


if __name__ == "__main__":
    main()

"""Bodies: unpacked under a cap on the way in, built piece by piece on the way out."""

import json
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import IO, Any
from urllib.parse import quote

import msgspec

from integration.http.errors import BodyCut, TooLarge

CHUNK = 1 << 20
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_AUTO = 47  # zlib finds out itself whether it is gzip or zlib

Read = Callable[[int | None], bytes]
Upload = tuple[str, IO[bytes] | bytes, str]  # file name, content, content type


def read_pieces(
    read: Read,
    *,
    length: int | None,
    ends_with_connection: bool,
    encoding: str,
    max_bytes: int,
    step: int | None = None,
) -> Iterator[bytes]:
    """Yield the body unpacked, never more than `max_bytes` in all.

    `length` is what the sender announced. With `step`, no piece is larger than that.

    Raises:
        TooLarge: said so by the sender, or found out.
        BodyCut: packed in a way we do not read, or the packing ends early.
    """
    if length is not None and length > max_bytes:
        raise TooLarge(_too_large(max_bytes))
    raw = _raw_pieces(read, whole=length is not None and step is None, max_bytes=max_bytes)
    name = encoding.strip().lower()
    if name in _PLAIN:
        yield from raw
    elif name in _PACKED:
        is_empty = yield from _unpacked(raw, max_bytes=max_bytes, step=step)
        if is_empty and ends_with_connection:
            raise BodyCut("The answer ended before it began.")
    else:
        raise BodyCut("The answer is packed in a way that we did not ask for.")


def _raw_pieces(read: Read, *, whole: bool, max_bytes: int) -> Iterator[bytes]:
    if whole:
        yield read(None)
        return
    total = 0
    while piece := read(CHUNK):
        total += len(piece)
        if total > max_bytes:
            raise TooLarge(_too_large(max_bytes))
        yield piece


def _unpacked(
    raw: Iterator[bytes], *, max_bytes: int, step: int | None
) -> Generator[bytes, None, bool]:
    """Yields what was packed; returns whether there was nothing at all."""
    unpack = zlib.decompressobj(_AUTO)
    left, is_empty = max_bytes, True
    for piece in raw:
        data = piece
        is_empty = is_empty and not data
        while data:
            if unpack.eof:  # the next member of the same gzip
                unpack = zlib.decompressobj(_AUTO)
            try:
                out = unpack.decompress(data, min(left + 1, step or left + 1))
            except zlib.error:
                raise BodyCut("The answer could not be unpacked.") from None
            left -= len(out)
            if left < 0:
                raise TooLarge(_too_large(max_bytes))
            data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            if out:
                yield out
    if not unpack.eof and not is_empty:
        raise BodyCut("The answer ended before it was complete.")
    return is_empty


def refuse_cut_json(body: bytes, content_type: str) -> None:
    """For answers that end where the connection ends: only their content tells a cut.

    Raises:
        BodyCut: it says it is JSON and is not whole.
    """
    if "json" not in content_type.lower():
        return
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        if not _is_whole(text):
            raise BodyCut("The answer ended before it was complete.")
    except RecursionError:
        return  # whole or not, nobody will read it


def _is_whole(text: bytes) -> bool:
    """Does the JSON end? What else is wrong with it is for its reader to say."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        try:  # slower, but it lets through control characters, in any charset, and NaN
            json.loads(text.decode("latin-1"), strict=False)
        except ValueError:
            return False
    return True


def _too_large(max_bytes: int) -> str:
    return f"The answer is larger than {max_bytes:,} bytes."


class LastLine:
    """Remembers the last line that was read through it; empty where the stream had ended."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.last = b"?"

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._stream.readline(limit)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Multipart:
    """A form with files, sent piece by piece (RFC 7578). Can be sent again from its beginning."""

    def __init__(
        self, form: Mapping[str, str], files: Mapping[str, Upload], *, boundary: str
    ) -> None:
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[tuple[bytes, bytes | IO[bytes], int, int]] = []
        edge = f"--{boundary}\r\nContent-Disposition: form-data; name="
        for name, text in form.items():
            value = text.encode()
            self._add(f"{edge}{_quoted(name)}\r\n\r\n", value)
        for name, (filename, content, kind) in files.items():
            head = f"{edge}{_quoted(name)}; filename={_quoted(filename)}\r\nContent-Type: {kind}"
            self._add(f"{head}\r\n\r\n", content)
        self._end = f"--{boundary}--\r\n".encode()

    def _add(self, head: str, content: bytes | IO[bytes]) -> None:
        if isinstance(content, bytes):
            start, size = 0, len(content)
        else:
            start = content.tell()
            size = content.seek(0, 2) - start
        self._parts.append((head.encode(), content, start, size))

    @property
    def length(self) -> int:
        return sum(len(head) + size + 2 for head, _, _, size in self._parts) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for head, content, start, _size in self._parts:
            yield head
            if isinstance(content, bytes):
                yield content
            else:
                content.seek(start)
                while piece := content.read(CHUNK):
                    yield piece
            yield b"\r\n"
        yield self._end


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A") + '"'


def urlencoded(form: Mapping[str, str]) -> bytes:
    """A form without files, spelled so that a signature over it is the same everywhere."""
    pairs = (f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in form.items())
    return "&".join(pairs).encode()

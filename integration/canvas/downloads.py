"""Fetch a file that Canvas made, and unpack it without trusting it.

Files often live on a storage host, behind one or two redirects. Those are followed by hand,
through the address guard, and without our token.
"""

import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

from integration.canvas.errors import CanvasError, ProtocolError, ReportFailed
from integration.canvas.tables import SIGNATURES, kind_of
from integration.canvas.transport import Transport
from integration.http import Response

MAX_REDIRECTS = 3
MAX_ENTRIES = 200
MAX_DOWNLOAD_BYTES = 2 * 2**30
MAX_UNPACKED_BYTES = 16 * 2**30
CHUNK = 256 * 1024
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
# A Canvas that does not know this kind of report leaves the file out.
OPTIONAL_KINDS = frozenset({"user_observers", "xlist"})


def fetch(transport: Transport, urls: Collection[str], to: Path, *, max_bytes: int) -> None:
    """Write the first of `urls` that gives a file; with our token where it may go, else without.

    A key with scopes is refused at file addresses that a browser opens freely, and the other way
    round, so each address is tried both ways.
    """
    refused: CanvasError = ReportFailed("Canvas gave no address for the file")
    with to.open("w+b") as file:
        to.chmod(0o600)
        for url in urls:
            for with_token in (True, False):
                response = _follow(transport, url, file, max_bytes, with_token=with_token)
                if _is_file(response, file):
                    return
                refused = _why_not(transport, response)
    raise refused


def unpack(source: Path, directory: Path, kinds: Collection[str]) -> dict[str, Path]:
    """`directory`/<kind>.csv for each kind, from a zip or a bare CSV.

    Raises:
        ProtocolError: not a readable archive, or one that would fill the disk.
        ReportFailed: a kind is missing, which must not be taken for an empty one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        is_zip = file.read(4) in ZIP_STARTS
    found: dict[str, Path] = {}
    read = _unzipped if is_zip else _bare
    for kind, place in read(source, directory, kinds):
        if kind in found:
            raise ProtocolError(f"Canvas's report holds {kind} twice")
        found[kind] = place
    missing = sorted(set(kinds) - found.keys() - OPTIONAL_KINDS)
    if missing:
        raise ReportFailed(f"Canvas's report lacks {', '.join(missing)}")
    return found


def _follow(
    transport: Transport, url: str, file: IO[bytes], max_bytes: int, *, with_token: bool
) -> Response:
    response = transport.download(url, file, max_bytes=max_bytes, with_token=with_token)
    for _ in range(MAX_REDIRECTS):
        target = response.headers.get("Location")
        if not 300 <= response.status < 400 or not target:
            break
        url = urljoin(url, target)
        response = transport.download(url, file, max_bytes=max_bytes, with_token=False)
    return response


def _is_file(response: Response, file: IO[bytes]) -> bool:
    """A login page comes with status 200 too."""
    file.seek(0)
    start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    return response.status == 200 and bool(start) and not start.startswith(b"<")


def _why_not(transport: Transport, response: Response) -> CanvasError:
    if response.status == 200:
        return ProtocolError("Canvas sent a page, or nothing, where a file belongs", status=200)
    return transport.refuse(response, "GET of a file")


def _unzipped(source: Path, directory: Path, kinds: Collection[str]) -> Iterator[tuple[str, Path]]:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise ProtocolError("Canvas's report holds too many files")
            room = MAX_UNPACKED_BYTES
            for number, entry in enumerate(entries):
                # Never a path of the archive's choosing.
                part = directory / f"part-{number}.tmp"
                room -= _extract(archive, entry, part, room)
                yield from _placed(part, directory, kinds, Path(entry.filename).stem)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ProtocolError("Canvas's report is not a readable zip file") from error


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path, room: int) -> int:
    """Bytes written; counted as they come, since an archive may lie about its sizes."""
    written = 0
    with archive.open(entry) as packed, to.open("wb") as file:
        to.chmod(0o600)
        while chunk := packed.read(CHUNK):
            written += len(chunk)
            if written > room:
                raise ProtocolError("Canvas's report unpacks to more than this product takes")
            file.write(chunk)
    return written


def _bare(source: Path, directory: Path, kinds: Collection[str]) -> Iterator[tuple[str, Path]]:
    name = next(iter(kinds)) if len(kinds) == 1 else ""
    return _placed(source, directory, kinds, name)


def _placed(
    part: Path, directory: Path, kinds: Collection[str], name: str
) -> Iterator[tuple[str, Path]]:
    kind = kind_of(part)
    if not kind and part.stat().st_size == 0 and name in dict(SIGNATURES):
        kind = name
    if kind not in kinds:
        part.unlink()
        return
    place = directory / f"{kind}.csv"
    part.replace(place)
    yield kind, place

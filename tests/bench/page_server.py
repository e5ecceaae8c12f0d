"""A OneRoster server that does nothing but send prepared pages: what a provider costs at least.

    python -m tests.bench.page_server --enrollments 1400000 --page-size 1000 --delay 0.05

A process of its own, so that its work is not counted to the client under measurement. It serves
the bulk collections of an invented district (`sandbox.generate`) from a mapped file, in a fixed
order whatever `sort` says; any `limit` (clamped to the page size) and `offset`; any token.

    POST /token                                a bearer token
    GET  /bench/stats                          {"requests", "records", "bytes", "seconds", …}
    POST /bench/reset                          start counting anew
    POST /bench/change?collection=users&count=5     change that many records, in place
    POST /bench/pace?page-size=1000&delay=0.05      clamp and wait so from now on

When ready it prints one line of JSON: {"url", "token_url", "stats_url", "counts", "bytes"}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mmap
import os
import re
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from sandbox.generate import district

ROOT = "/ims/oneroster/v1p1"
ENROLLMENTS_OF_A_STUDENT = 7
PLURAL = {"academicSession": "academicSessions", "class": "classes", "category": "categories"}
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
# What is changed in place; the new bytes are as many as the old ones. Guardians stay as they are.
CHANGES: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "users": (
        rb'(?s)"givenName":"[A-Z](?!.*"role":"(guardian|parent|relative)")',
        lambda old: old[:-1] + (b"Q" if old[-1:] != b"Q" else b"Z"),
    ),
    "enrollments": (rb'"beginDate":"\d{4}-', lambda old: old[:-5] + b"2025-"),
}


@dataclass(slots=True)
class Collection:
    """Records as JSON text, one after the other with a comma between, and where each begins."""

    name: str
    file: Any = field(default_factory=tempfile.TemporaryFile)
    begins: array[int] = field(default_factory=lambda: array("Q", [0]))
    text: mmap.mmap | None = None

    def __len__(self) -> int:
        return len(self.begins) - 1

    def add(self, record: bytes) -> None:
        self.file.write(record + b",")
        self.begins.append(self.begins[-1] + len(record) + 1)

    def close(self) -> None:
        """No more records: from now on they are served."""
        self.file.flush()
        if len(self):
            self.text = mmap.mmap(self.file.fileno(), 0)

    def page(self, offset: int, limit: int) -> tuple[memoryview | bytes, int]:
        """The records of a page without the brackets, and how many."""
        first = min(offset, len(self))
        last = min(offset + limit, len(self))
        if first == last or self.text is None:
            return b"", 0
        return memoryview(self.text)[self.begins[first] : self.begins[last] - 1], last - first

    def change(self, count: int) -> int:
        """Change `count` records spread over the whole; how many there were."""
        pattern, other = CHANGES[self.name]
        assert self.text is not None
        changed = 0
        for index in _spread(len(self), count):
            begin, end = self.begins[index], self.begins[index + 1]
            if found := re.search(pattern, self.text[begin:end]):
                self.text[begin + found.start() : begin + found.end()] = other(found[0])
                changed += 1
        return changed


def _spread(length: int, count: int) -> Iterator[int]:
    """`count` places, evenly over `length`."""
    return (place * length // count for place in range(min(count, length)))


def build(enrollments: int, seed: int, origin: str) -> dict[str, Collection]:
    """The collections of a district with exactly so many enrollments."""
    made = {name: Collection(name) for name in COLLECTIONS}
    encode = msgspec.json.Encoder().encode
    for name, record in district(-(-enrollments // ENROLLMENTS_OF_A_STUDENT), seed):
        collection = made.get(name)
        if collection is None or (name == "enrollments" and len(collection) == enrollments):
            continue
        for value in record.values():
            for each in value if isinstance(value, list) else (value,):
                # References are shared between records, so most have their address by now.
                if isinstance(each, dict) and "sourcedId" in each and "href" not in each:
                    place = PLURAL.get(each["type"], each["type"] + "s")
                    each["href"] = f"{origin}{ROOT}/{place}/{each['sourcedId']}"
        collection.add(encode(record))
    for collection in made.values():
        collection.close()
    return made


@dataclass(slots=True)
class Counts:
    """What was sent, and between which moments."""

    requests: int = 0
    records: int = 0
    bytes: int = 0
    first: float = 0.0
    last: float = 0.0

    def add(self, records: int, size: int) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.requests += 1
        self.records += records
        self.bytes += size

    def as_dict(self) -> dict[str, float]:
        seconds = self.last - self.first
        rate = round(self.records / seconds) if seconds else 0
        told = {"requests": self.requests, "records": self.records, "bytes": self.bytes}
        return {**told, "seconds": round(seconds, 3), "records_per_second": rate}


class Pages:
    """Answers: path and query in, head and body out."""

    def __init__(
        self, collections: dict[str, Collection], page_size: int, delay: float = 0.0
    ) -> None:
        self._collections = collections
        self._page_size = page_size
        self.delay = delay
        self.counts = Counts()

    def answer(self, method: str, target: str) -> list[Any]:
        """The pieces to send, the head first."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if method == "POST":
            return self._post(parts.path, query)
        if parts.path == "/bench/stats":
            return _json(200, self.counts.as_dict())
        name = parts.path.removeprefix(ROOT + "/")
        if method != "GET" or name not in self._collections:
            return _json(404, {"statusInfoSet": [{"imsx_codeMinor": "unknown object"}]})
        return self._page(name, query)

    def _post(self, path: str, query: dict[str, list[str]]) -> list[Any]:
        if path == "/token":
            return _json(200, {"access_token": "b", "token_type": "bearer", "expires_in": 86400})
        if path == "/bench/reset":
            self.counts = Counts()
            return _json(200, {})
        if path == "/bench/pace":
            self._page_size = int(query["page-size"][0])
            self.delay = float(query["delay"][0])
            return _json(200, {})
        if path == "/bench/change" and query.get("collection", [""])[0] in CHANGES:
            collection = self._collections[query["collection"][0]]
            return _json(200, {"changed": collection.change(int(query["count"][0]))})
        return _json(404, {})

    def _page(self, name: str, query: dict[str, list[str]]) -> list[Any]:
        limit = min(int(query.get("limit", ["100"])[0]), self._page_size)
        offset = int(query.get("offset", ["0"])[0])
        collection = self._collections[name]
        text, records = collection.page(offset, limit)
        opening = b'{"%s":[' % name.encode()
        head = _head(200, len(opening) + len(text) + 2, f"X-Total-Count: {len(collection)}\r\n")
        self.counts.add(records, len(text))
        return [head + opening, text, b"]}"]


def _json(status: int, value: Any) -> list[Any]:
    body = json.dumps(value).encode()
    return [_head(status, len(body)), body]


def _head(status: int, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n{more}\r\n"
    ).encode()


class Connection(asyncio.Protocol):
    """Reads requests, answers each after the delay; equal delays keep their order."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._buffer = rest[size:]
            method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            later = self._pages.delay if target.startswith(ROOT) else 0.0
            asyncio.get_running_loop().call_later(later, self._send, method, target)

    def _send(self, method: str, target: str) -> None:
        if not self._transport.is_closing():
            self._transport.writelines(self._pages.answer(method, target))


async def serve(options: argparse.Namespace) -> None:
    """Until standard input is closed, where that was asked for; else for ever."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    if options.exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(loop, ended), daemon=True).start()
    holder: list[Pages] = []
    server = await loop.create_server(
        lambda: Connection(holder[0]), "127.0.0.1", options.port, start_serving=False
    )
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    collections = build(options.enrollments, options.seed, origin)
    holder.append(Pages(collections, options.page_size, options.delay))
    await server.start_serving()
    ready = {"url": origin + ROOT, "token_url": origin + "/token"}
    ready |= {"stats_url": origin + "/bench/stats"}
    counts = {name: len(each) for name, each in collections.items()}
    sizes = {name: each.begins[-1] for name, each in collections.items()}
    sys.stdout.write(json.dumps({**ready, "counts": counts, "bytes": sizes}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    sys.stderr.write(json.dumps(holder[0].counts.as_dict()) + "\n")


def _wait_for_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(ended.set)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.page_server")
    parser.add_argument("--enrollments", type=int, default=140_000)
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each page")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--exit-with-parent", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()

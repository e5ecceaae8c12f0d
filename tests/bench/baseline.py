"""The bare download of a provider's pages: what no client can undercut.

    python -m tests.bench.baseline --enrollments 140000 --page-size 1000 --delay 0.05

Starts a page server of its own and fetches every page of the bulk collections with `http.client`,
so many at a time, reading each answer to its end and looking at nothing but the total.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from tests.bench.page_server import COLLECTIONS
from tests.sandbox_process import ROOT


@dataclass(frozen=True)
class Download:
    """What a bare download took."""

    pages: int
    records: int
    bytes: int
    seconds: float

    @property
    def records_per_second(self) -> int:
        return round(self.records / self.seconds)


@contextmanager
def page_server(**options: Any) -> Iterator[dict[str, Any]]:
    """A page server with these options; yields its ready line."""
    command = [sys.executable, "-m", "tests.bench.page_server", "--exit-with-parent"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def download(
    url: str,
    *,
    page_size: int,
    concurrency: int = 4,
    collections: Sequence[str] = COLLECTIONS,
    token: str = "b",
) -> Download:
    """Fetch all pages of all collections, `concurrency` at a time."""
    began = time.perf_counter()
    pages = records = size = 0
    for name in collections:
        total, first = _fetch(url, token, f"{name}?limit={page_size}&offset=0")
        numbers = count(1)
        lanes = min(concurrency, -(-total // page_size) - 1)

        def lane(
            name: str = name, total: int = total, numbers: Iterator[int] = numbers
        ) -> list[int]:
            return list(_lane(url, token, name, total, page_size, numbers))

        sizes = [first]
        with ThreadPoolExecutor(max(1, lanes)) as pool:
            for future in [pool.submit(lane) for _ in range(lanes)]:
                sizes += future.result()
        pages, records, size = pages + len(sizes), records + total, size + sum(sizes)
    return Download(pages, records, size, time.perf_counter() - began)


def _lane(
    url: str, token: str, name: str, total: int, page_size: int, numbers: Iterator[int]
) -> Iterator[int]:
    """Sizes of the pages that this lane fetched over a connection of its own."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=120)
    for number in numbers:  # shared: each lane takes the next one
        if number * page_size >= total:
            break
        query = f"limit={page_size}&offset={number * page_size}"
        yield _read(connection, f"{parts.path}/{name}?{query}", token)[1]
    connection.close()


def _fetch(url: str, token: str, rest: str) -> tuple[int, int]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=120)
    answer = _read(connection, f"{parts.path}/{rest}", token)
    connection.close()
    return answer


def _read(connection: HTTPConnection, target: str, token: str) -> tuple[int, int]:
    """The total the server tells, and the size of the body."""
    connection.request("GET", target, headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, response.status
    return int(response.headers["X-Total-Count"]), len(body)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.baseline")
    parser.add_argument("--enrollments", type=int, default=140_000)
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--concurrency", type=int, default=4)
    options = vars(parser.parse_args())
    concurrency = options.pop("concurrency")
    with page_server(**options) as ready:
        done = download(ready["url"], page_size=options["page_size"], concurrency=concurrency)
    told = {**options, **asdict(done), "records_per_second": done.records_per_second}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

"""Nights of a large district against a server that only sends pages: design section 10.

The bare download of the same pages stands beside each night, measured right before it. Rounds are
repeated and their median is told, because a machine is seldom all ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

from tests.bench.baseline import download, page_server
from tests.sandbox_process import ROOT

CONCURRENCY = 4
PACED_SIZE, PACED_DELAY = 1_000, 0.05
FLAT_SIZE = 10_000
ENROLLMENTS = 1_400_000
ROUNDS = 3

Figures = dict[str, float]


def measure(enrollments: int, rounds: int) -> Figures:
    """Every figure of provisioning, printed as it comes."""
    print(f"Provisioning: a district of {enrollments:,} enrollments", flush=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        page_server(enrollments=enrollments, page_size=FLAT_SIZE) as server,
    ):
        bench = Bench(server, f"sqlite:///{directory}/bench.sqlite3", rounds)
        figures: Figures = {"enrollments": enrollments, "rounds": rounds}
        for part in (bench.first, bench.paced, bench.flat_out, bench.one_percent):
            figures |= part()
        peak = max(value for name, value in figures.items() if name.endswith("peak_mb"))
        print(f"Memory: {peak:.0f} MB at most (aim: under 600 MB)")
        return figures | {"peak_mb": peak}


@dataclass(slots=True)
class Bench:
    """One server, one database, and the nights between them."""

    server: dict[str, Any]
    database: str
    rounds: int

    def first(self) -> Figures:
        self._pace(PACED_SIZE, PACED_DELAY)
        first = self._night(PACED_SIZE, "--first")
        print(f"First night, pages of {PACED_SIZE:,}, {PACED_DELAY * 1000:.0f} ms each")
        _tell("planned in", f"{first['seconds']:.1f} s, of it {first['cpu_seconds']:.1f} s work")
        _tell("rows to send", f"{first['planned']:,} of {first['records']:,} records")
        return {
            "first_seconds": first["seconds"],
            "first_rows": first["planned"],
            "first_peak_mb": first["peak_mb"],
        }

    def paced(self) -> Figures:
        """Pages of 1,000 after 50 ms each, four at a time: what waiting for Q costs."""
        self._pace(PACED_SIZE, PACED_DELAY)
        bare, quiet = self._rounds(PACED_SIZE)
        ratio = median(ours / theirs for ours, theirs in zip(quiet["seconds"], bare, strict=True))
        print(f"No-change night, pages of {PACED_SIZE:,}, {PACED_DELAY * 1000:.0f} ms each")
        _tell("bare download", f"{median(bare):.2f} s")
        _tell("night", f"{median(quiet['seconds']):.2f} s")
        _tell("ratio", f"{ratio:.2f} (aim: at most 1.25)")
        return {
            "paced_bare_seconds": median(bare),
            "paced_no_change_seconds": median(quiet["seconds"]),
            "paced_cpu_seconds": median(quiet["cpu_seconds"]),
            "paced_ratio": ratio,
            "paced_peak_mb": max(quiet["peak_mb"]),
        }

    def flat_out(self) -> Figures:
        """Pages of 10,000 at once: how many records a second are read, validated and compared."""
        self._pace(FLAT_SIZE, 0)
        bare, quiet = self._rounds(FLAT_SIZE)
        records = quiet["records"][0]
        rate = records / median(quiet["seconds"])
        bare_rate = records / median(bare)
        print(f"No-change night, pages of {FLAT_SIZE:,}, at once")
        _tell("bare download", f"{bare_rate:,.0f} records/s")
        _tell("night", f"{rate:,.0f} records/s (aim: at least 150,000)")
        _tell("ratio", f"{bare_rate / rate:.2f}")
        return {
            "flat_bare_records_per_second": bare_rate,
            "flat_no_change_records_per_second": rate,
            "flat_cpu_seconds": median(quiet["cpu_seconds"]),
            "flat_ratio": bare_rate / rate,
            "flat_peak_mb": max(quiet["peak_mb"]),
        }

    def one_percent(self) -> Figures:
        """A night on which one record in a hundred has another value that travels."""
        counts = self.server["counts"]
        changed = sum(
            self._ask(f"/bench/change?collection={name}&count={counts[name] // 100}")["changed"]
            for name in ("users", "enrollments")
        )
        self._pace(PACED_SIZE, PACED_DELAY)
        night = self._night(PACED_SIZE)
        assert night["planned"] == changed, (night, changed)
        print(f"1 % night, pages of {PACED_SIZE:,}, {PACED_DELAY * 1000:.0f} ms each")
        _tell("planned in", f"{night['seconds']:.2f} s")
        _tell("rows to send", f"{night['planned']:,}; records changed in Q: {changed:,}")
        return {
            "one_percent_seconds": night["seconds"],
            "one_percent_changed": changed,
            "one_percent_rows": night["planned"],
            "one_percent_peak_mb": night["peak_mb"],
        }

    def _rounds(self, size: int) -> tuple[list[float], dict[str, list[float]]]:
        """Seconds of the bare downloads, and each figure of the no-change nights beside them."""
        bare: list[float] = []
        nights: list[dict[str, Any]] = []
        for _ in range(self.rounds):
            url = self.server["url"]
            bare.append(download(url, page_size=size, concurrency=CONCURRENCY).seconds)
            nights.append(self._night(size))
            assert nights[-1]["planned"] == 0, nights[-1]
        names = ("seconds", "cpu_seconds", "records", "peak_mb")
        return bare, {name: [night[name] for night in nights] for name in names}

    def _pace(self, size: int, delay: float) -> None:
        self._ask(f"/bench/pace?page-size={size}&delay={delay}")

    def _ask(self, path: str) -> dict[str, Any]:
        with urlopen(urljoin(self.server["url"], path), data=b"", timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def _night(self, page_size: int, *words: str) -> dict[str, Any]:
        """One run in a process of its own; what it printed."""
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tests.bench.night", "--url", self.server["url"]),
                *("--token-url", self.server["token_url"], "--page-size", str(page_size), *words),
            ],
            cwd=ROOT,
            env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING", "DATABASE_URL": self.database},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        told: dict[str, Any] = json.loads(ended.stdout)
        return told


def _tell(what: str, value: str) -> None:
    print(f"  {what:<16}{value}", flush=True)

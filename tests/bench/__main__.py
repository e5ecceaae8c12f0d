"""`./run bench`: the figures of design section 10, as ratios measured in one run.

Servers are processes of their own; their own rate (a bare download of the same pages) stands
beside each figure. Also writes var/bench.json, one flat object of names and numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.baseline import download, page_server

ROOT = Path(__file__).parents[2]
CONCURRENCY = 4


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser("./run bench", description=__doc__)
    parser.add_argument("--enrollments", type=int, default=140_000)
    options = parser.parse_args(words)
    figures: dict[str, float] = {"enrollments": options.enrollments}
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite:///{directory}/bench.sqlite3"
        paced(figures, options.enrollments, database)
        flat_out(figures, options.enrollments, database)
        launches(figures, f"sqlite:///{directory}/launches.sqlite3")
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\nAlso in {target.relative_to(ROOT)}.")
    return 0


def paced(figures: dict[str, float], enrollments: int, database: str) -> None:
    """Pages of 1,000 after 50 ms each, four at a time: what waiting for Q costs."""
    size = 1_000
    print(f"Paced: pages of {size:,}, 50 ms each, {CONCURRENCY} at a time", flush=True)
    with page_server(enrollments=enrollments, page_size=size, delay=0.05) as server:
        first = night(server, size, database, "--first")
        bare = download(server["url"], page_size=size, concurrency=CONCURRENCY)
        quiet = night(server, size, database)
        assert quiet["planned"] == 0, quiet
    ratio = quiet["seconds"] / bare.seconds
    print(f"  bare download   {bare.seconds:8.2f} s  {bare.records:,} records")
    print(f"  no-change night {quiet['seconds']:8.2f} s  ratio {ratio:.2f} (aim: at most 1.25)")
    print(f"  first night     {first['seconds']:8.2f} s  {first['planned']:,} rows planned")
    print(
        f"  peak memory     {quiet['peak_mb']:8.0f} MB no change, {first['peak_mb']:.0f} MB first"
    )
    figures |= {
        "paced_bare_seconds": bare.seconds,
        "paced_no_change_seconds": quiet["seconds"],
        "paced_ratio": ratio,
        "paced_first_seconds": first["seconds"],
        "no_change_peak_mb": quiet["peak_mb"],
        "first_peak_mb": first["peak_mb"],
    }


def flat_out(figures: dict[str, float], enrollments: int, database: str) -> None:
    """Pages of 10,000 at once: how many records a second are read, validated and compared."""
    size = 10_000
    print(f"Flat out: pages of {size:,}, no delay", flush=True)
    with page_server(enrollments=enrollments, page_size=size) as server:
        bare = download(server["url"], page_size=size, concurrency=CONCURRENCY)
        quiet = night(server, size, database)
    rate = quiet["records"] / quiet["seconds"]
    print(f"  bare download   {bare.records_per_second:>12,} records/s")
    print(f"  no-change night {rate:>12,.0f} records/s (aim: at least 150,000)")
    print(f"  ratio           {bare.records_per_second / rate:>12.2f}")
    figures |= {
        "flat_bare_records_per_second": bare.records_per_second,
        "flat_no_change_records_per_second": rate,
        "flat_ratio": bare.records_per_second / rate,
    }


def launches(figures: dict[str, float], database: str) -> None:
    """A launch beside a Django view that verifies the same token, reads a row and deletes it."""
    print("Launches: one process, in turns with a plain view", flush=True)
    told = child("tests.bench.launches", database, "--count", "500")
    rate, ratio = told["launches_per_second"], told["launch_ratio"]
    print(f"  plain view      {told['plain_view_per_second']:>12,} a second")
    print(f"  launch          {rate:>12,} a second  ratio {ratio:.2f} (aim: at most 2)")
    print(f"  queries         {told['launch_queries']:>12} a launch")
    figures |= told


def night(server: dict[str, Any], page_size: int, database: str, *words: str) -> dict[str, Any]:
    """One run in a process of its own; what it printed."""
    return child(
        "tests.bench.night",
        database,
        *("--url", server["url"], "--token-url", server["token_url"]),
        *("--page-size", str(page_size), *words),
    )


def child(module: str, database: str, *words: str) -> dict[str, Any]:
    """Run a module in a process of its own; what it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING", "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

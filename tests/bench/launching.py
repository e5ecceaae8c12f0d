"""A launch beside a Django view that verifies the same token, reads a row and deletes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from tests.sandbox_process import ROOT

Figures = dict[str, float]


def measure() -> Figures:
    """Launches per second, and how many plain views one launch costs; in a process of its own."""
    print("Launches: one process, in turns with a plain view", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite:///{directory}/launches.sqlite3"
        ended = subprocess.run(
            [sys.executable, "-m", "tests.bench.launches", "--count", "500"],
            cwd=ROOT,
            env=os.environ | {"DEBUG": "1", "LOG_LEVEL": "WARNING", "DATABASE_URL": database},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    told: Figures = json.loads(ended.stdout)
    print(f"  plain view      {told['plain_view_per_second']:>12,} a second")
    rate, ratio = told["launches_per_second"], told["launch_ratio"]
    print(f"  launch          {rate:>12,} a second  ratio {ratio:.2f} (aim: at most 2)")
    print(f"  queries         {told['launch_queries']:>12} a launch")
    return told

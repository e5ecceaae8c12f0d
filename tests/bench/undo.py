"""A first night and a later one of an invented district, each taken back: promise P4.

    DEBUG=1 python -m tests.bench.undo

A local Q and a local Canvas in a process of their own; the seconds are those that each command
tells of its work. The one real import whose pace is published did 115 rows a second; the local
Canvas does thousands.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.bench.stage import Stage
from tests.sandbox_process import Sandbox, running_sandbox

Figures = dict[str, float]
STUDENTS, AIM = 2_000, 2.0
# Past the weeks in which ten times as much changes; then as many days as change one row in a
# hundred.
BEGINNING, DAYS = 14, 3


def measure(students: int = STUDENTS) -> Figures:
    """The seconds of a run and of its undo, and how often the undo asks Canvas."""
    print(f"Undo: an invented district of {students:,} students", flush=True)
    with (
        running_sandbox(f"--students={students}", "--q-port=0", "--canvas-port=0") as sandbox,
        tempfile.TemporaryDirectory() as directory,
    ):
        stage = Stage(sandbox, Path(directory))
        stage.connect()
        figures = _there_and_back(stage, "undo")
        _go_by(sandbox, BEGINNING)
        stage.manage("provision", "bench")
        _go_by(sandbox, DAYS)
        return figures | _there_and_back(stage, "undo_one_percent")


def _there_and_back(stage: Stage, name: str) -> Figures:
    run = stage.manage("provision", "bench", "--json")
    log = f"{_origin(stage.sandbox.canvas.url)}/sandbox/log"
    requests.delete(log, timeout=60).raise_for_status()
    undo = stage.manage("undo", str(run["run"]), "--json")
    asked = len(requests.get(log, timeout=60).json()["requests"])
    ratio = undo["seconds"] / run["seconds"]
    rows, back = (sum(one["rows"] for one in of["sent"]["imports"]) for of in (run, undo))
    made, enrolled = (run["counts"][kind].get("added", 0) for kind in ("sections", "enrollments"))
    print(f"  {name.replace('_', ' ')}: {rows:,} rows sent, {back:,} taken back")
    print(f"    seconds       {run['seconds']:.1f} there, {undo['seconds']:.1f} back")
    print(f"    ratio         {ratio:.2f} (aim: at most {AIM:.0f})")
    print(f"    requests      {asked:,}; made were {made:,} sections, {enrolled:,} enrollments")
    sys.stdout.flush()
    return {
        f"{name}_run_seconds": run["seconds"],
        f"{name}_seconds": undo["seconds"],
        f"{name}_ratio": ratio,
        f"{name}_rows": rows,
        f"{name}_requests": asked,
    }


def _go_by(sandbox: Sandbox, days: int) -> None:
    url = f"{_origin(sandbox.q.url)}/sandbox/next-day?days={days}"
    requests.post(url, timeout=60).raise_for_status()


def _origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


if __name__ == "__main__":
    measure(*map(int, sys.argv[1:]))

"""`./run prove [PART …]`: everything, however long; a dated summary goes under docs/proofs/.

The parts: `lint`; `demo`, from its first command; `bench`; `slow`, the tests that are left out of
CI, on SQLite; `tests`, all of them on all databases. Without a word all but `slow`, which `tests`
holds. The summary names commit, machine, and the parts that were run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests import runner

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "docs" / "proofs"


COMMANDS = {"lint": ["lint"], "demo": ["demo", "--once"], "bench": ["bench"]}
WHOLE = ("lint", "demo", "bench", "tests")
PARTS = (*COMMANDS, "slow", "tests")


def main(parts: list[str]) -> int:
    if unknown := set(parts) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
        return 64
    began = datetime.now(UTC)
    lines: list[str] = []
    failed = False
    for part in parts or WHOLE:
        started = time.monotonic()
        broken, told = _run(part)
        failed = failed or broken
        seconds = f"{time.monotonic() - started:.0f} s"
        lines.append(f"| {told} | {'failed' if broken else 'ok'} | {seconds} |")
    target = PROOFS / f"{began:%Y-%m-%d-%H%M}.md"
    PROOFS.mkdir(parents=True, exist_ok=True)
    is_measured = "bench" in (parts or WHOLE)
    target.write_text(text(began, lines, is_measured=is_measured))
    print(f"\nWritten: {target.relative_to(ROOT)}")
    return int(failed)


def _run(part: str) -> tuple[bool, str]:
    """Whether it failed, and what was run."""
    if part == "tests":
        broken, summary = runner.run_all([])
        return broken, f"all tests. {summary}"
    if part == "slow":
        return runner.run("SQLite", ["-m", "prove"], {}), "tests left out of CI, on SQLite"
    words = COMMANDS[part]
    code = subprocess.run(["./run", *words], cwd=ROOT, check=False).returncode
    return code != 0, f"./run {' '.join(words)}"


def text(began: datetime, lines: list[str], *, is_measured: bool) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    figures = json.loads((ROOT / "var" / "bench.json").read_text()) if is_measured else {}
    told = "\n".join(f"| {name} | {value:,.2f} |" for name, value in figures.items())
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"""# Proof of {began:%Y-%m-%d %H:%M} UTC

Commit {commit or "unknown"}{" with uncommitted changes" if changed else ""}; {machine}, Python \
{platform.python_version()}.

| what | result | how long |
|---|---|---|
{chr(10).join(lines)}

| figure (./run bench) | value |
|---|---|
{told}
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

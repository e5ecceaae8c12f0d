"""`./run prove`: everything, however long; a dated summary is written under docs/proofs/.

Linters, all tests on all databases (also those too long for `./run test`), the demo from its
first command, and the benchmarks. The summary names commit and machine.
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


def main() -> int:
    began = datetime.now(UTC)
    lines: list[str] = []
    failed = False
    for words in (["lint"], ["demo", "--once"], ["bench"]):
        started = time.monotonic()
        code = subprocess.run(["./run", *words], cwd=ROOT, check=False).returncode
        failed = failed or code != 0
        lines.append(
            f"| ./run {' '.join(words)} | {'ok' if not code else f'failed ({code})'} |"
            f" {time.monotonic() - started:.0f} s |"
        )
    broken, summary = runner.run_all([])
    failed = failed or broken
    lines.append(f"| all tests | {'failed' if broken else 'ok'} | {summary} |")
    target = PROOFS / f"{began:%Y-%m-%d-%H%M}.md"
    PROOFS.mkdir(parents=True, exist_ok=True)
    target.write_text(text(began, lines))
    print(f"\nWritten: {target.relative_to(ROOT)}")
    return int(failed)


def text(began: datetime, lines: list[str]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    figures = json.loads((ROOT / "var" / "bench.json").read_text())
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
    sys.exit(main())

"""`./run prove [--resume] [PART …]`: everything, however long; a summary goes under docs/proofs/.

The parts: `lint`; `demo`, from its first command; `bench`; `slow`, the tests that are left out of
CI, on SQLite; `tests`, all of them on all databases. Without a word all but `slow`, which `tests`
holds. The summary names commit, machine, the parts that were run, and what became of each module.

How each test ended is kept under var/prove/, by commit. `--resume` goes on where a proof of the
same commit was cut short: what has passed is not run again, and stands in the summary all the same.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests import runner
from tests.record import Module, by_module, read

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "docs" / "proofs"
KEPT = ROOT / "var" / "prove"

COMMANDS = {"lint": ["lint"], "demo": ["demo", "--once"], "bench": ["bench"]}
WHOLE = ("lint", "demo", "bench", "tests")
PARTS = (*COMMANDS, "slow", "tests")
# Modules that are done sooner are told of together.
WORTH_A_LINE = 5.0


class Part(NamedTuple):
    """A part that was run, and how it ended."""

    told: str
    is_broken: bool
    seconds: float


def main(words: list[str]) -> int:
    is_resumed = "--resume" in words
    parts = [word for word in words if word != "--resume"] or list(WHOLE)
    if unknown := set(parts) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
        return 64
    commit, changed = _git("rev-parse", "HEAD"), _changed()
    if is_resumed and (changed or not commit):
        print("Only a proof of a commit, without changes since, can be resumed.")
        return 64
    began, kept = datetime.now(UTC), KEPT / (commit or "unknown")
    if not is_resumed:
        shutil.rmtree(kept, ignore_errors=True)
    ran = [_run(part, kept) for part in parts]
    target = PROOFS / f"{began:%Y-%m-%d-%H%M}.md"
    PROOFS.mkdir(parents=True, exist_ok=True)
    tree = (commit or "unknown") + (" with uncommitted changes" if changed else "")
    target.write_text(text(began, tree, ran, kept, is_measured="bench" in parts))
    print(f"\nWritten: {target.relative_to(ROOT)}")
    return int(any(part.is_broken for part in ran))


def _run(part: str, kept: Path) -> Part:
    """Run a part, unless it is known to have passed."""
    done = kept / f"{part}.json"
    if part in COMMANDS and done.exists():
        return Part(**json.loads(done.read_text()))
    started = time.monotonic()
    if part == "tests":
        broken, told = runner.run_all([], record=kept)
    elif part == "slow":
        broken = runner.run("SQLite", ["-m", "prove"], {}, record=kept)
        told = "tests left out of CI, on SQLite"
    else:
        command = ["./run", *COMMANDS[part]]
        broken = subprocess.run(command, cwd=ROOT, check=False).returncode != 0
        told = " ".join(command)
    ended = Part(told, broken, round(time.monotonic() - started, 1))
    if part in COMMANDS and not broken:
        kept.mkdir(parents=True, exist_ok=True)
        done.write_text(json.dumps(ended._asdict()))
    return ended


def text(began: datetime, tree: str, ran: list[Part], kept: Path, *, is_measured: bool) -> str:
    """The summary. What became of the tests is of the whole proof, also of before a resume."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    told = [
        f"# Proof of {began:%Y-%m-%d %H:%M} UTC",
        "",
        f"Commit {tree}; {machine}, Python {platform.python_version()}.",
        "",
        *("| what | result | how long |", "|---|---|---|"),
        *(f"| {one.told} | {_result(one.is_broken)} | {one.seconds:.0f} s |" for one in ran),
    ]
    for file in sorted(kept.glob("*.jsonl")):
        told += _modules(file)
    if is_measured:
        figures = json.loads((ROOT / "var" / "bench.json").read_text())
        told += ["", "| figure (./run bench) | value |", "|---|---|"]
        told += [f"| {name} | {value:,.2f} |" for name, value in figures.items()]
    return "\n".join(told) + "\n"


def _modules(file: Path) -> list[str]:
    """A table of what became of each module; the failed tests by name."""
    outcomes = list(read(file).values())
    modules = by_module(outcomes)
    short = [one for one in modules if one.seconds < WORTH_A_LINE and not one.failed]
    lines = [one for one in modules if one not in short]
    if short:
        sums = [sum(column) for column in zip(*(one[1:] for one in short), strict=True)]
        lines.append(Module(f"{len(short)} shorter modules", *map(int, sums[:3]), sums[3]))
    told = ["", f"| module, on {file.stem} | passed | failed | skipped | seconds |"]
    told += ["|---|---:|---:|---:|---:|"]
    told += [
        f"| {one.name} | {one.passed} | {one.failed} | {one.skipped} | {one.seconds:.0f} |"
        for one in lines
    ]
    failed = [f"- {one.test}" for one in outcomes if one.outcome == "failed"]
    return [*told, *(["", "Failed:", "", *failed] if failed else [])]


def _result(is_broken: bool) -> str:
    return "failed" if is_broken else "ok"


def _git(*words: str) -> str:
    asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _changed() -> bool:
    """Does the tree differ from its commit? Summaries of proofs do not count."""
    return bool(_git("status", "--porcelain", "--", ".", ":!docs/proofs"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

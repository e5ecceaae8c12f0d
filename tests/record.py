"""What became of each test, kept while they run: a pytest plugin, and what reads its file.

One line of JSON for each test that has ended, in the file that `--record` names. Whoever is cut
short goes on with `--recorded N`: what passed in the first N lines is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest


class Outcome(NamedTuple):
    """How one test ended: `passed`, `failed` or `skipped`, with set-up and tear-down."""

    test: str
    outcome: str
    seconds: float


class Module(NamedTuple):
    """The tests of one file, counted."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def read(file: Path, lines: int | None = None) -> dict[str, Outcome]:
    """{test: how it ended last}, of the first so many lines."""
    ended = [Outcome(**json.loads(line)) for line in file.read_text().splitlines()[:lines]]
    return {one.test: one for one in ended}


def by_module(outcomes: Iterable[Outcome]) -> list[Module]:
    """The longest first."""
    grouped: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        grouped[one.test.partition("::")[0]].append(one)
    counted = [
        Module(
            name,
            *(sum(one.outcome == how for one in ended) for how in ("passed", "failed", "skipped")),
            seconds=sum(one.seconds for one in ended),
        )
        for name, ended in grouped.items()
    ]
    return sorted(counted, key=lambda module: -module.seconds)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, metavar="FILE", help="keep there how each test ended")
    parser.addoption(
        "--recorded", type=int, default=0, help="leave out what passed in so many lines of it"
    )


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--record")
    # Workers hand their reports over to the process that began them.
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(file))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    file, lines = config.getoption("--record"), config.getoption("--recorded")
    if not (file and lines):
        return
    passed = {one.test for one in read(file, lines).values() if one.outcome == "passed"}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
    items[:] = [item for item in items if item.nodeid not in passed]


class Writer:
    """Writes a line when a test has ended."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._phases: dict[str, list[pytest.TestReport]] = defaultdict(list)
        file.parent.mkdir(parents=True, exist_ok=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._phases[report.nodeid].append(report)
        # A test whose worker died has but one report, of no phase.
        if report.when not in ("setup", "call"):
            self._write(report.nodeid, self._phases.pop(report.nodeid))

    def _write(self, test: str, phases: list[pytest.TestReport]) -> None:
        outcomes = {phase.outcome for phase in phases}
        outcome = next(how for how in ("failed", "skipped", "passed") if how in outcomes)
        seconds = round(sum(phase.duration for phase in phases), 2)
        with self._file.open("a") as kept:
            kept.write(json.dumps(Outcome(test, outcome, seconds)._asdict()) + "\n")

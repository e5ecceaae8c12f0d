"""Every row of the fault catalogue has a test, and each such test notices a broken rule.

The rows stand in `faults-and-threats.md`; tests are marked `@pytest.mark.fault("F7")`.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.faults import (
    breaks_of_grades,
    breaks_of_reading,
    breaks_of_runs,
    breaks_of_values,
    breaks_of_writing,
)
from tests.faults.breaks import Break

ROOT = Path(__file__).parents[2]
GRADES = (*range(41, 63), 86)
BREAKS = [
    *breaks_of_reading.BREAKS,
    *breaks_of_writing.BREAKS,
    *breaks_of_values.BREAKS,
    *breaks_of_grades.BREAKS,
    *breaks_of_runs.BREAKS,
]
ROWS = [f"F{number}" for number in (*range(1, 41), *GRADES, *range(63, 84), 87, 88)]
# Those whose rule is being built: they have neither a test nor a break yet.
NOT_YET: set[str] = set()
MARK = re.compile(r"^@pytest\.mark\.fault\(([^)]*)\)", re.M)
NOTHING_SELECTED = 5
# Without the deadline the test waits for ever; with it, it is over in a few seconds.
ENDLESS, ENDLESS_AFTER = {"F25"}, 120
# Plugins that no marked test uses, and that take their time to begin.
LEFT_OUT = ("-pno:schemathesis",)
TREE = ("integration", "lti", "gradesync", "sandbox", "tests", "manage.py", "pyproject.toml")


@cache
def marked_tests() -> dict[str, set[str]]:
    """{row: files with a test that is marked with it}, read from the source."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for marks in MARK.findall(path.read_text()):
            for row in re.findall(r"F\d+", marks):
                found[row].add(str(path.relative_to(ROOT)))
    return found


def test_every_row_of_the_catalogue_has_a_test():
    assert {row for row in ROWS if row not in marked_tests()} == NOT_YET


def test_every_row_that_is_tested_stands_in_the_catalogue():
    assert set(marked_tests()) - set(ROWS) == set()


def test_every_row_of_the_catalogue_says_how_its_rule_is_broken():
    assert {row for row in ROWS if row not in {one.fault for one in BREAKS}} == NOT_YET


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.fault)
def test_what_is_to_be_broken_stands_in_the_product(one: Break):
    assert (ROOT / one.file).read_text().count(one.old) == 1


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product and its tests, to be broken in one place after the other."""
    made = tmp_path_factory.mktemp("broken")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, made / name)
        else:
            shutil.copy(ROOT / name, made)
    return made


# Python compiles anew what has another time: two changes within a second have the same one.
_TIMES = itertools.count(1_000_000_000)


@contextmanager
def broken(tree: Path, one: Break) -> Iterator[None]:
    """As long as it lasts, the tree is broken in this place."""
    file = tree / one.file
    whole = file.read_text()
    try:
        _write(file, whole.replace(one.old, one.new))
        yield
    finally:
        _write(file, whole)


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, (next(_TIMES),) * 2)


def child(tree: Path, one: Break, report: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The tests that are marked with the row, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--junitxml={report}", *words]
    command += [*LEFT_OUT, "--fault", one.fault, *sorted(marked_tests()[one.fault])]
    compiled = {"PYTHONPYCACHEPREFIX": str(tree / "var" / "pycache")}
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        command,
        cwd=tree,
        env=kept | compiled,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENDLESS_AFTER if one.fault in ENDLESS else None,
    )


@pytest.mark.prove
@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.fault)
def test_a_test_notices_the_broken_rule(one: Break, tree: Path, tmp_path: Path):
    report = tmp_path / "report.xml"
    with broken(tree, one):
        if one.fault in ENDLESS:
            with pytest.raises(subprocess.TimeoutExpired):
                child(tree, one, report, "-m", "not prove")
            return
        done = child(tree, one, report, "-m", "not prove")
        if done.returncode == NOTHING_SELECTED:
            done = child(tree, one, report)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    told = done.stdout[-3000:]
    assert done.returncode == 1, f"no test fails although {one.means}\n{told}"
    assert int(suite.get("failures", "0")) > 0, told

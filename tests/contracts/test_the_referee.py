"""Who tests the contract tests: with its rule broken, each must fail; with all rules kept, none."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sandbox.rules import RULES

HERE = Path(__file__).parent
# Plugins that the contract does not use, left out because there is a pytest for each rule.
LEFT_OUT = ("xdist", "hypothesispytest", "pytest_httpserver", "schemathesis")


def child(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The contract tests, but not this module, in a pytest of their own."""
    command = [sys.executable, "-m", "pytest", str(HERE), "-q", "-m", "rule", *arguments]
    command += [f"-pno:{name}" for name in LEFT_OUT]
    return subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)


def contract(*arguments: str, report: Path) -> tuple[int, dict[str, int]]:
    """Exit code and counts of the contract tests."""
    done = child(f"--junitxml={report}", *arguments)
    if not report.exists():
        raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    return done.returncode, {each: int(suite.get(each, "0")) for each in ("failures", "errors")}


@pytest.mark.prove
@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_contract_notices_a_broken_rule(rule: str, tmp_path: Path):
    report = tmp_path / "report.xml"
    code, counts = contract("--only", rule, "--without", rule, report=report)
    assert code == 1, f"no test fails without {rule}: {RULES[rule]}"
    assert counts["failures"] > 0
    assert counts["errors"] == 0, "a server that does not come up proves nothing"


@pytest.mark.prove
def test_the_contract_holds_while_all_rules_are_kept(tmp_path: Path):
    code, counts = contract(report=tmp_path / "report.xml")
    assert (code, counts) == (0, {"failures": 0, "errors": 0})


def test_every_rule_is_one_sentence():
    assert [text for text in RULES.values() if text.count(".") != 1 or text[-1] != "."] == []


def test_every_rule_has_a_test_and_every_test_a_rule_that_exists():
    done = child("--list-rules")
    stated = {line.removeprefix("rule ") for line in done.stdout.splitlines() if "rule " in line}
    assert stated == set(RULES)

"""`./run bench`: the figures of design section 10, as ratios measured in one run.

Servers are processes of their own; their own rate (a bare download of the same pages) stands
beside each figure. Also writes var/bench.json, one flat object of names and numbers.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.bench import grades, launching, plans, provisioning, screens, undo
from tests.sandbox_process import ROOT


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser("./run bench", description=__doc__)
    parser.add_argument("--enrollments", type=int, default=provisioning.ENROLLMENTS)
    parser.add_argument("--rounds", type=int, default=provisioning.ROUNDS)
    options = parser.parse_args(words)
    figures = provisioning.measure(options.enrollments, options.rounds)
    figures |= launching.measure() | grades.measure() | screens.measure()
    figures |= plans.measure() | undo.measure()
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\nAlso in {target.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

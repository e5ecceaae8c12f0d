"""Reads back what a course has sent before, and lists what Q does not hold any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gradesync import stored
from gradesync.drift import drift
from gradesync.findings import of_lines, of_problems
from gradesync.lines import Line
from gradesync.plan import outline
from gradesync.planning import begin_anew
from gradesync.reading import Reader
from gradesync.scope import Scope, within
from integration.ledger.runs import Ledger
from integration.models import Run

CHECK = Run.Kind.GRADES_CHECK


def plan_check(ledger: Ledger, reader: Reader) -> str:
    """Store a line for each difference, and end: it sends nothing."""
    begin_anew(ledger)
    snapshot = reader.in_q()
    told = outline(snapshot)
    ledger.find(of_problems(told.problems))
    same: Counter[str] = Counter()
    found = within(drift(snapshot, told.linked), Scope.read(reader.sync.scope))
    digest = stored.store(ledger, _different(found, same))
    ledger.find(of_lines(stored.lines(ledger.run)))
    counts = stored.counts_of(ledger.run)
    for kind, number in same.items():
        counts[kind]["same"] = number
    ledger.write(read_at=reader.rules.now, counts=counts, plan_digest=digest)
    ledger.end(Run.State.DONE)
    return ""


def _different(lines: Iterable[Line], same: Counter[str]) -> Iterator[Line]:
    for line in lines:
        if line.action == "same":
            same[line.kind] += 1
        else:
            yield line

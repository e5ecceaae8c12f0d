"""The part of an undo that gives changed ids back."""

from __future__ import annotations

from collections import Counter

from integration.canvas.client import CanvasClient
from integration.ledger.runs import Ledger
from integration.models import Run
from integration.oneroster.types import Problem
from integration.provisioning import history, plan_lines
from integration.provisioning.canvas_side import ids_there
from integration.provisioning.compare import Planned
from integration.provisioning.inverse import renamed_back
from integration.provisioning.problems import problem
from integration.provisioning.renames import KIND_OF
from integration.provisioning.rows import CHANGE_SIS_ID, digest


def rename_back(ledger: Ledger, undone: Run, canvas: CanvasClient) -> Counter[str]:
    """Plan that changed ids become what they were; how many are left."""
    done = list(history.renames(undone))
    if not done:
        return Counter()
    kinds = [kind for type_, kind in KIND_OF.items() if any(row[2] == type_ for row, *_ in done)]
    there = ids_there(ledger, canvas, kinds)
    ours = {
        kind: history.accepted_ids(undone, kind, {one for row, *_ in done for one in row[:2]})
        for kind in kinds
    }
    lines: list[Planned] = []
    problems: list[Problem] = []
    for row, school, confirmed in done:
        kind = KIND_OF[row[2]]
        back, code = renamed_back(row, confirmed=confirmed, ours=ours[kind], there=there.get(kind))
        if back:
            named = digest(back)
            key = CHANGE_SIS_ID.key(back)
            lines.append(Planned(key, "changed", None, back, named, school, "undo"))
        elif code:
            problems.append(problem(code, kind.name, row[1], "sourcedId"))
    with ledger.guarded():
        plan_lines.plan(ledger.run, CHANGE_SIS_ID, lines)
    ledger.find(problems)
    return Counter({CHANGE_SIS_ID.name: len(problems)} if problems else {})

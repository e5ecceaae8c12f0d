"""After a run: does Q hold what was sent? The classes that were written to are read again."""

from __future__ import annotations

from collections import defaultdict

from gradesync import stored
from gradesync.again import has_arrived
from gradesync.lines import ScoreLine
from gradesync.outcomes import Outcomes
from gradesync.reading import Reader
from integration.ledger.runs import Ledger
from integration.models import Change, Run
from integration.oneroster.gradebook_types import Value

# Up to so many line items are read back one by one, more of them as the whole class.
SINGLY = 3


def read_back(ledger: Ledger, reader: Reader, following: str) -> str:
    """Tell what Q does not hold as it was sent; the next cursor."""
    if ledger.run.kind == Run.Kind.GRADES_UNDO:
        return following
    by_class: dict[str, list[tuple[int, ScoreLine]]] = defaultdict(list)
    rows = Change.objects.filter(run=ledger.run, kind="result", state=Change.State.CONFIRMED)
    for change in rows.exclude(action="same"):
        line = stored.line_of(change)
        if isinstance(line, ScoreLine):
            by_class[line.item.class_id].append((change.pk, line))
    outcomes = Outcomes(ledger, reader.course)
    for class_id, lines in by_class.items():
        ledger.progress("reading back", 0)
        there = _held(reader, class_id, {line.line_item_id for _, line in lines})
        wrong = [one for one in lines if not has_arrived(one[1], there.get(one[1].cell), reader)]
        if wrong:
            with ledger.guarded():
                outcomes.disprove(wrong)
    return following


def _held(reader: Reader, class_id: str, line_item_ids: set[str]) -> dict[tuple[str, str], Value]:
    book = reader.q
    if len(line_item_ids) <= SINGLY:
        found = [one for each in line_item_ids for one in book.results_of(class_id, each)]
    else:
        found = book.results(class_id, line_item_ids)
    return {(one.line_item_id, one.student_id): one.value for one in found if one.is_active}

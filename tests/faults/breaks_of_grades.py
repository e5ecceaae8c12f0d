"""What breaks the sync of grades (F41–F62, F86)."""

from __future__ import annotations

from tests.faults.breaks import Break

BREAKS = [
    Break(
        *("F43", "gradesync/compare.py", "if _is_untouched(cell, manner):", "if True:"),
        "what somebody edited in Q is written over",
    ),
    Break(
        *(
            "F44",
            "gradesync/sync.py",
            "is_open=None if preview else True,",
            "is_open=None,",
        ),
        "two presses open two runs",
    ),
    Break(
        "F46",
        "gradesync/planning.py",
        "later = Run.objects.filter(sync__course=run.sync.course, pk__gt=run.pk)",
        "later = Run.objects.none()",
        "a plan that was overtaken is sent",
    ),
    Break(
        "F47",
        "gradesync/compare.py",
        "    if same(value, cell.there, manner.places):\n",
        "    if value is None:\n",
        "what is the same is sent again",
    ),
    Break(
        *("F48", "gradesync/plan.py", "    if changed:\n", "    if None:\n"),
        "a line item keeps the title that it had first",
    ),
    Break(
        "F49",
        "gradesync/drafts.py",
        'return "assignment.gone"',
        'return "assignment.switched-off"',
        "nobody hears that an assignment is gone",
    ),
    Break(
        "F49",
        "gradesync/cells.py",
        "gate or NOT_TOLD, student.is_current, is_nameless",
        "gate, student.is_current, is_nameless",
        "what Canvas tells nothing of is cleared in Q",
    ),
    Break(
        "F50",
        "gradesync/ids.py",
        "_exact(key.what, key.canvas_id, key.class_id)",
        "_exact(key.what, key.class_id)",
        "all assignments of a class are one line item",
    ),
    Break(
        "F51",
        "gradesync/line_items.py",
        "(link.fields is not None or link.sourced_id in active_ids)",
        "(link.sourced_id in active_ids)",
        "what somebody deleted in Q comes back",
    ),
    Break(
        *("F57", "gradesync/sending.py", '    return "refused"\n', '    return "unknown"\n'),
        "what Q refuses is sent again and again",
    ),
    Break(
        "F58",
        "integration/oneroster/gradebook.py",
        'send("PUT", path, body=body, retry=False)',
        'send("PUT", path, body=body)',
        "a write whose answer was lost is repeated without looking",
    ),
    Break(
        "F59",
        "gradesync/carrying.py",
        'if outcome.what == "arrived" and outcome.sourced_id:',
        'if outcome.what == "arrived" and outcome.sourced_id == "?":',
        "the id that Q gives is not kept",
    ),
    Break(
        "F86",
        "gradesync/carrying.py",
        "if self._is_cancelled() and self._sender:",
        "if self._is_cancelled() and not self._sender:",
        "whoever presses stop waits for the end",
    ),
]

"""What breaks the writing to Canvas (F32–F40)."""

from __future__ import annotations

from tests.faults.breaks import Break

PROVISIONING = "integration/provisioning/"
HOLDS = PROVISIONING + "holds.py"
APPLY = PROVISIONING + "apply.py"
RUN = PROVISIONING + "run.py"

BREAKS = [
    Break(
        "F32",
        APPLY,
        "        found = _look_for(ledger, canvas, operation, package)\n        if found is None:",
        "        found = None\n        if found is None:",
        "an import whose answer was lost is not looked for",
    ),
    Break(
        "F33",
        APPLY,
        "outcome.refuse(run, kind, refused)",
        "outcome.refuse(run, kind, {})",
        "a row that Canvas refused counts as accepted",
    ),
    Break(
        "F34",
        PROVISIONING + "rows.py",
        'cross-listed section keeps its people (D5)."""\n\n    section_id: str',
        'cross-listed section keeps its people (D5)."""\n\n    course_id: str',
        "enrollments are keyed by the course",
    ),
    Break(
        "F35",
        "integration/canvas/client.py",
        "        if unknown:\n            raise ImportStillRunning(unknown)\n",
        "",
        "an import that waits without names is taken for nobody's",
    ),
    Break(
        "F36",
        APPLY,
        "        _doubt(ledger, canvas, IMPORTED)",
        "        _doubt(ledger, canvas, ())",
        "what a broken import may have done is forgotten",
    ),
    Break(
        "F36",
        APPLY,
        'if ledger.run.cursor == "recorded" or not operations.may_have_come(ledger.run):',
        "if ledger.run.cursor:",
        "what a run sent that was given up unread is taken for what it was before",
    ),
    Break(
        "F37",
        "integration/canvas/types.py",
        "known = self.workflow_state in FINAL_STATES",
        'known = self.workflow_state in FINAL_STATES or self.workflow_state == "created"',
        "an import that stands in the queue is taken for done",
    ),
    Break(
        "F38",
        "integration/canvas/refusals.py",
        'return status == 429 or (status == 403 and b"rate limit exceeded" in body[:2000].lower())',
        "return status == 429",
        "Canvas's way to say “too fast” is taken for a refusal",
    ),
    Break(
        "F39",
        HOLDS,
        "elif tally.removed > (limit := limits.removable(accepted)):",
        "elif tally.removed >= (limit := limits.removable(accepted)):",
        "exactly a tenth waits too",
    ),
    Break(
        "F40",
        RUN,
        'return f"run {newer.pk} has read Q since, and its plan counts now ({newer.plan_digest})"',
        'return ""',
        "an approval is for whatever plan was made before",
    ),
]

"""How the rules of grade passback about values, people, titles and dates can be broken."""

from __future__ import annotations

from tests.faults.breaks import Break

BREAKS = [
    Break(
        "F41",
        "gradesync/scores.py",
        "    if profile.takes_exempt_without_score:\n",
        "    if False:\n",
        "excused is a 0",
    ),
    Break(
        "F42",
        "gradesync/scores.py",
        "    if submission.posted_at is not None or not (says_something or waits_for_post):\n",
        "    if True:\n",
        "what a student cannot see is sent",
    ),
    Break(
        "F45",
        "integration/ledger/leases.py",
        "taken = Lease.objects.filter(resource=resource, expires_at__lte=Now()).update(",
        "taken = Lease.objects.filter(resource=resource).update(",
        "a press takes the course from the nightly run",
    ),
    Break(
        "F52",
        "gradesync/categories.py",
        "decisive[0] if len(decisive) == 1 else None",
        "decisive[0] if decisive else None",
        "of two categories with one name the first is taken",
    ),
    Break(
        "F53",
        "gradesync/drafts.py",
        "return is_on_here and is_for_class(assignment, linked, snapshot.canvas)",
        "return is_on_here",
        "each class has all work of the course",
    ),
    Break(
        "F54",
        "gradesync/preflight.py",
        "    if not student.is_current:\n",
        "    if False:\n",
        "who left is graded on",
    ),
    Break(
        "F55",
        "gradesync/rounding.py",
        "rounding=ROUND_HALF_UP)",
        'rounding="ROUND_HALF_EVEN")',
        "a half is rounded to the even neighbour",
    ),
    Break(
        "F56",
        "gradesync/preflight.py",
        '    return [] if is_open else [problem("assignment.period-closed")]',
        "    return []",
        "a period that is closed still gets a grade",
    ),
    Break(
        "F60",
        "gradesync/titles.py",
        "if folded(one) not in used)",
        "if one)",
        "two line items of a class have one title",
    ),
    Break(
        "F61",
        "gradesync/due_dates.py",
        "    if first <= day <= last:\n",
        "    if True:\n",
        "a date outside the class is sent as it is",
    ),
    Break(
        "F62",
        "gradesync/planning.py",
        'holds = [{"code": one.code} for one in told.problems if one.scope == "course"]',
        "holds: list[dict[str, str]] = []",
        "a course that did not come from Q is done at once, and nobody hears of it",
    ),
]

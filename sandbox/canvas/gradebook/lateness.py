"""Late and missing work: what counts as either, and what a late policy takes off. Pure.

As Canvas's `Submission#late?`, `#missing?` and `LatePolicy#points_deducted` do it.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.gradebook.schemes import rounded
from sandbox.rules import on

STATUSES: Final = frozenset({"late", "missing", "extended", "none"})
DEFAULTS: Final[dict[str, Any]] = {
    "missing_submission_deduction_enabled": False,
    "missing_submission_deduction": 100.0,
    "late_submission_deduction_enabled": False,
    "late_submission_deduction": 0.0,
    "late_submission_interval": "day",
    "late_submission_minimum_percent_enabled": False,
    "late_submission_minimum_percent": 0.0,
}
INTERVALS: Final = {"day": 86_400, "hour": 3_600}
# A quiz that is handed in by itself at its end is not late.
_QUIZ_LEEWAY_SECONDS: Final = 60
_UNTOUCHED: Final = frozenset({"pass_fail", "not_graded"})


def moment(text: str) -> datetime | None:
    """A kept moment; None where there is none."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def text(at: datetime) -> str:
    """A moment as it is kept."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def normal(sent: str) -> str:
    """A moment as sent, as it is kept. Raises ValueError for what is none."""
    at = datetime.fromisoformat(sent) if sent else None
    return text(at if at.tzinfo else at.replace(tzinfo=UTC)) if at else ""


def is_late(row: Submission) -> bool:
    if row.excused or row.custom_grade_status_id:
        return False
    if row.late_policy_status:
        return row.late_policy_status == "late"
    return _seconds_after_due(row) > 0


def is_missing(row: Submission, assignment: Assignment, now: str) -> bool:
    if row.excused or row.custom_grade_status_id:
        return False
    if row.late_policy_status:
        return row.late_policy_status == "missing"
    if row.grader_id is not None or row.submitted_at:
        return False
    is_expected = assignment.expects_submission and assignment.is_published
    return is_expected and bool(row.due_at) and row.due_at < now


def seconds_late(row: Submission) -> int:
    if not is_late(row):
        return 0
    if row.late_policy_status == "late":
        return row.seconds_late_override or 0
    return int(_seconds_after_due(row))


def _seconds_after_due(row: Submission) -> float:
    due, handed_in = moment(row.due_at), moment(row.submitted_at)
    if not due or not handed_in:
        return 0.0
    leeway = _QUIZ_LEEWAY_SECONDS if row.submission_type == "online_quiz" else 0
    return max(0.0, (handed_in - due).total_seconds() - leeway)


def deduction(
    policy: Mapping[str, Any], score: float, assignment: Assignment, late_for: int
) -> float:
    """The points that `late_for` seconds cost; never below the policy's least percentage."""
    possible = assignment.points_possible or 0.0
    is_on = policy.get("late_submission_deduction_enabled") and on("canvas.late-policy")
    if not is_on or possible <= 0 or late_for <= 0:
        return 0.0
    if assignment.grading_type in _UNTOUCHED:
        return 0.0
    known = {**DEFAULTS, **policy}
    intervals = math.ceil(late_for / INTERVALS[known["late_submission_interval"]])
    least = 0.0
    if known["late_submission_minimum_percent_enabled"]:
        least = float(known["late_submission_minimum_percent"])
    most = max(score * 100 / possible - least, 0.0)
    return rounded(
        possible * min(float(known["late_submission_deduction"]) * intervals, most) / 100
    )


def missing_score(policy: Mapping[str, Any], assignment: Assignment) -> float | None:
    """What missing work is given; None where the policy gives nothing."""
    if not policy.get("missing_submission_deduction_enabled"):
        return None
    if assignment.grading_type in _UNTOUCHED - {"pass_fail"}:
        return None
    if assignment.grading_type == "pass_fail":
        return 0.0
    share = 1 - float({**DEFAULTS, **policy}["missing_submission_deduction"]) / 100
    return rounded((assignment.points_possible or 0.0) * share)

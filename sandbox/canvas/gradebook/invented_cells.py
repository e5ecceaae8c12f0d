"""What happened to one student's work, by dice: in every state that a submission can be in."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from sandbox.canvas.gradebook import lateness, policies
from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.gradebook.schemes import rounded

# What happens, and how often; the rest of the time the work is graded and nothing else.
SHARES: Final = (
    ("excused", 0.04), ("missing", 0.05), ("late", 0.06), ("ungraded", 0.04),
    ("pending", 0.03), ("again", 0.03), ("zero", 0.02), ("more", 0.03), ("nothing", 0.06),
)  # fmt: skip
_FIRST_DUE: Final = datetime.fromisoformat("2026-10-01T23:59:59+00:00")


def invent(row: Submission, assignment: Assignment, dice: Random, grader_id: int) -> bool:
    """Change the cell; whether anything happened in it."""
    if not assignment.is_graded or assignment.workflow_state != "published":
        return False
    what = _what(dice)
    due = lateness.moment(row.due_at) or _FIRST_DUE
    if what == "nothing":
        return False
    if what == "excused":
        row.excused, row.workflow_state, row.grader_id = True, "graded", grader_id
        row.posted_at = _posted(assignment, due)
        return True
    if what == "missing":
        row.late_policy_status = "missing"
        return True
    _hand_in(row, assignment, dice, due, is_late=what == "late")
    if what == "ungraded":
        return True
    _enter(row, assignment, dice, grader_id, what)
    graded = due + timedelta(days=dice.randint(1, 5), hours=-8)
    row.graded_at = lateness.text(graded)
    row.posted_at = _posted(assignment, graded)
    if what == "again" and row.submitted_at:
        row.submitted_at = lateness.text(graded + timedelta(hours=3))
        row.attempt, row.grade_matches, row.workflow_state = 2, False, "submitted"
        row.late_policy_status = "none"
    return True


def _what(dice: Random) -> str:
    throw = dice.random()
    for name, share in SHARES:
        if throw < share:
            return name
        throw -= share
    return "graded"


def _hand_in(
    row: Submission, assignment: Assignment, dice: Random, due: datetime, *, is_late: bool
) -> None:
    if not assignment.expects_submission and "external_tool" not in assignment.submission_types:
        return
    ahead = -dice.randint(20, 60) if is_late else dice.randint(1, 70)
    row.submitted_at = lateness.text(due - timedelta(hours=ahead))
    row.submission_type = (
        "basic_lti_launch" if assignment.tool_url else assignment.submission_types[0]
    )
    row.attempt, row.workflow_state, row.grade_matches = 1, "submitted", True


def _enter(
    row: Submission, assignment: Assignment, dice: Random, grader_id: int, what: str
) -> None:
    worth = assignment.points_possible or 0.0
    if assignment.grading_type == "pass_fail":
        score = 0.0 if what == "zero" or dice.random() < 0.1 else worth
    elif worth == 0:
        score = float(dice.randint(0, 5))
    else:
        share = {"zero": 0.0, "more": 1.1}.get(what, min(1.0, dice.gauss(0.82, 0.13)))
        score = rounded(max(0.0, share) * worth * 2, 0) / 2
    if assignment.moderated:
        row.provisional = [{"scorer_id": grader_id, "score": score, "final": False}]
        return
    row.entered_score, row.grade_matches = score, True
    row.workflow_state, row.grader_id = "graded", grader_id
    if assignment.grading_type == "pass_fail":
        row.entered_grade = "complete" if score else "incomplete"
    if assignment.quiz_id:
        row.grader_id = -assignment.quiz_id
        row.workflow_state = "pending_review" if what == "pending" else "graded"


def _posted(assignment: Assignment, moment: datetime) -> str:
    return "" if policies.posts_manually(assignment) else lateness.text(moment)

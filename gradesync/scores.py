"""What one student's row in Canvas says to Q: the table of values. PURE (design 6.6).

| Canvas                       | Q                                                                |
|------------------------------|------------------------------------------------------------------|
| points, percent, letter, GPA | Canvas's own score, as `fully graded`                            |
| complete, incomplete         | all points, 0                                                    |
| excused                      | `exempt` without a score (with 0 where Q demands a number)       |
| no grade                     | nothing; what we sent before is cleared                          |
| missing, nobody graded       | as the course chose: nothing, `not submitted`, 0 `not submitted` |
| hidden, moderated, anonymous | waits                                                            |

A number goes as `fully graded` only where a person or a rule in Canvas gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from gradesync.course_settings import Settings
from gradesync.profile import Profile
from gradesync.rounding import percent, rounded
from integration.canvas.gradebook_types import Assignment, Submission
from integration.oneroster.gradebook_types import Value

LATE, MISSING = "Late", "Missing"
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Send:
    """This value travels. `notes`: codes of what a person should know of it."""

    value: Value
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no score: what we sent before is to be cleared."""


@dataclass(frozen=True, slots=True)
class Delete:
    """A cleared score travels as DELETE of the result."""


@dataclass(frozen=True, slots=True)
class Held:
    """It does not travel; `code` says why, and whether it waits or is blocked.

    `value` is what would have travelled; never told of a score that the student does not see.
    """

    code: str
    value: Value | None = None


Outcome: TypeAlias = Send | Nothing | Held


def places(settings: Settings, profile: Profile) -> int:
    """How many decimals are compared and sent: not more than Q keeps."""
    kept = profile.score_decimals
    return settings.decimals if kept is None else min(settings.decimals, kept)


def maximum(assignment: Assignment, settings: Settings) -> Decimal:
    """What the line item declares as its maximum; the scores mean a share of it."""
    return HUNDRED if settings.scale == "percent" else assignment.points_possible or Decimal(0)


def outcome(
    assignment: Assignment, submission: Submission, settings: Settings, profile: Profile
) -> Outcome:
    """What travels of one row, not knowing what Q holds."""
    if assignment.grading_type == "not_graded":
        return Held("assignment.not-graded")
    if code := _hidden(assignment, submission):
        return Held(code)
    if submission.is_excused:
        return _exempt(settings, profile)
    number = _number(assignment, submission, settings)
    if number is None:
        return _ungraded(submission, settings, profile)
    if isinstance(number, Held):
        return number
    return _graded(assignment, submission, number, settings, profile)


def cleared(profile: Profile) -> Delete | Value | Held:
    """How a score that is gone in Canvas leaves Q: only in a way that was proved."""
    if profile.deletes_results:
        return Delete()
    if profile.takes_not_submitted_without_score:
        return Value(None, "not submitted")
    return Held("score.cannot-clear")


def _hidden(assignment: Assignment, submission: Submission) -> str:
    """Why the student does not see this in Canvas, as a code; "" if they do.

    A row that was never graded has no `posted_at` either, so it is hidden only where posting is
    by hand.
    """
    if assignment.is_moderated and not assignment.grades_published:
        return "score.moderated"
    says_something = submission.score is not None or submission.grade or submission.is_excused
    waits_for_post = assignment.posts_manually and submission.is_missing
    if submission.posted_at is not None or not (says_something or waits_for_post):
        return ""
    return "score.anonymous" if assignment.is_anonymous else "score.hidden"


def _exempt(settings: Settings, profile: Profile) -> Send:
    comment = _comment("", settings, profile)
    if profile.takes_exempt_without_score:
        return Send(Value(None, "exempt", comment))
    return Send(Value(Decimal(0), "exempt", comment), ("score.exempt-zero",))


def _number(
    assignment: Assignment, submission: Submission, settings: Settings
) -> Decimal | Held | None:
    """The score in points, None where there is no grade at all."""
    points = assignment.points_possible
    if assignment.grading_type == "pass_fail" and submission.grade in ("complete", "incomplete"):
        if not points:  # then complete and incomplete are both 0
            return Held("score.no-number")
        return points if submission.grade == "complete" else Decimal(0)
    if submission.score is None:
        return Held("score.no-number") if submission.grade else None
    entered = submission.entered_score if settings.late == "entered" else None
    return submission.score if entered is None else entered


def _ungraded(submission: Submission, settings: Settings, profile: Profile) -> Outcome:
    if not submission.is_missing or settings.missing == "nothing":
        return Nothing()
    comment = _comment(MISSING, settings, profile)
    if settings.missing == "zero":
        return Send(Value(Decimal(0), "not submitted", comment))
    if profile.takes_not_submitted_without_score:
        return Send(Value(None, "not submitted", comment))
    return Held("score.cannot-say")


def _graded(
    assignment: Assignment,
    submission: Submission,
    points: Decimal,
    settings: Settings,
    profile: Profile,
) -> Outcome:
    score = _scaled(points, assignment, settings, profile)
    if score is None:
        return Held("assignment.zero-points")
    is_partial = submission.state == "pending_review"
    value = Value(
        score,
        "partially graded" if is_partial else "fully graded",
        _comment(LATE if submission.is_late else "", settings, profile),
        graded_at=submission.graded_at,
    )
    if is_partial and settings.pending_review == "wait":
        is_parent = assignment.has_checkpoints
        return Held("score.checkpoint-pending" if is_parent else "score.pending-review", value)
    is_older = not submission.grade_matches_current_submission
    notes = ("score.resubmitted",) if is_older else ()
    return within(value, maximum(assignment, settings), profile, notes)


def within(value: Value, most: Decimal, profile: Profile, notes: tuple[str, ...] = ()) -> Outcome:
    """Does Q take a number so far below or above?"""
    score = value.score or Decimal(0)
    if score < 0 and not profile.takes_negative:
        return Held("score.negative", value)
    if score > most and not profile.takes_above_maximum:
        return Held("score.above-maximum", value)
    return Send(value, (*notes, "score.extra-credit") if score > most else notes)


def _scaled(
    points: Decimal, assignment: Assignment, settings: Settings, profile: Profile
) -> Decimal | None:
    """The number as it is sent; None where an assignment worth nothing has none."""
    possible, decimals = assignment.points_possible, places(settings, profile)
    if possible:
        number = percent(points, possible) if settings.scale == "percent" else points
        return rounded(number, decimals)
    is_sent = settings.zero_points == "send" and profile.takes_zero_maximum
    return rounded(points, decimals) if is_sent and settings.scale == "points" else None


def _comment(mark: str, settings: Settings, profile: Profile) -> str | None:
    """None: the comment is not ours to write."""
    return mark if settings.comments == "marks" and profile.takes_comment else None

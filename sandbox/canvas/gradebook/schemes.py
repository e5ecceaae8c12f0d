"""From a grade as a person types it to a score, and from a score to a grade. Pure.

As Canvas's `Assignment#interpret_grade`, `#score_to_grade` and its grading standards do it.
"""

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

Scheme = Sequence[tuple[str, float]]

DEFAULT_SCHEME: Final[list[tuple[str, float]]] = [
    ("A", 0.94), ("A-", 0.90), ("B+", 0.87), ("B", 0.84), ("B-", 0.80), ("C+", 0.77),
    ("C", 0.74), ("C-", 0.70), ("D+", 0.67), ("D", 0.64), ("D-", 0.61), ("F", 0.0),
]  # fmt: skip
GRADING_TYPES: Final = frozenset(
    {"points", "percent", "letter_grade", "gpa_scale", "pass_fail", "not_graded"}
)
WITH_SCHEME: Final = frozenset({"letter_grade", "gpa_scale"})

_PERCENT: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)%")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_PASSED: Final = frozenset({"pass", "complete"})
_FAILED: Final = frozenset({"fail", "incomplete"})
# What is not the best grade is taken for the highest number below the next better one.
_STEP: Final = 0.1


def rounded(value: float, places: int = 2) -> float:
    """Half away from zero, on the number as it is written."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def as_text(value: float) -> str:
    """17.0 as 17, 17.5 as 17.5."""
    short = rounded(value, 4)
    return str(int(short)) if short == int(short) else f"{short:.15g}"


def letter(scheme: Scheme, percent: float) -> str:
    """The grade of a percentage; below the scheme, its last."""
    share = rounded(max(percent, 0.0) / 100, 4)
    return next((name for name, lowest in scheme if share >= lowest), scheme[-1][0])


def percent_of(scheme: Scheme, grade: str) -> float | None:
    """What a grade of the scheme is worth; None where it is none of it."""
    names = [name.casefold() for name, _ in scheme]
    if grade.strip().casefold() not in names:
        return None
    place = names.index(grade.strip().casefold())
    if place == 0:
        return 100.0
    better = rounded(scheme[place - 1][1] * 100, 4)
    return rounded(better if scheme[place][1] == scheme[place - 1][1] else better - _STEP, 4)


def score_of(text: str, grading_type: str, points: float | None, scheme: Scheme) -> float | None:
    """The score that a typed grade means; None where it means none."""
    grade, worth = text.strip(), points or 0.0
    has_scheme = grading_type in WITH_SCHEME
    if _PERCENT.fullmatch(grade):
        return _finite(worth * float(grade[:-1]) / 100)
    if has_scheme and (percent := percent_of(scheme, grade)) is not None:
        return worth * percent / 100
    if _NUMBER.fullmatch(grade):
        return _finite(float(grade))
    if grade.casefold() in _PASSED:
        return worth
    return 0.0 if grade.casefold() in _FAILED else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def grade_of(
    score: float | None, grading_type: str, points: float | None, scheme: Scheme, given: str = ""
) -> str:
    """The grade as it is shown; `given` is what was typed, and counts where nothing is worth any
    points."""
    if score is None or grading_type == "not_graded":
        return ""
    worth = points or 0.0
    if grading_type == "pass_fail":
        passed = score > 0 if worth > 0 else given.casefold() in _PASSED
        return "complete" if passed else "incomplete"
    if grading_type == "percent":
        return as_text(rounded(score / worth * 100, 2) if worth > 0 else score) + "%"
    if grading_type in WITH_SCHEME:
        return letter(scheme, rounded(score / worth * 100, 2)) if worth > 0 else given
    return as_text(score)

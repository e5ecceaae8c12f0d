"""How one course sends its grades, and where each setting comes from. PURE.

Account → school or term → course: the inner one wins, unless an outer one has locked it. The shell
hands in one `Layer` for each level that has chosen anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

Where = Literal["default", "account", "school", "term", "course"]
_TIMES = ("automatic_at", "quiet_from", "quiet_until")
MOST_MINUTES = 720
_ORDER: tuple[Where, ...] = ("account", "school", "term", "course")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is sent and how. The values in `Literal` are what a person may choose.

    selection: which assignments have their switch on while nobody has touched it.
    missing: work marked missing that nobody graded. "zero" sends 0 as `not submitted`.
    late: the score with or without Canvas's late deduction.
    pending_review: a partial score waits, or goes as `partially graded`.
    due_date_missing / due_date_outside: wait for the teacher, or send another date.
    uncounted: work that Canvas does not count towards the final grade is sent, or left out.
    single_students: work assigned to single students goes with the date of the section, or waits.
    zero_points: an assignment worth nothing is left out, or sent (as extra credit).
    on_conflict: where both have changed, Q's stays and a person is asked, or Canvas's is sent.
    hidden_again: a score that was sent and is hidden since stays in Q, or is cleared there.
    review_above: more cleared and overwritten values than this are looked at by a person first.
    automatic: nightly at `automatic_at`, or `automatic_minutes` after grading; never between the
    quiet hours (equal ones are none). Times are "HH:MM" of the district's own clock.
    """

    selection: Literal["all", "flagged", "none"] = "all"
    scale: Literal["points", "percent"] = "points"
    decimals: Literal[0, 1, 2, 3, 4] = 2
    missing: Literal["nothing", "not-submitted", "zero"] = "nothing"
    late: Literal["deducted", "entered"] = "deducted"
    pending_review: Literal["wait", "send"] = "wait"
    comments: Literal["none", "marks"] = "none"
    zero_points: Literal["skip", "send"] = "skip"
    due_date_missing: Literal["ask", "assigned", "end"] = "ask"
    due_date_outside: Literal["ask", "nearest"] = "ask"
    uncounted: Literal["send", "skip"] = "send"
    single_students: Literal["section-date", "skip"] = "section-date"
    closed_periods: Literal["hold", "send"] = "hold"
    course_grades: Literal["off", "periods", "course", "both"] = "off"
    course_grade_number: Literal["current", "final"] = "current"
    course_grade_letter: bool = False
    default_category: str = ""
    course_grade_category: str = ""
    on_conflict: Literal["keep-q", "send-canvas"] = "keep-q"
    hidden_again: Literal["keep", "clear"] = "keep"
    review_above: int = 25
    automatic: Literal["off", "nightly", "after-grading"] = "off"
    automatic_at: str = "03:00"
    automatic_minutes: int = 15
    quiet_from: str = "00:00"
    quiet_until: str = "00:00"

    def __post_init__(self) -> None:
        for name, hint in _hints().items():
            allowed, value = get_args(hint), getattr(self, name)
            if (allowed and value not in allowed) or (not allowed and type(value) is not hint):
                raise ValueError(f"{name} cannot be {value!r}")
        for name in _TIMES:
            _time(name, getattr(self, name))
        if not 5 <= self.automatic_minutes <= MOST_MINUTES:
            raise ValueError(f"automatic_minutes is from 5 to {MOST_MINUTES}")
        if self.review_above < 0:
            raise ValueError("review_above is 0 or more")

    @property
    def when(self) -> dict[str, Any]:
        """When a course syncs by itself, as `CourseSync` keeps it."""
        return {
            "mode": self.automatic,
            "at": _time("automatic_at", self.automatic_at),
            "minutes": self.automatic_minutes,
            "quiet_from": _time("quiet_from", self.quiet_from),
            "quiet_until": _time("quiet_until", self.quiet_until),
        }


def _time(name: str, text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  a time of the clock, no instant
    except ValueError:
        raise ValueError(f"{name} is a time such as 23:30, not {text!r}") from None


NAMES = frozenset(one.name for one in fields(Settings))


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)


@dataclass(frozen=True, slots=True)
class Layer:
    """What one level has chosen; `locked` names hold for every level inside it."""

    where: Where
    chosen: Mapping[str, Any] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings of a course, the level that chose each, and those the course cannot change."""

    settings: Settings
    where: Mapping[str, Where]
    locked: frozenset[str]


def effective(layers: Iterable[Layer]) -> Effective:
    """Lay the levels over one another, in whatever order; of two schools the outer comes first.

    A name that no setting has (any more) is passed over.

    Raises:
        ValueError: a level has chosen what cannot be chosen.
    """
    chosen: dict[str, Any] = {}
    where: dict[str, Where] = dict.fromkeys(NAMES, "default")
    locked: set[str] = set()
    for layer in sorted(layers, key=lambda one: _ORDER.index(one.where)):
        for name in (layer.chosen.keys() & NAMES) - locked:
            chosen[name], where[name] = layer.chosen[name], layer.where
        locked |= layer.locked & NAMES
    return Effective(replace(Settings(), **chosen), where, frozenset(locked))

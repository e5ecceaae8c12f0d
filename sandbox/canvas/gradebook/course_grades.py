"""The course grades of all students of a course, kept until something is written."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.canvas.gradebook import lifecycle, periods, policies, schemes
from sandbox.canvas.gradebook.models import (
    Assignment,
    AssignmentGroup,
    CourseGrading,
    FinalOverride,
    Submission,
)
from sandbox.canvas.gradebook.totals import Cell, Rules, Scheme, Total, total
from sandbox.canvas.models import Course
from sandbox.rules import on

KINDS: Final = (
    ("current", True, False),
    ("final", False, False),
    ("unposted_current", True, True),
    ("unposted_final", False, True),
)

_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Grades:
    """One student's: totals by kind, and what a person set in their place."""

    totals: dict[str, Total]
    override: float | None


_lock = threading.Lock()
_known: dict[tuple[int, int], tuple[tuple[int, int], dict[int, Grades]]] = {}


def of_course(course: Course, period_id: int = 0) -> dict[int, Grades]:
    """By user id; with a period, the grades of that period alone."""
    if not Assignment.objects.filter(course_id=course.pk).exists():
        # Without work there are no cells: half of what a list of a new course's people would cost.
        return {}
    stamp = lifecycle.settle(course)
    key = (course.pk, period_id)
    with _lock:
        kept = _known.get(key)
    if kept and kept[0] == stamp:
        return kept[1]
    grades = _reckoned(course, period_id)
    with _lock:
        _known.pop(key, None)
        _known[key] = (stamp, grades)
        while len(_known) > _KEPT:
            del _known[next(iter(_known))]
    return grades


def _reckoned(course: Course, period_id: int) -> dict[int, Grades]:
    grading = policies.of(course.pk)
    scheme = _scheme(course, grading, period_id)
    overrides = dict(
        FinalOverride.objects.filter(course_id=course.pk, grading_period_id=period_id).values_list(
            "user_id", "score"
        )
    )
    if not grading.allow_final_grade_override:
        overrides = {}
    cells = cells_of(course, period_id)
    return {
        user: Grades(
            {
                name: total(those, scheme, current=current, unposted=unposted)
                for name, current, unposted in KINDS
            },
            overrides.get(user),
        )
        for user, those in cells.items()
    }


def cells_of(course: Course, period_id: int = 0) -> dict[int, list[Cell]]:
    """What counts, by user id: published, graded, not excused, not left out of the final grade."""
    work = {
        each.pk: each
        for each in Assignment.objects.filter(
            course_id=course.pk,
            workflow_state="published",
            omit_from_final_grade=False,
            parent_id=0,
        )
        if each.is_graded
    }
    found: dict[int, list[Cell]] = {}
    for user_id, cell in _cells(course, work, period_id):
        those = found.setdefault(user_id, [])
        if cell:
            those.append(cell)
    return found


def _cells(
    course: Course, work: dict[int, Assignment], period_id: int
) -> Iterable[tuple[int, Cell | None]]:
    rows = Submission.objects.filter(course_id=course.pk, is_assigned=True).values_list(
        "user_id", "assignment_id", "score", "excused", "posted_at", "workflow_state",
        "grading_period_id",
    )  # fmt: skip
    for user_id, assignment_id, score, excused, posted_at, state, period in rows:
        assignment = work.get(assignment_id)
        counts = assignment and not excused and period_id in (0, period)
        if not assignment or not counts:
            yield user_id, None
            continue
        yield (
            user_id,
            Cell(
                assignment_id,
                assignment.group_id,
                assignment.points_possible or 0.0,
                score,
                is_posted=bool(posted_at) or not on("canvas.hidden-not-counted"),
                is_pending=state == "pending_review",
                period_id=period,
            ),
        )


def _scheme(course: Course, grading: CourseGrading, period_id: int) -> Scheme:
    groups = list(AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active"))
    rules = {each.pk: _rules(each) for each in groups if on("canvas.drop-rules")}
    is_weighted = grading.group_weights and on("canvas.weights")
    weights = {each.pk: each.group_weight for each in groups} if is_weighted else None
    shares: dict[int, float] | None = None
    found = periods.set_of(course)
    if found and found.weighted and not period_id:
        shares = {each.pk: each.weight or 0.0 for each in periods.of_set(found.pk)}
    return Scheme(weights, rules, shares)


def _rules(group: AssignmentGroup) -> Rules:
    known = group.rules
    return Rules(
        int(known.get("drop_lowest") or 0),
        int(known.get("drop_highest") or 0),
        frozenset(int(each) for each in known.get("never_drop") or ()),
    )


def grade(grading: CourseGrading, percent: float | None) -> str | None:
    """The letter of a percentage, where the course has a scheme."""
    if percent is None or not grading.grading_standard_id:
        return None
    return schemes.letter(policies.scheme(grading.grading_standard_id), percent)


# Of a student without any work.
NONE: Final = Grades({name: Total(None, 0.0, 0.0) for name, _, _ in KINDS}, None)

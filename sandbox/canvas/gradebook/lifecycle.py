"""Cells come and go with assignments and students, as in Canvas's SubmissionLifecycleManager.

A cell is there from the moment the work is assigned. Whoever reads or writes cells calls
`settle` first; it does nothing while nothing was written and no due date passed.
"""

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connections

from sandbox.canvas import store
from sandbox.canvas.gradebook import audience, lateness, periods, policies
from sandbox.canvas.gradebook.models import Assignment, CourseGrading, GradingPeriod, Submission
from sandbox.canvas.gradebook.schemes import grade_of, rounded
from sandbox.canvas.models import Course

_BATCH: Final = 500
_NEVER: Final = "9999"

_lock = threading.Lock()
# Course id: the generation of the rows it was settled by, the next due date to pass, and how
# often it was settled.
_settled: dict[int, tuple[int, str, int]] = {}

Dates = Mapping[int, Mapping[int, str]]


def settle(course: Course) -> tuple[int, int]:
    """Let there be a cell for each student who is assigned each work, and each in its period.

    Answers a stamp, which stays the same as long as the cells do.
    """
    known = _known(course)
    if known[0] == store.generation() and store.now() < known[1]:
        return known[0], known[2]
    with store.writing(is_told=False):
        generation, times = store.generation(), _known(course)[2] + 1
        next_due = _settle(course)
        if store.is_inner():
            generation = -1
        with _lock:
            _settled[course.pk] = (generation, next_due, times)
    return generation, times


@contextmanager
def writing(course_id: int) -> Iterator[None]:
    """A write transaction that changes nothing but cells that are there."""
    try:
        with store.writing(is_told=False):
            yield
    finally:
        with _lock:
            generation, next_due, times = _settled.get(course_id, (-1, "", 0))
            _settled[course_id] = (generation, next_due, times + 1)


def _known(course: Course) -> tuple[int, str, int]:
    with _lock:
        return _settled.get(course.pk, (-1, "", 0))


def _settle(course: Course) -> str:
    work = list(Assignment.objects.filter(course_id=course.pk).exclude(workflow_state="deleted"))
    overrides = audience.overrides_of(work)
    students = audience.students_of(course.pk)
    members = audience.members_of(each for those in overrides.values() for each in those)
    dates = {
        each.pk: audience.due_dates(each, overrides.get(each.pk, ()), students, members)
        for each in work
    }
    _match(course, work, dates, students.finished)
    now = store.now()
    coming = [due for each in dates.values() for due in each.values() if due >= now]
    return min(coming, default=_NEVER)


def _match(course: Course, work: Sequence[Assignment], dates: Dates, finished: set[int]) -> None:
    found = periods.of_course(course)
    grading = policies.of(course.pk)
    by_id = {each.pk: each for each in work}
    known, doubtful = _compared(course, dates, found, grading)
    changed = []
    for start in range(0, len(doubtful), _BATCH):
        for row in Submission.objects.filter(pk__in=doubtful[start : start + _BATCH]):
            due = dates.get(row.assignment_id, {}).get(row.user_id)
            if _is_changed(row, by_id.get(row.assignment_id), due, found, grading):
                row.updated_at = store.now()
                changed.append(row)
    save(changed)
    _add(course, by_id, dates, finished, known, found, grading)


def _compared(
    course: Course, dates: Dates, found: Sequence[GradingPeriod], grading: CourseGrading
) -> tuple[set[tuple[int, int]], list[int]]:
    """The cells there are, by assignment and student, and the ids of those that may change."""
    now = store.now()
    gives = bool(grading.late_policy.get("missing_submission_deduction_enabled"))
    known: set[tuple[int, int]] = set()
    doubtful = []
    rows = Submission.objects.filter(course_id=course.pk).values_list(
        "pk", "assignment_id", "user_id", "is_assigned", "due_at", "grading_period_id", "score"
    )
    for pk, assignment_id, user_id, is_assigned, due_at, period, score in rows:
        known.add((assignment_id, user_id))
        due = dates.get(assignment_id, {}).get(user_id)
        may_be_missing = gives and score is None and bool(due) and str(due) < now
        same = is_assigned == (due is not None)
        if is_assigned and same:
            same = (due_at, period) == (due, periods.at(found, due or ""))
        if may_be_missing or not same:
            doubtful.append(pk)
    return known, doubtful


def save(rows: Sequence[Submission]) -> None:
    """Keep cells, new or changed, many at once; call it inside `writing()`."""
    fields = Submission._meta.concrete_fields
    connection = connections[store.DATABASE]
    names = ", ".join(f'"{each.column}"' for each in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Not by bulk_create: it sends a few rows at a time, and a gradebook has thousands.
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT OR REPLACE INTO {Submission._meta.db_table} ({names}) VALUES ({marks})",
            [
                [each.get_db_prep_save(getattr(row, each.attname), connection) for each in fields]
                for row in rows
            ],
        )


def _is_changed(
    row: Submission,
    assignment: Assignment | None,
    due: str | None,
    found: Sequence[GradingPeriod],
    grading: CourseGrading,
) -> bool:
    is_assigned = assignment is not None and due is not None
    before = (row.is_assigned, row.due_at, row.grading_period_id, row.score)
    row.is_assigned = is_assigned
    if assignment is not None and due is not None:
        row.due_at, row.grading_period_id = due, periods.at(found, due)
        if row.due_at != before[1]:
            rescore(row, assignment, grading)
        _give_missing(row, assignment, grading)
    return before != (row.is_assigned, row.due_at, row.grading_period_id, row.score)


def _add(
    course: Course,
    work: Mapping[int, Assignment],
    dates: Dates,
    finished: set[int],
    known: set[tuple[int, int]],
    found: Sequence[GradingPeriod],
    grading: CourseGrading,
) -> None:
    wanted = [
        (assignment_id, user_id, due)
        for assignment_id, those in dates.items()
        for user_id, due in those.items()
        if (assignment_id, user_id) not in known and user_id not in finished
    ]
    now = store.now()
    made = []
    for number, (assignment_id, user_id, due) in zip(
        store.next_ids(Submission, len(wanted)), wanted, strict=True
    ):
        row = Submission(
            id=number,
            assignment_id=assignment_id,
            user_id=user_id,
            course_id=course.pk,
            workflow_state="unsubmitted",
            due_at=due,
            grading_period_id=periods.at(found, due),
            anonymous_id=secrets.token_hex(3)[:5],
            created_at=now,
            updated_at=now,
        )
        _give_missing(row, work[assignment_id], grading)
        made.append(row)
    save(made)


def rescore(row: Submission, assignment: Assignment, grading: CourseGrading) -> None:
    """The score and grade that `entered_score` comes to under the late policy."""
    entered = row.entered_score
    given = row.entered_grade or row.grade
    if entered is None:
        row.score, row.grade, row.entered_grade, row.points_deducted = None, "", "", None
        return
    row.points_deducted = None
    score = entered
    if assignment.expects_submission or assignment.new_quiz or row.late_policy_status:
        late_for = lateness.seconds_late(row)
        row.points_deducted = lateness.deduction(grading.late_policy, entered, assignment, late_for)
        is_all = row.points_deducted > entered
        score = min(0.0, entered) if is_all else rounded(entered - row.points_deducted, 4)
    scheme = policies.scheme_for(assignment, grading)
    kind, worth = assignment.grading_type, assignment.points_possible
    row.score = score
    row.grade = grade_of(score, kind, worth, scheme, given)
    row.entered_grade = grade_of(entered, kind, worth, scheme, given)


def _give_missing(row: Submission, assignment: Assignment, grading: CourseGrading) -> None:
    """What the missing policy gives for work that was never handed in."""
    if not grading.late_policy or row.score is not None:
        return
    now = store.now()
    score = lateness.missing_score(grading.late_policy, assignment)
    if score is None or not lateness.is_missing(row, assignment, now):
        return
    row.entered_score = score
    rescore(row, assignment, grading)
    row.workflow_state, row.graded_at = "graded", now
    if not policies.posts_manually(assignment):
        row.posted_at = row.posted_at or now


def rescore_course(course_id: int, only: Iterable[int] | None = None) -> None:
    """Reckon again after a policy, a scheme or an assignment's points changed."""
    grading = policies.of(course_id)
    rows = Submission.objects.filter(course_id=course_id, entered_score__isnull=False)
    if only is not None:
        rows = rows.filter(assignment_id__in=list(only))
    work = Assignment.objects.in_bulk(list(rows.values_list("assignment_id", flat=True).distinct()))
    with writing(course_id):
        changed = []
        for row in rows:
            before = (row.score, row.grade, row.points_deducted)
            rescore(row, work[row.assignment_id], grading)
            if before != (row.score, row.grade, row.points_deducted):
                row.updated_at = store.now()
                changed.append(row)
        save(changed)

"""Giving grades: what becomes of a cell when a person, or a client, grades, excuses or marks it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.canvas import store
from sandbox.canvas.gradebook import lateness, lifecycle, periods, policies, schemes
from sandbox.canvas.gradebook.models import (
    Assignment,
    CourseGrading,
    Grade,
    GradeChange,
    Group,
    Submission,
)
from sandbox.canvas.models import Course
from sandbox.rules import on

LOGGED: Final = ("score", "grade", "excused", "late_policy_status", "posted_at", "workflow_state")


class NotGraded(Exception):
    """Nothing was changed; why, in Canvas's words."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change in a cell; None: this not. `grade` "" takes a grade away."""

    grade: str | None = None
    excuse: bool | None = None
    late_policy_status: str | None = None
    seconds_late: int | None = None
    custom_grade_status_id: int | None = None
    comment: str = ""
    is_provisional: bool = False
    is_final: bool = False


def cell(course: Course, assignment_id: int, user_id: int) -> Submission:
    """The cell. Raises NotGraded where the student is not assigned the work."""
    lifecycle.settle(course)
    return _settled(assignment_id, user_id)


def _settled(assignment_id: int, user_id: int) -> Submission:
    found = Submission.objects.filter(
        assignment_id=assignment_id, user_id=user_id, is_assigned=True
    ).first()
    if found is None:
        raise NotGraded("This student is not assigned to this assignment")
    return found


def grade(
    course: Course, assignment: Assignment, user_id: int, edit: Edit, *, grader_id: int, way: str
) -> Submission:
    """Change the cell, and those of the student's group where they are graded together.

    `way` stands in the grade log: api, page. Raises NotGraded.
    """
    lifecycle.settle(course)
    return _grade(course, assignment, user_id, edit, grader_id=grader_id, way=way)


def _grade(
    course: Course, assignment: Assignment, user_id: int, edit: Edit, *, grader_id: int, way: str
) -> Submission:
    with lifecycle.writing(course.pk):
        row = _settled(assignment.pk, user_id)
        grading = policies.of(course.pk)
        for each in [row, *_companions(course, assignment, user_id)]:
            _change(each, assignment, grading, edit, grader_id=grader_id, way=way)
        if assignment.parent_id:
            add_up(assignment.parent_id, user_id, grading)
    return Submission.objects.get(pk=row.pk)


def _companions(course: Course, assignment: Assignment, user_id: int) -> list[Submission]:
    is_alone = not assignment.group_category_id or assignment.grade_individually
    if is_alone or not on("canvas.graded-together"):
        return []
    for group in Group.objects.filter(category_id=assignment.group_category_id):
        if user_id in group.member_ids:
            others = set(group.member_ids) - {user_id}
            rows = Submission.objects.filter(assignment_id=assignment.pk, is_assigned=True)
            return list(rows.filter(user_id__in=others, course_id=course.pk))
    return []


def _change(
    row: Submission,
    assignment: Assignment,
    grading: CourseGrading,
    edit: Edit,
    *,
    grader_id: int,
    way: str,
) -> None:
    before = logged(row)
    if edit.comment:
        said = {"author_id": grader_id, "comment": edit.comment, "created_at": store.now()}
        row.comments = [*row.comments, said]
    if edit.excuse is not None:
        _excuse(row, grader_id, is_excused=edit.excuse)
    _mark(row, edit)
    if edit.grade is not None and not edit.excuse:
        if is_provisional(assignment) or edit.is_provisional:
            _note_provisional(row, assignment, grading, edit, grader_id)
        else:
            _enter(row, assignment, grading, edit.grade, grader_id)
    lifecycle.rescore(row, assignment, grading)
    if row.is_graded and not row.posted_at and not policies.posts_manually(assignment):
        row.posted_at = store.now()
    row.updated_at = store.now()
    row.save()
    log(row, before, grader_id=grader_id, way=way)


def is_provisional(assignment: Assignment) -> bool:
    """Whether grades of moderated work still wait to be published."""
    waits = assignment.moderated and not assignment.grades_published_at
    return waits and on("canvas.moderated-waits")


def _excuse(row: Submission, grader_id: int, *, is_excused: bool) -> None:
    if row.excused == is_excused:
        return
    row.excused = is_excused
    row.grader_id = grader_id
    if is_excused:
        if on("canvas.excused-has-no-score"):
            row.entered_score = None
        row.late_policy_status = ""
        row.workflow_state = "graded"
    else:
        row.workflow_state = _ungraded_state(row)


def _ungraded_state(row: Submission) -> str:
    return "submitted" if row.submitted_at else "unsubmitted"


def _mark(row: Submission, edit: Edit) -> None:
    if edit.late_policy_status is not None:
        row.late_policy_status = edit.late_policy_status
        row.seconds_late_override = None
        if row.late_policy_status:
            row.excused = False
    if edit.seconds_late is not None:
        row.seconds_late_override = edit.seconds_late
    if edit.custom_grade_status_id is not None:
        row.custom_grade_status_id = edit.custom_grade_status_id


def _enter(
    row: Submission, assignment: Assignment, grading: CourseGrading, text: str, grader_id: int
) -> None:
    """A grade as typed; an empty one takes it away, and a senseless one changes nothing."""
    if not text.strip():
        row.entered_score, row.entered_grade = None, ""
        row.excused, row.grade_matches = False, None
        row.grader_id = grader_id
        row.workflow_state = _ungraded_state(row)
        if on("canvas.cleared-grade"):
            row.graded_at = ""
        return
    score = _score(assignment, grading, text)
    if score is None:
        return
    row.entered_score, row.entered_grade = score, text.strip()
    row.excused, row.grade_matches = False, True
    row.graded_at, row.grader_id = store.now(), grader_id
    row.workflow_state = "graded"


def _score(assignment: Assignment, grading: CourseGrading, text: str) -> float | None:
    if not assignment.is_graded:
        return None
    scheme = policies.scheme_for(assignment, grading)
    return schemes.score_of(text, assignment.grading_type, assignment.points_possible, scheme)


def _note_provisional(
    row: Submission, assignment: Assignment, grading: CourseGrading, edit: Edit, grader_id: int
) -> None:
    score = _score(assignment, grading, edit.grade or "")
    others = [each for each in row.provisional if each["scorer_id"] != grader_id]
    given = {"scorer_id": grader_id, "score": score, "final": edit.is_final}
    row.provisional = others if score is None else [*others, given]


def publish_provisional(course: Course, assignment: Assignment, *, grader_id: int) -> None:
    """The moderator's word: the final grade, else the last one given, becomes the grade."""
    lifecycle.settle(course)
    with store.writing():
        assignment.grades_published_at = store.now()
        assignment.updated_at = store.now()
        assignment.save()
        for row in Submission.objects.filter(assignment_id=assignment.pk, is_assigned=True):
            given = sorted(row.provisional, key=lambda each: each["final"])
            if given:
                text = repr(given[-1]["score"])
                _grade(
                    course, assignment, row.user_id, Edit(text), grader_id=grader_id, way="publish"
                )


def add_up(parent_id: int, user_id: int, grading: CourseGrading) -> None:
    """The score of a checkpointed discussion is the sum of its parts. Call it in `writing()`."""
    parent = Assignment.objects.get(pk=parent_id)
    row = _settled(parent_id, user_id)
    parts = list(
        Submission.objects.filter(
            user_id=user_id,
            assignment_id__in=Assignment.objects.filter(parent_id=parent_id).values("pk"),
        )
    )
    scores = [each.entered_score for each in parts if each.entered_score is not None]
    row.entered_score = sum(scores) if scores else None
    row.excused = bool(parts) and all(each.excused for each in parts)
    is_whole = all(each.is_graded for each in parts) or not on("canvas.checkpoints-pending")
    row.workflow_state = "graded" if is_whole else "pending_review" if scores else "unsubmitted"
    row.graded_at = max((each.graded_at for each in parts), default="")
    row.grade_matches = True if scores else None
    row.grader_id = next((each.grader_id for each in parts if each.grader_id is not None), None)
    lifecycle.rescore(row, parent, grading)
    if row.is_graded and not row.posted_at and not policies.posts_manually(parent):
        row.posted_at = store.now()
    row.updated_at = store.now()
    row.save()


def hand_in(
    course: Course,
    assignment: Assignment,
    user_id: int,
    *,
    kind: str,
    at: str = "",
    body: str = "",
    url: str = "",
) -> Submission:
    """The student's work. A grade given before stays, and no longer matches it."""
    lifecycle.settle(course)
    with lifecycle.writing(course.pk):
        grading = policies.of(course.pk)
        row = _settled(assignment.pk, user_id)
        for each in [row, *_companions(course, assignment, user_id)]:
            if each.attempt:
                each.history = [*each.history, attempt_of(each)]
            each.submitted_at, each.submission_type = at or store.now(), kind
            each.body, each.url, each.attempt = body, url, each.attempt + 1
            is_first = each.score is None and not each.excused
            each.grade_matches = is_first or not on("canvas.resubmitted")
            if not each.excused:
                each.workflow_state = "submitted"
            lifecycle.rescore(each, assignment, grading)
            each.updated_at = store.now()
            each.save()
    return Submission.objects.get(pk=row.pk)


def attempt_of(row: Submission) -> Grade:
    """What is remembered of an attempt when another one follows."""
    names = (
        "attempt", "submitted_at", "submission_type", "body", "url", "score", "grade",
        "entered_score", "entered_grade", "workflow_state", "graded_at", "grader_id",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def logged(row: Submission) -> Grade:
    """What the grade log tells of a cell."""
    return {name: getattr(row, name) for name in LOGGED}


def log(row: Submission, before: Grade, *, grader_id: int | None, way: str) -> None:
    """Write down what a person changed. Call it inside `writing()`."""
    after = logged(row)
    if after != before:
        store.create(
            GradeChange,
            course_id=row.course_id,
            assignment_id=row.assignment_id,
            submission_id=row.pk,
            user_id=row.user_id,
            grader_id=grader_id,
            way=way,
            before=before,
            after=after,
        )


def is_closed(course: Course, row: Submission) -> bool:
    """Whether the cell stands in a closed grading period, where only admins grade."""
    return row.grading_period_id in periods.closed(course)


def checked_status(text: str) -> str:
    """A late policy status as it is kept. Raises NotGraded for an unknown one."""
    if text in {"", "null"}:
        return ""
    if text not in lateness.STATUSES:
        raise NotGraded(f"late_policy_status {text!r} is not included in the list")
    return text


def grade_many(
    course: Course, edits: Iterable[tuple[Assignment, int, Edit]], *, grader_id: int, way: str
) -> list[str]:
    """Many cells at once; why some were not changed."""
    problems = []
    lifecycle.settle(course)
    with lifecycle.writing(course.pk):
        for assignment, user_id, edit in edits:
            try:
                _grade(course, assignment, user_id, edit, grader_id=grader_id, way=way)
            except NotGraded as error:
                problems.append(str(error))
    return problems

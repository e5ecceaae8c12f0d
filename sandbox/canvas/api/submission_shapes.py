"""How submissions look in answers, key by key."""

from collections.abc import Iterable
from typing import Any, Final

from sandbox.canvas import store
from sandbox.canvas.api import shapes
from sandbox.canvas.api.call import Call
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import lateness
from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.models import Course, User

Shown = dict[str, Any]

_PART: Final = (
    "score", "grade", "entered_score", "entered_grade", "excused", "late", "missing",
    "late_policy_status", "seconds_late", "custom_grade_status_id",
    "grade_matches_current_submission", "user_id",
)  # fmt: skip


def submissions(
    call: Call, course: Course, mine: Rights, rows: Iterable[Submission]
) -> list[Shown]:
    """As `include[]`, `response_fields[]` and `exclude_response_fields[]` have them."""
    rows = list(rows)
    wanted = set(call.several("include"))
    work = Assignment.objects.in_bulk({row.assignment_id for row in rows})
    parts = _parts(rows, work)
    extras = _Extras(call, course, mine, rows, work, wanted)
    now = store.now()
    shown = []
    for row in rows:
        item = submission(call, row, work[row.assignment_id], now, mine)
        those = parts.get(row.assignment_id)
        if those is not None:
            item["has_sub_assignment_submissions"] = True
            if "sub_assignment_submissions" in wanted:
                item["sub_assignment_submissions"] = [
                    _part(call, each, part, now, mine)
                    for each, part in those
                    if each.user_id == row.user_id
                ]
        shown.append(trimmed(call, item | extras.of(row)))
    return shown


def _parts(
    rows: list[Submission], work: dict[int, Assignment]
) -> dict[int, list[tuple[Submission, Assignment]]]:
    """The cells of checkpoints, by the assignment they are parts of."""
    topics = [pk for pk, each in work.items() if each.topic_id]
    parts = Assignment.objects.filter(parent_id__in=topics).in_bulk() if topics else {}
    found: dict[int, list[tuple[Submission, Assignment]]] = {
        each.parent_id: [] for each in parts.values()
    }
    users = {row.user_id for row in rows}
    cells = Submission.objects.filter(assignment_id__in=parts, user_id__in=users, is_assigned=True)
    for cell in cells.order_by("id") if parts else ():
        part = parts[cell.assignment_id]
        found[part.parent_id].append((cell, part))
    return found


def _part(call: Call, row: Submission, part: Assignment, now: str, mine: Rights) -> Shown:
    shown = submission(call, row, part, now, mine)
    return {"sub_assignment_tag": part.tag, **{name: shown[name] for name in _PART}}


def trimmed(call: Call, item: Shown) -> Shown:
    """Without what the caller does not want to read."""
    if only := set(call.several("response_fields")):
        item = {name: value for name, value in item.items() if name in only}
    without = set(call.several("exclude_response_fields"))
    return {name: value for name, value in item.items() if name not in without}


def submission(
    call: Call, row: Submission, assignment: Assignment, now: str, mine: Rights
) -> Shown:
    """A student sees no grade that is not posted."""
    shows_grade = mine.may_see_grades or bool(row.posted_at)
    url = f"{call.origin}/courses/{row.course_id}/assignments/{row.assignment_id}"
    shown: Shown = {
        "id": row.pk,
        "user_id": row.user_id,
        "assignment_id": row.assignment_id,
        **_grade(row, shows=shows_grade),
        "excused": row.excused if shows_grade else None,
        "late": lateness.is_late(row),
        "missing": lateness.is_missing(row, assignment, now),
        "late_policy_status": row.late_policy_status or None,
        "seconds_late": lateness.seconds_late(row),
        "custom_grade_status_id": row.custom_grade_status_id or None,
        "workflow_state": row.workflow_state if shows_grade else _ungraded(row),
        "submitted_at": row.submitted_at or None,
        "posted_at": row.posted_at or None,
        "grade_matches_current_submission": row.grade_matches,
        "attempt": row.attempt or None,
        "submission_type": row.submission_type or None,
        "grading_period_id": row.grading_period_id or None,
        "cached_due_date": row.due_at or None,
        "extra_attempts": row.extra_attempts,
        "redo_request": row.redo_request,
        "sticker": None,
        "body": row.body or None,
        "url": row.url or None,
        "preview_url": f"{url}/submissions/{row.user_id}?preview=1&version={row.attempt}",
    }
    if row.submission_type == "online_upload":
        shown["attachments"] = []
    if row.submission_type == "discussion_topic":
        shown["discussion_entries"] = []
    if mine.is_admin and assignment.anonymous:
        shown["anonymous_id"] = row.anonymous_id
    return shown


def _grade(row: Submission, *, shows: bool) -> Shown:
    names = ("score", "grade", "entered_score", "entered_grade", "points_deducted", "grader_id")
    shown: Shown = dict.fromkeys((*names, "graded_at"))
    if shows:
        shown |= {
            "score": row.score,
            "grade": row.grade or None,
            "entered_score": row.entered_score,
            "entered_grade": row.entered_grade or None,
            "points_deducted": row.points_deducted,
            "grader_id": row.grader_id,
            "graded_at": row.graded_at or None,
        }
    return shown


def _ungraded(row: Submission) -> str:
    return "submitted" if row.submitted_at else "unsubmitted"


class _Extras:
    """What `include[]` adds to each row, looked up once."""

    def __init__(
        self,
        call: Call,
        course: Course,
        mine: Rights,
        rows: list[Submission],
        work: dict[int, Assignment],
        wanted: set[str],
    ) -> None:
        self.call, self.course, self.mine, self.wanted = call, course, mine, wanted
        self.users: dict[int, Shown] = {}
        if "user" in wanted:
            people = User.objects.filter(pk__in={row.user_id for row in rows})
            self.users = {one["id"]: one for one in shapes.users(call, people)}
        self.work: dict[int, Shown] = {}
        if "assignment" in wanted:
            from sandbox.canvas.api.assignment_shapes import around, assignment

            known = around(call, course, mine, work.values())
            self.work = {pk: assignment(call, each, known) for pk, each in work.items()}

    def of(self, row: Submission) -> Shown:
        shown: Shown = {}
        if "user" in self.wanted:
            shown["user"] = self.users.get(row.user_id)
        if "assignment" in self.wanted:
            shown["assignment"] = self.work.get(row.assignment_id)
        if "course" in self.wanted:
            shown["course"] = shapes.course(self.course)
        if "visibility" in self.wanted:
            shown["assignment_visible"] = row.is_assigned
        if "submission_comments" in self.wanted:
            shown["submission_comments"] = [
                {"id": place, **said} for place, said in enumerate(row.comments, 1)
            ]
        if "submission_history" in self.wanted:
            now = {"attempt": row.attempt, "submitted_at": row.submitted_at, "score": row.score}
            shown["submission_history"] = [*row.history, {**now, "grade": row.grade}]
        if "rubric_assessment" in self.wanted:
            shown["rubric_assessment"] = {}
        if "student_entered_score" in self.wanted:
            shown["student_entered_score"] = None
        return shown

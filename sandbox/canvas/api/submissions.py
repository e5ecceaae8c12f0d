"""Submissions: in bulk, one by one, and what graders and students write into them."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet

from sandbox.canvas.api import rights
from sandbox.canvas.api.assignment_values import is_true, whole
from sandbox.canvas.api.assignments import course_of, found
from sandbox.canvas.api.call import Call, Refused, not_allowed, not_found
from sandbox.canvas.api.find import find, find_user
from sandbox.canvas.api.gate import Created, Linked
from sandbox.canvas.api.paging import by_bookmark, by_number
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.api.submission_shapes import submissions
from sandbox.canvas.api.totals import total_scores
from sandbox.canvas.gradebook import grading, lateness, lifecycle, periods
from sandbox.canvas.gradebook.audience import STUDENT_TYPES
from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.models import Course, Enrollment, Section
from sandbox.rules import on

MOST_STUDENTS: Final = 100
_STATES: Final = {"active": "active", "concluded": "completed"}


# -- many


def of_course(call: Call, course_id: str = "", section_id: str = "") -> Linked:
    """`…/students/submissions`, of a course or of one section of it."""
    section = find(Section, section_id) if section_id else None
    if section is not None and section.workflow_state == "deleted":
        raise not_found()
    course = course_of(call, str(section.course_id) if section else course_id)
    mine = rights.of(call, course)
    lifecycle.settle(course)
    enrollments = _enrollments(call, course, section)
    users = _users(call, mine, course, enrollments)
    rows = Submission.objects.filter(course_id=course.pk, is_assigned=True, user_id__in=users)
    rows = _chosen(call, course, mine, rows)
    if call.flag("grouped") and on("canvas.by-student"):
        return _grouped(call, course, mine, enrollments.filter(user_id__in=users), rows)

    def shape(call: Call, those: list[Any]) -> Any:
        return submissions(call, course, mine, those)

    order = "graded_at" if call.text("order") == "graded_at" else "id"
    if call.text("order_direction") == "descending":
        names = [f"-{order}", "-id"] if order != "id" else ["-id"]
        return by_number(call, rows.order_by(*names), shape)
    columns = [order, "id"] if order != "id" else ["id"]
    return by_bookmark(call, rows, shape, order=columns)


def _enrollments(call: Call, course: Course, section: Section | None) -> QuerySet[Enrollment]:
    state = call.text("enrollment_state")
    if state and state not in _STATES:
        raise Refused(400, {"error": "invalid enrollment_state"})
    rows = Enrollment.objects.filter(course_id=course.pk, type__in=STUDENT_TYPES)
    rows = rows.exclude(workflow_state__in=["deleted", "rejected"])
    if state:
        rows = rows.filter(workflow_state=_STATES[state])
    if section is not None:
        rows = rows.filter(section_id=section.pk)
    if call.flag("post_to_sis"):
        rows = rows.exclude(sis_import_id=0)
    return rows


def _users(call: Call, mine: Rights, course: Course, enrollments: QuerySet[Enrollment]) -> set[int]:
    """Whose submissions are asked for. Raises Refused for those the caller may not see."""
    visible = mine.visible(course)
    inside = set(enrollments.values_list("user_id", flat=True))
    asked = call.several("student_ids")
    if "all" in asked:
        return inside if visible is None else inside & visible
    if not asked:
        return {mine.user_id} & inside
    if len(asked) > MOST_STUDENTS and on("canvas.too-many-students"):
        raise Refused(400, {"error": "too many students"})
    wanted = {find_user(call, each).pk for each in asked}
    if visible is not None and not wanted <= visible:
        raise not_allowed()
    if not wanted <= inside and not call.text("enrollment_state"):
        raise not_allowed()
    return wanted & inside


def _chosen(
    call: Call, course: Course, mine: Rights, rows: QuerySet[Submission]
) -> QuerySet[Submission]:
    rows = rows.filter(assignment_id__in=_work(call, course))
    for name in ("submitted_since", "graded_since"):
        if (text := call.text(name)) and on("canvas.since"):
            column = name.replace("since", "at")
            rows = rows.filter(**{f"{column}__gt": _since(name, text)}).exclude(**{column: ""})
    if period := call.text("grading_period_id"):
        rows = rows.filter(grading_period_id=_period(course, period))
    if state := call.text("workflow_state"):
        rows = rows.filter(workflow_state=state)
    if not mine.may_see_grades:
        rows = rows.filter(user_id=mine.user_id)
    if not on("canvas.row-before-work"):
        rows = rows.exclude(workflow_state="unsubmitted")
    return rows


def _work(call: Call, course: Course) -> set[int]:
    """The assignments asked for; one that is unknown or unpublished spoils the whole call."""
    published = Assignment.objects.filter(course_id=course.pk, parent_id=0)
    if on("canvas.published-only"):
        published = published.filter(workflow_state="published")
    if call.flag("post_to_sis"):
        published = published.filter(post_to_sis=True)
    known = set(published.values_list("pk", flat=True))
    asked = call.several("assignment_ids")
    if not asked:
        return known
    wanted = {whole(each) for each in asked}
    if not wanted <= known and on("canvas.invalid-assignment-ids"):
        raise Refused(403, {"error": "invalid assignment ids requested"})
    return wanted & known


def _since(name: str, text: str) -> str:
    try:
        return lateness.normal(text)
    except ValueError:
        raise Refused(400, {"errors": {name: f"Invalid datetime for {name}"}}) from None


def _period(course: Course, text: str) -> int:
    number = whole(text)
    if number not in {each.pk for each in periods.of_course(course)}:
        raise Refused(400, {"error": "invalid grading_period_id"})
    return number


def _grouped(
    call: Call,
    course: Course,
    mine: Rights,
    enrollments: QuerySet[Enrollment],
    rows: QuerySet[Submission],
) -> Linked:
    """A list of students, each with the submissions; one row for each enrollment."""
    from sandbox.canvas.api.shapes import logins_of

    with_totals = "total_scores" in call.several("include")

    def shape(call: Call, those: list[Enrollment]) -> list[dict[str, Any]]:
        users = {each.user_id for each in those}
        shown: dict[int, list[dict[str, Any]]] = {}
        chosen = list(rows.filter(user_id__in=users).order_by("id"))
        for row, item in zip(chosen, submissions(call, course, mine, chosen), strict=True):
            shown.setdefault(row.user_id, []).append(item)
        logins = logins_of(users)
        return [
            {
                "user_id": each.user_id,
                "section_id": each.section_id,
                "sis_user_id": getattr(logins.get(each.user_id), "sis_id", "") or None,
                "integration_id": getattr(logins.get(each.user_id), "integration_id", "") or None,
                "submissions": shown.get(each.user_id, []),
                **(total_scores(course, each.user_id) if with_totals else {}),
            }
            for each in those
        ]

    return by_number(call, enrollments.order_by("id"), shape)


# -- of one assignment


def of_assignment(call: Call, course_id: str, assignment_id: str) -> Linked:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    row = found(call, course, mine, assignment_id)
    lifecycle.settle(course)
    rows = Submission.objects.filter(assignment_id=row.pk, is_assigned=True)
    if (visible := mine.visible(course)) is not None:
        rows = rows.filter(user_id__in=visible)
    return by_bookmark(call, rows, lambda call, those: submissions(call, course, mine, those))


def show(call: Call, course_id: str, assignment_id: str, user_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    row = found(call, course, mine, assignment_id)
    cell = _cell(call, course, mine, row, user_id)
    return submissions(call, course, mine, [cell])[0]


def _cell(call: Call, course: Course, mine: Rights, row: Assignment, user_id: str) -> Submission:
    user = find_user(call, user_id)
    visible = mine.visible(course)
    if visible is not None and user.pk not in visible:
        raise not_allowed()
    try:
        return grading.cell(course, row.pk, user.pk)
    except grading.NotGraded:
        raise not_found() from None


def change(call: Call, course_id: str, assignment_id: str, user_id: str) -> Any:
    """Grade, excuse or mark. Raises Refused."""
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    row = found(call, course, mine, assignment_id)
    cell = _cell(call, course, mine, row, user_id)
    sent, said = call.group("submission"), call.group("comment")
    if tag := str(sent.get("sub_assignment_tag") or call.text("sub_assignment_tag")):
        row = _checkpoint(row, tag)
    _need_open(course, mine, cell)
    edit = _edit(sent, str(said.get("text_comment", "")))
    if row.workflow_state != "published" and edit.grade:
        raise not_allowed()
    try:
        grading.grade(course, row, cell.user_id, edit, grader_id=mine.user_id, way="api")
    except grading.NotGraded:
        raise not_found() from None
    cell.refresh_from_db()
    return submissions(call, course, mine, [cell])[0]


def _checkpoint(row: Assignment, tag: str) -> Assignment:
    part = Assignment.objects.filter(parent_id=row.pk, tag=tag).first()
    if part is None:
        raise Refused(400, {"error": "invalid sub_assignment_tag"})
    return part


def _need_open(course: Course, mine: Rights, cell: Submission) -> None:
    if not mine.is_admin and grading.is_closed(course, cell):
        raise not_allowed()


def _edit(sent: dict[str, Any], comment: str) -> grading.Edit:
    status = sent.get("late_policy_status")
    late = sent.get("seconds_late_override")
    try:
        return grading.Edit(
            grade=str(sent["posted_grade"]) if "posted_grade" in sent else None,
            excuse=is_true(sent["excuse"]) if "excuse" in sent else None,
            late_policy_status=None if status is None else grading.checked_status(str(status)),
            seconds_late=None if late is None else whole(late),
            comment=comment,
            is_provisional=is_true(sent.get("provisional")),
            is_final=is_true(sent.get("final")),
        )
    except grading.NotGraded as error:
        raise Refused(400, {"errors": {"late_policy_status": [{"message": str(error)}]}}) from None


def hand_in(call: Call, course_id: str, assignment_id: str) -> Any:
    """A student's own work; graders may hand in for somebody, and say when it was."""
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    row = found(call, course, mine, assignment_id)
    sent = call.group("submission")
    kind = str(sent.get("submission_type", ""))
    if kind not in row.submission_types:
        raise Refused(400, {"message": "Invalid submission[submission_type] given"})
    user_id = mine.user_id
    if sent.get("user_id"):
        mine.need_grades()
        user_id = find_user(call, str(sent["user_id"])).pk
    at = str(sent.get("submitted_at") or "")
    if at:
        mine.need_grades()
        at = _since("submitted_at", at)
    try:
        cell = grading.hand_in(
            course,
            row,
            user_id,
            kind=kind,
            at=at,
            body=str(sent.get("body") or ""),
            url=str(sent.get("url") or ""),
        )
    except grading.NotGraded:
        raise not_allowed() from None
    return Created(submissions(call, course, mine, [cell])[0])


def update_grades(call: Call, course_id: str, assignment_id: str = "") -> Any:
    """`grade_data[student][posted_grade]`, or `grade_data[assignment][student][…]`; a Progress."""
    from sandbox.canvas.api.progress import finished

    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    data = call.group("grade_data")
    by_assignment = {assignment_id: data} if assignment_id else data
    edits = list(_many_edits(call, course, mine, by_assignment))
    problems = grading.grade_many(course, edits, grader_id=mine.user_id, way="api")
    return finished(call, course, "submissions_update", failed=bool(problems))


def _many_edits(
    call: Call, course: Course, mine: Rights, data: dict[str, Any]
) -> Iterable[tuple[Assignment, int, grading.Edit]]:
    for assignment_id, those in data.items():
        row = found(call, course, mine, assignment_id)
        for user_id, sent in those.items() if isinstance(those, dict) else ():
            comment = str(sent.get("text_comment", ""))
            yield row, find_user(call, user_id).pk, _edit(sent, comment)

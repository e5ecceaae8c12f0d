"""The page of one cell of a gradebook: a student's work, its grade, and who changed it."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox.canvas import store
from sandbox.canvas.gradebook import assignments, grading, lateness, posting
from sandbox.canvas.gradebook.models import Assignment, GradeChange, Submission
from sandbox.canvas.gradebook.pages import EXCUSED, back, course_of, entered, no_grader, person
from sandbox.canvas.lti.pages import refused
from sandbox.canvas.models import Course, User

STATUSES: Final = (
    ("", "none"), ("late", "late"), ("missing", "missing"), ("extended", "extended"),
    ("none", "never late"), ("excused", "excused"),
)  # fmt: skip


def cell(request: HttpRequest, number: str, assignment_id: int, user_id: int) -> HttpResponse:
    """Everything of one student's work: grade, status, comments, and who changed what."""
    course = course_of(number)
    assignment = assignments.living(course.pk).filter(pk=assignment_id).first()
    user = User.objects.filter(pk=user_id).first()
    if assignment is None or user is None:
        raise Http404
    try:
        row = grading.cell(course, assignment.pk, user.pk)
    except grading.NotGraded:
        raise Http404 from None
    if why := no_grader(request, course, [user.pk]):
        return refused(request, why)
    if request.method == "POST":
        return _cell_saved(request, course, assignment, row)
    names = dict(User.objects.values_list("pk", "name"))
    changes = GradeChange.objects.filter(submission_id=row.pk).order_by("-id")[:50]
    page = {
        "title": f"{user.name}: {assignment.name}",
        "course": course,
        "assignment": assignment,
        "parts": Assignment.objects.filter(parent_id=assignment.pk),
        "row": row,
        "text": entered(row),
        "status": "excused" if row.excused else row.late_policy_status,
        "statuses": STATUSES,
        "late": lateness.is_late(row),
        "missing": lateness.is_missing(row, assignment, store.now()),
        "changes": [(each, names.get(each.grader_id or 0, "")) for each in changes],
        "problem": request.GET.get("problem", ""),
    }
    return render(request, "canvas/gradebook/cell.html", page)


def _cell_saved(
    request: HttpRequest, course: Course, assignment: Assignment, row: Submission
) -> HttpResponse:
    sent, by = request.POST, person(request)
    match sent.get("do"):
        case "post":
            posting.post(course, assignment, grader_id=by, user_ids=[row.user_id])
        case "hide":
            posting.hide(course, assignment, grader_id=by, user_ids=[row.user_id])
        case "hand-in":
            kind = assignment.submission_types[0] if assignment.submission_types else "none"
            grading.hand_in(course, assignment, row.user_id, kind=kind, body=sent.get("body", ""))
        case _:
            grading.grade_many(course, _cell_edits(sent, assignment, row), grader_id=by, way="page")
    return back(request)


def _cell_edits(
    sent: Any, assignment: Assignment, row: Submission
) -> list[tuple[Assignment, int, grading.Edit]]:
    text, status = sent.get("grade", "").strip(), sent.get("status", "")
    was = "excused" if row.excused else row.late_policy_status
    days = sent.get("days_late", "").strip()
    edit = grading.Edit(
        grade=text if text != entered(row) and text.upper() != EXCUSED else None,
        excuse=_excuse(text, status, was, row),
        late_policy_status=status if status not in (was, "excused") else None,
        seconds_late=round(float(days) * 86_400) if days.replace(".", "", 1).isdigit() else None,
        comment=sent.get("comment", "").strip(),
    )
    of_parts = [
        (part, row.user_id, grading.Edit(grade=given))
        for part in Assignment.objects.filter(parent_id=assignment.pk)
        if (given := sent.get(f"part.{part.tag}", "").strip())
    ]
    return of_parts or [(assignment, row.user_id, edit)]


def _excuse(text: str, status: str, was: str, row: Submission) -> bool | None:
    if text.upper() == EXCUSED and not row.excused:
        return True
    if status != was and "excused" in (status, was):
        return status == "excused"
    return None

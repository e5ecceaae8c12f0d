"""Pages for people: the gradebook of a course as a grid to type into."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.canvas import store
from sandbox.canvas.gradebook import (
    assignments,
    audience,
    course_grades,
    grading,
    kinds,
    lateness,
    lifecycle,
    overriding,
    periods,
    policies,
)
from sandbox.canvas.gradebook.models import Assignment, AssignmentGroup, Submission
from sandbox.canvas.lti.pages import gradebook_menu, navigation, refused
from sandbox.canvas.lti.roles import Standing, standing
from sandbox.canvas.lti.session import acting
from sandbox.canvas.models import Course, User

STUDENTS: Final = 25
COLUMNS: Final = 12
EXCUSED: Final = "EX"


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a long list is shown, and where its neighbours are."""

    number: int
    last: int
    before: str
    after: str


def page_of(request: HttpRequest, name: str, count: int, size: int) -> Page:
    last = max(1, -(-count // size))
    text = request.GET.get(name, "1")
    number = min(max(1, int(text) if text.isdigit() and len(text) < 7 else 1), last)

    def at(other: int) -> str:
        others = {key: value for key, value in request.GET.items() if key not in (name, "problem")}
        return "?" + urlencode({**others, name: other}) if 1 <= other <= last else ""

    return Page(number, last, at(number - 1), at(number + 1))


def person(request: HttpRequest) -> int:
    """Who grades on these pages: whoever is signed in, else the admin."""
    return int(getattr(request, "canvas_user_id", 0) or store.ADMIN_ID)


def standing_of(request: HttpRequest, course: Course) -> Standing | None:
    """Who is signed in, in this course; None where nobody is, and the admin grades."""
    who = acting(request)
    return standing(who.user, course) if who else None


def course_of(number: str) -> Course:
    found = Course.objects.filter(pk=int(number) if number.isdigit() else 0).first()
    if found is None:
        raise Http404
    return found


def back(request: HttpRequest, problem: str = "") -> HttpResponse:
    """To the page again; with what was not done."""
    kept = {name: value for name, value in request.GET.items() if name != "problem"}
    if problem:
        kept["problem"] = problem
    return HttpResponseRedirect(request.path + ("?" + urlencode(kept) if kept else ""))


# -- the grid


def grid(request: HttpRequest, number: str) -> HttpResponse:
    """A row for each student, a column for each assignment, and the course grades."""
    course = course_of(number)
    if request.method == "POST":
        return _saved(request, course)
    place = standing_of(request, course)
    if place and "view_all_grades" not in place.permissions:
        return refused(request, "You cannot see the grades of this course.")
    lifecycle.settle(course)
    shown_period = request.GET.get("period", "")
    period = int(shown_period) if shown_period.isdigit() else 0
    columns = _columns(course, period)
    across = page_of(request, "columns", len(columns), COLUMNS)
    columns = columns[(across.number - 1) * COLUMNS : across.number * COLUMNS]
    people = _students(course, place)
    down = page_of(request, "students", len(people), STUDENTS)
    people = people[(down.number - 1) * STUDENTS : down.number * STUDENTS]
    page = {
        "title": f"Gradebook of {course.name}",
        "course": course,
        "columns": [(each, _worth(each)) for each in columns],
        "rows": _rows(course, people, columns, period),
        "across": across,
        "down": down,
        "periods": periods.of_course(course),
        "period": period,
        "kinds": kinds.KINDS,
        "grading": policies.of(course.pk),
        "problem": request.GET.get("problem", ""),
        "navigation": navigation(request, course),
        **(gradebook_menu(course, place) if place else {}),
    }
    return render(request, "canvas/gradebook/grid.html", page)


def _columns(course: Course, period: int) -> list[Assignment]:
    groups = AssignmentGroup.objects.filter(course_id=course.pk)
    places = dict(groups.values_list("pk", "position"))
    rows = assignments.living(course.pk)
    if period:
        cells = Submission.objects.filter(grading_period_id=period, is_assigned=True)
        rows = rows.filter(pk__in=cells.values("assignment_id"))
    return sorted(rows, key=lambda row: (places.get(row.group_id, 0), row.position, row.pk))


def _worth(assignment: Assignment) -> str:
    """What a column is worth, and how it is shown."""
    points = assignment.points_possible
    worth = "no points" if points is None else f"of {points:g}"
    kind = "" if assignment.grading_type == "points" else f", {assignment.grading_type}"
    return worth + kind + ("" if assignment.is_published else ", unpublished")


def _students(course: Course, place: Standing | None) -> list[User]:
    """Whom this person may see: who is limited to own sections, only those."""
    sections = audience.students_of(course.pk).sections
    own = {each.section_id for each in place.enrollments if each.limit_section} if place else set()
    ids = [user for user, where in sections.items() if not own or own & set(where)]
    return list(User.objects.filter(pk__in=ids).order_by("sortable_name", "id"))


def no_grader(request: HttpRequest, course: Course, students: Iterable[int]) -> str:
    """Why this person may not see these students' grades, or with POST change them; else ""."""
    place = standing_of(request, course)
    if place is None:
        return ""
    wanted = "manage_grades" if request.method == "POST" else "view_all_grades"
    if wanted not in place.permissions:
        return "You cannot see the grades of this course."
    if set(students) - {each.pk for each in _students(course, place)}:
        return "You cannot see the grades of this student."
    return ""


def _rows(
    course: Course, people: list[User], columns: list[Assignment], period: int
) -> list[dict[str, Any]]:
    cells = Submission.objects.filter(
        course_id=course.pk,
        is_assigned=True,
        user_id__in=[each.pk for each in people],
        assignment_id__in=[each.pk for each in columns],
    )
    known = {(row.user_id, row.assignment_id): row for row in cells}
    grades = course_grades.of_course(course, period)
    now = store.now()
    return [
        {
            "user": each,
            "cells": [_shown(known.get((each.pk, one.pk)), one, now) for one in columns],
            "grades": grades.get(each.pk, course_grades.NONE),
        }
        for each in people
    ]


def _shown(row: Submission | None, assignment: Assignment, now: str) -> dict[str, Any] | None:
    if row is None:
        return None
    marks = []
    if row.late_policy_status == "extended":
        marks.append("extended")
    if lateness.is_late(row):
        marks.append("late")
    if lateness.is_missing(row, assignment, now):
        marks.append("missing")
    if row.workflow_state in {"submitted", "pending_review"}:
        marks.append("resubmitted" if row.grade_matches is False else "to grade")
    if row.is_graded and not row.posted_at:
        marks.append("hidden")
    if row.points_deducted:
        marks.append(f"−{row.points_deducted:g}")
    return {
        "row": row,
        "text": entered(row),
        "grade": row.grade,
        "marks": marks,
        "assignment": assignment,
    }


def entered(row: Submission) -> str:
    """What stands in the field of a cell."""
    return EXCUSED if row.excused else row.entered_grade


def _saved(request: HttpRequest, course: Course) -> HttpResponse:
    """What was typed into cells and overrides; those left as they were are left alone."""
    period_text = request.GET.get("period", "")
    period = int(period_text) if period_text.isdigit() else 0
    edits: list[tuple[Assignment, int, grading.Edit]] = []
    for name, was in request.POST.items():
        kind, _, which = name.partition(".")
        text = str(request.POST.get(f"now.{which}", was)).strip()
        if kind != "was" or text == was:
            continue
        assignment_id, _, user_id = which.partition(".")
        row = assignments.living(course.pk).filter(pk=int(assignment_id)).first()
        if row is not None:
            edits.append((row, int(user_id), edit_of(text)))
    people = {user_id for _, user_id, _ in edits} | _overridden(request)
    if why := no_grader(request, course, people):
        return refused(request, why)
    problems = grading.grade_many(course, edits, grader_id=person(request), way="page")
    problems += _override(request, course, period)
    return back(request, "; ".join(problems))


def edit_of(text: str) -> grading.Edit:
    """As people write: a grade, EX for excused, nothing for no grade."""
    return grading.Edit(excuse=True) if text.upper() == EXCUSED else grading.Edit(grade=text)


def _overridden(request: HttpRequest) -> set[int]:
    """Whose course grade was typed over."""
    names = (name.partition(".") for name in request.POST)
    return {
        int(user_id)
        for kind, _, user_id in names
        if kind == "override"
        and str(request.POST[f"override.{user_id}"]).strip()
        != request.POST.get(f"override-was.{user_id}")
    }


def _override(request: HttpRequest, course: Course, period: int) -> list[str]:
    problems = []
    for user_id in sorted(_overridden(request)):
        text = str(request.POST[f"override.{user_id}"]).strip()
        try:
            score = float(text) if text else None
        except ValueError:
            problems.append(f"{text!r} is no percentage")
            continue
        overriding.override(course, user_id, score, period_id=period)
    return problems

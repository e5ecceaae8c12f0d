"""Test control of gradebooks; no part of what Canvas offers."""

import json
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.canvas import mishaps, store
from sandbox.canvas.gradebook import audience, fill, grading, kinds, lifecycle, policies
from sandbox.canvas.gradebook.assignments import Invalid
from sandbox.canvas.gradebook.models import Assignment, Submission
from sandbox.canvas.lti import cast
from sandbox.canvas.models import Course, Enrollment

Asked = dict[str, Any]


def _courses(wanted: str) -> list[Course]:
    """By id, by SIS id, `all` that have a student, or the one to `act-as` somebody in."""
    if wanted == "act-as":
        with store.writing():
            return [cast.course_to_act_in()]
    living = Course.objects.exclude(workflow_state="deleted").order_by("id")
    if wanted == "all":
        inside = Enrollment.objects.filter(
            type="StudentEnrollment", workflow_state__in=["active", "invited"]
        )
        return list(living.filter(pk__in=inside.values("course_id")))
    if wanted.isdigit():
        return list(living.filter(pk=int(wanted)))
    return list(living.filter(sis_id=wanted))


@require_POST
def fill_courses(request: HttpRequest) -> HttpResponse:
    """`{"course", "assignments", "seed", "graded", "periods", "test_student"}`; for a new course
    `students` in place of `course`."""
    asked: Asked = json.loads(request.body or b"{}")
    started = time.monotonic()
    if "course" in asked:
        courses = _courses(str(asked["course"]))
    else:
        name = str(asked.get("sis_course_id") or f"invented-{store.generation()}")
        courses = [fill.make_course(name, int(asked.get("students", 30)))]
    if not courses:
        return JsonResponse({"error": "there is no such course"}, status=404)
    if asked.get("test_student"):
        for course in courses:
            fill.add_test_student(course)
    filled = [
        fill.fill(
            course,
            count=int(asked.get("assignments", 12)),
            seed=int(asked.get("seed", 1)),
            is_graded=bool(asked.get("graded", True)),
            with_periods=bool(asked.get("periods", True)),
        )
        for course in courses
    ]
    shown = [asdict(each) for each in filled]
    return JsonResponse({"courses": shown, "seconds": round(time.monotonic() - started, 3)})


@require_POST
def add_assignment(request: HttpRequest) -> HttpResponse:
    """`{"course", "kind", "due_at"?, …columns}`: one of a kind; the kinds where it is unknown."""
    asked: Asked = json.loads(request.body)
    found = _courses(str(asked.pop("course", "")))
    kind = asked.pop("kind", "")
    if not found or kind not in kinds.KINDS:
        known = {name: each.label for name, each in kinds.KINDS.items()}
        return JsonResponse({"error": "no such course or kind", "kinds": known}, status=400)
    due = datetime.fromisoformat(asked.pop("due_at", "2026-10-01T23:59:59Z"))
    students = audience.students_of(found[0].pk)
    try:
        with store.writing():
            made = fill.add(found[0], kind, due, students, **asked)
    except Invalid as error:
        return JsonResponse({"error": f"{error.attribute} {error.message}"}, status=400)
    return JsonResponse({"id": made.pk, "name": made.name})


@require_http_methods(["PUT"])
def change_cell(request: HttpRequest) -> HttpResponse:
    """`{"assignment_id", "user_id", …columns}`: a cell in any state; nothing follows from it but
    that score and grade are reckoned from `entered_score`."""
    asked: Asked = json.loads(request.body)
    assignment = Assignment.objects.filter(pk=asked.pop("assignment_id")).first()
    if assignment is None:
        return JsonResponse({"error": "there is no such assignment"}, status=404)
    course = Course.objects.get(pk=assignment.course_id)
    known = {each.name for each in Submission._meta.concrete_fields}
    if unknown := asked.keys() - known:
        return JsonResponse({"error": f"no columns: {sorted(unknown)}"}, status=400)
    with store.writing():
        try:
            row = grading.cell(course, assignment.pk, asked.pop("user_id"))
        except grading.NotGraded as error:
            return JsonResponse({"error": str(error)}, status=404)
        for name, value in asked.items():
            setattr(row, name, value)
        lifecycle.rescore(row, assignment, policies.of(course.pk))
        row.updated_at = store.now()
        row.save()
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
def sis(request: HttpRequest) -> HttpResponse:
    """`{"enabled": false}`: /api/sis is answered as without a SIS integration."""
    if json.loads(request.body)["enabled"]:
        mishaps.sis_grades_allowed.set()
    else:
        mishaps.sis_grades_allowed.clear()
    return HttpResponse(status=204)


urlpatterns = [
    path("fill", fill_courses),
    path("assignments", add_assignment),
    path("submissions", change_cell),
    path("sis", sis),
]

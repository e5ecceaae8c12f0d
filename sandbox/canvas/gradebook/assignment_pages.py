"""Pages for people: one assignment, and a new one of any kind."""

from datetime import timedelta
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sandbox.canvas import store
from sandbox.canvas.gradebook import (
    assignments,
    audience,
    fill,
    grading,
    kinds,
    lateness,
    policies,
    posting,
    schemes,
)
from sandbox.canvas.gradebook.models import Assignment, AssignmentGroup, Override
from sandbox.canvas.gradebook.pages import back, course_of, person
from sandbox.canvas.models import Course, Section

FLAGS: Final = (
    ("omit_from_final_grade", "Do not count in the final grade"),
    ("post_manually", "Post grades by hand"),
    ("post_to_sis", "Sync to SIS"),
    ("only_visible_to_overrides", "Only for those with an override"),
    ("anonymous", "Graded anonymously"),
    ("moderated", "Moderated"),
    ("hide_in_gradebook", "Hidden in the gradebook"),
)


def assignment(request: HttpRequest, number: str, assignment_id: int) -> HttpResponse:
    """One assignment, to be edited, published, posted, hidden, deleted."""
    course = course_of(number)
    row = assignments.living(course.pk).filter(pk=assignment_id).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        return _saved(request, course, row)
    sections = Section.objects.filter(course_id=course.pk).exclude(workflow_state="deleted")
    page = {
        "title": row.name,
        "course": course,
        "row": row,
        "groups": AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active"),
        "grading_types": sorted(schemes.GRADING_TYPES),
        "flags": [(name, label, getattr(row, name)) for name, label in FLAGS],
        "sections": sections.order_by("id"),
        "overrides": Override.objects.filter(assignment_id=row.pk, workflow_state="active"),
        "parts": Assignment.objects.filter(parent_id=row.pk),
        "posts_manually": policies.posts_manually(row),
        "problem": request.GET.get("problem", ""),
    }
    return render(request, "canvas/gradebook/assignment.html", page)


def _saved(request: HttpRequest, course: Course, row: Assignment) -> HttpResponse:
    sent, by = request.POST, person(request)
    chosen = [int(each) for each in sent.getlist("section") if each.isdigit()] or None
    try:
        match sent.get("do"):
            case "delete":
                assignments.delete(row)
                return HttpResponseRedirect(f"/courses/{course.pk}/gradebook")
            case "post" | "post-graded" as which:
                only = which == "post-graded"
                posting.post(course, row, grader_id=by, graded_only=only, section_ids=chosen)
            case "hide":
                posting.hide(course, row, grader_id=by, section_ids=chosen)
            case "publish-moderated":
                grading.publish_provisional(course, row, grader_id=by)
            case "override":
                assignments.add_override(course, row, _override(sent))
            case "remove-override":
                found = Override.objects.filter(assignment_id=row.pk, pk=sent["override"]).first()
                if found:
                    assignments.delete_override(found)
            case _:
                assignments.change(row, _values(sent))
    except assignments.Invalid as error:
        return back(request, f"{error.attribute}: {error.message}")
    return back(request)


def _override(sent: Any) -> dict[str, Any]:
    return {"course_section_id": sent.get("section"), "due_at": sent.get("due_at", "").strip()}


def _values(sent: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": sent.get("name", "").strip(),
        "points_possible": _points(sent.get("points_possible", "")),
        "due_at": sent.get("due_at", "").strip(),
        "grading_type": sent.get("grading_type", "points"),
        "workflow_state": "published" if sent.get("published") else "unpublished",
        **{name: bool(sent.get(name)) for name, _ in FLAGS},
    }
    if sent.get("group_id", "").isdigit():
        values["group_id"] = int(sent["group_id"])
    return values


def _points(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise assignments.Invalid("points_possible", "is not a number") from None


def new(request: HttpRequest, number: str) -> HttpResponse:
    """The form on the gradebook page: an assignment of a kind, or a whole gradebook."""
    course = course_of(number)
    where = f"/courses/{course.pk}/gradebook"
    if request.method != "POST":
        return HttpResponseRedirect(where)
    sent = request.POST
    if sent.get("do") == "fill":
        fill.fill(course)
        return HttpResponseRedirect(where)
    kind = sent.get("kind", "online")
    if kind not in kinds.KINDS:
        raise Http404
    try:
        due = lateness.moment(lateness.normal(sent.get("due_at", "").strip()))
        others = {"name": name} if (name := sent.get("name", "").strip()) else {}
        with store.writing():
            made = fill.add(
                course,
                kind,
                due or store.moment() + timedelta(days=7),
                audience.students_of(course.pk),
                number=assignments.living(course.pk).count(),
                **others,
            )
    except (assignments.Invalid, ValueError) as error:
        return HttpResponseRedirect(f"{where}?problem={error}")
    return HttpResponseRedirect(f"{where}/assignments/{made.pk}")

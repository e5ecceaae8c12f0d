"""Pages for people: how a course grades, its grading periods, its sections."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox.canvas import edits, store
from sandbox.canvas.gradebook import (
    assignments,
    fill,
    lateness,
    lifecycle,
    periods,
    policies,
    posting,
)
from sandbox.canvas.gradebook.models import AssignmentGroup, GradingPeriod, GradingStandard
from sandbox.canvas.gradebook.pages import back, course_of
from sandbox.canvas.models import Course, Section

FLAGS: Final = (
    ("group_weights", "Weigh assignment groups"),
    ("allow_final_grade_override", "Final grades may be overridden"),
    ("hide_final_grades", "Hide totals from students"),
)


def settings(request: HttpRequest, number: str) -> HttpResponse:
    """Weights, drop rules, late policy, post policy, periods, cross-listing."""
    course = course_of(number)
    if request.method == "POST":
        problem = _saved(request, course)
        return back(request, problem)
    grading = policies.of(course.pk)
    homes = Course.objects.in_bulk(
        [each.nonxlist_course_id for each in _sections(course) if each.nonxlist_course_id]
    )
    page = {
        "title": f"Gradebook settings of {course.name}",
        "course": course,
        "grading": grading,
        "flags": [(name, label, getattr(grading, name)) for name, label in FLAGS],
        "policy": {**lateness.DEFAULTS, **grading.late_policy},
        "intervals": list(lateness.INTERVALS),
        "standards": GradingStandard.objects.filter(workflow_state="active"),
        "groups": AssignmentGroup.objects.filter(
            course_id=course.pk, workflow_state="active"
        ).order_by("position", "id"),
        "set": periods.set_of(course),
        "periods": [(each, periods.is_closed(each)) for each in periods.of_course(course)],
        "sections": [(each, homes.get(each.nonxlist_course_id)) for each in _sections(course)],
        "problem": request.GET.get("problem", ""),
    }
    return render(request, "canvas/gradebook/settings.html", page)


def _sections(course: Course) -> list[Section]:
    rows = Section.objects.filter(course_id=course.pk).exclude(workflow_state="deleted")
    return list(rows.order_by("id"))


def _saved(request: HttpRequest, course: Course) -> str:
    sent = request.POST
    try:
        match sent.get("do"):
            case "group":
                _save_group(course, sent)
            case "periods":
                with store.writing():
                    fill.add_periods(course)
            case "period":
                _save_period(course, sent)
            case "cross-list":
                return _cross_list(course, sent)
            case "take-back":
                found = Section.objects.filter(course_id=course.pk, pk=sent["section"]).first()
                if found:
                    edits.take_back(found)
            case _:
                _save_settings(course, sent)
    except ValueError as error:
        return str(error)
    return ""


def _save_settings(course: Course, sent: Any) -> None:
    manual = bool(sent.get("post_manually"))
    if manual != policies.of(course.pk).post_manually:
        posting.set_course_policy(course, is_manual=manual)
    policy: dict[str, Any] = dict(policies.of(course.pk).late_policy)
    for name, default in lateness.DEFAULTS.items():
        if isinstance(default, bool):
            policy[name] = bool(sent.get(name))
        elif isinstance(default, float):
            policy[name] = float(sent.get(name) or 0)
        else:
            policy[name] = sent.get(name, default)
    standard = sent.get("grading_standard_id", "0")
    policies.change(
        course.pk,
        late_policy=policy,
        grading_standard_id=int(standard) if standard.isdigit() else 0,
        **{name: bool(sent.get(name)) for name, _ in FLAGS},
    )
    lifecycle.rescore_course(course.pk)


def _save_group(course: Course, sent: Any) -> None:
    values = {
        "name": sent.get("name", "").strip() or "Assignments",
        "group_weight": float(sent.get("group_weight") or 0),
        "rules": {
            name: int(sent[name])
            for name in ("drop_lowest", "drop_highest")
            if sent.get(name, "").isdigit() and sent[name] != "0"
        },
    }
    found = AssignmentGroup.objects.filter(course_id=course.pk, pk=sent.get("group") or 0).first()
    if found is None:
        assignments.add_group(course, values)
        return
    never = found.rules.get("never_drop")
    if never:
        values["rules"]["never_drop"] = never
    assignments.change_group(found, values)


def _save_period(course: Course, sent: Any) -> None:
    found = GradingPeriod.objects.filter(pk=sent.get("period") or 0).first()
    if found is None:
        return
    with store.writing():
        for name in ("start_date", "end_date", "close_date"):
            setattr(found, name, lateness.normal(sent.get(name, "").strip()))
        found.title = sent.get("title", "").strip() or found.title
        found.save()


def _cross_list(course: Course, sent: Any) -> str:
    section = Section.objects.filter(course_id=course.pk, pk=sent.get("section") or 0).first()
    text = sent.get("into", "").strip()
    rows = Course.objects.exclude(workflow_state="deleted")
    into = rows.filter(pk=int(text)).first() if text.isdigit() else rows.filter(sis_id=text).first()
    if section is None or into is None or into.pk == course.pk:
        return f"There is no other course {text!r}"
    edits.cross_list(section, into)
    return ""

"""How a course grades: settings, late policy, grading schemes, final grade overrides."""

from typing import Any, Final

from sandbox.canvas import store
from sandbox.canvas.api import nested, rights
from sandbox.canvas.api.assignment_values import is_true, number, whole
from sandbox.canvas.api.assignments import course_of
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.api.find import find, find_user
from sandbox.canvas.api.gate import Created, Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.api.progress import finished
from sandbox.canvas.gradebook import lateness, lifecycle, overriding, policies
from sandbox.canvas.gradebook.models import (
    CourseGrading,
    CustomGradeStatus,
    FinalOverride,
    GradeChange,
    GradingStandard,
)
from sandbox.canvas.models import Account, Course

Shown = dict[str, Any]

_FLAGS: Final = {
    "allow_final_grade_override": "allow_final_grade_override",
    "hide_final_grades": "hide_final_grades",
    "hide_distribution_graphs": "hide_distribution_graphs",
}


# -- settings


def settings(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    return _shown_settings(policies.of(course.pk))


def _shown_settings(row: CourseGrading) -> Shown:
    return {
        "allow_final_grade_override": row.allow_final_grade_override,
        "grading_standard_enabled": bool(row.grading_standard_id),
        "grading_standard_id": row.grading_standard_id or None,
        "hide_final_grades": row.hide_final_grades,
        "hide_distribution_graphs": row.hide_distribution_graphs,
        "allow_student_discussion_topics": True,
        "restrict_quantitative_data": False,
    }


def change_settings(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_content()
    sent = call.tree
    values: dict[str, Any] = {
        column: is_true(sent[name]) for name, column in _FLAGS.items() if name in sent
    }
    if "grading_standard_id" in sent:
        values["grading_standard_id"] = whole(sent["grading_standard_id"])
    row = policies.change(course.pk, **values)
    lifecycle.rescore_course(course.pk)
    return _shown_settings(row)


# -- late policy


def late_policy(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_grades()
    row = policies.of(course.pk)
    if not row.late_policy:
        raise not_found()
    return _shown_late_policy(course, row)


def _shown_late_policy(course: Course, row: CourseGrading) -> Shown:
    known = {**lateness.DEFAULTS, **row.late_policy}
    return {"late_policy": {"id": course.pk, "course_id": course.pk, **known}}


def add_late_policy(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_content()
    if policies.of(course.pk).late_policy:
        raise Refused(400, {"errors": {"base": [{"message": "late policy already exists"}]}})
    return Created(_shown_late_policy(course, _put_late_policy(call, course)))


def change_late_policy(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_content()
    if not policies.of(course.pk).late_policy:
        raise not_found()
    _put_late_policy(call, course)
    return {}


def _put_late_policy(call: Call, course: Course) -> CourseGrading:
    values: dict[str, Any] = {}
    for name, value in call.group("late_policy").items():
        default = lateness.DEFAULTS.get(name)
        if isinstance(default, bool):
            values[name] = is_true(value)
        elif isinstance(default, float):
            values[name] = number(value) or 0.0
        elif name in lateness.DEFAULTS:
            values[name] = str(value)
    if values.get("late_submission_interval", "day") not in lateness.INTERVALS:
        said = {"message": "is not included in the list"}
        raise Refused(400, {"errors": {"late_submission_interval": [said]}})
    known = policies.of(course.pk).late_policy
    row = policies.change(course.pk, late_policy={**lateness.DEFAULTS, **known, **values})
    lifecycle.rescore_course(course.pk)
    return row


# -- grading schemes


def standards(call: Call, course_id: str = "", account_id: str = "") -> Linked:
    rows = GradingStandard.objects.filter(workflow_state="active").order_by("id")
    if course_id:
        course = course_of(call, course_id)
        mine = rows.filter(course_id=course.pk)
        rows = mine | rows.filter(course_id=0)
    else:
        call.need_admin()
        rows = rows.filter(account_id=find(Account, account_id).pk)
    return by_number(call, rows, lambda call, those: [_standard(one) for one in those])


def _standard(row: GradingStandard) -> Shown:
    return {
        "id": row.pk,
        "title": row.title,
        "context_type": "Course" if row.course_id else "Account",
        "context_id": row.course_id or row.account_id,
        "grading_scheme": [{"name": name, "value": share} for name, share in row.scheme],
        "points_based": False,
        "scaling_factor": 1.0,
    }


def show_standard(call: Call, standard_id: str, course_id: str = "", account_id: str = "") -> Any:
    course_of(call, course_id) if course_id else call.need_admin()
    row = GradingStandard.objects.filter(pk=whole(standard_id), workflow_state="active").first()
    if row is None:
        raise not_found()
    return _standard(row)


def add_standard(call: Call, course_id: str = "", account_id: str = "") -> Any:
    """`grading_scheme_entry[][name]` and `[value]`, the lowest percentage of each."""
    where: dict[str, int] = {}
    if course_id:
        course = course_of(call, course_id)
        rights.of(call, course).need_content()
        where = {"course_id": course.pk}
    else:
        call.need_admin()
        where = {"account_id": find(Account, account_id).pk}
    entries = nested.listed(call.tree.get("grading_scheme_entry"))
    scheme = [[str(each["name"]), float(each["value"]) / 100] for each in entries]
    if not scheme or not call.text("title"):
        raise Refused(400, {"errors": {"title": [{"message": "title and entries are required"}]}})
    scheme.sort(key=lambda each: -float(each[1]))
    with store.writing():
        made = store.create(GradingStandard, title=call.text("title"), scheme=scheme, **where)
    return _standard(made)


# -- final grade overrides, statuses, the grade log


def final_overrides(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_grades()
    shown: dict[str, Any] = {}
    for row in FinalOverride.objects.filter(course_id=course.pk):
        mine = shown.setdefault(str(row.user_id), {})
        if row.grading_period_id:
            those = mine.setdefault("grading_period_grades", {})
            those[str(row.grading_period_id)] = {"percentage": row.score}
        else:
            mine["course_grade"] = {"percentage": row.score}
    return {"final_grade_overrides": shown}


def change_final_overrides(call: Call, course_id: str) -> Any:
    """`grade_overrides[]` of `student_id` and `override_score`; an empty score takes it away."""
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_grades()
    if not policies.of(course.pk).allow_final_grade_override:
        raise Refused(400, {"error": "Final grade override is not enabled"})
    period = whole(call.text("grading_period_id") or 0)
    for sent in nested.listed(call.tree.get("grade_overrides")):
        user = find_user(call, str(sent.get("student_id", "")))
        score = number(sent.get("override_score", ""))
        overriding.override(course, user.pk, score, period_id=period)
    return finished(call, course, "override_grade_update")


def statuses(call: Call, account_id: str) -> Any:
    account = find(Account, account_id)
    rows = CustomGradeStatus.objects.filter(account_id=account.pk).order_by("id")
    return [{"id": str(row.pk), "name": row.name, "color": row.color} for row in rows]


def grade_log(call: Call, course_id: str) -> Linked:
    """Canvas's audit of grade changes, newest first."""
    course = course_of(call, course_id)
    rights.of(call, course).need_grades()
    rows = GradeChange.objects.filter(course_id=course.pk).order_by("-id")
    return by_number(call, rows, _events, root="events")


def _events(call: Call, rows: list[GradeChange]) -> list[Shown]:
    return [
        {
            "id": str(row.pk),
            "created_at": row.created_at,
            "event_type": "grade_change",
            "excused_after": row.after["excused"],
            "excused_before": row.before["excused"],
            "grade_after": row.after["grade"] or None,
            "grade_before": row.before["grade"] or None,
            "version_number": row.pk,
            "links": {
                "assignment": row.assignment_id,
                "course": row.course_id,
                "student": str(row.user_id),
                "grader": str(row.grader_id or ""),
            },
        }
        for row in rows
    ]

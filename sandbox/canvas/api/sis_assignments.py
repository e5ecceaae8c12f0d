"""What Canvas offers an SIS at /api/sis: the assignments to be synced, section by section."""

from collections.abc import Iterable
from typing import Any

from sandbox.canvas import mishaps, store
from sandbox.canvas.api import rights
from sandbox.canvas.api.accounts import descendants
from sandbox.canvas.api.assignment_values import whole
from sandbox.canvas.api.assignments import course_of
from sandbox.canvas.api.call import Call, Refused
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.api.shapes import logins_of
from sandbox.canvas.gradebook import audience, lifecycle, periods
from sandbox.canvas.gradebook.models import Assignment, AssignmentGroup, Override, Submission
from sandbox.canvas.models import Account, Course, Section
from sandbox.rules import on

Shown = dict[str, Any]

_DATES = ("due_at", "unlock_at", "lock_at")
NOT_ENABLED = (
    "A SIS integration is not configured and the bulk SIS Grade Export feature is not enabled"
)

UNPUBLISHED = "Grade data is not available for non-published courses"


def of_course(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rights.of(call, course).need_grades()
    _need_enabled()
    if course.workflow_state not in {"available", "completed"}:
        raise Refused(400, {"code": "unpublished_course", "error": UNPUBLISHED})
    return _page(call, [course.pk])


def of_account(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    _need_enabled()
    courses = Course.objects.filter(
        account_id__in={account.pk, *descendants(account.pk)}, workflow_state="available"
    )
    if before := call.text("starts_before"):
        courses = courses.filter(start_at__lt=before)
    if after := call.text("ends_after"):
        courses = courses.exclude(end_at__lt=after, end_at__gt="")
    return _page(call, list(courses.values_list("pk", flat=True)))


def _need_enabled() -> None:
    if not mishaps.sis_grades_allowed.is_set():
        raise Refused(400, {"code": "not_enabled", "error": NOT_ENABLED})


def _page(call: Call, courses: list[int]) -> Linked:
    rows = Assignment.objects.filter(course_id__in=courses, workflow_state="published", parent_id=0)
    if on("canvas.sis-assignments"):
        rows = rows.filter(post_to_sis=True)
    return by_number(call, rows.order_by("id"), _shape)


def _shape(call: Call, rows: list[Assignment]) -> list[Shown]:
    ids = {row.course_id for row in rows}
    sections: dict[int, list[Section]] = {}
    living = Section.objects.filter(course_id__in=ids).exclude(workflow_state="deleted")
    for one in living.order_by("id"):
        sections.setdefault(one.course_id, []).append(one)
    origins = {one.nonxlist_course_id for those in sections.values() for one in those}
    courses = Course.objects.in_bulk({*ids, *origins})
    groups = AssignmentGroup.objects.in_bulk({row.group_id for row in rows})
    overrides = audience.overrides_of(rows)
    with_students = "student_overrides" in call.several("include")
    shown = []
    for row in rows:
        those = overrides.get(row.pk, [])
        item = _assignment(row, groups.get(row.group_id))
        item["sections"] = [
            _section(one, row, courses, those) for one in sections.get(row.course_id, ())
        ]
        if with_students:
            item["user_overrides"] = [_of_students(one) for one in those if one.student_ids]
        shown.append(item)
    return shown


def _assignment(row: Assignment, group: AssignmentGroup | None) -> Shown:
    return {
        "id": row.pk,
        "course_id": row.course_id,
        "name": row.name,
        "created_at": row.created_at,
        **{name: getattr(row, name) or None for name in _DATES},
        "points_possible": row.points_possible,
        "submission_types": row.submission_types,
        "integration_id": row.integration_id or None,
        "integration_data": row.integration_data,
        "include_in_final_grade": not row.omit_from_final_grade,
        "assignment_group": {
            "id": group.pk,
            "name": group.name,
            "group_weight": group.group_weight,
            "sis_source_id": group.sis_source_id or None,
            "integration_data": group.integration_data,
        }
        if group
        else None,
    }


def _section(
    one: Section, row: Assignment, courses: dict[int, Course], overrides: Iterable[Override]
) -> Shown:
    home = courses.get(one.nonxlist_course_id or one.course_id)
    shown: Shown = {
        "id": one.pk,
        "name": one.name,
        "sis_id": one.sis_id or None,
        "integration_id": one.integration_id or None,
        "origin_course": _named(home),
    }
    if one.nonxlist_course_id:
        shown["xlist_course"] = _named(courses.get(one.course_id))
    for each in overrides:
        if each.set_type == "CourseSection" and each.set_id == one.pk:
            dates = {name: each.dates.get(name, getattr(row, name)) or None for name in _DATES}
            shown["override"] = {"override_title": each.title, **dates}
    return shown


def _named(course: Course | None) -> Shown | None:
    if course is None:
        return None
    return {
        "id": course.pk,
        "name": course.name,
        "sis_id": course.sis_id or None,
        "integration_id": course.integration_id or None,
    }


def _of_students(one: Override) -> Shown:
    logins = logins_of(one.student_ids)
    return {
        "id": one.pk,
        "title": one.title,
        **{name: value or None for name, value in one.dates.items()},
        "students": [
            {
                "user_id": user,
                "sis_user_id": (logins[user].sis_id or None) if user in logins else None,
            }
            for user in one.student_ids
        ],
    }


def disable(call: Call, course_id: str) -> Any:
    """No assignment of the course, or of one grading period, is to be synced any more."""
    course = course_of(call, course_id)
    if not rights.of(call, course).may_see_grades:
        raise Refused(401, {"status": "unauthorized"})
    rows = Assignment.objects.filter(course_id=course.pk, post_to_sis=True)
    if text := call.text("grading_period_id"):
        if whole(text) not in {each.pk for each in periods.of_course(course)}:
            said = "The Grading Period cannot be found"
            raise Refused(400, {"code": "not_found", "error": said})
        lifecycle.settle(course)
        cells = Submission.objects.filter(grading_period_id=whole(text), is_assigned=True)
        rows = rows.filter(pk__in=cells.values("assignment_id"))
    with store.writing():
        rows.update(post_to_sis=False, updated_at=store.now())
    raise Refused(204, "")

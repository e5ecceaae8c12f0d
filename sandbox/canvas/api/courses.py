"""Courses and sections."""

from typing import Any

from django.db.models import Q, QuerySet

from sandbox.canvas import edits, store
from sandbox.canvas.api import shapes
from sandbox.canvas.api.accounts import descendants
from sandbox.canvas.api.call import Call, Refused, not_found
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_bookmark
from sandbox.canvas.gradebook import policies
from sandbox.canvas.models import Account, Course, Enrollment, Section, Term

_STATES = {"created": "claimed", "claimed": "claimed", "unpublished": "claimed"}


def in_account(call: Call, account_id: str) -> Linked:
    account = find(Account, account_id)
    call.need_admin()
    rows = Course.objects.all()
    if account.pk != store.ROOT_ACCOUNT_ID:
        rows = rows.filter(account_id__in=[account.pk, *descendants(account.pk)])
    return by_bookmark(call, _chosen(call, rows), shapes.courses)


def _chosen(call: Call, rows: QuerySet[Course]) -> QuerySet[Course]:
    states = call.several("state")
    if "all" not in states:
        wanted = {_STATES.get(state, state) for state in states}
        wanted = wanted or {"claimed", "available", "completed"}
        rows = rows.filter(workflow_state__in=wanted)
    if term := call.text("enrollment_term_id"):
        rows = rows.filter(term_id=find(Term, term).pk)
    if searched := call.text("search_term"):
        if len(searched) < 2:
            raise Refused(400, _too_short())
        rows = rows.filter(
            Q(name__icontains=searched) | Q(course_code__icontains=searched) | Q(sis_id=searched)
        )
    with_people = call.flag("with_enrollments")
    if with_people is not None:
        inside = Enrollment.objects.exclude(workflow_state="deleted").values("course_id")
        rows = rows.filter(pk__in=inside) if with_people else rows.exclude(pk__in=inside)
    return rows


def _too_short() -> dict[str, Any]:
    message = "2 or more characters is required"
    return {"errors": [{"field": "search_term", "code": "invalid", "message": message}]}


def mine(call: Call) -> Linked:
    inside = Enrollment.objects.filter(user_id=call.user_id, workflow_state="active")
    rows = Course.objects.filter(pk__in=inside.values("course_id"))
    return by_bookmark(call, rows.exclude(workflow_state="deleted"), shapes.courses)


def show(call: Call, course_id: str) -> Any:
    course = _course(call, course_id)
    item = shapes.courses(call, [course])[0]
    if "permissions" in call.several("include"):
        item["permissions"] = {"create_announcement": call.is_admin}
    return item


def _course(call: Call, course_id: str) -> Course:
    course = find(Course, course_id)
    call.need_course(course.pk)
    # A deleted course is there only for who asks so.
    if course.workflow_state == "deleted" and "all_courses" not in call.several("include"):
        raise not_found()
    return course


def _values(call: Call) -> dict[str, Any]:
    fields = call.fields("course")
    names = {
        "name": "name",
        "course_code": "course_code",
        "start_at": "start_at",
        "end_at": "end_at",
        "sis_course_id": "sis_id",
        "integration_id": "integration_id",
        "grade_passback_setting": "grade_passback_setting",
    }
    values: dict[str, Any] = {names[key]: text for key, text in fields.items() if key in names}
    if term := fields.get("term_id") or fields.get("enrollment_term_id"):
        values["term_id"] = find(Term, term).pk
    if account := fields.get("account_id"):
        values["account_id"] = find(Account, account).pk
    if "blueprint" in fields:
        values["blueprint"] = fields["blueprint"].lower() in {"1", "true"}
    return values


def add(call: Call, account_id: str) -> Any:
    account = find(Account, account_id)
    call.need_admin()
    values = {"name": "Unnamed Course", "course_code": "Unnamed", **_values(call)}
    values.setdefault("account_id", account.pk)
    values.setdefault("term_id", Term.objects.order_by("id")[0].pk)
    _refuse_taken(Course, values.get("sis_id", ""))
    state = "available" if call.flag("offer") else "claimed"
    return shapes.course(edits.make_course(workflow_state=state, **values))


def _refuse_taken(model: Any, sis_id: str, but: int = 0) -> None:
    if sis_id and model.objects.filter(sis_id=sis_id).exclude(pk=but).exists():
        message = f"ID already in use for this account and can not be duplicated: {sis_id}"
        error = {"attribute": "sis_source_id", "type": "taken", "message": message}
        raise Refused(400, {"errors": {"sis_source_id": [error]}})


def change(call: Call, course_id: str) -> Any:
    course = find(Course, course_id)
    call.need_admin()
    values = _values(call)
    _refuse_taken(Course, values.get("sis_id", ""), course.pk)
    event = call.fields("course").get("event", "")
    if call.flag("offer"):
        event = "offer"
    if event:
        if event not in edits.EVENTS:
            raise Refused(400, {"message": f"invalid event {event}"})
        values["workflow_state"] = edits.EVENTS[event]
    edits.edit(course, **values)
    _change_grading(course, call.fields("course"))
    return shapes.course(course)


def _change_grading(course: Course, fields: dict[str, str]) -> None:
    """What a course says of its gradebook."""
    values: dict[str, Any] = {}
    for name, column in (
        ("apply_assignment_group_weights", "group_weights"),
        ("hide_final_grades", "hide_final_grades"),
    ):
        if name in fields:
            values[column] = fields[name].lower() in {"1", "true"}
    if "grading_standard_id" in fields:
        text = fields["grading_standard_id"]
        values["grading_standard_id"] = int(text) if text.isdigit() else 0
    if values:
        policies.change(course.pk, **values)


def remove(call: Call, course_id: str) -> dict[str, bool]:
    course = find(Course, course_id)
    call.need_admin()
    event = call.text("event")
    if event not in {"delete", "conclude"}:
        raise Refused(400, {"message": "event must be 'delete' or 'conclude'"})
    edits.edit(course, workflow_state=edits.EVENTS[event])
    return {event: True}


def sections(call: Call, course_id: str) -> Linked:
    course = _course(call, course_id)
    rows = Section.objects.filter(course_id=course.pk).exclude(workflow_state="deleted")
    return by_bookmark(call, rows, shapes.sections)


def show_section(call: Call, section_id: str, course_id: str = "") -> Any:
    section = find(Section, section_id)
    call.need_course(section.course_id)
    if section.workflow_state == "deleted" or (
        course_id and find(Course, course_id).pk != section.course_id
    ):
        raise not_found()
    return shapes.sections(call, [section])[0]


def _section_values(call: Call) -> dict[str, Any]:
    names = {
        "name": "name",
        "start_at": "start_at",
        "end_at": "end_at",
        "sis_section_id": "sis_id",
        "integration_id": "integration_id",
    }
    fields = call.fields("course_section")
    return {names[key]: text for key, text in fields.items() if key in names}


def add_section(call: Call, course_id: str) -> Any:
    course = find(Course, course_id)
    call.need_admin()
    values = _section_values(call)
    _refuse_taken(Section, values.get("sis_id", ""))
    with store.writing():
        made = store.create(
            Section,
            **{"name": course.name, **values},
            course_id=course.pk,
            workflow_state="active",
        )
    return shapes.sections(call, [made])[0]


def change_section(call: Call, section_id: str) -> Any:
    section = find(Section, section_id)
    call.need_admin()
    edits.edit(section, **_section_values(call))
    return shapes.sections(call, [section])[0]


def remove_section(call: Call, section_id: str) -> Any:
    section = find(Section, section_id)
    call.need_admin()
    inside = Enrollment.objects.filter(section_id=section.pk).exclude(workflow_state="deleted")
    if inside.exists():
        message = "You can't delete a section with enrollments"
        raise Refused(400, {"errors": {"workflow_state": [{"message": message}]}})
    edits.edit(section, workflow_state="deleted")
    return shapes.sections(call, [section])[0]


def cross_list(call: Call, section_id: str, course_id: str) -> Any:
    section, course = find(Section, section_id), find(Course, course_id)
    call.need_admin()
    edits.cross_list(section, course)
    return shapes.sections(call, [section])[0]


def take_back(call: Call, section_id: str) -> Any:
    section = find(Section, section_id)
    call.need_admin()
    edits.take_back(section)
    return shapes.sections(call, [section])[0]

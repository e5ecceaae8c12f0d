"""Assignments: lists, and changes as teachers make them."""

from typing import Any, Final

from django.db.models import Case, IntegerField, QuerySet, Value, When

from sandbox.canvas import store
from sandbox.canvas.api import assignment_shapes, nested, rights
from sandbox.canvas.api.assignment_values import values_of
from sandbox.canvas.api.call import Call, Refused, not_allowed, not_found
from sandbox.canvas.api.find import find
from sandbox.canvas.api.gate import Created, Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.api.rights import Rights
from sandbox.canvas.gradebook import assignments as work
from sandbox.canvas.gradebook import lifecycle
from sandbox.canvas.gradebook.models import Assignment, AssignmentGroup, Submission
from sandbox.canvas.models import Course, Enrollment

MOST_IDS: Final = 100
_BUCKETS: Final = ("past", "overdue", "undated", "ungraded", "unsubmitted", "upcoming", "future")
_ORDERS: Final = ("position", "name", "due_at")
# What stays open to teachers when an assignment lies in a closed grading period.
_ALWAYS_OPEN: Final = {
    "description", "post_to_sis", "submission_types", "allowed_attempts", "workflow_state",
    "name", "peer_reviews", "hide_in_gradebook",
}  # fmt: skip


def invalid(error: work.Invalid) -> Refused:
    said = {"attribute": error.attribute, "type": error.kind, "message": error.message}
    return Refused(400, {"errors": {error.attribute: [said]}})


def course_of(call: Call, course_id: str) -> Course:
    """The course of a path; a deleted one is not there."""
    course = find(Course, course_id)
    call.need_course(course.pk)
    if course.workflow_state == "deleted":
        raise not_found()
    return course


def found(call: Call, course: Course, mine: Rights, assignment_id: str) -> Assignment:
    """The assignment, if the caller sees it. Raises Refused."""
    rows = _seen(course, mine)
    if assignment_id.isdigit():
        rows = rows.filter(pk=int(assignment_id) if len(assignment_id) < 19 else 0)
    elif assignment_id.startswith("sis_assignment_id:") and mine.may_edit_content:
        rows = rows.filter(sis_id=assignment_id.partition(":")[2])
    else:
        raise not_found()
    row: Assignment | None = rows.first()
    if row is None:
        raise not_found()
    return row


def _seen(course: Course, mine: Rights) -> QuerySet[Assignment]:
    """Students see what is published and assigned to them."""
    rows: QuerySet[Assignment] = work.living(course.pk)
    if mine.may_edit_content:
        return rows
    lifecycle.settle(course)
    assigned = Submission.objects.filter(
        user_id=mine.user_id, course_id=course.pk, is_assigned=True
    )
    return rows.filter(workflow_state="published", pk__in=assigned.values("assignment_id"))


def listed(call: Call, course_id: str, group_id: str = "") -> Linked:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    rows = _chosen(call, course, mine, _seen(course, mine))
    if group_id:
        rows = rows.filter(group_id=int(group_id) if group_id.isdigit() else 0)

    def shape(call: Call, those: list[Any]) -> Any:
        shown = assignment_shapes.assignments(call, course, mine, those)
        if call.flag("needs_grading_count_by_section") and mine.may_see_grades:
            _add_counts_by_section(course, shown)
        return shown

    return by_number(call, rows, shape)


def _chosen(
    call: Call, course: Course, mine: Rights, rows: QuerySet[Assignment]
) -> QuerySet[Assignment]:
    if ids := call.several("assignment_ids"):
        if len(ids) > MOST_IDS:
            said = f"Request contains too many assignment_ids.  Limit {MOST_IDS}"
            raise Refused(400, {"message": said})
        rows = rows.filter(pk__in=[int(each) for each in ids if each.isdigit()])
    if searched := call.text("search_term"):
        rows = rows.filter(name__icontains=searched)
    if call.flag("post_to_sis") is not None:
        rows = rows.filter(post_to_sis=bool(call.flag("post_to_sis")))
    if call.flag("new_quizzes"):
        rows = rows.filter(new_quiz=True)
    if bucket := call.text("bucket"):
        rows = _of_bucket(course, mine, rows, bucket)
    return _ordered(call, course, rows)


def _ordered(call: Call, course: Course, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    order = call.text("order_by") or "position"
    if order not in _ORDERS:
        order = "position"
    if order != "position":
        return rows.order_by(order, "id")
    groups = AssignmentGroup.objects.filter(course_id=course.pk).values_list("pk", "position")
    places = Case(
        *(When(group_id=pk, then=Value(position)) for pk, position in groups),
        default=Value(0),
        output_field=IntegerField(),
    )
    return rows.annotate(place=places).order_by("place", "position", "id")


def _of_bucket(
    course: Course, mine: Rights, rows: QuerySet[Assignment], bucket: str
) -> QuerySet[Assignment]:
    if bucket not in _BUCKETS:
        names = ", ".join(_BUCKETS)
        said = f"bucket name must be one of the following: {names}"
        raise Refused(400, {"errors": {"bucket": [{"message": said}]}})
    lifecycle.settle(course)
    now = store.now()
    cells = Submission.objects.filter(course_id=course.pk, is_assigned=True)
    if not mine.may_see_grades:
        cells = cells.filter(user_id=mine.user_id)
    waiting = cells.filter(workflow_state__in=["submitted", "pending_review"])
    handed_in = cells.exclude(submitted_at="")
    open_ = cells.filter(submitted_at="", score__isnull=True, excused=False)
    match bucket:
        case "past":
            return rows.filter(due_at__lt=now).exclude(due_at="")
        case "undated":
            return rows.filter(due_at="")
        case "upcoming":
            return rows.filter(due_at__gte=now)
        case "future":
            return rows.exclude(due_at__lt=now, due_at__gt="")
        case "ungraded":
            return rows.filter(pk__in=waiting.values("assignment_id"))
        case "overdue":
            return rows.filter(due_at__lt=now, pk__in=open_.values("assignment_id")).exclude(
                due_at=""
            )
    return rows.exclude(pk__in=handed_in.values("assignment_id"))


def _add_counts_by_section(course: Course, shown: list[dict[str, Any]]) -> None:
    inside: dict[int, list[int]] = {}
    pairs = Enrollment.objects.filter(course_id=course.pk, workflow_state="active")
    for user_id, section_id in pairs.values_list("user_id", "section_id"):
        inside.setdefault(user_id, []).append(section_id)
    waiting = Submission.objects.filter(
        course_id=course.pk,
        is_assigned=True,
        workflow_state__in=["submitted", "pending_review"],
    ).exclude(submission_type="")
    counts: dict[int, dict[int, int]] = {}
    for assignment_id, user_id in waiting.values_list("assignment_id", "user_id"):
        for section_id in inside.get(user_id, ()):
            those = counts.setdefault(assignment_id, {})
            those[section_id] = those.get(section_id, 0) + 1
    for item in shown:
        item["needs_grading_count_by_section"] = [
            {"section_id": section_id, "needs_grading_count": count}
            for section_id, count in counts.get(item["id"], {}).items()
        ]


def show(call: Call, course_id: str, assignment_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    row = found(call, course, mine, assignment_id)
    return assignment_shapes.assignments(call, course, mine, [row])[0]


def add(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    sent = call.group("assignment")
    values = values_of(call, course, sent)
    try:
        with store.writing():
            made = work.add(course, values)
            for each in nested.listed(sent.get("assignment_overrides")):
                work.add_override(course, made, each)
    except work.Invalid as error:
        raise invalid(error) from None
    return Created(assignment_shapes.assignments(call, course, mine, [made])[0])


def change(call: Call, course_id: str, assignment_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    row = found(call, course, mine, assignment_id)
    sent = call.group("assignment")
    values = values_of(call, course, sent)
    _need_open_period(course, mine, row, values)
    try:
        with store.writing():
            work.change(row, values)
            if "assignment_overrides" in sent:
                work.replace_overrides(course, row, nested.listed(sent["assignment_overrides"]))
    except work.Invalid as error:
        raise invalid(error) from None
    return assignment_shapes.assignments(call, course, mine, [row])[0]


def _need_open_period(
    course: Course, mine: Rights, row: Assignment, values: dict[str, Any]
) -> None:
    shut = {name for name, value in values.items() if getattr(row, name) != value} - _ALWAYS_OPEN
    if not mine.is_admin and shut and work.is_in_closed_period(course, row):
        said = "Cannot be changed, as the assignment is in a closed grading period"
        errors = {name: [{"attribute": name, "type": said, "message": said}] for name in shut}
        raise Refused(403, {"errors": errors})


def remove(call: Call, course_id: str, assignment_id: str) -> Any:
    course = course_of(call, course_id)
    mine = rights.of(call, course)
    mine.need_content()
    row = found(call, course, mine, assignment_id)
    if not mine.is_admin and work.is_in_closed_period(course, row):
        raise not_allowed()
    shown = assignment_shapes.assignments(call, course, mine, [row])[0]
    work.delete(row)
    return {**shown, "workflow_state": "deleted"}

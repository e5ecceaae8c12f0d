"""Making, changing and deleting assignments of every kind, their groups and overrides."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.canvas import store
from sandbox.canvas.gradebook import lateness, lifecycle, periods, policies, schemes
from sandbox.canvas.gradebook.models import (
    Assignment,
    AssignmentGroup,
    Group,
    GroupCategory,
    Override,
    Submission,
)
from sandbox.canvas.models import Course, Section

SUBMISSION_TYPES: Final = frozenset(
    {
        "online_text_entry", "online_url", "online_upload", "media_recording",
        "student_annotation", "discussion_topic", "online_quiz", "external_tool", "on_paper",
        "none", "not_graded", "wiki_page",
    }
)  # fmt: skip
DATES: Final = ("due_at", "unlock_at", "lock_at")
NAME_LIMIT: Final = 255
# What decides how a score that was entered is shown.
_RECKONED: Final = {"points_possible", "grading_type", "grading_standard_id"}

Values = Mapping[str, Any]


class Invalid(Exception):
    """A value that Canvas does not take: the attribute, and what is wrong with it."""

    def __init__(self, attribute: str, message: str, kind: str = "invalid") -> None:
        super().__init__(message)
        self.attribute = attribute
        self.message = message
        self.kind = kind


def group_of(course: Course) -> AssignmentGroup:
    """The course's first assignment group, made where there is none."""
    living = AssignmentGroup.objects.filter(course_id=course.pk, workflow_state="active")
    return living.order_by("position", "id").first() or add_group(course, {"name": "Assignments"})


def add_group(course: Course, values: Values) -> AssignmentGroup:
    with store.writing():
        last = AssignmentGroup.objects.filter(course_id=course.pk).count()
        made: AssignmentGroup = store.create(
            AssignmentGroup, **{"position": last + 1, **values}, course_id=course.pk
        )
    return made


def change_group(group: AssignmentGroup, values: Values) -> None:
    with store.writing():
        for name, value in values.items():
            setattr(group, name, value)
        group.updated_at = store.now()
        group.save()


def delete_group(group: AssignmentGroup, into: AssignmentGroup | None) -> None:
    """Its assignments go into another group, or are deleted with it."""
    with store.writing():
        change_group(group, {"workflow_state": "deleted"})
        for each in living(group.course_id).filter(group_id=group.pk):
            change = {"group_id": into.pk} if into else {"workflow_state": "deleted"}
            _save(each, change)


def living(course_id: int) -> Any:
    """The assignments of a course as lists have them: parts of others are left out."""
    rows = Assignment.objects.filter(course_id=course_id, parent_id=0)
    return rows.exclude(workflow_state="deleted")


def add(course: Course, values: Values) -> Assignment:
    """A new assignment. `values` are columns, and `checkpoints`. Raises Invalid."""
    given = dict(values)
    parts = given.pop("checkpoints", [])
    if not given.get("name"):
        raise Invalid("name", "blank", "blank")
    _check(given)
    with store.writing():
        given.setdefault("group_id", group_of(course).pk)
        given.setdefault("post_manually", policies.of(course.pk).post_manually)
        given.setdefault("workflow_state", "unpublished")
        given.setdefault("submission_types", ["none"])
        given.setdefault("position", living(course.pk).filter(group_id=given["group_id"]).count())
        given["position"] += "position" not in values
        _number(given)
        made: Assignment = store.create(Assignment, **given, course_id=course.pk)
        for tag, part in zip(("reply_to_topic", "reply_to_entry"), parts, strict=False):
            _add_part(made, tag, part)
    return made


def _number(given: dict[str, Any]) -> None:
    """What a quiz and a discussion are called where they are kept."""
    kinds = given["submission_types"]
    if "online_quiz" in kinds and not given.get("quiz_id"):
        given["quiz_id"] = store.numbers("quizzes")[0]
        given.setdefault("quiz_type", "assignment")
    if "discussion_topic" in kinds and not given.get("topic_id"):
        given["topic_id"] = store.numbers("discussion_topics")[0]


def _add_part(parent: Assignment, tag: str, part: Values) -> None:
    store.create(
        Assignment,
        course_id=parent.course_id,
        group_id=parent.group_id,
        name=parent.name,
        parent_id=parent.pk,
        tag=tag,
        submission_types=["discussion_topic"],
        grading_type=parent.grading_type,
        workflow_state=parent.workflow_state,
        only_visible_to_overrides=parent.only_visible_to_overrides,
        points_possible=part.get("points_possible"),
        **{name: part.get(name, "") for name in DATES},
    )


def change(assignment: Assignment, values: Values) -> None:
    """Raises Invalid, and then nothing changed."""
    given = dict(values)
    if "name" in given and not given["name"]:
        raise Invalid("name", "blank", "blank")
    _check(given)
    if given.get("workflow_state") == "unpublished" and has_submissions(assignment):
        raise Invalid("published", "Can't unpublish if there are student submissions")
    with store.writing():
        if "submission_types" in given:
            for name in ("quiz_id", "topic_id"):
                given.setdefault(name, getattr(assignment, name))
            _number(given)
        _save(assignment, given)
        if _RECKONED & given.keys():
            lifecycle.rescore_course(assignment.course_id, [assignment.pk])


def _save(assignment: Assignment, values: Values) -> None:
    for name, value in values.items():
        setattr(assignment, name, value)
    assignment.updated_at = store.now()
    assignment.save()
    passed_on = {"workflow_state", "group_id", "name", "only_visible_to_overrides"} & values.keys()
    if passed_on:
        parts = Assignment.objects.filter(parent_id=assignment.pk)
        parts.update(**{name: values[name] for name in passed_on})


def delete(assignment: Assignment) -> None:
    with store.writing():
        _save(assignment, {"workflow_state": "deleted"})


def has_submissions(assignment: Assignment) -> bool:
    rows = Submission.objects.filter(assignment_id=assignment.pk, is_assigned=True)
    return rows.exclude(submitted_at="").exists()


def _check(given: Values) -> None:
    if len(str(given.get("name", ""))) > NAME_LIMIT:
        raise Invalid("name", "is too long (maximum is 255 characters)", "too_long")
    kind = given.get("grading_type", "points")
    if kind not in schemes.GRADING_TYPES:
        raise Invalid("grading_type", "is not included in the list", "inclusion")
    unknown = set(given.get("submission_types", ())) - SUBMISSION_TYPES
    if unknown:
        raise Invalid("submission_types", "Invalid submission types")
    points = given.get("points_possible")
    if points is not None and points < 0:
        raise Invalid("points_possible", "must be greater than or equal to 0")
    for name in DATES:
        if name in given:
            given[name] = _date(name, given[name] or "")


def _date(name: str, text: str) -> str:
    try:
        return lateness.normal(text)
    except ValueError:
        raise Invalid(name, f"Invalid datetime for {name}") from None


def is_in_closed_period(course: Course, assignment: Assignment) -> bool:
    """Whether any student's due date lies in a closed grading period."""
    lifecycle.settle(course)
    rows = Submission.objects.filter(assignment_id=assignment.pk, is_assigned=True)
    return rows.filter(grading_period_id__in=periods.closed(course)).exists()


# -- overrides


def add_override(course: Course, assignment: Assignment, values: Values) -> Override:
    """`course_section_id`, `group_id` or `student_ids`, with other dates. Raises Invalid."""
    target = _target(course, assignment, values)
    with store.writing():
        made: Override = store.create(
            Override, assignment_id=assignment.pk, **target, dates=_dates(values)
        )
        assignment.updated_at = store.now()
        assignment.save(update_fields=["updated_at"])
    return made


def change_override(
    course: Course, assignment: Assignment, override: Override, values: Values
) -> None:
    """Replaces the dates; whom it is for is replaced where that is said. Raises Invalid."""
    target: dict[str, Any] = {}
    if {"student_ids", "group_id", "course_section_id"} & values.keys():
        target = _target(course, assignment, values, but=override.pk)
    with store.writing():
        override.dates = _dates(values)
        for name, value in target.items():
            setattr(override, name, value)
        override.updated_at = store.now()
        override.save()


def delete_override(override: Override) -> None:
    with store.writing():
        override.workflow_state = "deleted"
        override.save()


def replace_overrides(course: Course, assignment: Assignment, wanted: Iterable[Values]) -> None:
    """Just these from now on; those named by `id` are changed. Raises Invalid."""
    with store.writing():
        before = {
            each.pk: each
            for each in Override.objects.filter(
                assignment_id=assignment.pk, workflow_state="active"
            )
        }
        for values in wanted:
            number = str(values.get("id", ""))
            known = before.pop(int(number), None) if number.isdigit() else None
            if known:
                change_override(course, assignment, known, values)
            else:
                add_override(course, assignment, values)
        for each in before.values():
            delete_override(each)


def _dates(values: Values) -> dict[str, str]:
    return {name: _date(name, str(values[name] or "")) for name in DATES if name in values}


def _target(course: Course, assignment: Assignment, values: Values, but: int = 0) -> dict[str, Any]:
    others = Override.objects.filter(assignment_id=assignment.pk, workflow_state="active")
    others = others.exclude(pk=but)
    if students := [int(each) for each in values.get("student_ids") or ()]:
        taken = {user for each in others.filter(set_type="ADHOC") for user in each.student_ids}
        if taken & set(students):
            raise Invalid("assignment_override_students", "already belongs to an override")
        title = str(values.get("title") or "") or f"{len(students)} students"
        return {"set_type": "ADHOC", "student_ids": students, "title": title}
    for name, set_type, model in (
        ("course_section_id", "CourseSection", Section),
        ("group_id", "Group", Group),
    ):
        if not values.get(name):
            continue
        found = model.objects.filter(pk=int(values[name]), course_id=course.pk).first()
        if found is None or others.filter(set_type=set_type, set_id=found.pk).exists():
            raise Invalid(name, f"unknown or already used {name}")
        return {"set_type": set_type, "set_id": found.pk, "title": found.name}
    raise Invalid("set", "one of student_ids, group_id, or course_section_id is required")


# -- groups of students


def add_groups(course: Course, name: str, groups: Iterable[tuple[str, list[int]]]) -> GroupCategory:
    """A group category with its groups: name and members of each."""
    with store.writing():
        category: GroupCategory = store.create(GroupCategory, course_id=course.pk, name=name)
        for title, members in groups:
            store.create(
                Group,
                category_id=category.pk,
                course_id=course.pk,
                name=title,
                member_ids=members,
                workflow_state="available",
            )
    return category

"""What stands behind assignments of some kinds: quizzes, New Quizzes, discussions, groups."""

from typing import Any

from django.db.models import QuerySet

from sandbox.canvas import store
from sandbox.canvas.api import nested, rights
from sandbox.canvas.api.assignment_values import is_true, number, values_of, whole
from sandbox.canvas.api.assignments import course_of, invalid
from sandbox.canvas.api.call import Call, not_found
from sandbox.canvas.api.gate import Linked
from sandbox.canvas.api.paging import by_number
from sandbox.canvas.gradebook import assignments as work
from sandbox.canvas.gradebook.models import Assignment, Group, GroupCategory
from sandbox.canvas.models import Course

Shown = dict[str, Any]

_QUIZ_URL = "https://quizzes.example.org/lti/launch"


def _visible(call: Call, course: Course) -> QuerySet[Assignment]:
    rows: QuerySet[Assignment] = work.living(course.pk).order_by("id")
    if not rights.of(call, course).may_edit_content:
        rows = rows.filter(workflow_state="published")
    return rows


def _add(call: Call, course: Course, values: dict[str, Any]) -> Assignment:
    rights.of(call, course).need_content()
    try:
        return work.add(course, values)
    except work.Invalid as error:
        raise invalid(error) from None


# -- Classic Quizzes


def quizzes(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rows = _visible(call, course).exclude(quiz_id=0)
    return by_number(call, rows, lambda call, those: [_quiz(call, one) for one in those])


def show_quiz(call: Call, course_id: str, quiz_id: str) -> Any:
    course = course_of(call, course_id)
    row = _visible(call, course).filter(quiz_id=whole(quiz_id) or -1).first()
    if row is None:
        raise not_found()
    return _quiz(call, row)


def add_quiz(call: Call, course_id: str) -> Any:
    """`quiz[quiz_type]`: assignment, graded_survey. Points stand for the questions' sum."""
    course = course_of(call, course_id)
    sent = call.group("quiz")
    values: dict[str, Any] = {
        "name": str(sent.get("title", "")),
        "submission_types": ["online_quiz"],
        "quiz_type": str(sent.get("quiz_type") or "assignment"),
        "points_possible": number(sent.get("points_possible", "")),
        "workflow_state": "published" if is_true(sent.get("published")) else "unpublished",
        "anonymous_submissions": is_true(sent.get("anonymous_submissions")),
        **{name: str(sent.get(name) or "") for name in work.DATES},
    }
    if sent.get("assignment_group_id"):
        values["group_id"] = whole(sent["assignment_group_id"])
    return _quiz(call, _add(call, course, values))


def _quiz(call: Call, row: Assignment) -> Shown:
    return {
        "id": row.quiz_id,
        "title": row.name,
        "html_url": f"{call.origin}/courses/{row.course_id}/quizzes/{row.quiz_id}",
        "quiz_type": row.quiz_type,
        "assignment_id": row.pk,
        "assignment_group_id": row.group_id,
        "points_possible": row.points_possible,
        "published": row.is_published,
        "anonymous_submissions": row.anonymous_submissions,
        **{name: getattr(row, name) or None for name in work.DATES},
    }


# -- New Quizzes, served at /api/quiz/v1


def add_new_quiz(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    sent = call.group("quiz")
    values: dict[str, Any] = {
        "name": str(sent.get("title", "")),
        "submission_types": ["external_tool"],
        "new_quiz": True,
        "tool_url": _QUIZ_URL,
        "points_possible": number(sent.get("points_possible", "")),
        "grading_type": str(sent.get("grading_type") or "points"),
        "workflow_state": "published" if is_true(sent.get("published")) else "unpublished",
        **{name: str(sent.get(name) or "") for name in work.DATES},
    }
    return _new_quiz(_add(call, course, values))


def new_quizzes(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rows = _visible(call, course).filter(new_quiz=True)
    return by_number(call, rows, lambda call, those: [_new_quiz(one) for one in those])


def _new_quiz(row: Assignment) -> Shown:
    """A New Quiz is called as its assignment is, and its ids are strings."""
    return {
        "id": str(row.pk),
        "title": row.name,
        "assignment_group_id": str(row.group_id),
        "points_possible": row.points_possible,
        "grading_type": row.grading_type,
        "published": row.is_published,
        **{name: getattr(row, name) or None for name in work.DATES},
    }


# -- discussions


def topics(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rows = _visible(call, course).exclude(topic_id=0)
    return by_number(call, rows, lambda call, those: [_topic(call, one) for one in those])


def show_topic(call: Call, course_id: str, topic_id: str) -> Any:
    course = course_of(call, course_id)
    row = _visible(call, course).filter(topic_id=whole(topic_id) or -1).first()
    if row is None:
        raise not_found()
    return _topic(call, row)


def add_topic(call: Call, course_id: str) -> Any:
    """`assignment[…]` makes it graded; one without it leaves no trace in a gradebook."""
    course = course_of(call, course_id)
    sent = call.group("assignment")
    title = call.text("title")
    if not sent:
        rights.of(call, course).need_content()
        with store.writing():
            number_ = store.numbers("discussion_topics")[0]
        return {"id": number_, "title": title, "assignment_id": None, "published": True}
    values = {**values_of(call, course, sent), "name": title}
    values["submission_types"] = ["discussion_topic"]
    if call.flag("published") is not None:
        values["workflow_state"] = "published" if call.flag("published") else "unpublished"
    return _topic(call, _add(call, course, values))


def _topic(call: Call, row: Assignment) -> Shown:
    return {
        "id": row.topic_id,
        "title": row.name,
        "assignment_id": row.pk,
        "published": row.is_published,
        "html_url": f"{call.origin}/courses/{row.course_id}/discussion_topics/{row.topic_id}",
    }


# -- groups of students


def categories(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rows = GroupCategory.objects.filter(course_id=course.pk).order_by("id")

    def shape(call: Call, those: list[Any]) -> list[Shown]:
        return [
            {"id": one.pk, "name": one.name, "context_type": "Course", "course_id": course.pk}
            for one in those
        ]

    return by_number(call, rows, shape)


def add_category(call: Call, course_id: str) -> Any:
    course = course_of(call, course_id)
    rights.of(call, course).need_content()
    made = work.add_groups(course, call.text("name"), [])
    return {"id": made.pk, "name": made.name, "context_type": "Course", "course_id": course.pk}


def groups(call: Call, course_id: str) -> Linked:
    course = course_of(call, course_id)
    rows = Group.objects.filter(course_id=course.pk).order_by("id")
    return by_number(call, rows, lambda call, those: [_group(one) for one in those])


def _category(category_id: str) -> GroupCategory:
    row = GroupCategory.objects.filter(pk=whole(category_id)).first()
    if row is None:
        raise not_found()
    return row


def add_group(call: Call, category_id: str) -> Any:
    category = _category(category_id)
    rights.of(call, course_of(call, str(category.course_id))).need_content()
    with store.writing():
        made = store.create(
            Group, category_id=category.pk, course_id=category.course_id, name=call.text("name")
        )
    return _group(made)


def change_group(call: Call, group_id: str) -> Any:
    """`members[]`: the ids of all its members from now on."""
    row = Group.objects.filter(pk=whole(group_id)).first()
    if row is None:
        raise not_found()
    rights.of(call, course_of(call, str(row.course_id))).need_content()
    with store.writing():
        row.name = call.text("name") or row.name
        if "members" in call.tree:
            row.member_ids = [whole(one) for one in nested.listed(call.tree["members"])]
        row.save()
    return _group(row)


def _group(row: Group) -> Shown:
    return {
        "id": row.pk,
        "name": row.name,
        "group_category_id": row.category_id,
        "course_id": row.course_id,
        "members_count": len(row.member_ids),
    }

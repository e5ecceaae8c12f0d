"""Changes by people, through the API or the pages: what they touch, imports leave alone."""

from typing import Any

from django.db.models import Model

from sandbox.canvas import store
from sandbox.canvas.models import (
    Account,
    Course,
    Enrollment,
    Login,
    Role,
    Section,
    Term,
    User,
)
from sandbox.canvas.sis.work import STICKY

_KINDS: dict[type[Model], str] = {
    Account: "Account",
    Term: "EnrollmentTerm",
    Course: "Course",
    Section: "CourseSection",
    User: "User",
    Login: "Pseudonym",
    Enrollment: "Enrollment",
}
EVENTS = {
    "offer": "available",
    "claim": "claimed",
    "conclude": "completed",
    "delete": "deleted",
    "undelete": "claimed",
}


def edit(row: Any, **values: Any) -> None:
    """Change an object as a person does: the sticky ones among its changed fields stick."""
    kind = _KINDS[type(row)]
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    stuck = set(filter(None, row.stuck.split(","))) | changed & STICKY[kind]
    with store.writing():
        for name, value in values.items():
            setattr(row, name, value)
        row.stuck = ",".join(sorted(stuck))
        row.updated_at = store.now()
        row.save()
        if isinstance(row, Course) and "workflow_state" in changed:
            _tell_people(row)
        if isinstance(row, Section) and "course_id" in changed:
            Enrollment.objects.filter(section_id=row.pk).update(course_id=row.course_id)


def _tell_people(course: Course) -> None:
    inside = Enrollment.objects.filter(course_id=course.pk)
    if course.workflow_state == "completed":
        inside.filter(workflow_state__in=["active", "invited"]).update(workflow_state="completed")
    elif course.workflow_state == "deleted":
        inside.update(workflow_state="deleted")


def cross_list(section: Section, course: Course) -> None:
    """Teach a section inside another course."""
    home = section.nonxlist_course_id or section.course_id
    edit(
        section,
        course_id=course.pk,
        nonxlist_course_id=0 if home == course.pk else home,
    )


def take_back(section: Section) -> None:
    """Undo a cross-listing."""
    if section.nonxlist_course_id:
        edit(section, course_id=section.nonxlist_course_id, nonxlist_course_id=0)


def make_course(**values: Any) -> Course:
    """A course made by hand, with its default section."""
    with store.writing():
        course: Course = store.create(Course, **values)
        store.create(
            Section,
            course_id=course.pk,
            name=course.name,
            default_section=True,
            workflow_state="active",
        )
    return course


def make_user(name: str, login: str, **values: Any) -> User:
    """A person made by hand; `values` are those of the login."""
    given, _, family = name.rpartition(" ")
    with store.writing():
        user: User = store.create(
            User,
            name=name,
            sortable_name=f"{family}, {given}" if given else name,
            short_name=values.pop("short_name", "") or name,
            email=values.pop("email", ""),
            workflow_state="registered",
        )
        store.create(
            Login,
            user_id=user.pk,
            unique_id=login,
            unique_id_lower=login.lower(),
            workflow_state="active",
            **values,
        )
    return user


def enroll(user: User, section: Section, role: Role, state: str) -> Enrollment:
    """An enrollment made by hand, or an earlier one taken up again."""
    identity = {"user_id": user.pk, "section_id": section.pk, "role_id": role.pk}
    found = Enrollment.objects.filter(**identity, associated_user_id=0).first()
    if found:
        edit(found, workflow_state=state)
        return found
    with store.writing():
        made: Enrollment = store.create(
            Enrollment,
            **identity,
            course_id=section.course_id,
            type=role.base_type,
            workflow_state=state,
        )
    return made

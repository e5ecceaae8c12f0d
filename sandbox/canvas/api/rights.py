"""What the caller may see and do in a course's gradebook, by admin role or enrollment."""

from dataclasses import dataclass

from sandbox.canvas.api.call import Call, not_allowed
from sandbox.canvas.gradebook.audience import STUDENT_TYPES
from sandbox.canvas.models import Course, Enrollment
from sandbox.canvas.permissions import ADMIN, BY_TYPE
from sandbox.rules import on

_LIVING = ("active", "invited", "completed")


@dataclass(frozen=True, slots=True)
class Rights:
    """In one course. `sections`: only the students of these; None: all of them."""

    user_id: int
    permissions: frozenset[str] = frozenset()
    is_student: bool = False
    sections: frozenset[int] | None = None

    @property
    def is_admin(self) -> bool:
        return "manage_account_settings" in self.permissions

    @property
    def may_see_grades(self) -> bool:
        """Everybody's."""
        return "view_all_grades" in self.permissions

    @property
    def may_edit_content(self) -> bool:
        return "manage_course_content_edit" in self.permissions

    def need_grades(self) -> None:
        """Raises Refused."""
        if not self.may_see_grades:
            raise not_allowed()

    def need_content(self) -> None:
        """Raises Refused."""
        if not self.may_edit_content:
            raise not_allowed()

    def visible(self, course: Course) -> set[int] | None:
        """The students whose grades the caller sees; None: everybody's."""
        if not self.may_see_grades and on("canvas.grades-of-others"):
            return {self.user_id}
        if self.sections is None:
            return None
        inside = Enrollment.objects.filter(
            course_id=course.pk, section_id__in=self.sections, type__in=STUDENT_TYPES
        )
        return set(inside.values_list("user_id", flat=True))


def of(call: Call, course: Course) -> Rights:
    """The caller's. Raises Refused for who is not in the course."""
    if call.is_admin:
        return Rights(call.user_id, ADMIN)
    call.need_course(course.pk)
    mine = Enrollment.objects.filter(user_id=call.user_id, course_id=course.pk)
    rows = list(mine.filter(workflow_state__in=_LIVING))
    active = [row for row in rows if row.workflow_state == "active"]
    grading = [row for row in active if "view_all_grades" in _of(row)]
    limited = bool(grading) and all(row.limit_section for row in grading)
    return Rights(
        call.user_id,
        frozenset().union(*map(_of, active)),
        is_student=any(row.type in STUDENT_TYPES for row in rows),
        sections=frozenset(row.section_id for row in grading) if limited else None,
    )


def _of(row: Enrollment) -> frozenset[str]:
    return BY_TYPE.get(row.type, frozenset())

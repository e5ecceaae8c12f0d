"""What the caller may see and do in a course's gradebook, by admin role or enrollment."""

from dataclasses import dataclass

from sandbox.canvas.api.call import Call, not_allowed
from sandbox.canvas.gradebook.audience import STUDENT_TYPES
from sandbox.canvas.models import Course, Enrollment
from sandbox.rules import on

_STAFF = ("TeacherEnrollment", "TaEnrollment")
_LIVING = ("active", "invited", "completed")


@dataclass(frozen=True, slots=True)
class Rights:
    """In one course. `sections`: only the students of these; None: all of them."""

    user_id: int
    is_admin: bool = False
    is_staff: bool = False
    is_designer: bool = False
    is_student: bool = False
    sections: frozenset[int] | None = None

    @property
    def may_see_grades(self) -> bool:
        """Everybody's: `view_all_grades`, `manage_grades`."""
        return self.is_admin or self.is_staff

    @property
    def may_edit_content(self) -> bool:
        return self.may_see_grades or self.is_designer

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
        return Rights(call.user_id, is_admin=True)
    call.need_course(course.pk)
    mine = Enrollment.objects.filter(user_id=call.user_id, course_id=course.pk)
    rows = list(mine.filter(workflow_state__in=_LIVING))
    kinds = {row.type for row in rows}
    teaching = [row for row in rows if row.type in _STAFF and row.workflow_state == "active"]
    limited = bool(teaching) and all(row.limit_section for row in teaching)
    return Rights(
        call.user_id,
        is_staff=bool(teaching),
        is_designer="DesignerEnrollment" in kinds,
        is_student=bool(kinds & set(STUDENT_TYPES)),
        sections=frozenset(row.section_id for row in teaching) if limited else None,
    )
